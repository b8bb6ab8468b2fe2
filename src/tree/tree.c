/* SPDX-License-Identifier: Apache-2.0 */

/* Looking up. */

#include "topofs/tree.h"

#include "filling.h"
#include "pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { LINKS_MAX = 40 };

/*
 * The children of a sealed folder are in byte order, each followed by all below it, so they can be searched by halves
 * without an index: from any entry in between, the way up leads to the child it is below.
 */
static uint32_t search(const struct tree *t, uint32_t dir, const char *name, size_t len)
{
	uint32_t from = dir + 1, end = t->entries[dir].end;
	while (from < end) {
		uint32_t e = from + (end - from) / 2;
		while (t->entries[e].parent != dir)
			e = t->entries[e].parent;
		const char *other = tree_name(t, e);
		int order = strncmp(other, name, len);
		if (order == 0 && !other[len])
			return e;
		if (order >= 0)
			end = e;
		else
			from = t->entries[e].end;
	}
	return TREE_NONE;
}

uint32_t tree_child(const struct tree *t, uint32_t dir, const char *name, size_t len)
{
	if (!t->n || !len || len > NAME_LENGTH_MAX)
		return TREE_NONE;
	return t->sealed ? search(t, dir, name, len) : filling_child(t, dir, name, len);
}

uint32_t tree_find(const struct tree *t, const char *path)
{
	uint32_t e = TREE_ROOT;
	while (*path && e != TREE_NONE) {
		size_t len = (size_t)(strchrnul(path, '/') - path);
		e = tree_child(t, e, path, len);
		path += len;
		if (*path && !*++path)
			return TREE_NONE;
	}
	return e;
}

static bool is_kind(const struct tree *t, uint32_t e, mode_t kind)
{
	return t->n ? (t->entries[e].mode & S_IFMT) == kind : kind == S_IFDIR;
}

/* One component of a walk, which has to start from a folder. */
static uint32_t step(const struct tree *t, uint32_t at, const char *name, size_t len)
{
	if (!is_kind(t, at, S_IFDIR))
		return TREE_NONE;
	if (len == 0 || (len == 1 && name[0] == '.'))
		return at;
	if (len == 2 && name[0] == '.' && name[1] == '.')
		return t->n ? t->entries[at].parent : at;
	return tree_child(t, at, name, len);
}

uint32_t tree_walk(const struct tree *t, const char *path)
{
	_cleanup_buf_ struct buf turned = { 0 }; /* a link's text, then what was left of the path */
	uint32_t at = TREE_ROOT;
	int links = 0;
	for (;;) {
		size_t len = (size_t)(strchrnul(path, '/') - path);
		uint32_t e = step(t, at, path, len);
		path += len;
		if (e == TREE_NONE)
			return TREE_NONE;
		if (is_kind(t, e, S_IFLNK)) {
			if (++links > LINKS_MAX)
				return TREE_NONE;
			struct buf next = { 0 };
			buf_add(&next, tree_data(t, e), t->entries[e].size);
			buf_puts(&next, path);
			buf_done(&turned);
			turned = next;
			path = buf_text(&turned);
			at = *path == '/' ? TREE_ROOT : at;
			continue;
		}
		at = e;
		if (!*path++)
			return at;
	}
}

const char *tree_name(const struct tree *t, uint32_t e)
{
	return e == TREE_ROOT ? "" : pool_at(t->names, t->entries[e].name);
}

const char *tree_data(const struct tree *t, uint32_t e)
{
	return t->n && t->entries[e].size ? pool_at(t->contents, t->entries[e].data) : "";
}

void tree_path(const struct tree *t, uint32_t e, struct buf *out)
{
	if (e == TREE_ROOT)
		return;
	size_t len = 0;
	for (uint32_t up = e; up != TREE_ROOT; up = t->entries[up].parent)
		len += strlen(tree_name(t, up)) + 1;
	buf_pad(out, '/', len - 1);
	for (char *to = out->data + out->len; e != TREE_ROOT; e = t->entries[e].parent, to--) {
		size_t n = strlen(tree_name(t, e));
		to -= n;
		memcpy(to, tree_name(t, e), n);
	}
}

void tree_done(struct tree *t)
{
	filling_done(t);
	if (t->image) {
		t->entries = NULL;
		t->names->bytes = t->contents->bytes = NULL;
		munmap((void *)t->image, t->image_size);
	}
	free(t->entries);
	pool_free(t->names);
	pool_free(t->contents);
	*t = (struct tree){ 0 };
}
