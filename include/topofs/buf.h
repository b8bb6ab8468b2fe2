/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_BUF_H
#define TOPOFS_BUF_H

/*
 * Growable bytes, always followed by a NUL that does not count. Zero is an empty buffer.
 *
 *     _cleanup_buf_ struct buf b = { 0 };
 *     buf_printf(&b, "node%u", 3);
 *     puts(buf_text(&b));
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* owned; NULL while nothing was added */
	size_t len, room;
};

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_pad(struct buf *b, char c, size_t count);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* As %llu, and as %0*llx and %0*llX with so many digits at least: most of what a machine's files hold, and faster. */
void buf_dec(struct buf *b, uint64_t value);
void buf_hex(struct buf *b, uint64_t value, size_t digits);
void buf_hex_upper(struct buf *b, uint64_t value, size_t digits);

/* The bytes as text; "" for an empty buffer. Valid until the next change. */
const char *buf_text(const struct buf *b);

/* Keeps the first len bytes. */
void buf_cut(struct buf *b, size_t len);
void buf_done(struct buf *b);

#define _cleanup_buf_ __attribute__((cleanup(buf_done)))

#endif
