/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_MEMFILE_H
#define TOPOFS_MEMFILE_H

/*
 * Files in memory, memfd_create(2): bytes that go from process to process as a descriptor, closed on exec. Sealed, they
 * are never written again by anybody, so whoever maps them need not trust whoever made them to leave them alone.
 */

#include "topofs/buf.h"

#include <stddef.h>

/* Returns the descriptor of an empty one, or a negative errno. */
int memfile_new(const char *name);
/* Returns 0, or a negative errno. */
int memfile_seal(int fd);
/* Adds all of it, from the first byte, wherever whoever wrote it is. Returns 0, or a negative errno. */
int memfile_read(int fd, struct buf *bytes);
/* All of a sealed one, to be unmapped with munmap(2); NULL where it is none, or is empty. */
const void *memfile_map(int fd, size_t *size);

#endif
