/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/err.h"

#include <errno.h>
#include <stdio.h>

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
