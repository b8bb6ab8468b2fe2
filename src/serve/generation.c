/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include "topofs/arena.h"
#include "topofs/buf.h"
#include "topofs/io.h"
#include "topofs/memfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x64636572706f74) /* "toprecd", cut */
enum { VERSION = 2 };

/* --- looking up ------------------------------------------------------------------------------------------ */

uint64_t generation_inode(const struct generation *g, uint32_t place)
{
	return g->inodes ? g->inodes[place] : place + FUSE_ROOT_ID;
}

static uint32_t place_of_number(const struct generation *g, uint32_t number)
{
	size_t from = 0, end = g->tree->n;

	while (from < end) {
		size_t middle = from + (end - from) / 2;
		uint32_t other = inode_number(g->inodes[g->order[middle]]);
		if (other == number)
			return g->order[middle];
		if (other < number)
			from = middle + 1;
		else
			end = middle;
	}
	return TREE_NONE;
}

uint32_t generation_place(const struct generation *g, uint64_t inode, bool any_content)
{
	uint32_t number = inode_number(inode), e = TREE_NONE;

	if (g->inodes)
		e = place_of_number(g, number);
	else if (number >= FUSE_ROOT_ID && number - FUSE_ROOT_ID < g->tree->n)
		e = number - FUSE_ROOT_ID;
	return e == TREE_NONE || any_content || generation_inode(g, e) == inode ? e : TREE_NONE;
}

/* --- two trees ------------------------------------------------------------------------------------------- */

struct pairing {
	const struct tree *a, *b;
	void (*pair)(void *ctx, uint32_t a, uint32_t b);
	void *ctx;
};

/* The names of both folders are in order, so this is a merge. */
static void pair_children(const struct pairing *p, uint32_t in_a, uint32_t in_b)
{
	const struct entry *a = p->a->entries, *b = p->b->entries;
	uint32_t i = in_a + 1, j = in_b + 1;

	while (i < a[in_a].end || j < b[in_b].end) {
		int order = i == a[in_a].end   ? 1
			    : j == b[in_b].end ? -1
					       : strcmp(tree_name(p->a, i), tree_name(p->b, j));
		p->pair(p->ctx, order <= 0 ? i : TREE_NONE, order >= 0 ? j : TREE_NONE);
		if (order == 0 && S_ISDIR(a[i].mode) && S_ISDIR(b[j].mode))
			pair_children(p, i, j);
		i = order <= 0 ? a[i].end : i;
		j = order >= 0 ? b[j].end : j;
	}
}

void each_pair(const struct tree *a, const struct tree *b, void (*pair)(void *ctx, uint32_t a, uint32_t b), void *ctx)
{
	const struct pairing p = { a, b, pair, ctx };

	pair(ctx, TREE_ROOT, TREE_ROOT);
	pair_children(&p, TREE_ROOT, TREE_ROOT);
}

bool is_same(const struct tree *a, uint32_t in_a, const struct tree *b, uint32_t in_b)
{
	const struct entry *i = &a->entries[in_a], *j = &b->entries[in_b];

	return i->mode == j->mode && i->size == j->size && !memcmp(tree_data(a, in_a), tree_data(b, in_b), i->size);
}

/* --- numbers --------------------------------------------------------------------------------------------- */

struct numbering {
	const struct generation *old;
	const struct tree *tree;
	const struct pins *pins;
	uint64_t generation, last;
	int64_t differ;
	uint64_t *inodes;
	uint32_t *moved; /* by the place in the old tree, the one in the new; TREE_NONE where it is gone */
	struct buf path;
};

static bool is_pinned(struct numbering *n, uint32_t e)
{
	if (n->pins->all)
		return true;
	if (!n->pins->len)
		return false;
	buf_cut(&n->path, 0);
	tree_path(n->tree, e, &n->path);
	for (const char *p = n->pins->paths, *end = p + n->pins->len; p < end; p += strlen(p) + 1)
		if (!strcmp(p, buf_text(&n->path)))
			return true;
	return false;
}

static void keep_number(struct numbering *n, uint32_t a, uint32_t b)
{
	uint64_t inode = generation_inode(n->old, a);
	bool same = is_same(n->old->tree, a, n->tree, b);

	n->differ += !same;
	if (!same && !S_ISDIR(n->tree->entries[b].mode) && !is_pinned(n, b))
		inode = inode_number(inode) | n->generation << 32;
	n->inodes[b] = inode;
	n->moved[a] = b;
}

static void give_numbers(struct numbering *n, uint32_t e)
{
	for (uint32_t end = n->tree->entries[e].end; e < end; e++)
		n->inodes[e] = ++n->last;
}

static void number_pair(void *ctx, uint32_t a, uint32_t b)
{
	struct numbering *n = ctx;
	const struct entry *old = n->old->tree->entries, *new = n->tree->entries;

	if (a != TREE_NONE && b != TREE_NONE && (old[a].mode & S_IFMT) == (new[b].mode & S_IFMT)) {
		keep_number(n, a, b);
		return;
	}
	n->differ++;
	if (b != TREE_NONE)
		give_numbers(n, b);
}

/* Those that stayed are in order already, and the new ones have higher numbers, in the order of their places. */
static void sort_places(const struct numbering *n, uint32_t *order)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->old->tree->n; i++) {
		uint32_t e = n->moved[n->old->order ? n->old->order[i] : i];
		if (e != TREE_NONE)
			order[kept++] = e;
	}
	for (uint32_t e = 0; e < n->tree->n; e++)
		if (inode_number(n->inodes[e]) > n->old->record->last)
			order[kept++] = e;
}

static void *array(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		out_of_memory();
	return p;
}

/* --- records --------------------------------------------------------------------------------------------- */

