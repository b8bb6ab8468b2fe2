/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the kernel, or the recording, lacks or ends otherwise: of the paths that each row makes it is counted how many
 * were captured, and how these end.
 */

#include "scan.h"

#include "classes.h"

#include <string.h>
#include <sys/stat.h>
/* What can stand at the end of a file or a link's text, and its name in the document; "." can be all of a link. */
static const struct ending {
	const char *name;
	bool link, instead;
	const char *bytes;
	size_t len;
} ends[] = {
	{ NULL, false, false, "", 0 },	  { "nul", false, false, "\n\0", 2 }, { "double", false, false, "\n\n", 2 },
	{ "none", false, false, "", 0 }, { "slash", true, false, "/", 1 },   { "dot", true, true, ".", 1 },
};
enum { AS_MADE, N_ENDS = sizeof ends / sizeof *ends };

/* How many paths of a row the machine would have, how many of them there are, and which endings these have. */
struct tally {
	const struct class *class;
	const char *row;
	size_t made, there, end[N_ENDS];
};

/* A path that a row made. */
struct made {
	size_t tally;
	const char *path;
};

struct census {
	struct arena arena;
	const struct tree *captured;
	LIST_OF(struct tally) rows;
	LIST_OF(struct made) made;
};

static size_t tally_of(struct census *census, const struct class *class, const char *row)
{
	for (size_t i = census->rows.n; i-- > 0;)
		if (census->rows.at[i].class == class && !strcmp(census->rows.at[i].row, row))
			return i;
	*LIST_ADD(&census->arena, &census->rows) = (struct tally){ .class = class, .row = row };
	return census->rows.n - 1;
}

static void count_path(void *ctx, const struct class *class, const char *row, const char *path)
{
	struct census *census = ctx;
	size_t tally = tally_of(census, class, row);
	census->rows.at[tally].made++;
	census->rows.at[tally].there += tree_find(census->captured, path) != TREE_NONE;
	*LIST_ADD(&census->arena, &census->made) = (struct made){ tally, arena_strdup(&census->arena, path) };
}

static bool ends_so(const struct ending *end, const char *there, size_t there_len, const char *here, size_t len)
{
	len = end->instead ? 0 : len;
	return there_len == len + end->len && !memcmp(there, here, len) && !memcmp(there + len, end->bytes, end->len);
}

/* Notes which endings would make the captured file or link of what the row made. */
static void compare_ending(struct census *census, const struct made *made, const struct tree *built)
{
	uint32_t a = tree_find(census->captured, made->path), b = tree_find(built, made->path);
	mode_t kind = a == TREE_NONE ? 0 : census->captured->entries[a].mode & S_IFMT;
	if (b == TREE_NONE || kind != (built->entries[b].mode & S_IFMT) || S_ISDIR(kind))
		return;
	const char *here = tree_data(built, b), *there = tree_data(census->captured, a);
	size_t len = built->entries[b].size, there_len = census->captured->entries[a].size;
	if (len == there_len && !memcmp(here, there, len)) {
		census->rows.at[made->tally].end[AS_MADE]++;
		return;
	}
	len -= S_ISREG(kind) && len && here[len - 1] == '\n';
	for (size_t i = AS_MADE + 1; i < N_ENDS; i++)
		census->rows.at[made->tally].end[i] +=
			ends[i].link == S_ISLNK(kind) &&
			ends_so(&ends[i], there, there_len, here, len);
}

static bool has_any(const struct census *census, const struct class *class)
{
	for (size_t i = 0; i < census->rows.n; i++)
		if (census->rows.at[i].class == class && census->rows.at[i].there)
			return true;
	return false;
}

static bool is_first_of_class(const struct census *census, size_t row)
{
	for (size_t i = 0; i < row; i++)
		if (census->rows.at[i].class == census->rows.at[row].class)
			return false;
	return true;
}

static void name_lacks(struct topo *t, const struct census *census)
{
	for (size_t i = 0; i < census->rows.n; i++) {
		const struct tally *tally = &census->rows.at[i];
		bool any = has_any(census, tally->class);
		if (tally->there || (!any && !is_first_of_class(census, i)) || (any && !*tally->row))
			continue;
		*LIST_ADD(&t->arena, &t->without) =
			any ? arena_printf(&t->arena, "%s/%s", tally->class->name, tally->row) : tally->class->name;
	}
}

/* The ending that most files of a row have, where it is not the usual one. */
static void name_endings(struct topo *t, const struct census *census)
{
	for (size_t i = 0; i < census->rows.n; i++) {
		const struct tally *tally = &census->rows.at[i];
		size_t best = 0;
		for (size_t k = 1; k < N_ENDS; k++)
			if (tally->end[k] > tally->end[best])
				best = k;
		if (ends[best].name)
			*LIST_ADD(&t->arena, &t->endings) =
				(struct pair){ arena_printf(&t->arena, "%s/%s", tally->class->name, tally->row),
					       ends[best].name };
	}
}

int scan_style(const struct tree *captured, struct topo *t, struct err *err)
{
	_cleanup_tree_ struct tree built = { 0 };
	struct census census = { .captured = captured };
	int ret = sysfs_build_traced(t, count_path, &census, &built, err);
	for (size_t i = 0; !ret && i < census.made.n; i++)
		compare_ending(&census, &census.made.at[i], &built);
	if (!ret) {
		name_lacks(t, &census);
		name_endings(t, &census);
	}
	arena_done(&census.arena);
	return ret;
}
