/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_ERR_H
#define TOPOFS_ERR_H

/*
 * What is wrong with the user's data, and where, in the user's terms.
 *
 * Functions return 0 or a negative errno. Where the cause can be the user's, the last parameter is a
 * struct err that is written on failure only. Nothing below src/cmd prints; src/cmd prints it once, as
 * "topofs: FILE: WHERE: WHAT".
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct err {
	char where[256]; /* "nodes[1].distances", "line 2 column 9", "pci 0000:3b:00.0"; "" when the file itself */
	char what[512];	 /* "expected 2 entries, got 3" */
};

/* Writes both parts, control characters and line ends of the user's data replaced; returns -EINVAL. */
int err_set(struct err *e, const char *where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_vset(struct err *e, const char *where, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));

/*
 * For "did you mean": the name that a few edits make of a misspelt one, NULL where none is near. There are n names,
 * found `stride` bytes apart, as in a table of rows.
 */
const char *nearest_name(const char *name, const char *const *first, size_t n, size_t stride);

#endif
