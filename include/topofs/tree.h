/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_TREE_H
#define TOPOFS_TREE_H

/*
 * Which files there are, as data: one array of entries. It knows no topology, as the kernel's kernfs
 * knows no devices.
 *
 * A tree is filled through handles of folders, in any order, then sealed. Sealing puts the entries into
 * preorder (a folder, then all below it; the names of one folder in byte order) and gives each folder the
 * end of its descendants, so that
 *
 *     the root is entry 0; a folder's first child is the entry after it; the next sibling of e is e's end;
 *     dump, diff, save and equality are one loop.
 *
 * Names and contents are stored once however often they occur. A sealed tree is never written again, so
 * any number of threads may read it without a lock. Paths are relative to the tree's root and have no
 * leading slash: "sys/devices/system/cpu/online". The tree owns all its memory; zero is an empty tree that
 * has only its root.
 */

#include "topofs/buf.h"
#include "topofs/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TREE_ROOT 0u
#define TREE_NONE UINT32_MAX

/* What an entry is, in st_mode's format bits (S_IFDIR, S_IFREG, S_IFLNK), with its permissions. */
struct entry {
	uint32_t name;	  /* place of the last component in the name pool; use tree_name() */
	uint32_t parent;  /* entry of the folder; the root is its own */
	uint32_t end;	  /* sealed: one past the last descendant; before: how many children */
	uint32_t size;	  /* bytes of a file, length of a link's text, 0 for a folder */
	uint32_t data;	  /* place in the content pool; use tree_data() */
	uint16_t mode;	  /* S_IFxxx and permission bits; 0 once removed, until sealed */
	uint16_t subdirs; /* sealed: folders directly in this folder, for st_nlink; stops at 65535 */
};

struct pool;	/* interned bytes */
struct filling; /* what finds entries while they have no order */

struct tree {
	struct entry *entries;
	size_t n, room;
	struct pool *names, *contents;
	struct filling *filling;
	bool sealed;
	const void *image; /* what all of it is in, where it was mapped */
	size_t image_size;
};

/*
 * Filling. A path leads through one or more names below the folder `at`; folders on the way are made (mode
 * 0755, as the root is). What stands at a path already is replaced, so the last word wins, but a folder stays
 * the folder it is: tree_dir() gives its handle, anything else replaces it only while it has no children
 * (-ENOTEMPTY). Children are not put below a file or link (TREE_NONE, -ENOTDIR). Names may hold any byte but
 * '/' and NUL, are 1 to 255 bytes long and never "." or ".."; a link's text is 1 to 4095 bytes long (-EINVAL);
 * a file is smaller than 4 GiB (-EFBIG). A call that fails changes nothing. Only before tree_seal().
 */
uint32_t tree_dir(struct tree *t, uint32_t at, const char *path);
int tree_file(struct tree *t, uint32_t at, const char *path, mode_t permissions, const void *bytes, size_t len);
int tree_link(struct tree *t, uint32_t at, const char *path, const char *target);
/*
 * A link to a place given from the root, with the relative text that the kernel would write:
 * "../../devices/pci0000:00/0000:00:01.0/net/eth0". It always ends in the place's own name.
 */
int tree_link_to(struct tree *t, uint32_t at, const char *path, const char *place);
/* Takes the entry away with all below it; nothing there is no error. Handles from there down are void. */
void tree_remove(struct tree *t, const char *path);
void tree_seal(struct tree *t);
void tree_done(struct tree *t);

#define _cleanup_tree_ __attribute__((cleanup(tree_done)))

/* Looking up, before and after tree_seal(). TREE_NONE where nothing is. "" is the root; links are not followed. */
uint32_t tree_child(const struct tree *t, uint32_t dir, const char *name, size_t len);
uint32_t tree_find(const struct tree *t, const char *path);
/*
 * As the kernel would walk, with the tree's root as "/": links on the way and at the end are followed, at
 * most 40; "..", "." and repeated slashes mean what they mean there.
 */
uint32_t tree_walk(const struct tree *t, const char *path);

const char *tree_name(const struct tree *t, uint32_t e);
/* Bytes of a file or text of a link, with a NUL behind them; "" for a folder. */
const char *tree_data(const struct tree *t, uint32_t e);
/* Appends the path of an entry; nothing for the root. */
void tree_path(const struct tree *t, uint32_t e, struct buf *out);

/* All below: sealed trees only. */

/*
 * The tree (from entry `from` down) as text, one line an entry, in order: "PATH/" for a folder,
 * "PATH -> TEXT" for a link, "PATH: TEXT" for a file, the final newline left out, other control
 * characters, backslashes and non-ASCII bytes as C escapes. With `mode` other than a file's usual 0444 it is
 * "PATH [0644]: TEXT".
 */
void tree_dump(const struct tree *t, uint32_t from, struct buf *out);

/*
 * Calls differ(ctx, path, a's entry, b's entry) for each path that is not the same (kind, permissions,
 * bytes) in both; TREE_NONE for the side that lacks it. In path order. Returns how many.
 */
size_t tree_diff(const struct tree *a, const struct tree *b,
		 void (*differ)(void *ctx, const char *path, uint32_t in_a, uint32_t in_b), void *ctx);

/*
 * Writes the tree below an open folder, which must be empty, with its permissions; reads one back, sealed.
 * Both stay below the folder whatever links say, leave that folder's own permissions alone, and go 256 folders
 * deep at most. What is neither file, folder nor link, cannot be read, or is a file larger than 16 MiB fails
 * the load. On failure err->where is the path.
 */
int tree_save(const struct tree *t, int dirfd, struct err *err);
int tree_load(int dirfd, struct tree *ret, struct err *err);

/*
 * A tree as the bytes of a file in memory, for another process of this computer: returns its sealed descriptor, or a
 * negative errno. tree_map() takes one from anybody: what is no sound tree is refused (-EINVAL). tree_map_own() is for
 * what this process made itself: it does not look at each entry. The tree then stays where it is, and the descriptor
 * can be closed.
 */
int tree_image(const struct tree *t, struct err *err);
int tree_map(int fd, struct tree *ret, struct err *err);
int tree_map_own(int fd, struct tree *ret, struct err *err);

/* Reads part of a folder: what wants() says, by path and kind; what cannot be read is told and left out. */
struct tree_picker {
	bool (*wants)(void *ctx, const char *path, mode_t kind); /* S_IFMT's bits; NULL: everything */
	void (*cannot)(void *ctx, const char *path, const char *why);
	void *ctx;
};
int tree_load_picked(int dirfd, const struct tree_picker *picker, struct tree *ret, struct err *err);

#endif
