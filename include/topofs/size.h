/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_SIZE_H
#define TOPOFS_SIZE_H

/* Sizes as people write them: "48K", "64G", "4096"; a K is 1024 bytes. */

#include "topofs/buf.h"

#include <stdint.h>

/* To bytes; returns what follows the size in the text, NULL when there is none. */
const char *parse_size(const char *text, uint64_t *ret);
/* Its inverse, with the largest suffix that leaves a whole number. */
void print_size(uint64_t bytes, struct buf *out);

#endif
