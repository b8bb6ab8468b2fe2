/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/idset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void grow(struct arena *a, struct idset *s, uint32_t id)
{
	uint32_t need = id / 64 + 1;
	if (need <= s->n_words)
		return;
	/* what it leaves behind stays in the arena, so in few steps */
	if (need < 2 * s->n_words)
		need = 2 * s->n_words;
	uint64_t *words = arena_alloc(a, need * sizeof *words);
	if (s->n_words)
		memcpy(words, s->words, s->n_words * sizeof *words);
	s->words = words;
	s->n_words = need;
}

void idset_add(struct arena *a, struct idset *s, uint32_t id)
{
	grow(a, s, id);
	s->words[id / 64] |= 1ull << id % 64;
}

void idset_add_range(struct arena *a, struct idset *s, uint32_t first, uint32_t last)
{
	grow(a, s, last);
	for (uint32_t w = first / 64; w <= last / 64; w++) {
		uint64_t from = w == first / 64 ? ~0ull << first % 64 : ~0ull;
		uint64_t to = w == last / 64 ? ~0ull >> (63 - last % 64) : ~0ull;
		s->words[w] |= from & to;
	}
}

void idset_add_all(struct arena *a, struct idset *s, const struct idset *from)
{
	if (from->n_words)
		grow(a, s, from->n_words * 64 - 1);
	for (uint32_t w = 0; w < from->n_words; w++)
		s->words[w] |= from->words[w];
}

void idset_remove_all(struct idset *s, const struct idset *from)
{
	for (uint32_t w = 0; w < s->n_words && w < from->n_words; w++)
		s->words[w] &= ~from->words[w];
}

struct idset idset_dup(struct arena *a, const struct idset *from)
{
	struct idset s = { 0 };
	idset_add_all(a, &s, from);
	return s;
}

struct idset idset_and(struct arena *a, const struct idset *x, const struct idset *y)
{
	struct idset s = idset_dup(a, x);
	for (uint32_t w = 0; w < s.n_words; w++)
		s.words[w] &= w < y->n_words ? y->words[w] : 0;
	return s;
}

bool idset_has(const struct idset *s, uint32_t id)
{
	return id / 64 < s->n_words && (s->words[id / 64] >> id % 64 & 1);
}

bool idset_is_empty(const struct idset *s)
{
	return idset_next(s, 0) == IDSET_NONE;
}

bool idset_within(const struct idset *part, const struct idset *whole)
{
	for (uint32_t w = 0; w < part->n_words; w++)
		if (part->words[w] & ~(w < whole->n_words ? whole->words[w] : 0))
			return false;
	return true;
}

bool idset_equal(const struct idset *x, const struct idset *y)
{
	return idset_within(x, y) && idset_within(y, x);
}

bool idset_meets(const struct idset *x, const struct idset *y)
{
	for (uint32_t w = 0; w < x->n_words && w < y->n_words; w++)
		if (x->words[w] & y->words[w])
			return true;
	return false;
}

uint32_t idset_count(const struct idset *s)
{
	uint32_t count = 0;
	for (uint32_t w = 0; w < s->n_words; w++)
		count += (uint32_t)__builtin_popcountll(s->words[w]);
	return count;
}

int64_t idset_next(const struct idset *s, uint32_t from)
{
	for (uint32_t w = from / 64; w < s->n_words; w++) {
		uint64_t word = s->words[w];
		if (w == from / 64)
			word &= ~0ull << from % 64;
		if (word)
			return (int64_t)w * 64 + __builtin_ctzll(word);
	}
	return IDSET_NONE;
}

int64_t idset_nth(const struct idset *s, uint32_t n)
{
	for (uint32_t w = 0; w < s->n_words; w++) {
		uint32_t here = (uint32_t)__builtin_popcountll(s->words[w]);
		if (n >= here) {
			n -= here;
			continue;
		}
		uint64_t word = s->words[w];
		for (; n; n--)
			word &= word - 1;
		return (int64_t)w * 64 + __builtin_ctzll(word);
	}
	return IDSET_NONE;
}

