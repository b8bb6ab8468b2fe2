/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/io.h"
#include "topofs/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level holds a descriptor. A file's size is known at its end only: sysfs says 4096 to all. */
enum { DEPTH_MAX = 256, FILE_SIZE_MAX = 16 << 20, LINK_SIZE_MAX = 4096 };

struct load {
	struct tree *t;
	const struct tree_picker *picker; /* NULL: everything, and every failure is one */
	struct buf path, bytes;
	struct err *err;
};

/* What one name in an open folder is. */
struct found {
	int at; /* the open folder */
	const char *name;
	uint32_t parent; /* its entry */
	int depth;
	mode_t kind; /* as the folder says, 0 where it does not */
};

static int failed(struct load *l, int rc)
{
	err_set(l->err, buf_text(&l->path), "%s", strerror(-rc));
	return rc;
}

static int refused(struct load *l, int rc, const char *what)
{
	err_set(l->err, buf_text(&l->path), "%s", what);
	return rc;
}

/* What may only be written to has nothing to read: it is not opened, which for some files of /sys does something. */
static bool is_write_only(mode_t mode)
{
	return mode & 0222 && !(mode & 0444);
}

static int load_write_only(struct load *l, const struct found *f, mode_t mode)
{
	int rc = tree_file(l->t, f->parent, f->name, mode & 07777, "", 0);
	return rc < 0 ? failed(l, rc) : 0;
}

/* O_NONBLOCK, and asked again once open: another may have put a FIFO there meanwhile. */
static int load_file(struct load *l, const struct found *f)
{
	struct stat st;
	int fd = openat(f->at, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return failed(l, -errno);
	buf_cut(&l->bytes, 0);
	int rc = fstat(fd, &st) < 0    ? -errno
		 : S_ISREG(st.st_mode) ? read_to_end(fd, &l->bytes, FILE_SIZE_MAX)
				       : -ESTALE;
	close(fd);
	if (rc == -EFBIG)
		return refused(l, rc, "larger than 16 MiB");
	if (rc == 0)
		rc = tree_file(l->t, f->parent, f->name, st.st_mode & 07777, buf_text(&l->bytes), l->bytes.len);
	return rc < 0 ? failed(l, rc) : 0;
}

static int load_link(struct load *l, const struct found *f)
{
	char text[LINK_SIZE_MAX];
	ssize_t n = readlinkat(f->at, f->name, text, sizeof text);
	if (n < 0)
		return failed(l, -errno);
	if ((size_t)n == sizeof text)
		return failed(l, -ENAMETOOLONG);
	text[n] = '\0';
	int rc = tree_link(l->t, f->parent, f->name, text);
	return rc < 0 ? failed(l, rc) : 0;
}

static int load_below(struct load *l, int fd, uint32_t e, int depth);

static int load_folder(struct load *l, const struct found *f)
{
	if (f->depth == DEPTH_MAX)
		return failed(l, -ENAMETOOLONG);
	struct stat st;
	int fd = openat(f->at, f->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(l, -errno);
	uint32_t e = tree_dir(l->t, f->parent, f->name);
	int rc = e == TREE_NONE ? -EINVAL : fstat(fd, &st) < 0 ? -errno : 0;
	if (rc < 0) {
		close(fd);
		return failed(l, rc);
	}
	l->t->entries[e].mode = (uint16_t)(S_IFDIR | (st.st_mode & 07777));
	return load_below(l, fd, e, f->depth + 1);
}

static bool is_wanted(const struct load *l, mode_t mode)
{
	return !l->picker || !l->picker->wants || l->picker->wants(l->picker->ctx, buf_text(&l->path), mode);
}

/* What is not wanted is not even looked at, where its folder says what it is. */
static int load_entry(struct load *l, const struct found *f)
{
	struct stat st;
	if (f->kind && !is_wanted(l, f->kind))
		return 0;
	if (fstatat(f->at, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(l, -errno);
	if ((st.st_mode & S_IFMT) != f->kind && !is_wanted(l, st.st_mode & S_IFMT))
		return 0;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return is_write_only(st.st_mode) ? load_write_only(l, f, st.st_mode) : load_file(l, f);
	case S_IFDIR:
		return load_folder(l, f);
	case S_IFLNK:
		return load_link(l, f);
	default:
		return refused(l, -EINVAL, "neither a file nor a folder nor a link");
	}
}

static bool is_gone(const struct found *f)
{
	struct stat st;
	return fstatat(f->at, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0 && (errno == ENOENT || errno == ESRCH);
}

/* What cannot be read is left out where somebody is told of it; what has gone meanwhile is none of it. */
static int load_or_tell(struct load *l, const struct found *f)
{
	int rc = load_entry(l, f);
	if (rc == 0 || !l->picker || !l->picker->cannot)
		return rc;
	if (!is_gone(f))
		l->picker->cannot(l->picker->ctx, buf_text(&l->path), l->err->what);
	return 0;
}

/* Takes fd over. */
static int load_below(struct load *l, int fd, uint32_t e, int depth)
{
	DIR *dir = fdopendir(fd);
	if (!dir) {
		int rc = failed(l, -errno);
		close(fd);
		return rc;
	}
	int rc = 0;
	size_t len = l->path.len;
	while (rc == 0) {
		errno = 0;
		struct dirent *d = readdir(dir);
		if (!d) {
			rc = errno ? failed(l, -errno) : 0;
			break;
		}
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		buf_puts(&l->path, len ? "/" : "");
		buf_puts(&l->path, d->d_name);
		rc = load_or_tell(l, &(struct found){ dirfd(dir), d->d_name, e, depth, DTTOIF(d->d_type) });
		buf_cut(&l->path, len);
	}
	closedir(dir);
	return rc;
}

int tree_load_picked(int dirfd, const struct tree_picker *picker, struct tree *ret, struct err *err)
{
	_cleanup_tree_ struct tree t = { 0 };
	struct load l = { .t = &t, .picker = picker, .err = err };
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? failed(&l, -errno) : load_below(&l, fd, TREE_ROOT, 0);
	buf_done(&l.path);
	buf_done(&l.bytes);
	if (rc < 0)
		return rc;
	tree_seal(&t);
	*ret = t;
	t = (struct tree){ 0 };
	return 0;
}

int tree_load(int dirfd, struct tree *ret, struct err *err)
{
	return tree_load_picked(dirfd, NULL, ret, err);
}
