/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_POOL_H
#define TOPOFS_POOL_H

#include <stddef.h>
#include <stdint.h>

/*
 * Interned bytes: each run is stored once, with a NUL behind it, and known by its place, which counts units of some
 * bytes: 4 GiB of names, 32 GiB of contents. The slots find what is there already while the tree is filled; a sealed
 * pool has given them back.
 */
struct run;

struct pool {
	char *bytes;
	size_t len, room, unit;
	struct run *slots;
	size_t n, n_slots;
};

#define POOL_NONE UINT32_MAX

struct pool *pool_new(size_t unit);
uint32_t pool_intern(struct pool *p, const char *bytes, size_t len);
/* POOL_NONE where it is not there. Not once sealed. */
uint32_t pool_find(const struct pool *p, const char *bytes, size_t len);
const char *pool_at(const struct pool *p, uint32_t place);
void pool_seal(struct pool *p);
void pool_free(struct pool *p);

/* Zeroed, and never NULL. */
void *array_new(size_t n, size_t size);
void *array_resize(void *array, size_t n, size_t size);

/* For hash tables: how many slots n things fill to three quarters at most, and a number's hash. */
size_t slots_for(size_t n);
uint64_t mix(uint64_t x);

#endif
