/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/arena.h"

#include "topofs/buf.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

_Noreturn void out_of_memory(void)
{
	fputs("topofs: out of memory\n", stderr);
	exit(1);
}

static struct arena_block *block_new(size_t size)
{
	if (size > SIZE_MAX / 2)
		out_of_memory();
	struct arena_block *b = calloc(1, sizeof *b + size);
	if (!b)
		out_of_memory();
	b->size = size;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t align = alignof(max_align_t);
	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + align - 1) / align * align;

	struct arena_block *b = a->blocks;
	if (!b || b->size - b->used < size) {
		b = block_new(size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE);
		/* a block of its own for a large object must not hide the room left in the current one */
		if (size > BLOCK_SIZE / 4 && a->blocks) {
			b->next = a->blocks->next;
			a->blocks->next = b;
		} else {
			b->next = a->blocks;
			a->blocks = b;
		}
	}
	void *p = b->bytes + b->used;
	b->used += size;
	return p;
}

void *arena_dup(struct arena *a, const void *from, size_t size)
{
	void *p = arena_alloc(a, size);
	if (size)
		memcpy(p, from, size);
	return p;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	char *p = arena_alloc(a, len + 1);
	memcpy(p, text, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	_cleanup_buf_ struct buf text = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	return arena_strndup(a, buf_text(&text), text.len);
}

void arena_done(struct arena *a)
{
	for (struct arena_block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	a->blocks = NULL;
}

void *list_add(struct arena *a, struct list *list, size_t element_size)
{
	/* the room is a power of two from 4 up, so the count alone tells when it is full */
	if (list->n == 0 || (list->n >= 4 && (list->n & (list->n - 1)) == 0)) {
		void *room = arena_alloc(a, (list->n ? list->n * 2 : 4) * element_size);
		if (list->n)
			memcpy(room, list->at, list->n * element_size);
		list->at = room;
	}
	return (char *)list->at + list->n++ * element_size;
}
