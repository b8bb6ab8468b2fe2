/* SPDX-License-Identifier: Apache-2.0 */

/* Stand-ins for what tells one machine from all others. What is secret stands in the rows. */

#include "redact.h"
#include "classes.h"
#include "scan.h"

#include <ctype.h>
#include <fnmatch.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// clang-format off
/* Files that recordings have and no row makes. */
static const struct secret_name elsewhere[] = {
	{ "sys/**/net/*/address", SECRET_MAC },
	{ "sys/**/net/*/phys_port_id", SECRET_GUID },
	{ "sys/**/net/*/phys_switch_id", SECRET_GUID },
	{ "sys/**/infiniband/*/*_guid", SECRET_GUID },
	{ "sys/**/infiniband/*/node_desc", SECRET_HOST },
	{ "sys/**/infiniband/*/ports/*/gids/*", SECRET_GUID },
	{ "sys/**/topology/ppin", SECRET_GUID },
	{ "sys/**/wwid", SECRET_GUID },
	{ "sys/**/wwn", SECRET_GUID },
	{ "sys/**/eui", SECRET_GUID },
	{ "sys/**/nguid", SECRET_UUID },
	{ "sys/**/uuid", SECRET_UUID },
	{ "sys/**/serial", SECRET_SERIAL },
	{ "sys/**/*_serial", SECRET_SERIAL },
	{ "sys/**/serial_number", SECRET_SERIAL },
	{ "sys/**/*_uuid", SECRET_UUID },
	{ "sys/**/*_asset_tag", SECRET_SERIAL },
	{ "sys/**/unique_id", SECRET_GUID },
	{ "sys/**/subsysnqn", SECRET_SERIAL },
	{ "sys/**/hostnqn", SECRET_SERIAL },
	{ "sys/**/hostid", SECRET_UUID },
	{ "sys/**/serial-number", SECRET_SERIAL },
	{ "sys/**/system-id", SECRET_SERIAL },
	{ "proc/device-tree/**/serial-number", SECRET_SERIAL },
	{ "proc/device-tree/**/system-id", SECRET_SERIAL },
	{ "**/local-mac-address", SECRET_BLOB },
	{ "**/mac-address", SECRET_BLOB },
	{ "sys/firmware/dmi/**/*", SECRET_BLOB },
	{ "sys/**/vpd", SECRET_BLOB },
	{ "sys/**/vpd_pg*", SECRET_BLOB },
	{ "proc/cmdline", SECRET_BLOB },
	{ "**/chosen/bootargs", SECRET_BLOB },
	{ "proc/sys/kernel/hostname", SECRET_HOST },
	{ "proc/sys/kernel/domainname", SECRET_HOST },
	{ "proc/sys/kernel/random/*id", SECRET_UUID },
	{ "proc/driver/nvidia/gpus/*/information", SECRET_LINES },
	{ "run/udev/data/*", SECRET_LINES },
};

/* Values in files of lines, by their keys. */
static const struct secret_name keys[] = {
	{ "Serial", SECRET_SERIAL }, /* of ARM's cpuinfo */
	{ "GPU UUID", SECRET_SERIAL },
	{ "*SERIAL*", SECRET_SERIAL },
	{ "*WWN*", SECRET_SERIAL },
	{ "*UUID*", SECRET_SERIAL },
	{ "*GUID*", SECRET_SERIAL },
	{ "*_MAC", SECRET_SERIAL },
};

/* Of the first, all of the second is free; a key without second: nothing is. */
static const struct free_line {
	const char *key, *whole;
} free_lines[] = {
	{ "MemFree", "MemTotal" }, { "MemAvailable", "MemTotal" }, { "MemUsed", NULL }, { "LowFree", "LowTotal" },
	{ "HighFree", "HighTotal" }, { "SwapFree", "SwapTotal" },
};
// clang-format on

/* --- which files ----------------------------------------------------------------------------------------- */

static void mark(struct redactor *r, const struct class *class, const char *name, enum secret secret)
{
	LIST_OF(struct secret_name) list = { r->marked, r->n_marked };
	*LIST_ADD(&r->arena, &list) =
		(struct secret_name){ arena_printf(&r->arena, "%s/%s", class->dir + 1, name), secret };
	r->marked = list.at;
	r->n_marked = list.n;
}

static void find_marked(struct redactor *r)
{
	for (size_t c = 0; c < n_classes; c++)
		for (size_t a = 0; a < classes[c]->n_attrs; a++) {
			const struct attr *attr = &classes[c]->attrs[a];
			if (attr->secret)
				mark(r, classes[c], attr->name, attr->secret);
			for (const struct secret_name *name = attr->secrets; name && name->pattern; name++)
				mark(r, classes[c], name->pattern, name->secret);
		}
}

static enum secret first_fit(const struct secret_name *names, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (scan_fits(names[i].pattern, path, false))
			return names[i].secret;
	return SECRET_NONE;
}

