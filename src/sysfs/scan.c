/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The way back: files become a machine. Each class takes what its rows can load; the machine is built again, and
 * where that is not what was captured, the difference is kept as it is.
 */

#include "scan.h"

#include "classes.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- finding and reading --------------------------------------------------------------------------------- */

uint32_t scan_find(const struct tree *tree, uint32_t dir, const char *path)
{
	for (const char *end; *path && dir != TREE_NONE; path = *end ? end + 1 : end) {
		end = strchrnul(path, '/');
		dir = tree_child(tree, dir, path, (size_t)(end - path));
	}
	return dir;
}

bool scan_is_dir(const struct tree *tree, uint32_t e)
{
	return e != TREE_NONE && S_ISDIR(tree->entries[e].mode);
}

bool scan_is_link(const struct tree *tree, uint32_t e)
{
	return e != TREE_NONE && S_ISLNK(tree->entries[e].mode);
}

const char *scan_text(const struct tree *tree, uint32_t dir, const char *path, struct arena *a)
{
	uint32_t e = scan_find(tree, dir, path);
	if (e == TREE_NONE || !S_ISREG(tree->entries[e].mode))
		return NULL;
	const char *text = tree_data(tree, e);
	size_t len = tree->entries[e].size;
	/* some kernels left a NUL behind the line end, some recorders two line ends */
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\0'))
		len--;
	return memchr(text, '\0', len) ? NULL : arena_strndup(a, text, len);
}

bool scan_is_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			return false;
	return true;
}

bool scan_number(const struct tree *tree, uint32_t dir, const char *path, int64_t *ret)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *text = scan_text(tree, dir, path, &a);
	char *end;
	if (!text || !*text)
		return false;
	long long v = strtoll(text, &end, 0);
	if (end == text)
		return false;
	*ret = v;
	return true;
}

bool scan_list(const struct tree *tree, uint32_t dir, const char *path, uint32_t max, struct arena *a, struct idset *ret)
{
	const char *text = scan_text(tree, dir, path, a);
	return text && !idset_parse(a, text, max, ret);
}

bool scan_mask(const struct tree *tree, uint32_t dir, const char *path, uint32_t max, struct arena *a, struct idset *ret)
{
	const char *text = scan_text(tree, dir, path, a);
	return text && idset_parse_mask(a, text, max, ret);
}

const char *scan_link_name(const struct tree *tree, uint32_t dir, const char *path)
{
	uint32_t e = scan_find(tree, dir, path);
	if (!scan_is_link(tree, e))
		return NULL;
	const char *text = tree_data(tree, e), *slash = strrchr(text, '/');
	const char *name = slash ? slash + 1 : text;
	return *name && scan_is_line(name) ? name : NULL;
}

int64_t scan_id(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	if (strncmp(name, prefix, len) || strlen(name + len) > 9 || !name[len] ||
	    strspn(name + len, "0123456789") != strlen(name + len) || (name[len] == '0' && name[len + 1]))
		return -1;
	return strtol(name + len, NULL, 10);
}

void scan_rows(const struct class *class, const struct tree *tree, uint32_t dir, struct topo *topo, void *self)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct loading l = { topo, self };
	for (size_t i = 0; i < class->n_attrs; i++) {
		const struct attr *attr = &class->attrs[i];
		const char *text = attr->load ? scan_text(tree, dir, attr->name, &a) : NULL;
		if (text)
			attr->load(attr, &l, text);
	}
}

/* Functions come in the topology's order: class devices follow that. */
bool scan_is_function(const char *name)
{
	const char *colon = strchr(name, ':');
	return colon && strchr(colon + 1, ':') && strchr(colon, '.');
}

/* The folders from one above down to e's own, "virtio0"; NULL where that is the one above. */
static const char *path_between(const struct tree *tree, uint32_t above, uint32_t e, struct arena *a)
{
	_cleanup_buf_ struct buf from = { 0 };
	_cleanup_buf_ struct buf to = { 0 };
	if (tree->entries[e].parent == above)
		return NULL;
	tree_path(tree, above, &from);
	tree_path(tree, tree->entries[e].parent, &to);
	return arena_strdup(a, buf_text(&to) + from.len + 1);
}

/* What is below the next function down is not this one's. */
static void scan_function_devices(const struct tree *tree, uint32_t dir, uint64_t function, struct topo *topo,
				  const char *name, found_device *found)
{
	for (uint32_t e = dir + 1, next; e < tree->entries[dir].end; e = next) {
		bool is_class = !strcmp(tree_name(tree, e), name), is_function = scan_is_function(tree_name(tree, e));
		next = is_class || is_function ? tree->entries[e].end : e + 1;
		if (!is_class || !scan_is_dir(tree, e))
			continue;
		struct site on = { function, path_between(tree, dir, e, &topo->arena) };
		EACH_CHILD (device, tree, e)
			if (scan_is_dir(tree, device))
				found(tree, device, &on, topo);
	}
}

