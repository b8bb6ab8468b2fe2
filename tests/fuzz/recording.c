/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A recorded machine, as lines that `topofs render` prints: its description makes the same files again. A line that ends
 * in a backslash is a file without a line end.
 */

#include "laws.h"

#include "topofs/cmd.h"
#include "topofs/format.h"
#include "topofs/sysfs.h"

#include <string.h>

static unsigned octal(const char *text, size_t len)
{
	unsigned value = 0;

	for (size_t i = 0; i < len; i++)
		value = value * 8 + (unsigned)(text[i] & 7);
	return value;
}

/* The inverse of what tree_dump() does to bytes. */
static void unescape(const char *text, size_t len, struct buf *out)
{
	static const char letters[] = "abtnvfr\\", special[] = "\a\b\t\n\v\f\r\\";

	for (size_t i = 0; i < len; i++) {
		const char *found = text[i] == '\\' && i + 1 < len ? memchr(letters, text[i + 1], 8) : NULL;
		if (found) {
			buf_putc(out, special[found - letters]);
			i++;
		} else if (text[i] == '\\' && i + 3 < len) {
			buf_putc(out, (char)octal(text + i + 1, 3));
			i += 3;
		} else {
			buf_putc(out, text[i]);
		}
	}
}

struct line {
	enum extra_kind kind;
	struct buf path, data; /* the path with a slash before it */
};

static void line_done(struct line *l)
{
	buf_done(&l->path);
	buf_done(&l->data);
}

#define _cleanup_line_ __attribute__((cleanup(line_done)))

static void read_line(const char *text, size_t len, struct line *ret)
{
	const char *link = memmem(text, len, " -> ", 4), *file = memmem(text, len, ": ", 2);
	const char *end = text + len, *path_end = link && (!file || link < file) ? link : file ? file : end;

	ret->kind = path_end == link ? EXTRA_LINK : path_end == file ? EXTRA_FILE : EXTRA_DIR;
	if (ret->kind == EXTRA_DIR && len && end[-1] == '/')
		path_end--;
	else if (ret->kind == EXTRA_LINK)
		unescape(link + 4, (size_t)(end - link) - 4, &ret->data);
	else if (ret->kind == EXTRA_FILE)
		unescape(file + 2, (size_t)(end - file) - 2, &ret->data);
	if (ret->kind == EXTRA_FILE && end[-1] != '\\')
		buf_putc(&ret->data, '\n');
	else if (ret->kind == EXTRA_FILE && ret->data.len)
		buf_cut(&ret->data, ret->data.len - 1);
	if (path_end - text > 7 && path_end[-1] == ']' && path_end[-6] == '[')
		path_end -= 7;
	buf_putc(&ret->path, '/');
	unescape(text, (size_t)(path_end - text), &ret->path);
}

/* What no document can say is left out, as capture does. */
static bool is_sayable(const struct line *l)
{
	const struct extra extra = { buf_text(&l->path), l->kind, buf_text(&l->data), l->data.len };

	return strlen(extra.path) == l->path.len && (l->kind != EXTRA_LINK || strlen(extra.data) == l->data.len) &&
	       !json_refuses(&extra);
}

static void add_line(struct tree *t, const char *text, size_t len)
{
	_cleanup_line_ struct line l = { 0 };

	read_line(text, len, &l);
	if (!is_sayable(&l))
		return;
	if (l.kind == EXTRA_DIR)
		tree_dir(t, TREE_ROOT, buf_text(&l.path) + 1);
	else if (l.kind == EXTRA_LINK)
		tree_link(t, TREE_ROOT, buf_text(&l.path) + 1, buf_text(&l.data));
	else
		tree_file(t, TREE_ROOT, buf_text(&l.path) + 1, 0444, buf_text(&l.data), l.data.len);
}

static void read_lines(const char *text, size_t len, struct tree *ret)
{
	/* a machine has a CPU, whatever the lines say */
	const char present[] = "sys/devices/system/cpu/present";

	tree_file(ret, TREE_ROOT, present, 0444, "0-1\n", 4);
	for (const char *end = text + len, *next; text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		next = next ? next : end;
		add_line(ret, text, (size_t)(next - text));
	}
	tree_remove(ret, present);
	tree_file(ret, TREE_ROOT, present, 0444, "0-1\n", 4);
	tree_seal(ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_tree_ struct tree recorded = { 0 }, redacted = { 0 }, built = { 0 };
	_cleanup_topo_ struct topo t = { 0 };
	struct err err = { 0 };

	read_lines((const char *)bytes, len, &recorded);
	sysfs_redact(&recorded, &redacted);
	HOLD(describe_tree("recording", &recorded, NULL, &t) == EXIT_OK, "no description");
	for (size_t i = 0; i < t.extras.n; i++)
		HOLD(!json_refuses(&t.extras.at[i]), "%s", t.extras.at[i].path);
	HOLD(sysfs_build(&t, &built, &err) == 0, "%s: %s", err.where, err.what);
	hold_same_files(&recorded, &built);
	if (is_small(&t) && is_servable(&t))
		hold_laws(&t);
	return 0;
}
