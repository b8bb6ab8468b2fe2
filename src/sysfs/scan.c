/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The way back: files become a machine. Each class takes what its rows can load; what is left over is explain.c's.
 */

#include "scan.h"

#include "classes.h"

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

bool scan_list(const struct tree *tree, uint32_t dir, const char *path, uint32_t max, struct arena *a,
	       struct idset *ret)
{
	const char *text = scan_text(tree, dir, path, a);
	return text && !idset_parse(a, text, max, ret);
}

bool scan_mask(const struct tree *tree, uint32_t dir, const char *path, uint32_t max, struct arena *a,
	       struct idset *ret)
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

/* --------------------------------------------------------------------------------------------------------- */

void sysfs_scan(const struct tree *captured, const char *arch, struct topo *ret)
{
	ret->arch = arch ? arena_strdup(&ret->arena, arch) : guess_arch(captured, &ret->arena);
	for (size_t c = 0; c < n_classes; c++)
		if (classes[c]->scan)
			classes[c]->scan(classes[c], captured, ret);
}
