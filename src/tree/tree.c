/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/tree.h"

#include "topofs/arena.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_LENGTH_MAX = 255, LINK_LENGTH_MAX = 4095, LINKS_MAX = 40 };

static void *array(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);
	if (!p)
		out_of_memory();
	return p;
}

static void *resize(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n ? n : 1, size);
	if (!p)
		out_of_memory();
	return p;
}

/* The least power of two that n things fill to three quarters at most. */
static size_t slots_for(size_t n)
{
	size_t slots = 16;
	while (slots / 4 * 3 < n)
		slots *= 2;
	return slots;
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	return x ^ x >> 32;
}

static uint64_t hash(uint64_t seed, const void *bytes, size_t len)
{
	uint64_t h = mix(seed ^ (uint64_t)len << 32), word;
	const char *p = bytes;
	for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
		memcpy(&word, p, sizeof word);
		h = mix(h ^ word);
	}
	word = 0;
	if (len)
		memcpy(&word, p, len);
	return mix(h ^ word);
}

/*
 * Interned bytes: each run is stored once and has a NUL behind it. The slots find what is there already
 * while the tree is filled; a sealed tree gives them back.
 */
struct run {
	uint64_t at;
	uint32_t hash, len; /* len: with its NUL, so 0 is a free slot */
};

struct pool {
	char *bytes;
	size_t len, room;
	struct run *slots;
	size_t n, n_slots;
};

static struct run *pool_slot(const struct pool *p, uint32_t h, const char *bytes, size_t len)
{
	size_t i = h & (p->n_slots - 1);
	for (;; i = (i + 1) & (p->n_slots - 1)) {
		struct run *r = &p->slots[i];
		if (!r->len || (r->hash == h && r->len == len + 1 && !memcmp(p->bytes + r->at, bytes, len)))
			return r;
	}
}

static void pool_grow(struct pool *p)
{
	size_t n_old = p->n_slots;
	if (p->n + 1 <= n_old / 4 * 3)
		return;
	struct run *old = p->slots;
	p->n_slots = slots_for(p->n + 1);
	p->slots = array(p->n_slots, sizeof *p->slots);
	for (size_t i = 0; i < n_old; i++) {
		size_t to = old[i].hash & (p->n_slots - 1);
		if (!old[i].len)
			continue;
		while (p->slots[to].len)
			to = (to + 1) & (p->n_slots - 1);
		p->slots[to] = old[i];
	}
	free(old);
}

static uint64_t pool_append(struct pool *p, const char *bytes, size_t len)
{
	if (p->room - p->len <= len) {
		size_t room = p->room ? p->room : 256;
		while (room - p->len <= len)
			room *= 2;
		p->bytes = resize(p->bytes, room, 1);
		p->room = room;
	}
	uint64_t at = p->len;
	memcpy(p->bytes + at, bytes, len);
	p->bytes[at + len] = '\0';
	p->len += len + 1;
	return at;
}

static uint64_t pool_intern(struct pool *p, const char *bytes, size_t len)
{
	pool_grow(p);
	uint32_t h = (uint32_t)hash(0, bytes, len);
	struct run *r = pool_slot(p, h, bytes, len);
	if (!r->len) {
		*r = (struct run){ .at = pool_append(p, bytes, len), .hash = h, .len = (uint32_t)len + 1 };
		p->n++;
	}
	return r->at;
}

static void pool_seal(struct pool *p)
{
	free(p->slots);
	p->slots = NULL;
	p->n_slots = 0;
	p->bytes = resize(p->bytes, p->len, 1);
	p->room = p->len;
}

static void pool_free(struct pool *p)
{
	if (p) {
		free(p->slots);
		free(p->bytes);
		free(p);
	}
}

/*
 * Entries by (parent, name). A removed entry has mode 0: it is equal to nothing, keeps its slot until that is
 * wanted again, and is left out by tree_seal().
 */
