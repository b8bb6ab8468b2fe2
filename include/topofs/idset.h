/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_IDSET_H
#define TOPOFS_IDSET_H

/*
 * A set of small numbers (CPU ids, node ids) and the two texts the kernel has for one:
 * lists "0-3,8" (Documentation/admin-guide/cputopology.rst, lib/vsprintf.c bitmap_list_string) and masks
 * "ff,00000000" (bitmap_string: 32-bit words, highest first, exactly as many digits as the set's width needs).
 *
 * Words lie in the arena given to the functions that grow a set; copying the struct shares them, so treat
 * a copied set as read-only. Zero is the empty set.
 */

#include "topofs/arena.h"
#include "topofs/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct idset {
	uint64_t *words;
	uint32_t n_words;
};

enum { IDSET_NONE = -1 };

void idset_add(struct arena *a, struct idset *s, uint32_t id);
void idset_add_range(struct arena *a, struct idset *s, uint32_t first, uint32_t last);
void idset_add_all(struct arena *a, struct idset *s, const struct idset *from);
void idset_remove_all(struct idset *s, const struct idset *from);
struct idset idset_and(struct arena *a, const struct idset *x, const struct idset *y);
struct idset idset_dup(struct arena *a, const struct idset *from);

bool idset_has(const struct idset *s, uint32_t id);
bool idset_is_empty(const struct idset *s);
bool idset_equal(const struct idset *x, const struct idset *y);
bool idset_within(const struct idset *part, const struct idset *whole);
bool idset_meets(const struct idset *x, const struct idset *y);
uint32_t idset_count(const struct idset *s);

/* The members in order: the first member >= from, or IDSET_NONE. */
int64_t idset_next(const struct idset *s, uint32_t from);
/* The n-th member, from 0, or IDSET_NONE. */
int64_t idset_nth(const struct idset *s, uint32_t n);
/* The highest member, or IDSET_NONE. */
int64_t idset_last(const struct idset *s);

#define IDSET_EACH(id, s) \
	for (int64_t id = idset_next((s), 0); id != IDSET_NONE; \
	     id = id < UINT32_MAX ? idset_next((s), (uint32_t)id + 1) : IDSET_NONE)

/*
 * Reads a list "0-3,8,16-31"; "" is the empty set. No member may exceed max. Returns NULL, or what is
 * wrong with the text in a few words (valid until the next call).
 */
const char *idset_parse(struct arena *a, const char *list, uint32_t max, struct idset *ret);

/* Reads a mask "ff,00000000" of members up to max; false: it is none. */
bool idset_parse_mask(struct arena *a, const char *mask, uint32_t max, struct idset *ret);
/* How many bits a mask of this text has room for, as idset_print_mask() counts them: 4 for each digit. */
uint32_t idset_mask_bits(const char *mask);

void idset_print_list(const struct idset *s, struct buf *out);
/* As the kernel prints a mask of `bits` bits; members beyond are left out. */
void idset_print_mask(const struct idset *s, uint32_t bits, struct buf *out);

#endif
