/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_REDACT_H
#define TOPOFS_REDACT_H

/* What redact.c, which knows the files, shares with redact_value.c, which makes the stand-ins. */

#include "topofs/sysfs.h"

/* A number for each different value of a kind; 1 is the first. */
struct known {
	enum secret kind;
	const char *value;
	size_t number;
};

struct word {
	const char *secret, *stand_in;
};

struct redactor {
	struct arena arena;
	const struct tree *captured;
	LIST_OF(struct known) known;
	LIST_OF(struct word) words; /* secrets and what stands for them, to be found in other files */
	struct secret_name *marked; /* patterns of all rows that are marked */
	size_t n_marked;
};

/* Adds the stand-in for a value, which is remembered for other files; blanks around it stay. */
void add_value(struct redactor *r, enum secret kind, const char *text, size_t len, struct buf *out);
/* Writes n hexadecimal digits in place: `lead`, zeros, the number of what stood there. */
void replace_digits(struct redactor *r, enum secret kind, char *digits, size_t n, const char *lead);

#endif
