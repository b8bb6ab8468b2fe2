/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/buf.h"

#include "topofs/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for len more bytes and the NUL behind them. */
static void reserve(struct buf *b, size_t len)
{
	if (b->room - b->len > len)
		return;
	if (len > SIZE_MAX / 4 || b->len > SIZE_MAX / 4)
		out_of_memory();
	size_t room = b->room ? b->room : 64;
	while (room - b->len <= len)
		room *= 2;
	char *data = realloc(b->data, room);
	if (!data)
		out_of_memory();
	b->data = data;
	b->room = room;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	reserve(b, len);
	if (len)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_pad(struct buf *b, char c, size_t count)
{
	reserve(b, count);
	memset(b->data + b->len, c, count);
	b->len += count;
	b->data[b->len] = '\0';
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	reserve(b, 63);
	int len = vsnprintf(b->data + b->len, b->room - b->len, fmt, ap);
	if ((size_t)len >= b->room - b->len) {
		reserve(b, (size_t)len);
		vsnprintf(b->data + b->len, b->room - b->len, fmt, again);
	}
	b->len += (size_t)len;
	va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_dec(struct buf *b, uint64_t value)
{
	char text[20], *p = text + sizeof text;
	do
		*--p = (char)('0' + value % 10);
	while (value /= 10);
	buf_add(b, p, (size_t)(text + sizeof text - p));
}

static void add_hex(struct buf *b, uint64_t value, size_t digits, const char alphabet[16])
{
	while (digits < 16 && value >> 4 * digits)
		digits++;
	digits += !digits;
	reserve(b, digits);
	for (size_t i = digits; i-- > 0; value >>= 4)
		b->data[b->len + i] = alphabet[value & 15];
	b->len += digits;
	b->data[b->len] = '\0';
}

void buf_hex(struct buf *b, uint64_t value, size_t digits)
{
	add_hex(b, value, digits, "0123456789abcdef");
}

void buf_hex_upper(struct buf *b, uint64_t value, size_t digits)
{
	add_hex(b, value, digits, "0123456789ABCDEF");
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

void buf_cut(struct buf *b, size_t len)
{
	if (len < b->len) {
		b->len = len;
		b->data[len] = '\0';
	}
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
