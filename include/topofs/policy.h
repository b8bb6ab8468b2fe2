/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_POLICY_H
#define TOPOFS_POLICY_H

/*
 * What of a real sysfs is seen beside a described one: words, separated by commas or blanks, as on the command line
 * (--union) and in a document ("unlisted").
 *
 *     host        what is usual: networks and disks, virtual devices, modules, the kernel
 *     hide        nothing but the control groups, whatever was said before
 *     /sys/PATH   this too
 *     !/sys/PATH  all but this
 */

#include "topofs/err.h"

#include <stddef.h>

/* What a document may have of them, in bytes: they are told in one answer of a server. */
enum { POLICY_MAX = 2047 };

enum policy_kind { POLICY_HOST, POLICY_HIDE, POLICY_REAL, POLICY_HIDDEN };

struct policy_word {
	enum policy_kind kind;
	const char *text; /* in what was read: the word, no NUL behind it */
	size_t len;
	const char *path; /* of the last two: what follows /sys/; names without . and .., a slash between them */
	size_t path_len;
};

/*
 * Takes the next word off a text. Returns 1, or 0 at the end; -EINVAL where it is no such word, which err->what says.
 */
int policy_next(const char **text, struct policy_word *ret, struct err *err);

#endif
