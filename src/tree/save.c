/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/io.h"
#include "topofs/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level holds a descriptor. */
enum { DEPTH_MAX = 256 };

struct save {
	const struct tree *t;
	struct err *err;
};

static int failed(const struct save *s, uint32_t e, int rc)
{
	_cleanup_buf_ struct buf path = { 0 };
	tree_path(s->t, e, &path);
	err_set(s->err, buf_text(&path), "%s", strerror(-rc));
	return rc;
}

/* The permissions are given through the descriptor: no umask, and whatever the name leads to by then. */
static int save_file(const struct tree *t, int at, uint32_t e)
{
	int fd = openat(at, tree_name(t, e), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int rc = write_all(fd, tree_data(t, e), t->entries[e].size);
	if (rc == 0 && fchmod(fd, t->entries[e].mode & 07777) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

static int make_folder(const struct tree *t, int at, uint32_t e)
{
	if (mkdirat(at, tree_name(t, e), 0700) < 0)
		return -errno;
	int fd = openat(at, tree_name(t, e), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int save_below(const struct save *s, int at, uint32_t dir, int depth);

/* The folder's own permissions come last, so that it may be read-only. */
static int save_folder(const struct save *s, int at, uint32_t e, int depth)
{
	int fd = depth < DEPTH_MAX ? make_folder(s->t, at, e) : -ENAMETOOLONG;
	if (fd < 0)
		return failed(s, e, fd);
	int rc = save_below(s, fd, e, depth + 1);
	if (rc == 0 && fchmod(fd, s->t->entries[e].mode & 07777) < 0)
		rc = failed(s, e, -errno);
	close(fd);
	return rc;
}

static int save_below(const struct save *s, int at, uint32_t dir, int depth)
{
	const struct entry *entries = s->t->entries;
	int rc = 0;
	for (uint32_t e = dir + 1; rc == 0 && e < entries[dir].end; e = entries[e].end) {
		if (S_ISDIR(entries[e].mode))
			rc = save_folder(s, at, e, depth);
		else if (S_ISREG(entries[e].mode) && (rc = save_file(s->t, at, e)) < 0)
			failed(s, e, rc);
		else if (S_ISLNK(entries[e].mode) && symlinkat(tree_data(s->t, e), at, tree_name(s->t, e)) < 0)
			rc = failed(s, e, -errno);
	}
	return rc;
}

static int check_empty(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	int rc = 0;
	for (struct dirent *d; rc == 0 && (d = readdir(dir));)
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			rc = -ENOTEMPTY;
	closedir(dir);
	return rc;
}

int tree_save(const struct tree *t, int dirfd, struct err *err)
{
	struct save s = { .t = t, .err = err };
	int rc = check_empty(dirfd);
	return rc < 0 ? failed(&s, TREE_ROOT, rc) : save_below(&s, dirfd, TREE_ROOT, 0);
}
