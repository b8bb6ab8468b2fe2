/* SPDX-License-Identifier: Apache-2.0 */

/* Filling a tree, in any order, and putting it into the order in which it is served. */

#include "filling.h"
#include "pool.h"

#include "topofs/arena.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LINK_LENGTH_MAX = 4095 };

/*
 * While a tree is filled a folder comes before what is in it, and its `end` counts its children. They are chained, the
 * newest first: most folders are filled in one go and have few children, so that what is looked for is near. Folders of
 * more than FEW have their children in a hash table too. Names are compared by their offsets, as each is stored once.
 *
 * A removed entry has mode 0: it is nobody's child, and left out by tree_seal().
 */
enum { FEW = 64 };

struct chain {
	uint32_t newest; /* child of this entry */
	uint32_t before; /* child of the same folder, added before this entry */
};

struct filling {
	struct chain *chains; /* parallel to the entries */
	uint32_t *slots;      /* hash of (parent, name) -> entry; TREE_NONE where free */
	size_t n, n_slots;
};

static bool is_child(const struct tree *t, uint32_t e, uint32_t dir, uint32_t name)
{
	const struct entry *entry = &t->entries[e];
	return entry->parent == dir && entry->name == name && entry->mode;
}

static size_t first_slot(const struct filling *f, uint32_t dir, uint32_t name)
{
	return mix((uint64_t)dir << 32 | name) & (f->n_slots - 1);
}

/* Takes its slot of before, a free one, or that of a removed entry. */
static void index_put(struct tree *t, uint32_t e)
{
	struct filling *f = t->filling;
	size_t i = first_slot(f, t->entries[e].parent, t->entries[e].name);
	while (f->slots[i] != TREE_NONE && f->slots[i] != e && t->entries[f->slots[i]].mode)
		i = (i + 1) & (f->n_slots - 1);
	f->n += f->slots[i] == TREE_NONE;
	f->slots[i] = e;
}

static void index_grow(struct tree *t)
{
	struct filling *f = t->filling;
	uint32_t *old = f->slots;
	size_t n_old = f->n_slots;
	if (f->n + 1 <= n_old / 4 * 3)
		return;
	f->n_slots = slots_for(2 * f->n + 1);
	f->n = 0;
	f->slots = array_new(f->n_slots, sizeof *f->slots);
	memset(f->slots, 0xff, f->n_slots * sizeof *f->slots);
	for (size_t i = 0; i < n_old; i++)
		if (old[i] != TREE_NONE && t->entries[old[i]].mode)
			index_put(t, old[i]);
	free(old);
}

static void index_add(struct tree *t, uint32_t e)
{
	index_grow(t);
	index_put(t, e);
}

/* Adds the newest child to the chain, and to the table once there are more than a few. */
static void chain(struct tree *t, uint32_t dir, uint32_t e)
{
	struct chain *chains = t->filling->chains;
	chains[e] = (struct chain){ TREE_NONE, chains[dir].newest };
	chains[dir].newest = e;
	if (++t->entries[dir].end == FEW + 1)
		for (uint32_t child = e; child != TREE_NONE; child = chains[child].before)
			index_add(t, child);
	else if (t->entries[dir].end > FEW)
		index_add(t, e);
}

/* Takes those that were removed out of the chain: it is as long as the folder has children, or not looked at. */
static void unchain(struct tree *t, uint32_t dir)
{
	uint32_t *e = &t->filling->chains[dir].newest;
	while (*e != TREE_NONE)
		if (t->entries[*e].mode)
			e = &t->filling->chains[*e].before;
		else
			*e = t->filling->chains[*e].before;
}

static uint32_t find(const struct tree *t, uint32_t dir, uint32_t name)
{
	const struct filling *f = t->filling;
	uint32_t e;
	if (t->entries[dir].end <= FEW) {
		e = f->chains[dir].newest;
		while (e != TREE_NONE && !is_child(t, e, dir, name))
			e = f->chains[e].before;
		return e;
	}
	size_t i = first_slot(f, dir, name);
	while ((e = f->slots[i]) != TREE_NONE && !is_child(t, e, dir, name))
		i = (i + 1) & (f->n_slots - 1);
	return e;
}

