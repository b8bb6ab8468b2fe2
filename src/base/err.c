/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* One line stays one line, and a terminal is not at the mercy of what a document says. */
static void tame(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
}

int err_vset(struct err *e, const char *where, const char *fmt, va_list ap)
{
	vsnprintf(e->what, sizeof e->what, fmt, ap);
	snprintf(e->where, sizeof e->where, "%s", where);
	tame(e->where);
	tame(e->what);
	return -EINVAL;
}

int err_set(struct err *e, const char *where, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int ret = err_vset(e, where, fmt, ap);
	va_end(ap);
	return ret;
}

/* Edits that turn one word into another (Levenshtein), for short words; a large number for long ones. */
static size_t edits(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), row[32];
	if (la > 30 || lb > 30)
		return 100;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			size_t best = row[j] < row[j - 1] ? row[j] : row[j - 1];
			diagonal = row[j];
			row[j] = best + 1 < change ? best + 1 : change;
		}
	}
	return row[lb];
}

const char *nearest_name(const char *name, const char *const *first, size_t n, size_t stride)
{
	const char *nearest = NULL;
	size_t least = 4;
	for (size_t i = 0; i < n; i++) {
		const char *other = *(const char *const *)(const void *)((const char *)first + i * stride);
		size_t distance = edits(name, other);
		if (distance < least && 2 * distance <= strlen(name)) {
			least = distance;
			nearest = other;
		}
	}
	return nearest;
}
