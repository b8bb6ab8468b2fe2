/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/tree.h"

#include <string.h>
#include <sys/stat.h>

struct diff {
	const struct tree *a, *b;
	void (*differ)(void *ctx, const char *path, uint32_t in_a, uint32_t in_b);
	void *ctx;
	struct buf path;
	size_t n;
};

static void report(struct diff *d, uint32_t in_a, uint32_t in_b)
{
	buf_cut(&d->path, 0);
	tree_path(in_a != TREE_NONE ? d->a : d->b, in_a != TREE_NONE ? in_a : in_b, &d->path);
	d->n++;
	if (d->differ)
		d->differ(d->ctx, buf_text(&d->path), in_a, in_b);
}

static bool same(const struct diff *d, uint32_t i, uint32_t j)
{
	const struct entry *a = &d->a->entries[i], *b = &d->b->entries[j];
	return a->mode == b->mode && a->size == b->size && !memcmp(tree_data(d->a, i), tree_data(d->b, j), a->size);
}

/* Entries from i to the end only one tree has; both return the end. */
static uint32_t only_a(struct diff *d, uint32_t i, uint32_t end)
{
	for (; i < end; i++)
		report(d, i, TREE_NONE);
	return end;
}

static uint32_t only_b(struct diff *d, uint32_t j, uint32_t end)
{
	for (; j < end; j++)
		report(d, TREE_NONE, j);
	return end;
}

/* Two entries of one path. Goes on inside when both are folders, else past all that is below them. */
static bool pair(struct diff *d, uint32_t *i, uint32_t *j)
{
	const struct entry *a = &d->a->entries[*i], *b = &d->b->entries[*j];
	if (!same(d, *i, *j))
		report(d, *i, *j);
	bool inside = S_ISDIR(a->mode) && S_ISDIR(b->mode);
	*i += 1;
	*j += 1;
	if (!inside) {
		*i = only_a(d, *i, a->end);
		*j = only_b(d, *j, b->end);
	}
	return inside;
}

/* Both trees are in the same order, so this is a merge; in_a and in_b are the folder both are in. */
static void merge(struct diff *d)
{
	const struct entry *a = d->a->entries, *b = d->b->entries;
	uint32_t i = 1, j = 1, in_a = TREE_ROOT, in_b = TREE_ROOT;
	while (i < a[TREE_ROOT].end || j < b[TREE_ROOT].end) {
		bool a_ends = i == a[in_a].end, b_ends = j == b[in_b].end;
		if (a_ends && b_ends) {
			in_a = a[in_a].parent;
			in_b = b[in_b].parent;
			continue;
		}
		int order = a_ends ? 1 : b_ends ? -1 : strcmp(tree_name(d->a, i), tree_name(d->b, j));
		if (order < 0) {
			i = only_a(d, i, a[i].end);
		} else if (order > 0) {
			j = only_b(d, j, b[j].end);
		} else {
			uint32_t at_a = i, at_b = j;
			if (pair(d, &i, &j)) {
				in_a = at_a;
				in_b = at_b;
			}
		}
	}
}

size_t tree_diff(const struct tree *a, const struct tree *b,
		 void (*differ)(void *ctx, const char *path, uint32_t in_a, uint32_t in_b), void *ctx)
{
	struct diff d = { .a = a, .b = b, .differ = differ, .ctx = ctx };
	merge(&d);
	buf_done(&d.path);
	return d.n;
}