uint32_t filling_child(const struct tree *t, uint32_t dir, const char *name, size_t len)
{
	uint32_t at = S_ISDIR(t->entries[dir].mode) ? pool_find(t->names, name, len) : POOL_NONE;
	return at == POOL_NONE ? TREE_NONE : find(t, dir, at);
}

void filling_done(struct tree *t)
{
	if (!t->filling)
		return;
	free(t->filling->chains);
	free(t->filling->slots);
	free(t->filling);
	t->filling = NULL;
}

static void make_room(struct tree *t)
{
	if (t->n < t->room)
		return;
	t->room = t->room ? t->room * 2 : 64;
	t->entries = array_resize(t->entries, t->room, sizeof *t->entries);
	t->filling->chains = array_resize(t->filling->chains, t->room, sizeof *t->filling->chains);
}

static uint32_t add(struct tree *t, uint32_t parent, uint32_t name, mode_t mode)
{
	make_room(t);
	if (t->n >= TREE_NONE)
		out_of_memory();
	uint32_t e = (uint32_t)t->n++;
	t->entries[e] = (struct entry){ .name = name, .parent = parent, .mode = (uint16_t)mode };
	return e;
}

static void start(struct tree *t)
{
	assert(!t->sealed);
	if (t->n)
		return;
	t->names = pool_new(1);
	t->contents = pool_new(8);
	t->filling = array_new(1, sizeof *t->filling);
	add(t, TREE_ROOT, pool_intern(t->names, "", 0), S_IFDIR | 0755);
	t->filling->chains[TREE_ROOT] = (struct chain){ TREE_NONE, TREE_NONE };
}

static bool is_path(const char *path)
{
	for (;; path++) {
		size_t len = (size_t)(strchrnul(path, '/') - path);
		if (!len || len > NAME_LENGTH_MAX || (len <= 2 && !memcmp(path, "..", len)))
			return false;
		path += len;
		if (!*path)
			return true;
	}
}

static int become(struct entry *e, mode_t mode)
{
	if (S_ISDIR(e->mode) && S_ISDIR(mode))
		return 0;
	if (S_ISDIR(e->mode) && e->end)
		return -ENOTEMPTY;
	e->mode = (uint16_t)mode;
	e->size = 0;
	e->data = 0;
	return 0;
}

/* The entry of a path, of this mode; folders on the way are made. */
static int put(struct tree *t, uint32_t at, const char *path, mode_t mode, uint32_t *ret)
{
	start(t);
	if (!is_path(path))
		return -EINVAL;
	for (;;) {
		size_t len = (size_t)(strchrnul(path, '/') - path);
		bool last = !path[len];
		uint32_t name = pool_intern(t->names, path, len), e = find(t, at, name);
		if (e != TREE_NONE) {
			int rc = last ? become(&t->entries[e], mode) : 0;
			if (rc < 0)
				return rc;
		} else if (!S_ISDIR(t->entries[at].mode)) {
			return -ENOTDIR;
		} else {
			e = add(t, at, name, last ? mode : S_IFDIR | 0755);
			chain(t, at, e);
		}
		if (last) {
			*ret = e;
			return 0;
		}
		at = e;
		path += len + 1;
	}
}

static int put_bytes(struct tree *t, uint32_t at, const char *path, mode_t mode, const void *bytes, size_t len)
{
	uint32_t e;
	int rc = put(t, at, path, mode, &e);
	if (rc < 0)
		return rc;
	t->entries[e].size = (uint32_t)len;
	t->entries[e].data = len ? pool_intern(t->contents, bytes, len) : 0;
	return 0;
}

uint32_t tree_dir(struct tree *t, uint32_t at, const char *path)
{
	uint32_t e;
	return put(t, at, path, S_IFDIR | 0755, &e) < 0 ? TREE_NONE : e;
}

int tree_file(struct tree *t, uint32_t at, const char *path, mode_t permissions, const void *bytes, size_t len)
{
	if (len >= UINT32_MAX)
		return -EFBIG;
	return put_bytes(t, at, path, S_IFREG | (permissions & 07777), bytes, len);
}

int tree_link(struct tree *t, uint32_t at, const char *path, const char *target)
{
	size_t len = strlen(target);
	if (len < 1 || len > LINK_LENGTH_MAX)
		return -EINVAL;
	return put_bytes(t, at, path, S_IFLNK | 0777, target, len);
}

