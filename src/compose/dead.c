/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which mounts are dead. That is said at once by the kernel, to who may use them: a user who makes a dead one look like
 * root's, in a user namespace, is not taken at their word, as root outside may not use that one. Who is not answered
 * waits, so another process asks, which is left behind where it does.
 */

#include "repair.h"

#include "topofs/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

/* --- asking ---------------------------------------------------------------------------------------------- */

int open_mounted(int root, const struct mount_line *m)
{
	int place = open_within(root, m->mountpoint, O_PATH | O_NOFOLLOW);
	if (place < 0 || mount_id(place) == m->id)
		return place;
	close(place);
	return -EXDEV;
}

struct question {
	const struct repair *repair;
	const struct view *view;
	const struct mount_line *mount;
};

/*
 * In a process of its own: the answer is what the mount says, 0 or a negative errno. What says no on the way is not the
 * mount, and says nothing of it.
 */
static int ask(void *ctx, void *answer)
{
	const struct question *q = ctx;
	struct err ignored;
	struct statfs fs;
	int process = q->view->pid ? compose_open_process(q->view->pid, &ignored) : -1;

	if (process >= 0)
		compose_enter_user(process, &ignored);
	int root = q->view->pid ? openat(process, "root", O_PATH | O_DIRECTORY) : open("/", O_PATH | O_DIRECTORY);
	int place = root < 0 ? root : open_mounted(root, q->mount);
	if (place < 0)
		return -EXDEV;
	*(int *)answer = fstatfs(place, &fs) < 0 ? -errno : 0;
	return 0;
}

static enum life ask_in_time(struct repair *r, const struct view *v, const struct mount_line *m, bool at_once)
{
	struct question q = { r, v, m };
	int says = 0, rc = call_in_time(ask, &q, &says, sizeof says, at_once);
	if (rc == -ETIMEDOUT)
		return at_once ? NOT_DEAD : SILENT;
	if (rc < 0 && rc != -EXDEV)
		r->cannot_ask = rc;
	if (rc < 0)
		return NOT_KNOWN;
	return says == 0 ? ALIVE : says == -ENOTCONN || says == -ECONNABORTED ? DEAD : NOT_KNOWN;
}

static struct served_fs *find_fs(struct repair *r, const struct mount_line *m)
{
	for (size_t i = 0; i < r->fs.n; i++)
		if (r->fs.at[i].major == m->major && r->fs.at[i].minor == m->minor)
			return &r->fs.at[i];
	struct served_fs *fs = LIST_ADD(&r->arena, &r->fs);
	fs->major = m->major;
	fs->minor = m->minor;
	return fs;
}

enum life life_of(struct repair *r, const struct view *v, const struct mount_line *m)
{
	struct served_fs *fs = find_fs(r, m);
	if (fs->life == NOT_KNOWN || fs->life == NOT_DEAD)
		fs->life = ask_in_time(r, v, m, false);
	return fs->life;
}

bool is_dead_there(struct repair *r, const struct view *v, const struct mount_line *m)
{
	struct served_fs *fs = find_fs(r, m);
	if (fs->life != NOT_KNOWN && fs->life != DEAD)
		return false;
	enum life life = ask_in_time(r, v, m, true);
	if (life != NOT_KNOWN)
		fs->life = life;
	return life == DEAD;
}

/* --- mount namespaces ------------------------------------------------------------------------------------ */

static bool read_view(const struct repair *r, const char *pid, struct view *v)
{
	char path[300];
	struct stat st;
	struct statx root;

	v->pid = atoi(pid); /* of "self": 0 */
	snprintf(path, sizeof path, "%s/ns/mnt", pid);
	if (fstatat(r->proc, path, &st, 0) < 0)
		return false;
	snprintf(path, sizeof path, "%s/root", pid);
	if (statx(r->proc, path, AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, &root) < 0)
		return false;
	v->namespace = st.st_ino;
	v->root_mount = root.stx_mnt_id;
	v->root = root.stx_ino;
	return true;
}

static bool has_view(const struct repair *r, const struct view *v)
{
	for (size_t i = 0; i < r->views.n; i++)
		if (r->views.at[i].namespace == v->namespace && r->views.at[i].root_mount == v->root_mount &&
		    r->views.at[i].root == v->root)
			return true;
	return false;
}

int find_views(struct repair *r, struct err *err)
{
	struct view v;
	int fd = openat(r->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *proc = fd < 0 ? NULL : fdopendir(fd);
	if (!proc || !read_view(r, "self", &v)) {
		err_set(err, "", "cannot read /proc: %s", strerror(errno));
		return -EIO;
	}
	*LIST_ADD(&r->arena, &r->views) = v;
	for (const struct dirent *d; (d = readdir(proc));)
		if (atoi(d->d_name) > 0 && read_view(r, d->d_name, &v) && !has_view(r, &v))
			*LIST_ADD(&r->arena, &r->views) = v;
	closedir(proc);
	return 0;
}
