/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_LAYOUT_H
#define TOPOFS_LAYOUT_H

#include "topofs/buf.h"

#include <jansson.h>

/* Prints JSON as a person would: what fits on a line stands on one, and a line end at the end. */
void layout(const json_t *value, struct buf *out);

#endif
