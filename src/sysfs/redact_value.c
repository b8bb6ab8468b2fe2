/* SPDX-License-Identifier: Apache-2.0 */

/* A stand-in for one value: of the same form, and a number that counts the different values of its kind. */

#include "redact.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// clang-format off
/* What firmware says where nobody gave a number. */
static const char *const nothing_said[] = {
	"", "none", "not specified", "not available", "unknown", "default string", "to be filled by o.e.m.", "n/a", "no asset tag",
	"no asset information", "system serial number", "chassis serial number",
};
// clang-format on

static size_t number_of(struct redactor *r, enum secret kind, const char *value)
{
	size_t n = 1;
	for (size_t i = 0; i < r->known.n; i++) {
		if (r->known.at[i].kind != kind)
			continue;
		if (!strcmp(r->known.at[i].value, value))
			return r->known.at[i].number;
		n = r->known.at[i].number + 1;
	}
	*LIST_ADD(&r->arena, &r->known) = (struct known){ kind, arena_strdup(&r->arena, value), n };
	return n;
}

/* Nor is it a secret where the function stands, which USB host controllers say of themselves. */
static bool is_nothing(const char *text)
{
	uint64_t address;
	if (strchr(text, ':') && !bdf_parse(text, 0, &address))
		return true;
	for (size_t i = 0; i < sizeof nothing_said / sizeof *nothing_said; i++)
		if (!strcasecmp(text, nothing_said[i]))
			return true;
	return false;
}

/* All digits the same, as of no address and of every address; the prefix of link-local ones. */
static bool is_common(const char *digits, size_t n)
{
	size_t same = 1;
	while (same < n && digits[same] == digits[0])
		same++;
	return same == n || (n == 16 && !strncmp(digits, "fe80000000000000", 16));
}

enum { DIGITS_MAX = 64 };

void replace_digits(struct redactor *r, enum secret kind, char *digits, size_t n, const char *lead)
{
	char value[DIGITS_MAX + 1], number[32];
	if (is_common(digits, n))
		return;
	snprintf(value, sizeof value, "%.*s", (int)n, digits);
	int len = snprintf(number, sizeof number, "%zx", number_of(r, kind, value));
	memset(digits, '0', n);
	memcpy(digits, lead, strlen(lead) < n ? strlen(lead) : n);
	memcpy(digits + n - ((size_t)len < n ? (size_t)len : n), number, (size_t)len < n ? (size_t)len : n);
}

/* By how many there are: what is as long is alike, in whatever form it stands. Addresses are locally administered. */
static void replace_id(struct redactor *r, enum secret kind, char *digits, size_t n)
{
	switch (n) {
	case 12:
		replace_digits(r, SECRET_MAC, digits, n, "02");
		break;
	case 40: /* IPoIB: queue pair and GID */
		replace_digits(r, SECRET_GUID, digits + 24, 16, "02");
		break;
	case 32:
		if (kind == SECRET_UUID) {
			replace_digits(r, SECRET_UUID, digits, n, "00000000000040008000");
			break;
		}
		replace_digits(r, SECRET_GUID, digits, 16, "02");
		replace_digits(r, SECRET_GUID, digits + 16, 16, "02");
		break;
	default:
		replace_digits(r, SECRET_GUID, digits, n, n == 16 ? "02" : "");
	}
}

/* How much stands before the digits: "0x", "eui.", "uuid.". */
static size_t prefix_of(const char *text)
{
	static const char *const prefixes[] = { "0x", "eui.", "uuid.", "naa.", "nvme." };
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (!strncmp(text, prefixes[i], strlen(prefixes[i])))
			return strlen(prefixes[i]);
	return 0;
}

/* False when it is not hexadecimal digits with something between them. */
static bool add_id(struct redactor *r, enum secret kind, const char *text, struct buf *out)
{
	char digits[DIGITS_MAX + 1];
	size_t n = 0, prefix = prefix_of(text), len = strlen(text);
	for (size_t i = prefix; i < len; i++) {
		if (n == DIGITS_MAX || (!isxdigit((unsigned char)text[i]) && !strchr(":-. ", text[i])))
			return false;
		if (isxdigit((unsigned char)text[i]))
			digits[n++] = (char)tolower((unsigned char)text[i]);
	}
	if (!n)
		return false;
	replace_id(r, kind, digits, n);
	buf_add(out, text, prefix);
	for (size_t i = prefix, d = 0; i < len; i++)
		buf_putc(out, !isxdigit((unsigned char)text[i]) ? text[i]
			      : isupper((unsigned char)text[i]) ? (char)toupper((unsigned char)digits[d++])
								: digits[d++]);
	return true;
}

/* X for a letter, 0 for a digit, its number at the end. */
static void add_serial(struct redactor *r, const char *text, struct buf *out)
{
	size_t number = number_of(r, SECRET_SERIAL, text), start = out->len;
	buf_puts(out, text);
	for (size_t i = out->len; i-- > start;) {
		unsigned char c = (unsigned char)out->data[i];
		if (!isalnum(c) && c < 0x80)
			continue;
		out->data[i] = number ? (char)('0' + number % 10) : isdigit(c) ? '0' : islower(c) ? 'x' : 'X';
		number /= 10;
	}
	if (!number && strcmp(out->data + start, text))
		return;
	buf_cut(out, start);
	buf_printf(out, "serial-%zu", number_of(r, SECRET_SERIAL, text));
}

static void add_host(struct redactor *r, const char *text, struct buf *out)
{
	size_t len = strcspn(text, " \t");
	buf_printf(out, "machine-%zu%s", number_of(r, SECRET_HOST, arena_strndup(&r->arena, text, len)), text + len);
}

/* Whether a value is unlike anything else that files have: it is long and of various letters. */
static bool is_unusual(const char *text)
{
	size_t various = 0;
	for (size_t i = 0; text[i]; i++)
		various += !memchr(text, text[i], i);
	return strlen(text) >= 8 && various >= 4;
}

static void remember(struct redactor *r, const char *secret, const char *stand_in)
{
	if (is_unusual(secret) && strcmp(secret, stand_in))
		*LIST_ADD(&r->arena, &r->words) =
			(struct word){ arena_strdup(&r->arena, secret), arena_strdup(&r->arena, stand_in) };
}

void add_value(struct redactor *r, enum secret kind, const char *text, size_t len, struct buf *out)
{
	_cleanup_buf_ struct buf made = { 0 };
	size_t before = 0, after = len;
	while (before < after && isspace((unsigned char)text[before]))
		before++;
	while (after > before && isspace((unsigned char)text[after - 1]))
		after--;
	const char *value = arena_strndup(&r->arena, text + before, after - before);
	if (is_nothing(value))
		buf_puts(&made, value);
	else if (kind == SECRET_HOST)
		add_host(r, value, &made);
	else if (kind == SECRET_SERIAL || !add_id(r, kind, value, &made))
		add_serial(r, value, &made);
	remember(r, value, buf_text(&made));
	buf_add(out, text, before);
	buf_add(out, buf_text(&made), made.len);
	buf_add(out, text + after, len - after);
}