static enum secret secret_of(const struct redactor *r, const char *path)
{
	enum secret secret = first_fit(r->marked, r->n_marked, path);
	return secret ? secret : first_fit(elsewhere, sizeof elsewhere / sizeof *elsewhere, path);
}

/* --- one file -------------------------------------------------------------------------------------------- */

static size_t line_length(const char *text, size_t len)
{
	size_t n = 0;
	while (n < len && text[n] != '\n' && text[n] != '\0')
		n++;
	return n;
}

/* Calls add() for each line; what ends lines stays. */
static void each_line(struct redactor *r, enum secret kind, const char *text, size_t len, struct buf *out,
		      void (*add)(struct redactor *, enum secret, const char *, size_t, struct buf *))
{
	for (size_t at = 0, n; at < len; at += n + 1) {
		n = line_length(text + at, len - at);
		add(r, kind, text + at, n, out);
		if (at + n < len)
			buf_putc(out, text[at + n]);
	}
}

static void add_line(struct redactor *r, enum secret kind, const char *text, size_t len, struct buf *out)
{
	(void)kind;
	const char *equals = memchr(text, '=', len), *sign = equals ? equals : memchr(text, ':', len);
	size_t key_len = sign ? (size_t)(sign - text) : 0;
	while (key_len && isspace((unsigned char)text[key_len - 1]))
		key_len--;
	const char *key = arena_strndup(&r->arena, text, key_len);
	for (size_t i = 0; sign && i < sizeof keys / sizeof *keys; i++)
		if (!fnmatch(keys[i].pattern, key, 0)) {
			buf_add(out, text, (size_t)(sign + 1 - text));
			add_value(r, keys[i].secret, sign + 1, len - (size_t)(sign + 1 - text), out);
			return;
		}
	buf_add(out, text, len);
}

/* The number behind "KEY:", NULL when there is none. */
static const char *find_number(const char *text, const char *key)
{
	size_t len = strlen(key);
	for (const char *p = strstr(text, key); p; p = strstr(p + 1, key))
		if (p[len] == ':' && (p == text || isspace((unsigned char)p[-1])))
			return p + len + 1 + strspn(p + len + 1, " ");
	return NULL;
}

/* Puts another number in the place of one, in its columns where it fits. */
static void set_number(struct buf *text, const char *key, unsigned long long value)
{
	const char *number = find_number(buf_text(text), key);
	if (!number)
		return;
	size_t end = (size_t)(number - text->data) + strspn(number, "0123456789"),
	       start = (size_t)(number - text->data);
	size_t width = strspn(number, "0123456789");
	while (start && text->data[start - 1] == ' ') {
		start--;
		width++;
	}
	_cleanup_buf_ struct buf behind = { 0 };
	buf_puts(&behind, text->data + end);
	buf_cut(text, start);
	buf_printf(text, "%*llu", (int)width, value);
	buf_puts(text, buf_text(&behind));
}

static void add_meminfo(const char *text, struct buf *out)
{
	buf_puts(out, text);
	for (size_t i = 0; i < sizeof free_lines / sizeof *free_lines; i++) {
		const char *whole = free_lines[i].whole ? find_number(text, free_lines[i].whole) : "0";
		if (whole)
			set_number(out, free_lines[i].key, strtoull(whole, NULL, 10));
	}
}

/* Pages of 4 KiB, of the meminfo beside it. */
static void add_vmstat(struct redactor *r, uint32_t e, const char *text, struct buf *out)
{
	_cleanup_arena_ struct arena a = { 0 };
	static const char key[] = "nr_free_pages ";
	const char *meminfo = scan_text(r->captured, r->captured->entries[e].parent, "meminfo", &a);
	const char *whole = meminfo ? find_number(meminfo, "MemTotal") : NULL, *line = strstr(text, key);
	if (!whole || !line) {
		buf_puts(out, text);
		return;
	}
	line += strlen(key);
	buf_add(out, text, (size_t)(line - text));
	buf_printf(out, "%llu%s", strtoull(whole, NULL, 10) / 4, line + strspn(line, "0123456789"));
}

static void add_memory(struct redactor *r, uint32_t e, struct buf *out)
{
	const char *text = tree_data(r->captured, e);
	if (find_number(text, "MemTotal"))
		add_meminfo(text, out);
	else
		add_vmstat(r, e, text, out);
}