static bool is_free(const struct tree *t, size_t slot)
{
	return t->slots[slot] == TREE_NONE || !t->entries[t->slots[slot]].mode;
}

static void index_add(struct tree *t, uint32_t e)
{
	const char *name = tree_name(t, e);
	size_t i = hash(t->entries[e].parent, name, strlen(name)) & (t->n_slots - 1);
	while (!is_free(t, i))
		i = (i + 1) & (t->n_slots - 1);
	t->slots[i] = e;
}

static void index_all(struct tree *t, size_t n_slots)
{
	free(t->slots);
	t->n_slots = n_slots;
	t->slots = array(n_slots, sizeof *t->slots);
	memset(t->slots, 0xff, n_slots * sizeof *t->slots);
	for (size_t e = 1; e < t->n; e++)
		if (t->entries[e].mode)
			index_add(t, (uint32_t)e);
}

uint32_t tree_child(const struct tree *t, uint32_t dir, const char *name, size_t len)
{
	if (!t->n_slots || !len || len > NAME_LENGTH_MAX)
		return TREE_NONE;
	size_t i = hash(dir, name, len) & (t->n_slots - 1);
	for (uint32_t e; (e = t->slots[i]) != TREE_NONE; i = (i + 1) & (t->n_slots - 1)) {
		const char *other = tree_name(t, e);
		if (t->entries[e].parent == dir && t->entries[e].mode && strlen(other) == len &&
		    !memcmp(other, name, len))
			return e;
	}
	return TREE_NONE;
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
	return e == TREE_ROOT ? "" : t->names->bytes + t->entries[e].name;
}

const char *tree_data(const struct tree *t, uint32_t e)
{
	return t->n && t->entries[e].size ? t->contents->bytes + t->entries[e].data : "";
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

/*
 * Filling. While a tree is filled a folder comes before what is in it, and its `end` counts its children.
 */
static uint32_t add(struct tree *t, uint32_t parent, const char *name, size_t len, mode_t mode)
{
	if (t->n == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->entries = resize(t->entries, t->room, sizeof *t->entries);
	}
	uint64_t at = pool_intern(t->names, name, len);
	if (t->n >= TREE_NONE || at > UINT32_MAX)
		out_of_memory();
	uint32_t e = (uint32_t)t->n++;
	t->entries[e] = (struct entry){ .name = (uint32_t)at, .parent = parent, .mode = (uint16_t)mode };
	if (t->n > t->n_slots / 4 * 3)
		index_all(t, slots_for(t->n));
	else if (e != TREE_ROOT)
		index_add(t, e);
	if (e != TREE_ROOT)
		t->entries[parent].end++;
	return e;
}

static void start(struct tree *t)
{
	assert(!t->sealed);
	if (t->n)
		return;
	t->names = array(1, sizeof *t->names);
	t->contents = array(1, sizeof *t->contents);
	add(t, TREE_ROOT, "", 0, S_IFDIR | 0755);
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
		uint32_t e = tree_child(t, at, path, len);
		if (e != TREE_NONE) {
			int rc = last ? become(&t->entries[e], mode) : 0;
			if (rc < 0)
				return rc;
		} else if (!S_ISDIR(t->entries[at].mode)) {
			return -ENOTDIR;
		} else {
			e = add(t, at, path, len, last ? mode : S_IFDIR | 0755);
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
	t->entries[e].mode = 0;
	t->entries[t->entries[e].parent].end--;
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
	uint32_t *children = array(t->n, sizeof *children);
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
	uint32_t *ends = array(t->n + 1, sizeof *ends), *places = array(t->n, sizeof *places);
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
	struct entry *sorted = array(n, sizeof *sorted);
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
	index_all(t, slots_for(n));
	t->sealed = true;
}

void tree_done(struct tree *t)
{
	free(t->entries);
	free(t->slots);
	pool_free(t->names);
	pool_free(t->contents);
	*t = (struct tree){ 0 };
}