void scan_class_devices(const struct tree *tree, struct topo *topo, const char *name, found_device *found)
{
	_cleanup_facts_ struct facts facts = { 0 };
	facts_init(&facts, topo);
	for (size_t i = 0; i < topo->pci.n; i++) {
		uint32_t dir = tree_find(tree, facts.pci[i].path);
		if (dir != TREE_NONE)
			scan_function_devices(tree, dir, topo->pci.at[i].address, topo, name, found);
	}
}

/* --- what the kernel, or the recording, lacks or ends otherwise -------------------------------------------- */

/* What can stand at the end of a file or a link's text, and its name in the document; "." can stand for all of a link. */
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

static int find_style(const struct tree *captured, struct topo *t, struct err *err)
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

/* --- what no row explains -------------------------------------------------------------------------------- */

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

/* --- which files are asked for at all -------------------------------------------------------------------- */

static bool fits_name(const char *pattern, size_t pattern_len, const char *text, size_t len)
{
	char part[256], name[256];
	if (pattern_len == 1 && *pattern == '*')
		return true;
	if (!memchr(pattern, '*', pattern_len) && !memchr(pattern, '[', pattern_len))
		return pattern_len == len && !memcmp(pattern, text, len);
	if (pattern_len >= sizeof part || len >= sizeof name)
		return false;
	memcpy(part, pattern, pattern_len);
	memcpy(name, text, len);
	part[pattern_len] = name[len] = '\0';
	return !fnmatch(part, name, 0);
}

/* The pattern goes on in `rest`, if that is not NULL. */
static bool fits(const char *pattern, const char *rest, const char *path, bool folder)
{
	if (!*pattern && rest)
		return fits(rest, NULL, path, folder);
	if (!*path)
		return !*pattern || folder;
	if (!*pattern)
		return false;
	size_t part_len = strcspn(pattern, "/"), name_len = strcspn(path, "/");
	const char *next_part = pattern + part_len + (pattern[part_len] == '/');
	const char *next_name = path + name_len + (path[name_len] == '/');
	if (part_len == 2 && !memcmp(pattern, "**", 2))
		return fits(next_part, rest, path, folder) || fits(pattern, rest, next_name, folder);
	return fits_name(pattern, part_len, path, name_len) && fits(next_part, rest, next_name, folder);
}

bool scan_fits(const char *pattern, const char *path, bool folder)
{
	return fits(pattern, NULL, path, folder);
}

/* A folder may lead on to what a row makes. */
static bool may_make(const struct attr *attr, mode_t mode)
{
	return S_ISDIR(mode) || (attr->link ? S_ISLNK(mode) : S_ISREG(mode));
}

static bool class_wants(const struct class *class, const char *path, mode_t mode)
{
	const char *dir = class->dir + 1;
	bool folder = S_ISDIR(mode);
	for (size_t l = 0; l < 2 && class->listed[l]; l++) {
		char listed[128];
		snprintf(listed, sizeof listed, "sys/%s", class->listed[l]);
		if (fits(listed, "*", path, folder))
			return true;
	}
	/* most paths are nowhere near */
	if (!fits(dir, "**", path, true))
		return false;
	if (fits(dir, NULL, path, folder) || (class->subsystem && fits(dir, "subsystem", path, folder)))
		return true;
	for (size_t a = 0; a < class->n_attrs; a++)
		if (may_make(&class->attrs[a], mode) && fits(dir, class->attrs[a].name, path, folder))
			return true;
	return false;
}

bool sysfs_wants(const char *path, mode_t mode)
{
	for (size_t c = 0; c < n_classes; c++)
		if (class_wants(classes[c], path, mode))
			return true;
	return false;
}

/* --------------------------------------------------------------------------------------------------------- */

void sysfs_scan(const struct tree *captured, const char *arch, struct topo *ret)
{
	ret->arch = arch ? arena_strdup(&ret->arena, arch) : guess_arch(captured, &ret->arena);
	for (size_t c = 0; c < n_classes; c++)
		if (classes[c]->scan)
			classes[c]->scan(classes[c], captured, ret);
}

int sysfs_explain(const struct tree *captured, struct topo *t, struct err *err)
{
	int ret = find_style(captured, t, err);
	return ret ? ret : find_extras(captured, t, err);
}
