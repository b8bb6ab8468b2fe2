/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/idset.h"

#include <criterion/criterion.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof *(a))

static struct idset parse(struct arena *a, const char *list)
{
	struct idset s = { 0 };
	const char *why = idset_parse(a, list, 4095, &s);
	cr_assert_null(why, "%s: %s", list, why);
	return s;
}

static void assert_list(const struct idset *s, const char *list)
{
	_cleanup_buf_ struct buf b = { 0 };
	idset_print_list(s, &b);
	cr_assert_str_eq(buf_text(&b), list);
}

/* Lists and masks as the kernel prints them; the last ones are of real machines. */
static const struct {
	const char *list;
	uint32_t bits;
	const char *mask;
	uint32_t count;
	int64_t last;
} sets[] = {
	{ "", 1, "0", 0, IDSET_NONE },
	{ "", 33, "0,00000000", 0, IDSET_NONE },
	{ "0", 1, "1", 1, 0 },
	{ "0", 4, "1", 1, 0 },
	{ "0", 5, "01", 1, 0 },
	{ "0-3,8", 12, "10f", 5, 8 },
	{ "31", 32, "80000000", 1, 31 },
	{ "32", 33, "1,00000000", 1, 32 },
	{ "0-63", 64, "ffffffff,ffffffff", 64, 63 },
	{ "63-64", 65, "1,80000000,00000000", 2, 64 },
	{ "0,2,4,6", 8, "55", 4, 6 },
	{ "4095", 4096, NULL, 1, 4095 },
	{ "0-55,112-167", 224, "00000000,000000ff,ffffffff,ffff0000,00000000,00ffffff,ffffffff", 112, 167 },
	{ "0-7,16-23", 32, "00ff00ff", 16, 23 },
	{ "1,3,5,7,9,11", 12, "aaa", 6, 11 },
};

Test(idset, lists_read_as_they_print)
{
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct idset s = parse(&a, sets[i].list);
		assert_list(&s, sets[i].list);
		cr_assert_eq(idset_count(&s), sets[i].count, "%s", sets[i].list);
		cr_assert_eq(idset_last(&s), sets[i].last, "%s", sets[i].list);
		cr_assert_eq(idset_is_empty(&s), sets[i].count == 0, "%s", sets[i].list);
	}
}

Test(idset, masks_are_as_wide_as_asked)
{
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		if (!sets[i].mask)
			continue;
		_cleanup_arena_ struct arena a = { 0 };
		_cleanup_buf_ struct buf b = { 0 };
		struct idset s = parse(&a, sets[i].list);
		idset_print_mask(&s, sets[i].bits, &b);
		cr_assert_str_eq(buf_text(&b), sets[i].mask);
	}
}

Test(idset, masks_leave_out_members_beyond_their_width)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf b = { 0 };
	struct idset s = parse(&a, "0-40");
	idset_print_mask(&s, 6, &b);
	cr_assert_str_eq(buf_text(&b), "3f");
}

Test(idset, lists_may_be_untidy)
{
	static const char *const texts[][2] = {
		{ "8,0-3", "0-3,8" }, { "0,1,2,3", "0-3" }, { "0-3,2-5", "0-5" }, { "7-7", "7" }, { "007", "7" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct idset s = parse(&a, texts[i][0]);
		assert_list(&s, texts[i][1]);
	}
}

Test(idset, bad_lists_are_refused_with_a_reason)
{
	/* clang-format off */
	static const char *const bad[] = {
		",", "0,", ",0", "0,,1", "-", "-1", "0-", "3-1", "0-1-2", "0 1", " 0", "0 ", "0\n", "a", "0x1", "1e3", "all",
		"+1", "0;1", "0-3:1/2", "4096", "0-4096", "99999999999999999999", "18446744073709551616",
		"4294967296-4294967297",
	};
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct idset s = { 0 };
		const char *why = idset_parse(&a, bad[i], 4095, &s);
		cr_assert_not_null(why, "\"%s\" was taken", bad[i]);
		cr_assert_gt(strlen(why), 0);
		cr_assert(idset_is_empty(&s), "\"%s\" left something", bad[i]);
	}
}

Test(idset, members_are_walked_in_order)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf b = { 0 };
	struct idset s = parse(&a, "0,63-65,128,1000");
	IDSET_EACH(id, &s)
		buf_printf(&b, "%d ", (int)id);
	cr_assert_str_eq(buf_text(&b), "0 63 64 65 128 1000 ");
	cr_assert_eq(idset_next(&s, 66), 128);
	cr_assert_eq(idset_next(&s, 1000), 1000);
	cr_assert_eq(idset_next(&s, 1001), IDSET_NONE);
	cr_assert_eq(idset_next(&s, 100000), IDSET_NONE);
	cr_assert(idset_has(&s, 65));
	cr_assert_not(idset_has(&s, 66));
	cr_assert_not(idset_has(&s, 100000));
}

Test(idset, adding_and_removing)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct idset s = { 0 };
	idset_add(&a, &s, 200);
	idset_add(&a, &s, 3);
	idset_add_range(&a, &s, 60, 70);
	assert_list(&s, "3,60-70,200");
	struct idset other = parse(&a, "4,61,300");
	idset_add_all(&a, &s, &other);
	assert_list(&s, "3-4,60-70,200,300");
	struct idset gone = parse(&a, "0-60,65,4000");
	idset_remove_all(&s, &gone);
	assert_list(&s, "61-64,66-70,200,300");
}

Test(idset, sets_of_different_size_compare)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct idset small = parse(&a, "0-3"), large = parse(&a, "0-3,500"), far = parse(&a, "500"), none = { 0 };
	struct idset shrunk = idset_dup(&a, &large);
	idset_remove_all(&shrunk, &far);
	cr_assert(idset_equal(&small, &shrunk));
	cr_assert_not(idset_equal(&small, &large));
	cr_assert(idset_equal(&large, &(struct idset){ large.words, large.n_words }), "the copy was not its own");
	cr_assert(idset_within(&small, &large));
	cr_assert_not(idset_within(&large, &small));
	cr_assert(idset_within(&none, &small));
	cr_assert_not(idset_within(&small, &none));
	cr_assert(idset_meets(&large, &far));
	cr_assert_not(idset_meets(&small, &far));
	cr_assert_not(idset_meets(&small, &none));
	struct idset both = idset_and(&a, &large, &far);
	assert_list(&both, "500");
	both = idset_and(&a, &small, &far);
	cr_assert(idset_is_empty(&both));
}
