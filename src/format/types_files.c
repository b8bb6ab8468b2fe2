/* SPDX-License-Identifier: Apache-2.0 */

/* The member "files": paths, and what each is to hold; and other bytes that are kept as they are. */

#include "topofs/format.h"
#include "types.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *const json_roots[] = { "/sys/", "/proc/", "/run/udev/data/", "/dev/cpuset/", NULL };

static bool is_below_root(const char *path)
{
	for (size_t i = 0; json_roots[i]; i++)
		if (!strncmp(path, json_roots[i], strlen(json_roots[i])))
			return true;
	return false;
}

/* Why a path is none of ours to serve, or NULL. */
static const char *path_is_wrong(const char *path)
{
	if (!is_below_root(path))
		return "only paths below /sys and /proc can be served";
	if (strlen(path) > 4095)
		return "a path of more than 4095 bytes";
	for (const char *p = path, *end; *p; p = end) {
		char name[257];
		end = strchrnul(p + 1, '/');
		size_t len = (size_t)(end - p - 1);
		snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), p + 1);
		const char *why = not_a_name(name);
		if (why)
			return why;
	}
	return NULL;
}

/*
 * Whether a link's text, followed from its folder, steps out of the root, or names a place of the real system; links
 * on the way are not followed.
 */
static bool leaves_root(const char *path, const char *target)
{
	_cleanup_buf_ struct buf place = { 0 };
	if (*target != '/')
		buf_add(&place, path, (size_t)(strrchr(path, '/') - path));
	for (const char *p = target, *end; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, '/');
		int len = (int)(end - p);
		if (len == 2 && !strncmp(p, "..", 2) && place.len)
			buf_cut(&place, (size_t)(strrchr(place.data, '/') - place.data));
		else if (len && strncmp(p, "..", (size_t)len) != 0)
			buf_printf(&place, "/%.*s", len, p);
		else if (len == 2)
			return true;
	}
	buf_putc(&place, '/');
	return *target == '/' && !is_below_root(buf_text(&place));
}

const char *json_refuses(const struct extra *extra)
{
	if (!is_utf8(extra->path))
		return "its name is not UTF-8";
	if (extra->kind == EXTRA_LINK && !is_utf8(extra->data))
		return "the link's text is not UTF-8";
	const char *why = path_is_wrong(extra->path);
	if (!why && extra->kind == EXTRA_LINK && leaves_root(extra->path, extra->data))
		return "the link leads out of the tree";
	return why;
}

static int read_link_target(struct reader *r, const json_t *value, struct extra *extra)
{
	const char *target = text_of(r, value, "a link's text");
	if (!target)
		return -EINVAL;
	if (!*target || strlen(target) > 4095)
		return refuse(r, "a link's text has 1 to 4095 bytes");
	if (leaves_root(extra->path, target))
		return refuse(r, "the link leads out of the tree: \"%.60s\"", target);
	extra->kind = EXTRA_LINK;
	extra->data = arena_strdup(r->arena, target);
	extra->len = strlen(target);
	return 0;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648, section 4; false: it is not. */
static bool decode_base64(struct arena *a, const char *text, const uint8_t **ret, size_t *ret_len)
{
	size_t len = strlen(text), n = 0;
	uint8_t *bytes = arena_alloc(a, len / 4 * 3 + 1);
	bool good = len % 4 == 0;
	for (size_t i = 0; i < len && good; i += 4) {
		uint32_t group = 0, digits = 0;
		for (size_t k = 0; k < 4; k++) {
			const char *digit = memchr(base64_digits, text[i + k], 64);
			group = group << 6 | (uint32_t)(digit ? digit - base64_digits : 0);
			digits += digit && digits == k;
		}
		size_t padding = strspn(text + i + digits, "=");
		good = digits == 4 || (digits >= 2 && digits + padding == 4 && i + 4 == len);
		for (size_t k = 0; k + 1 < digits; k++)
			bytes[n++] = (uint8_t)(group >> (16 - 8 * k));
	}
	*ret = bytes;
	*ret_len = n;
	return good;
}

static int read_base64(struct reader *r, const json_t *value, struct extra *extra)
{
	const char *text = text_of(r, value, "base64");
	const uint8_t *bytes;
	if (!text)
		return -EINVAL;
	if (!decode_base64(r->arena, text, &bytes, &extra->len))
		return refuse(r, "expected base64 (RFC 4648), got \"%.40s\"", text);
	extra->kind = EXTRA_FILE;
	extra->data = (const char *)bytes;
	return 0;
}

static int read_dir(struct reader *r, const json_t *value, struct extra *extra)
{
	if (!json_is_true(value))
		return refuse(r, "expected true, got %s", kind_of(value));
	extra->kind = EXTRA_DIR;
	return 0;
}

static const struct {
	const char *key;
	int (*read)(struct reader *, const json_t *, struct extra *);
} file_forms[] = { { "base64", read_base64 }, { "link", read_link_target }, { "dir", read_dir } };

static int read_file(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	struct extra *extra = at;
	if (json_is_null(value)) {
		extra->kind = EXTRA_ABSENT;
		return 0;
	}
	if (json_is_string(value)) {
		extra->kind = EXTRA_FILE;
		extra->data = arena_strdup(r->arena, json_string_value(value));
		extra->len = strlen(extra->data);
		return 0;
	}
	for (size_t i = 0; i < sizeof file_forms / sizeof *file_forms; i++) {
		const json_t *member = json_object_get(value, file_forms[i].key);
		if (member && json_object_size(value) == 1)
			return file_forms[i].read(r, member, extra);
	}
	return refuse(r, "expected a text, {\"base64\": ...}, {\"link\": ...}, {\"dir\": true} or null, got %s",
		      json_is_object(value) ? "another object" : kind_of(value));
}

static json_t *encode_base64(const uint8_t *bytes, size_t len)
{
	_cleanup_buf_ struct buf text = { 0 };
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)bytes[i] << 16 | (n > 1 ? bytes[i + 1] : 0u) << 8 | (n > 2 ? bytes[i + 2] : 0u);
		for (size_t k = 0; k < 4; k++)
			buf_putc(&text, k <= n ? base64_digits[group >> (18 - 6 * k) & 63] : '=');
	}
	return json_string(buf_text(&text));
}

