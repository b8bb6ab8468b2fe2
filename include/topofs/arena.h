/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_ARENA_H
#define TOPOFS_ARENA_H

/*
 * Memory that lives and dies together.
 *
 * A topology, a document being read and the facts derived from it each own one arena; what they point at
 * lies in it and goes with arena_done(). Nothing is freed one by one.
 *
 * Running out of memory ends the program with one line (out_of_memory()): everything is allocated before
 * the first request is served, so there is nothing half done to protect, and no caller needs a branch that
 * no test can reach.
 *
 *     _cleanup_arena_ struct arena a = { 0 };
 *     char *s = arena_printf(&a, "node%u", 3);
 */

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first; NULL in a fresh arena */
};

/* Zeroed memory, aligned for any object, valid until arena_done(). Never NULL. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_dup(struct arena *a, const void *from, size_t size);
char *arena_strdup(struct arena *a, const char *text);
char *arena_strndup(struct arena *a, const char *text, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Frees everything. Accepts a fresh arena and leaves one. */
void arena_done(struct arena *a);

#define _cleanup_arena_ __attribute__((cleanup(arena_done)))

/*
 * A growing array in an arena. Zero is an empty one.
 *
 *     LIST_OF(struct node) nodes;
 *     struct node *n = LIST_ADD(&arena, &nodes);       zeroed, at the end; moves the others
 *     for (size_t i = 0; i < nodes.n; i++) nodes.at[i] ...
 */
#define LIST_OF(T) \
	struct { \
		T *at; \
		size_t n; \
	}

/* The shape every LIST_OF() has, for code that walks them by table. */
struct list {
	void *at;
	size_t n;
} __attribute__((may_alias));

#define LIST_ADD(arena_, list_) \
	((__typeof__((list_)->at))list_add((arena_), (struct list *)(list_), sizeof *(list_)->at))

void *list_add(struct arena *a, struct list *list, size_t element_size);

_Noreturn void out_of_memory(void);

#endif