int64_t idset_last(const struct idset *s)
{
	for (uint32_t w = s->n_words; w-- > 0;)
		if (s->words[w])
			return (int64_t)w * 64 + 63 - __builtin_clzll(s->words[w]);
	return IDSET_NONE;
}

/* Reads one decimal number; NULL when there is none or it exceeds max. */
static const char *number(const char *p, uint32_t max, uint32_t *ret)
{
	if (*p < '0' || *p > '9')
		return NULL;
	uint64_t v = 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > max)
			return NULL;
	}
	*ret = (uint32_t)v;
	return p;
}

const char *idset_parse(struct arena *a, const char *list, uint32_t max, struct idset *ret)
{
	static char why[128];
	struct idset s = { 0 };
	const char *p = list;
	while (*p) {
		uint32_t first, last;
		const char *start = p;
		p = number(p, max, &first);
		last = first;
		if (p && *p == '-')
			p = number(p + 1, max, &last);
		if (!p || (*p && *p != ',') || (*p == ',' && !p[1])) {
			snprintf(why, sizeof why, "expected a list such as \"0-3,8\" of ids up to %u, got \"%.40s\"",
				 max, start);
			return why;
		}
		if (last < first) {
			snprintf(why, sizeof why, "the range %u-%u runs backwards", first, last);
			return why;
		}
		idset_add_range(a, &s, first, last);
		p += *p == ',';
	}
	*ret = s;
	return NULL;
}

bool idset_parse_mask(struct arena *a, const char *mask, uint32_t max, struct idset *ret)
{
	static const char hex[] = "0123456789abcdef";
	struct idset s = { 0 };
	uint32_t bit = 0;
	size_t len = strlen(mask);
	if (!len || strspn(mask, "0123456789abcdefABCDEF,") != len)
		return false;
	for (size_t i = len; i-- > 0;) {
		/* a word has 32 bits however many digits it is written with */
		if (mask[i] == ',') {
			bit = (bit + 31) / 32 * 32;
			continue;
		}
		uint32_t digit = (uint32_t)(strchr(hex, mask[i] | 0x20) - hex);
		for (uint32_t k = 0; k < 4; k++)
			if (digit >> k & 1) {
				if (bit + k > max)
					return false;
				idset_add(a, &s, bit + k);
			}
		bit += 4;
	}
	*ret = s;
	return true;
}

uint32_t idset_mask_bits(const char *mask)
{
	uint32_t digits = 0;
	for (; *mask; mask++)
		digits += *mask != ',';
	return digits * 4;
}

void idset_print_list(const struct idset *s, struct buf *out)
{
	const char *comma = "";
	for (int64_t first = idset_next(s, 0), last; first != IDSET_NONE; first = idset_next(s, (uint32_t)last + 1)) {
		for (last = first; idset_has(s, (uint32_t)last + 1); last++)
			;
		buf_puts(out, comma);
		buf_dec(out, (uint64_t)first);
		if (last > first) {
			buf_putc(out, '-');
			buf_dec(out, (uint64_t)last);
		}
		comma = ",";
	}
}

void idset_print_mask(const struct idset *s, uint32_t bits, struct buf *out)
{
	const char *comma = "";
	for (uint32_t w = (bits + 31) / 32; w-- > 0; comma = ",") {
		uint64_t word = w / 2 < s->n_words ? s->words[w / 2] : 0;
		uint32_t half = (uint32_t)(word >> w % 2 * 32);
		uint32_t width = bits - w * 32 < 32 ? bits - w * 32 : 32;
		if (width < 32)
			half &= (1u << width) - 1;
		buf_puts(out, comma);
		buf_hex(out, half, (width + 3) / 4);
	}
}