static json_t *write_file(const void *at)
{
	const struct extra *extra = at;
	switch (extra->kind) {
	case EXTRA_LINK:
		return json_pack("{ss}", "link", extra->data);
	case EXTRA_DIR:
		return json_pack("{sb}", "dir", 1);
	case EXTRA_ABSENT:
		return json_null();
	case EXTRA_FILE:
		break;
	}
	/* a text where JSON can hold it: valid UTF-8 without NUL */
	json_t *text = memchr(extra->data, '\0', extra->len) ? NULL : json_stringn(extra->data, extra->len);
	return text ? text : json_pack("{so}", "base64", encode_base64((const uint8_t *)extra->data, extra->len));
}

static int enter_path(struct reader *r, const char *path)
{
	buf_printf(&r->path, "[\"%.200s\"]", path);
	const char *why = path_is_wrong(path);
	return why ? refuse(r, "%s", why) : 0;
}

static const struct members files = { "an object", sizeof(struct extra), enter_path, read_file, write_file };

static int read_files(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	return read_members(r, f, value, &files, at);
}

static json_t *write_files(const struct field *f, const void *at)
{
	(void)f;
	return write_members(&files, at);
}

static void schema_files(const struct field *f, json_t *into)
{
	(void)f;
	json_t *value = json_pack("{s[{s[ss]}{ss,s{s{ss}},s[s],sb}{ss,s{s{ss}},s[s],sb}{ss,s{s{sb}},s[s],sb}]}", "anyOf",
				  "type", "string", "null",
				  "type", "object", "properties", "base64", "type", "string", "required", "base64", "additionalProperties", 0,
				  "type", "object", "properties", "link", "type", "string", "required", "link", "additionalProperties", 0,
				  "type", "object", "properties", "dir", "const", 1, "required", "dir", "additionalProperties", 0);
	json_object_set_new(into, "propertyNames", json_pack("{ss}", "pattern", "^/(sys|proc|run/udev/data|dev/cpuset)/."));
	schema_members(into, value);
}

const struct type type_files = { "object of files", NULL, read_files, write_files, schema_files };

/* --- a function's configuration space -------------------------------------------------------------------- */

/* The member is the pointer of struct pci; the length stands beside it. */
static struct pci *pci_of_config(void *at)
{
	return (struct pci *)((char *)at - offsetof(struct pci, config));
}

static int read_config(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	const char *text = text_of(r, value, "base64");
	size_t len;
	if (!text)
		return -EINVAL;
	if (!decode_base64(r->arena, text, &pci_of_config(at)->config, &len))
		return refuse(r, "expected base64 (RFC 4648), got \"%.40s\"", text);
	if (len > 4096)
		return refuse(r, "a configuration space has at most 4096 bytes, got %zu", len);
	pci_of_config(at)->config_len = (uint32_t)len;
	return 0;
}

static json_t *write_config(const struct field *f, const void *at)
{
	(void)f;
	const struct pci *pci = pci_of_config((void *)at);
	return pci->config ? encode_base64(pci->config, pci->config_len) : NULL;
}

static void schema_config(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, "^[A-Za-z0-9+/]*={0,2}$");
}

const struct type type_config = { "base64", NULL, read_config, write_config, schema_config };
