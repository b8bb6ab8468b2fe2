/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include "topofs/buf.h"

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

struct mount {
	unsigned id, parent;
	bool ours;
	char root[4096], place[4096]; /* of the file system; where it is mounted */
};

/* mountinfo's spelling of what would end a field: \040 */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		unsigned c;
		if (*text == '\\' && sscanf(text + 1, "%3o", &c) == 1) {
			*to = (char)c;
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

static bool parse_mount(const char *line, dev_t device, struct mount *m)
{
	unsigned major, minor;

	if (sscanf(line, "%u %u %u:%u %4095s %4095s", &m->id, &m->parent, &major, &minor, m->root, m->place) != 6)
		return false;
	m->ours = makedev(major, minor) == device;
	unescape(m->root);
	unescape(m->place);
	return true;
}

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

struct mounts {
	struct mount *at;
	size_t n, room;
};

static void read_mounts(const char *file, dev_t device, struct mounts *all)
{
	FILE *in = fopen(file, "re");
	char *line = NULL;
	size_t room = 0;

	all->n = 0;
	while (in && getline(&line, &room, in) > 0) {
		if (all->n == all->room) {
			all->room = all->room ? 2 * all->room : 64;
			struct mount *more = realloc(all->at, all->room * sizeof *more);
			if (!more)
				break;
			all->at = more;
		}
		all->n += parse_mount(line, device, &all->at[all->n]);
	}
	free(line);
	if (in)
		fclose(in);
}

/* What is mounted on one of ours, and those of ours that are not the root's. */
static void add_pins(const struct mounts *all, struct buf *paths)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct mount *m = &all->at[i];
		if (m->ours)
			add_path(paths, m->root, "");
		for (size_t j = 0; j < all->n; j++) {
			const struct mount *below = &all->at[j];
			size_t len = strcmp(below->place, "/") ? strlen(below->place) : 0;
			if (below->ours && below->id == m->parent && !strncmp(m->place, below->place, len))
				add_path(paths, below->root, m->place + len);
		}
	}
}

static bool is_new(ino_t namespace, ino_t **seen, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if ((*seen)[i] == namespace)
			return false;
	ino_t *more = realloc(*seen, (*n + 1) * sizeof *more);
	if (!more)
		return true;
	*seen = more;
	more[(*n)++] = namespace;
	return true;
}

void find_pins(const char *folder, struct buf *paths)
{
	struct mounts all = { 0 };
	ino_t *seen = NULL;
	size_t n = 0;
	struct stat st, namespace;
	char path[64];

	DIR *proc = opendir("/proc");
	for (struct dirent *d; proc && stat(folder, &st) == 0 && (d = readdir(proc));) {
		int pid = atoi(d->d_name);
		if (pid <= 0)
			continue;
		snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
		if (stat(path, &namespace) < 0 || !is_new(namespace.st_ino, &seen, &n))
			continue;
		snprintf(path, sizeof path, "/proc/%d/mountinfo", pid);
		read_mounts(path, st.st_dev, &all);
		add_pins(&all, paths);
	}
	if (proc)
		closedir(proc);
	free(seen);
	free(all.at);
}
