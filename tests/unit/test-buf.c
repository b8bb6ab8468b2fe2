/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/buf.h"

#include <criterion/criterion.h>
#include <string.h>

Test(buf, an_empty_one_is_an_empty_text)
{
	_cleanup_buf_ struct buf b = { 0 };
	cr_assert_str_eq(buf_text(&b), "");
	buf_add(&b, NULL, 0);
	buf_puts(&b, "");
	buf_printf(&b, "%s", "");
	buf_pad(&b, ' ', 0);
	cr_assert_eq(b.len, 0);
	cr_assert_str_eq(buf_text(&b), "");
}

Test(buf, everything_is_appended)
{
	_cleanup_buf_ struct buf b = { 0 };
	buf_puts(&b, "node");
	buf_putc(&b, '1');
	buf_pad(&b, '.', 3);
	buf_printf(&b, "%s=%d", "x", 7);
	buf_add(&b, "!?", 1);
	cr_assert_str_eq(buf_text(&b), "node1...x=7!");
	cr_assert_eq(b.len, strlen("node1...x=7!"));
}

Test(buf, bytes_may_be_zero)
{
	_cleanup_buf_ struct buf b = { 0 };
	buf_add(&b, "a\0b", 3);
	buf_putc(&b, '\0');
	cr_assert_eq(b.len, 4);
	cr_assert_eq(memcmp(b.data, "a\0b\0", 5), 0);
}

/* Each length around the sizes at which the buffer grows, in each way of adding. */
Test(buf, grows_to_any_length)
{
	for (size_t len = 0; len < 600; len++) {
		_cleanup_buf_ struct buf b = { 0 };
		buf_printf(&b, "%*s", (int)len, "");
		buf_pad(&b, 'x', len);
		buf_add(&b, b.data + len, 0);
		cr_assert_eq(b.len, 2 * len);
		cr_assert_eq(strspn(buf_text(&b), " "), len);
		cr_assert_eq(strspn(buf_text(&b) + len, "x"), len);
		cr_assert_eq(b.data[b.len], '\0');
	}
}

Test(buf, cut_keeps_the_beginning)
{
	_cleanup_buf_ struct buf b = { 0 };
	buf_cut(&b, 0);
	buf_puts(&b, "0000:3b:00.0");
	buf_cut(&b, 100);
	cr_assert_str_eq(buf_text(&b), "0000:3b:00.0");
	buf_cut(&b, 7);
	cr_assert_str_eq(buf_text(&b), "0000:3b");
	buf_cut(&b, 0);
	cr_assert_str_eq(buf_text(&b), "");
}

Test(buf, done_leaves_a_fresh_one)
{
	struct buf b = { 0 };
	buf_puts(&b, "text");
	buf_done(&b);
	cr_assert_null(b.data);
	cr_assert_str_eq(buf_text(&b), "");
	buf_done(&b);
}

/* As printf(3) would. */
Test(buf, numbers)
{
	static const uint64_t values[] = { 0, 1, 9, 10, 15, 16, 255, 256, 99999, 0xdeadbeef, UINT32_MAX, INT64_MAX, UINT64_MAX };
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		for (size_t digits = 0; digits <= 18; digits++) {
			_cleanup_buf_ struct buf b = { 0 }, printed = { 0 };
			unsigned long long v = values[i];
			buf_dec(&b, v);
			buf_putc(&b, ' ');
			buf_hex(&b, v, digits);
			buf_putc(&b, ' ');
			buf_hex_upper(&b, v, digits);
			buf_printf(&printed, "%llu %0*llx %0*llX", v, (int)digits, v, (int)digits, v);
			cr_expect_str_eq(buf_text(&b), buf_text(&printed));
			cr_expect_eq(b.len, printed.len);
		}
}
