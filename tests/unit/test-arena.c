/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/arena.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

Test(arena, memory_is_zeroed_and_aligned)
{
	_cleanup_arena_ struct arena a = { 0 };
	for (size_t size = 1; size < 100000; size = size * 3 + 1) {
		unsigned char *p = arena_alloc(&a, size);
		cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0, "size %zu", size);
		for (size_t i = 0; i < size; i++)
			cr_assert_eq(p[i], 0, "byte %zu of %zu", i, size);
		memset(p, 0xff, size);
	}
}

Test(arena, texts_are_copies)
{
	_cleanup_arena_ struct arena a = { 0 };
	char text[] = "node0";
	char *dup = arena_strdup(&a, text);
	char *part = arena_strndup(&a, text, 4);
	text[0] = 'x';
	cr_assert_str_eq(dup, "node0");
	cr_assert_str_eq(part, "node");
	cr_assert_str_eq(arena_printf(&a, "%s/%05d", dup, 42), "node0/00042");
	cr_assert_eq(memcmp(arena_dup(&a, "a\0b", 3), "a\0b", 3), 0);
}

Test(arena, long_texts_are_printed_whole)
{
	_cleanup_arena_ struct arena a = { 0 };
	cr_assert_eq(strlen(arena_printf(&a, "%070000d", 1)), 70000);
}

struct numbered {
	uint32_t id;
	const char *name;
};

Test(arena, lists_grow_and_keep_what_they_hold)
{
	_cleanup_arena_ struct arena a = { 0 };
	LIST_OF(struct numbered) list = { 0 };
	for (uint32_t i = 0; i < 1000; i++) {
		struct numbered *last = LIST_ADD(&a, &list);
		cr_assert_eq(last, list.at + i);
		cr_assert_null(last->name);
		last->id = i;
		last->name = arena_printf(&a, "%u", i);
	}
	cr_assert_eq(list.n, 1000);
	for (uint32_t i = 0; i < list.n; i++) {
		cr_assert_eq(list.at[i].id, i);
		cr_assert_eq(strtoul(list.at[i].name, NULL, 10), i);
	}
}

Test(arena, done_leaves_a_fresh_one)
{
	struct arena a = { 0 };
	arena_done(&a);
	arena_alloc(&a, 100);
	arena_done(&a);
	cr_assert_null(a.blocks);
	cr_assert_str_eq(arena_strdup(&a, "again"), "again");
	arena_done(&a);
}
