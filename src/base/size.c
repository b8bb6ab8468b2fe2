/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/size.h"

#include <string.h>

static const char suffixes[] = "KMGTPE";

const char *parse_size(const char *text, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return NULL;
	if (p == text)
		return NULL;
	const char *suffix = *p ? strchr(suffixes, *p) : NULL;
	if (suffix) {
		int shift = 10 * (int)(suffix - suffixes + 1);
		if (v > UINT64_MAX >> shift)
			return NULL;
		v <<= shift;
		p++;
	}
	*ret = v;
	return p;
}

void print_size(uint64_t bytes, struct buf *out)
{
	size_t unit = 0;
	while (bytes && bytes % 1024 == 0 && unit < strlen(suffixes)) {
		bytes /= 1024;
		unit++;
	}
	buf_printf(out, "%llu", (unsigned long long)bytes);
	if (unit)
		buf_putc(out, suffixes[unit - 1]);
}