/*
 * As the kernel's kernfs_get_target_path(): up to the last folder that both have above them, then down. The
 * place itself is never that folder, so the text always ends in its name: "../../../0000:01:00.0".
 */
int tree_link_to(struct tree *t, uint32_t at, const char *path, const char *place)
{
	if (!is_path(path) || !is_path(place))
		return -EINVAL;
	_cleanup_buf_ struct buf from = { 0 }, text = { 0 };
	tree_path(t, at, &from);
	if (from.len)
		buf_putc(&from, '/');
	buf_puts(&from, path);

	size_t common = 0;
	for (size_t i = 0; from.data[i] && from.data[i] == place[i]; i++)
		if (place[i] == '/')
			common = i + 1;
	for (const char *c = from.data + common; *c; c++)
		if (*c == '/')
			buf_puts(&text, "../");
	buf_puts(&text, place + common);
	return tree_link(t, at, path, buf_text(&text));
}

void tree_remove(struct tree *t, const char *path)
{
	assert(!t->sealed);
	uint32_t e = tree_find(t, path);
	if (e == TREE_NONE || e == TREE_ROOT)
		return;
	uint32_t dir = t->entries[e].parent;
	t->entries[e].mode = 0;
	if (--t->entries[dir].end <= FEW)
		unchain(t, dir);
}

/* Sealing. Turns `end` into the number of entries from there down, 0 for those that go. */
static void count_down(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct entry *e = &t->entries[i];
		if (!t->entries[e->parent].mode)
			e->mode = 0;
		e->end = e->mode != 0;
		e->subdirs = 0;
	}
	for (size_t i = t->n - 1; i > 0; i--) {
		struct entry *e = &t->entries[i], *parent = &t->entries[e->parent];
		parent->end += e->end;
		if (S_ISDIR(e->mode) && parent->subdirs < UINT16_MAX)
			parent->subdirs++;
	}
}

static int by_name(const void *x, const void *y, void *ctx)
{
	const uint32_t *a = x, *b = y;
	return strcmp(tree_name(ctx, *a), tree_name(ctx, *b));
}

/* The children of all folders, each folder's by name; those of e end at ends[e], where those of e + 1 start. */
static uint32_t *sort_children(const struct tree *t, uint32_t *ends)
{
	uint32_t *children = array_new(t->n, sizeof *children);
	for (size_t e = 1; e < t->n; e++)
		if (t->entries[e].mode)
			ends[t->entries[e].parent + 1]++;
	for (size_t e = 1; e < t->n; e++)
		ends[e] += ends[e - 1];
	for (size_t e = 1; e < t->n; e++)
		if (t->entries[e].mode)
			children[ends[t->entries[e].parent]++] = (uint32_t)e;
	for (size_t e = 0, from = 0; e < t->n; from = ends[e++])
		if (ends[e] - from > 1)
			qsort_r(children + from, ends[e] - from, sizeof *children, by_name, (void *)t);
	return children;
}

/* The place of each entry in preorder: known for a folder before its children, and for those by its size. */
static uint32_t *number(const struct tree *t)
{
	uint32_t *ends = array_new(t->n + 1, sizeof *ends), *places = array_new(t->n, sizeof *places);
	uint32_t *children = sort_children(t, ends);
	for (size_t e = 0, i = 0; e < t->n; e++) {
		uint32_t next = places[e] + 1;
		for (; i < ends[e]; i++) {
			places[children[i]] = next;
			next += t->entries[children[i]].end;
		}
	}
	free(ends);
	free(children);
	return places;
}

void tree_seal(struct tree *t)
{
	if (t->sealed)
		return;
	start(t);
	count_down(t);
	uint32_t *places = number(t);
	size_t n = t->entries[TREE_ROOT].end;
	struct entry *sorted = array_new(n, sizeof *sorted);
	for (size_t i = 0; i < t->n; i++) {
		struct entry e = t->entries[i];
		if (!e.mode)
			continue;
		e.parent = places[e.parent];
		e.end += places[i];
		sorted[places[i]] = e;
	}
	free(places);
	free(t->entries);
	t->entries = sorted;
	t->n = t->room = n;
	pool_seal(t->names);
	pool_seal(t->contents);
	filling_done(t);
	t->sealed = true;
}
