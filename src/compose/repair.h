/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_REPAIR_H
#define TOPOFS_REPAIR_H

#include "mounts.h"

/* A mount namespace, as a process sees it from its root. */
struct view {
	pid_t pid; /* 0: this process */
	uint64_t namespace, root_mount, root;
};

/* Whether somebody answers for a file system, of which there may be many mounts. */
enum life {
	NOT_KNOWN,
	DEAD,
	NOT_DEAD, /* nobody said so at once */
	SILENT,	  /* nobody says anything */
	ALIVE
};

struct served_fs {
	unsigned major, minor;
	enum life life;
};

struct repair {
	const struct compose_repair *how;
	int proc; /* a procfs that knows this process */
	struct arena arena;
	mount_list own; /* as they are at the start, in this process's view */
	LIST_OF(struct view) views;
	LIST_OF(struct served_fs) fs;
	int cannot_ask; /* 0, or a negative errno: of some mount it could not be asked whether it is dead */
	LIST_OF(uint64_t) seen;	      /* mounts that were looked at */
	LIST_OF(const char *) sources; /* those that are looked after; none: all */
};

/* dead.c: finds all views there are, this process's first. */
int find_views(struct repair *r, struct err *err);
/* Opens a mount by its place below a root: -EXDEV where another one covers it. */
int open_mounted(int root, const struct mount_line *m);
/* Whether the file system of a mount is alive, known before or asked there; NOT_KNOWN where that cannot be done there. */
enum life life_of(struct repair *r, const struct view *v, const struct mount_line *m);
/* Whether this mount itself is dead and to be seen in the view. */
bool is_dead_there(struct repair *r, const struct view *v, const struct mount_line *m);

/* heal.c: puts something else in the place of a dead mount, whose line is one of `mounts`. */
struct healing {
	const struct repair *repair;
	const struct view *view;
	const mount_list *mounts;
	const struct mount_line *dead;
	const struct mount_line *living; /* of repair->own */
	const char *part;		 /* what of it, a path; "": the whole of what is mounted there */
	bool is_beneath;		 /* it is there already, beneath the dead one */
	struct err *err;
};
int heal(const struct healing *h);

#endif
