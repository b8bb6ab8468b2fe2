/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is left over of a captured machine: it is built again, and where that is not what was captured, the difference
 * is kept as it is.
 */

#include "scan.h"

#include <string.h>
#include <sys/stat.h>
struct remainder {
	struct topo *topo;
	const struct tree *captured, *built;
	LIST_OF(struct extra) absent, present;
	const char *gone; /* the last path that is not there: all below it goes with it */
};

static struct extra extra_of(struct arena *a, const struct tree *tree, uint32_t e, const char *path)
{
	struct extra extra = { .path = arena_printf(a, "/%s", path), .kind = EXTRA_DIR };
	if (S_ISDIR(tree->entries[e].mode))
		return extra;
	extra.kind = S_ISLNK(tree->entries[e].mode) ? EXTRA_LINK : EXTRA_FILE;
	extra.len = tree->entries[e].size;
	extra.data = arena_strndup(a, tree_data(tree, e), extra.len);
	return extra;
}

static bool is_below(const char *path, const char *folder)
{
	size_t len = folder ? strlen(folder) : 0;
	return len && !strncmp(path, folder, len) && path[len] == '/';
}

/* The root, and a folder that has something in it, need not be said. */
static bool goes_without_saying(const struct tree *tree, uint32_t e)
{
	return S_ISDIR(tree->entries[e].mode) && tree->entries[e].end > e + 1;
}

static bool same_but_permissions(const struct remainder *r, uint32_t in_captured, uint32_t in_built)
{
	const struct entry *a = &r->captured->entries[in_captured], *b = &r->built->entries[in_built];
	return (a->mode & S_IFMT) == (b->mode & S_IFMT) && a->size == b->size &&
	       !memcmp(tree_data(r->captured, in_captured), tree_data(r->built, in_built), a->size);
}

static void keep_difference(void *ctx, const char *path, uint32_t in_captured, uint32_t in_built)
{
	struct remainder *r = ctx;
	struct arena *a = &r->topo->arena;
	if (in_captured == TREE_NONE) {
		if (is_below(path, r->gone))
			return;
		r->gone = arena_strdup(a, path);
		*LIST_ADD(a, &r->absent) = (struct extra){ .path = arena_printf(a, "/%s", path), .kind = EXTRA_ABSENT };
		return;
	}
	if (in_built != TREE_NONE && same_but_permissions(r, in_captured, in_built))
		return;
	bool folder = goes_without_saying(r->captured, in_captured);
	/* a link or file where a folder is to be would bar the way */
	if (folder && in_built != TREE_NONE && !S_ISDIR(r->built->entries[in_built].mode))
		*LIST_ADD(a, &r->absent) = (struct extra){ .path = arena_printf(a, "/%s", path), .kind = EXTRA_ABSENT };
	if (!folder)
		*LIST_ADD(a, &r->present) = extra_of(a, r->captured, in_captured, path);
}

/* What is not there comes first: what takes its place may be a link where a folder stood. */
static void take_remainder(struct remainder *r)
{
	for (size_t i = 0; i < r->absent.n; i++)
		*LIST_ADD(&r->topo->arena, &r->topo->extras) = r->absent.at[i];
	for (size_t i = 0; i < r->present.n; i++)
		*LIST_ADD(&r->topo->arena, &r->topo->extras) = r->present.at[i];
}

static int find_extras(const struct tree *captured, struct topo *t, struct err *err)
{
	_cleanup_tree_ struct tree built = { 0 };
	int ret = sysfs_build(t, &built, err);
	if (ret)
		return ret;
	struct remainder r = { .topo = t, .captured = captured, .built = &built };
	tree_diff(captured, &built, keep_difference, &r);
	take_remainder(&r);
	return 0;
}

int sysfs_explain(const struct tree *captured, struct topo *t, struct err *err)
{
	int ret = scan_style(captured, t, err);
	return ret ? ret : find_extras(captured, t, err);
}
