/* SPDX-License-Identifier: Apache-2.0 */
#include "laws.h"

#include "topofs/rules.h"
#include "topofs/sysfs.h"

#include <string.h>
#include <sys/stat.h>

bool is_small(const struct topo *t)
{
	enum { MANY = 64 };

	return t->cpus.n <= MANY && t->nodes.n <= MANY && t->pci.n <= MANY && t->caches.n <= MANY * 4;
}

bool is_servable(const struct topo *t)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const struct host_limits limits = { 1024, 8192 };
	findings found = { 0 };

	rules_check(t, &limits, &arena, &found);
	for (size_t i = 0; i < found.n; i++)
		if (found.at[i].severity == BROKEN)
			return false;
	return true;
}

static bool is_one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

void hold_complaint(const struct err *err)
{
	HOLD(*err->what && is_one_line(err->what) && is_one_line(err->where), "%s: %s", err->where, err->what);
}

static void build(const struct topo *t, struct tree *ret)
{
	struct err err = { 0 };

	HOLD(sysfs_build(t, ret, &err) == 0, "%s: %s", err.where, err.what);
}

static void say_difference(void *ctx, const char *path, uint32_t in_a, uint32_t in_b)
{
	const struct tree *const *trees = ctx;

	fprintf(stderr, "differs: %s (%s, %s)\n", path, in_a == TREE_NONE ? "absent" : tree_data(trees[0], in_a),
		in_b == TREE_NONE ? "absent" : tree_data(trees[1], in_b));
}

static void hold_same(const struct tree *a, const struct tree *b)
{
	const struct tree *trees[] = { a, b };

	HOLD(tree_diff(a, b, say_difference, trees) == 0, "two trees of the same machine");
}

/* What is written is read, and for the same machine: it has the same files and is written the same. */
static void hold_written(const struct topo *t, const struct tree *files)
{
	_cleanup_buf_ struct buf text = { 0 }, again = { 0 };
	_cleanup_topo_ struct topo read = { 0 };
	_cleanup_tree_ struct tree built = { 0 };
	struct err err = { 0 };

	json_format.write(t, &text, NULL);
	HOLD(json_format.read(buf_text(&text), text.len, &read, &err) == 0, "%s: %s\n%s", err.where, err.what,
	     buf_text(&text));
	json_format.write(&read, &again, NULL);
	HOLD(!strcmp(buf_text(&text), buf_text(&again)), "\n%s\n%s", buf_text(&text), buf_text(&again));
	build(&read, &built);
	hold_same(files, &built);
}

/* What a format of others says of a machine, and which machine that is to its reader; false: it cannot say it. */
static bool say(const struct format *format, const struct topo *t, struct buf *text, struct topo *read)
{
	struct err err = { 0 };

	if (format->write(t, text, &err)) {
		hold_complaint(&err);
		HOLD(text->len == 0, "%s: %s", format->name, buf_text(text));
		return false;
	}
	if (!format->read)
		return false;
	HOLD(format->read(buf_text(text), text->len, read, &err) == 0, "%s: %s: %s\n%s", format->name, err.where, err.what,
	     buf_text(text));
	return true;
}

/* What such a format lacks is derived when it is read, so that the second machine is another; it can be said too. */
static void hold_said(const struct topo *t, const struct format *format)
{
	_cleanup_buf_ struct buf text = { 0 }, again = { 0 };
	_cleanup_topo_ struct topo first = { 0 }, second = { 0 };

	if (say(format, t, &text, &first))
		HOLD(say(format, &first, &again, &second), "%s: is not written again\n%s", format->name, buf_text(&text));
}

static void hold_found(const struct tree *t)
{
	_cleanup_buf_ struct buf path = { 0 }, dump = { 0 };

	for (uint32_t e = 1; e < t->n; e++) {
		const char *name = tree_name(t, e);
		buf_cut(&path, 0);
		tree_path(t, e, &path);
		HOLD(tree_find(t, buf_text(&path)) == e, "%s", buf_text(&path));
		HOLD(tree_child(t, t->entries[e].parent, name, strlen(name)) == e, "%s", buf_text(&path));
		HOLD(!tree_data(t, e)[t->entries[e].size], "%s", buf_text(&path));
		tree_walk(t, buf_text(&path));
	}
	tree_dump(t, TREE_ROOT, &dump);
}

void hold_laws(const struct topo *t)
{
	_cleanup_tree_ struct tree files = { 0 };
	struct err err = { 0 };

	/* its own files may contradict those that rows make */
	if (sysfs_build(t, &files, &err)) {
		hold_complaint(&err);
		return;
	}
	hold_found(&files);
	hold_written(t, &files);
	for (size_t i = 0; i < n_formats; i++)
		if (formats[i] != &json_format && formats[i]->write)
			hold_said(t, formats[i]);
}

void hold_read(const struct format *format, const uint8_t *bytes, size_t len)
{
	_cleanup_topo_ struct topo t = { 0 };
	struct err err = { 0 };

	if (format->recognizes)
		format->recognizes((const char *)bytes, len);
	if (format->read((const char *)bytes, len, &t, &err))
		hold_complaint(&err);
	else if (is_small(&t) && is_servable(&t))
		hold_laws(&t);
}

struct comparison {
	const struct tree *a, *b;
	size_t n;
};

static void count_difference(void *ctx, const char *path, uint32_t in_a, uint32_t in_b)
{
	struct comparison *c = ctx;
	const struct entry *a = in_a == TREE_NONE ? NULL : &c->a->entries[in_a];
	const struct entry *b = in_b == TREE_NONE ? NULL : &c->b->entries[in_b];

	if (a && b && (a->mode & S_IFMT) == (b->mode & S_IFMT) && a->size == b->size &&
	    !memcmp(tree_data(c->a, in_a), tree_data(c->b, in_b), a->size))
		return;
	say_difference((const struct tree *[]){ c->a, c->b }, path, in_a, in_b);
	c->n++;
}

void hold_same_files(const struct tree *a, const struct tree *b)
{
	struct comparison c = { a, b, 0 };

	tree_diff(a, b, count_difference, &c);
	HOLD(c.n == 0, "%zu paths", c.n);
}
