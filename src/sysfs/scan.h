/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_SCAN_H
#define TOPOFS_SCAN_H

/* What the scan() functions of the classes share: finding and reading captured files. */

#include "topofs/sysfs.h"

/* The entries directly in a folder, in order; none when it is TREE_NONE. */
#define EACH_CHILD(e, tree, dir) \
	for (uint32_t e = (dir) == TREE_NONE ? 0 : (dir) + 1, \
		      e##_end = (dir) == TREE_NONE ? 0 : (tree)->entries[dir].end; \
	     e < e##_end; e = (tree)->entries[e].end)

/* Entry of a path below a folder, TREE_NONE where it is not there. Links are not followed. */
uint32_t scan_find(const struct tree *tree, uint32_t dir, const char *path);
bool scan_is_dir(const struct tree *tree, uint32_t e);
bool scan_is_link(const struct tree *tree, uint32_t e);

/* A file's text less its final newline, in the arena; NULL when it is no file, or no text. */
const char *scan_text(const struct tree *tree, uint32_t dir, const char *path, struct arena *a);
/* Whether a text is one line of printable ASCII, as a document's texts are. */
bool scan_is_line(const char *text);
/* A number, decimal or with 0x; false when there is none. */
bool scan_number(const struct tree *tree, uint32_t dir, const char *path, int64_t *ret);
/* A set from a list, or from a mask. */
bool scan_list(const struct tree *tree, uint32_t dir, const char *path, uint32_t max, struct arena *a,
	       struct idset *ret);
bool scan_mask(const struct tree *tree, uint32_t dir, const char *path, uint32_t max, struct arena *a,
	       struct idset *ret);
/* The last component of a link's text; NULL when it is no link, or that is no name. */
const char *scan_link_name(const struct tree *tree, uint32_t dir, const char *path);

/* N of a name such as "cpu12" behind a prefix, -1 when it is no such name. */
int64_t scan_id(const char *name, const char *prefix);

/*
 * Whether a path fits a pattern, component by component, ** any number of them; a folder also when it may lead on to
 * what does.
 */
bool scan_fits(const char *pattern, const char *path, bool folder);

/* style.c: tells the machine which files, of a row or a class, were not there, and which had other endings. */
int scan_style(const struct tree *captured, struct topo *t, struct err *err);

/* Gives every row of the class that can load what its file says. */
void scan_rows(const struct class *class, const struct tree *tree, uint32_t dir, struct topo *topo, void *self);

/*
 * Calls found() for each folder X in a folder NAME that a PCI function, or a device below it, holds:
 * ".../0000:01:00.0/NAME/X", ".../0000:01:00.0/virtio0/NAME/X".
 */
typedef void found_device(const struct tree *, uint32_t dir, const struct site *on, struct topo *);
void scan_class_devices(const struct tree *tree, struct topo *topo, const char *name, found_device *found);

/* Whether a folder's name is that of a PCI function, "0000:01:00.0". */
bool scan_is_function(const char *name);

#endif
