/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include "topofs/arena.h"

#include <stdlib.h>
#include <string.h>

void *array_new(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);
	if (!p)
		out_of_memory();
	return p;
}

void *array_resize(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n ? n : 1, size);
	if (!p)
		out_of_memory();
	return p;
}

size_t slots_for(size_t n)
{
	size_t slots = 16;
	while (slots / 4 * 3 < n)
		slots *= 2;
	return slots;
}

uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	return x ^ x >> 32;
}

/* One multiplication a word: configuration spaces are long, and mostly zeros. */
static uint64_t hash(const char *bytes, size_t len)
{
	uint64_t h = len, word;
	for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		h = ((h << 5 | h >> 59) ^ word) * 0x9e3779b97f4a7c15u;
	}
	word = 0;
	memcpy(&word, bytes, len);
	return mix(h ^ word);
}

struct run {
	uint32_t place, hash, len; /* len: with its NUL, so 0 is a free slot */
};

struct pool *pool_new(size_t unit)
{
	struct pool *p = array_new(1, sizeof *p);
	p->unit = unit;
	return p;
}

const char *pool_at(const struct pool *p, uint32_t place)
{
	return p->bytes + place * p->unit;
}

static struct run *find_slot(const struct pool *p, uint32_t h, const char *bytes, size_t len)
{
	size_t i = h & (p->n_slots - 1);
	for (;; i = (i + 1) & (p->n_slots - 1)) {
		struct run *r = &p->slots[i];
		if (!r->len || (r->hash == h && r->len == len + 1 && !memcmp(pool_at(p, r->place), bytes, len)))
			return r;
	}
}

static void grow(struct pool *p)
{
	size_t n_old = p->n_slots;
	if (p->n + 1 <= n_old / 4 * 3)
		return;
	struct run *old = p->slots;
	p->n_slots = slots_for(p->n + 1);
	p->slots = array_new(p->n_slots, sizeof *p->slots);
	for (size_t i = 0; i < n_old; i++) {
		size_t to = old[i].hash & (p->n_slots - 1);
		if (!old[i].len)
			continue;
		while (p->slots[to].len)
			to = (to + 1) & (p->n_slots - 1);
		p->slots[to] = old[i];
	}
	free(old);
}

static uint32_t append(struct pool *p, const char *bytes, size_t len)
{
	size_t place = (p->len + p->unit - 1) / p->unit, at = place * p->unit, room = p->room ? p->room : 256;
	if (place >= POOL_NONE)
		out_of_memory();
	while (room < at + len + 1)
		room *= 2;
	if (room > p->room) {
		p->bytes = array_resize(p->bytes, room, 1);
		p->room = room;
	}
	memcpy(p->bytes + at, bytes, len);
	p->bytes[at + len] = '\0';
	p->len = at + len + 1;
	return (uint32_t)place;
}

uint32_t pool_intern(struct pool *p, const char *bytes, size_t len)
{
	grow(p);
	uint32_t h = (uint32_t)hash(bytes, len);
	struct run *r = find_slot(p, h, bytes, len);
	if (!r->len) {
		*r = (struct run){ .place = append(p, bytes, len), .hash = h, .len = (uint32_t)len + 1 };
		p->n++;
	}
	return r->place;
}

uint32_t pool_find(const struct pool *p, const char *bytes, size_t len)
{
	const struct run *r = p->n_slots ? find_slot(p, (uint32_t)hash(bytes, len), bytes, len) : NULL;
	return r && r->len ? r->place : POOL_NONE;
}

void pool_seal(struct pool *p)
{
	free(p->slots);
	p->slots = NULL;
	p->n_slots = 0;
	p->bytes = array_resize(p->bytes, p->len, 1);
	p->room = p->len;
}

void pool_free(struct pool *p)
{
	if (p) {
		free(p->slots);
		free(p->bytes);
		free(p);
	}
}
