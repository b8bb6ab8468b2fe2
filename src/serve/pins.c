/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include "topofs/buf.h"
#include "topofs/mountinfo.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/*
 * A file that is bound somewhere else stays the inode it was there, and one that something is mounted on loses that
 * when its name leads to another inode: both keep theirs when their content changes. /proc/PID/mountinfo tells which
 * these are; who may not read another's does without.
 */

static void add_path(struct buf *paths, const char *from, const char *rest)
{
	size_t start = paths->len;

	buf_printf(paths, "%s%s", strcmp(from, "/") ? from : "", rest);
	/* without the first slash, as paths of a tree are; the root itself is none */
	if (paths->len - start > 1) {
		memmove(paths->data + start, paths->data + start + 1, paths->len - start - 1);
		paths->data[paths->len - 1] = '\0';
	} else {
		buf_cut(paths, start);
	}
}

static bool is_of(const struct mount_line *m, dev_t device)
{
	return makedev(m->major, m->minor) == device;
}

/* What is mounted on one of ours, and those of ours that are not the root's. */
static void add_pins(int proc, pid_t pid, dev_t ours, struct buf *paths)
{
	_cleanup_arena_ struct arena a = { 0 };
	mount_list all = { 0 };

	read_mounts(&a, proc, pid, &all);
	for (size_t i = 0; i < all.n; i++) {
		const struct mount_line *m = &all.at[i], *below = find_mount(&all, m->parent);
		if (is_of(m, ours))
			add_path(paths, m->root, "");
		if (!below || !is_of(below, ours))
			continue;
		size_t len = strcmp(below->mountpoint, "/") ? strlen(below->mountpoint) : 0;
		if (!strncmp(m->mountpoint, below->mountpoint, len))
			add_path(paths, below->root, m->mountpoint + len);
	}
}

typedef LIST_OF(ino_t) inode_list;

static bool is_new(struct arena *a, inode_list *seen, ino_t namespace)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->at[i] == namespace)
			return false;
	*LIST_ADD(a, seen) = namespace;
	return true;
}

void find_pins(const char *folder, struct buf *paths)
{
	_cleanup_arena_ struct arena a = { 0 };
	inode_list seen = { 0 };
	struct stat st, namespace;
	char path[32];

	DIR *proc = stat(folder, &st) < 0 ? NULL : opendir("/proc");
	for (struct dirent *d; proc && (d = readdir(proc));) {
		int pid = atoi(d->d_name);
		snprintf(path, sizeof path, "%d/ns/mnt", pid);
		if (pid > 0 && fstatat(dirfd(proc), path, &namespace, 0) == 0 && is_new(&a, &seen, namespace.st_ino))
			add_pins(dirfd(proc), pid, st.st_dev, paths);
	}
	if (proc)
		closedir(proc);
}
