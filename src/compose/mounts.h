/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_MOUNTS_H
#define TOPOFS_MOUNTS_H

/* The mount API of Linux 5.2 and newer, by descriptors; each returns 0 or a descriptor, or a negative errno. */

#include "topofs/arena.h"
#include "topofs/compose.h"
#include "topofs/mountinfo.h"

#include <stdint.h>
#include <sys/stat.h>

void close_fd(const int *fd);
#define _cleanup_close_ __attribute__((cleanup(close_fd)))

/* What is in the way, by a negative errno of these: a call may be missing, or a seccomp filter's to refuse. */
const char *why_not(int rc);
/* "WHAT: why not"; returns rc. */
int say_why_not(struct err *err, int rc, const char *what);

/*
 * A mount of a place that is nowhere mounted yet, and private, so that what is mounted on it is not on the original too;
 * recursive: with those on top of it. An empty path is `at` itself.
 */
int mount_clone(int at, const char *path, bool recursive);
/* The same, but what reaches the original, and from there others, reaches the copy too. */
int mount_copy(int at, const char *path, bool recursive);
/* Puts it on a place given by descriptor, on top of what is there. */
int mount_onto(int mount, int place);
/* Puts it between the mount whose root the place is and what that is mounted on. -EINVAL also before Linux 6.5. */
int mount_beneath(int mount, int place);
/* A new tmpfs that mountinfo shows as topofs'. */
int mount_tmpfs(void);
int mount_read_only(int mount);
/*
 * Takes away the mount whose root a descriptor is of, a file too; `proc` is a procfs that knows this process. Changes the
 * working folder.
 */
int unmount_place(int proc, int place);

/* Opens below a root whatever links say, and through none of /proc's. */
int open_within(int root, const char *path, int flags);
/* Any place that is no link, to mount on or from. */
int open_place(int folder, const char *name);
/* The kind, of S_IFMT, of what a folder has by a name, links not followed; 0: nothing. */
mode_t kind_at(int folder, const char *name);

/* The number of a mount in mountinfo; 0: not known. */
uint64_t mount_id(int place);

/* The names in a folder, sorted, added to the list; 0 or -errno. */
typedef LIST_OF(const char *) name_list;
int list_names(struct arena *a, int folder, name_list *ret);

/* A private place to put mounts together: a tmpfs in a mount namespace of this process's own. */
int make_scratch(struct err *err);

/* Whether it is a mount of a served tree, or of what compose_onto() makes. */
bool is_ours(const struct mount_line *m);

#endif
