/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_IO_H
#define TOPOFS_IO_H

/* Reading and writing all there is, however many calls it takes. */

#include "topofs/buf.h"

/* Returns 0, or a negative errno: some of it may be written then. */
int write_all(int fd, const void *bytes, size_t len);
/* Adds what is left to read. Returns 0, or a negative errno: -EFBIG once the buffer holds more than `max`. */
int read_to_end(int fd, struct buf *bytes, size_t max);

#endif