static uint32_t read_32(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Eight bytes, the lowest first: of the digits that sysfs and lspci show, the last. */
static void replace_serial(struct redactor *r, char *bytes)
{
	char digits[17];
	snprintf(digits, sizeof digits, "%08x%08x", read_32(bytes + 4), read_32(bytes));
	replace_digits(r, SECRET_GUID, digits, 16, "02");
	for (int i = 0; i < 8; i++) {
		char byte[3] = { digits[14 - 2 * i], digits[15 - 2 * i], '\0' };
		bytes[i] = (char)strtoul(byte, NULL, 16);
	}
}

static void add_config(struct redactor *r, const char *bytes, size_t len, struct buf *out)
{
	size_t start = out->len;
	buf_add(out, bytes, len);
	for (size_t at = 0x100, guard = 0; at >= 0x100 && at + 12 <= len && guard < 1024; guard++) {
		uint32_t header = read_32(out->data + start + at);
		if (PCI_EXT_CAP_ID(header) == PCI_EXT_CAP_ID_DSN)
			replace_serial(r, out->data + start + at + 4);
		at = PCI_EXT_CAP_NEXT(header);
	}
}

static void redact_file(struct redactor *r, enum secret secret, uint32_t e, struct buf *out)
{
	const char *text = tree_data(r->captured, e);
	size_t len = r->captured->entries[e].size;
	if (secret == SECRET_CONFIG)
		add_config(r, text, len, out);
	else if (secret == SECRET_MEMORY)
		add_memory(r, e, out);
	else
		each_line(r, secret, text, len, out, secret == SECRET_LINES ? add_line : add_value);
}

/* --- the secrets elsewhere ------------------------------------------------------------------------------- */

static int compare_words(const void *x, const void *y)
{
	return strcmp(((const struct word *)x)->secret, ((const struct word *)y)->secret);
}

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || c == ':' || c == '-' || c == '_' || c == '.';
}

/* Other texts, with the same stand-ins for what is a word of its own in them. */
static void add_text(struct redactor *r, const char *text, size_t len, struct buf *out)
{
	for (size_t at = 0, n; at < len; at += n) {
		for (n = 0; at + n < len && is_of_word(text[at + n]);)
			n++;
		if (n >= 8) {
			struct word key = { arena_strndup(&r->arena, text + at, n), NULL };
			const struct word *word = bsearch(&key, r->words.at, r->words.n, sizeof key, compare_words);
			buf_puts(out, word ? word->stand_in : key.secret);
		} else {
			buf_add(out, text + at, n);
		}
		if (!n)
			buf_add(out, text + at, n = 1);
	}
}

/* --------------------------------------------------------------------------------------------------------- */

/* What a file is to be: its own text while `bytes` is NULL. */
struct redacted {
	enum secret secret;
	const char *bytes;
	size_t len;
};

static void redact_marked(struct redactor *r, struct redacted *files)
{
	_cleanup_buf_ struct buf path = { 0 }, out = { 0 };
	for (uint32_t e = 1; e < r->captured->n; e++) {
		if (!S_ISREG(r->captured->entries[e].mode))
			continue;
		buf_cut(&path, 0);
		buf_cut(&out, 0);
		tree_path(r->captured, e, &path);
		files[e].secret = secret_of(r, buf_text(&path));
		if (!files[e].secret || files[e].secret == SECRET_BLOB)
			continue;
		redact_file(r, files[e].secret, e, &out);
		files[e].bytes = arena_strndup(&r->arena, buf_text(&out), out.len);
		files[e].len = out.len;
	}
	if (r->words.n)
		qsort(r->words.at, r->words.n, sizeof *r->words.at, compare_words);
}

static void copy_file(struct redactor *r, const struct redacted *file, uint32_t e, uint32_t dir, struct tree *ret)
{
	const struct entry *entry = &r->captured->entries[e];
	_cleanup_buf_ struct buf out = { 0 };
	if (file->secret == SECRET_BLOB)
		return;
	if (file->bytes)
		buf_add(&out, file->bytes, file->len);
	else if (r->words.n && !memchr(tree_data(r->captured, e), '\0', entry->size))
		add_text(r, tree_data(r->captured, e), entry->size, &out);
	else
		buf_add(&out, tree_data(r->captured, e), entry->size);
	tree_file(ret, dir, tree_name(r->captured, e), entry->mode & 07777, buf_text(&out), out.len);
}

static void copy_redacted(struct redactor *r, const struct redacted *files, struct tree *ret)
{
	uint32_t *handles = arena_alloc(&r->arena, r->captured->n * sizeof *handles);
	for (uint32_t e = 1; e < r->captured->n; e++) {
		const struct entry *entry = &r->captured->entries[e];
		uint32_t dir = handles[entry->parent];
		const char *name = tree_name(r->captured, e);
		if (S_ISDIR(entry->mode)) {
			handles[e] = tree_dir(ret, dir, name);
			ret->entries[handles[e]].mode = entry->mode;
		} else if (S_ISLNK(entry->mode)) {
			tree_link(ret, dir, name, tree_data(r->captured, e));
		} else {
			copy_file(r, &files[e], e, dir, ret);
		}
	}
}

void sysfs_redact(const struct tree *captured, struct tree *ret)
{
	struct redactor r = { .captured = captured };
	struct redacted *files = arena_alloc(&r.arena, (captured->n + 1) * sizeof *files);
	find_marked(&r);
	redact_marked(&r, files);
	copy_redacted(&r, files, ret);
	tree_seal(ret);
	arena_done(&r.arena);
}