static bool has_end(const char *text, size_t room)
{
	return memchr(text, '\0', room) != NULL;
}

/* Numbers rise along the order, so each place is there once. */
static bool are_numbers(const struct generation *g)
{
	uint32_t before = 0;

	for (size_t i = 0; i < g->tree->n; i++) {
		uint32_t e = g->order[i];
		if (e >= g->tree->n || inode_number(g->inodes[e]) <= before ||
		    inode_number(g->inodes[e]) > g->record->last)
			return false;
		before = inode_number(g->inodes[e]);
	}
	return g->inodes[TREE_ROOT] == FUSE_ROOT_ID;
}

static bool read_record(struct generation *g)
{
	const struct record *r = g->record;

	if (g->record_size < sizeof *r || r->magic != MAGIC || r->version != VERSION)
		return false;
	if (!has_end(r->name, sizeof r->name) || !has_end(r->document, sizeof r->document) ||
	    !has_end(r->path, sizeof r->path) || !has_end(r->unlisted, sizeof r->unlisted) ||
	    !has_end(r->folder, sizeof r->folder) || r->init.header.len > sizeof r->init)
		return false;
	if (r->last < g->tree->n || r->last > UINT32_MAX)
		return false;
	if (r->n == 0)
		return r->last == g->tree->n;
	if (r->n != g->tree->n || g->record_size != sizeof *r + r->n * (sizeof *g->inodes + sizeof *g->order))
		return false;
	g->inodes = (const void *)(r + 1);
	g->order = (const void *)(g->inodes + r->n);
	return are_numbers(g);
}

static int map_record(struct generation *g)
{
	g->record = memfile_map(g->record_fd, &g->record_size);
	return g->record && read_record(g) ? 0 : -EINVAL;
}

static int write_record(struct generation *g, const struct record *record, const uint64_t *inodes,
			const uint32_t *order)
{
	g->record_fd = memfile_new("topofs-record");
	if (g->record_fd < 0)
		return g->record_fd;
	if (write_all(g->record_fd, record, sizeof *record) < 0 ||
	    write_all(g->record_fd, inodes, record->n * sizeof *inodes) < 0 ||
	    write_all(g->record_fd, order, record->n * sizeof *order) < 0)
		return -errno;
	int rc = memfile_seal(g->record_fd);
	return rc < 0 ? rc : map_record(g);
}

/* --------------------------------------------------------------------------------------------------------- */

static int map_tree(struct generation *g, int (*map)(int, struct tree *, struct err *), struct err *err)
{
	struct tree *t = array(1, sizeof *t);
	int rc = map(g->tree_fd, t, err);

	if (rc < 0) {
		free(t);
		return rc;
	}
	g->tree = g->own = t;
	return 0;
}

int generation_first(const struct tree *t, int tree_fd, const struct record *record, struct generation *ret)
{
	struct record r = *record;

	struct err ignored;

	*ret = (struct generation){ .tree = t, .tree_fd = tree_fd, .record_fd = -1 };
	if (tree_fd >= 0 && map_tree(ret, tree_map_own, &ignored) < 0)
		return -EINVAL;
	r.magic = MAGIC;
	r.version = VERSION;
	r.generation = 1;
	r.n = 0;
	r.last = ret->tree->n;
	return write_record(ret, &r, NULL, NULL);
}

static int number_tree(struct numbering *n, struct generation *g, const struct record *like)
{
	struct record r = *like;

	n->inodes = array(n->tree->n, sizeof *n->inodes);
	n->moved = array(n->old->tree->n, sizeof *n->moved);
	memset(n->moved, 0xff, n->old->tree->n * sizeof *n->moved);
	each_pair(n->old->tree, n->tree, number_pair, n);
	buf_done(&n->path);
	int rc = n->last > UINT32_MAX ? -EOVERFLOW : 0;
	if (rc == 0) {
		uint32_t *order = array(n->tree->n, sizeof *order);
		sort_places(n, order);
		r.generation = n->generation;
		r.n = n->tree->n;
		r.last = n->last;
		rc = write_record(g, &r, n->inodes, order);
		free(order);
	}
	free(n->inodes);
	free(n->moved);
	return rc;
}

int64_t generation_next(const struct generation *old, int tree_fd, const struct record *like, const struct pins *pins,
			struct generation *ret, struct err *err)
{
	struct numbering n = { .old = old, .pins = pins };

	*ret = (struct generation){ .tree_fd = tree_fd, .record_fd = -1 };
	int rc = map_tree(ret, tree_map, err);
	if (rc < 0)
		return rc;
	n.tree = ret->tree;
	n.generation = old->record->generation + 1;
	n.last = old->record->last;
	rc = number_tree(&n, ret, like);
	if (rc == 0)
		return n.differ;
	err_set(err, "", "%s",
		rc == -EOVERFLOW ? "inode numbers have run out: unmount it, and mount it anew" : strerror(-rc));
	ret->tree_fd = -1;
	generation_done(ret);
	return rc;
}

int generation_take(int tree_fd, int record_fd, struct generation *ret)
{
	struct err ignored;

	*ret = (struct generation){ .tree_fd = tree_fd, .record_fd = record_fd };
	if (map_tree(ret, tree_map, &ignored) == 0 && map_record(ret) == 0)
		return 0;
	generation_done(ret);
	return -EINVAL;
}

void generation_done(struct generation *g)
{
	if (g->own) {
		tree_done(g->own);
		free(g->own);
	}
	if (g->record)
		munmap((void *)g->record, g->record_size);
	if (g->tree_fd >= 0)
		close(g->tree_fd);
	if (g->record_fd >= 0)
		close(g->record_fd);
	*g = (struct generation){ .tree_fd = -1, .record_fd = -1 };
}
