/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_RECOGNIZE_H
#define TOPOFS_RECOGNIZE_H

/* Which kind of XML a text is, by its first element. The bytes are anybody's. */

#include <stdbool.h>
#include <stddef.h>

bool is_xml(const char *bytes, size_t len);
/* Whether the first element, behind a prolog, a document type and comments, has this name. */
bool begins_with_element(const char *bytes, size_t len, const char *name);

#endif
