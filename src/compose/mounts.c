/* SPDX-License-Identifier: Apache-2.0 */
#include "mounts.h"

#include "topofs/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int mount_copy(int at, const char *path, bool recursive)
{
	int fd = open_tree(at, path,
			   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
				   (recursive ? AT_RECURSIVE : 0));
	return fd < 0 ? -errno : fd;
}

const char *why_not(int rc)
{
	if (rc == -ENOSYS)
		return "the kernel is older than Linux 5.12, or a seccomp filter hides its calls";
	return rc == -EPERM ? "not permitted to mount" : strerror(-rc);
}

int say_why_not(struct err *err, int rc, const char *what)
{
	err_set(err, "", "%s: %s", what, why_not(rc));
	return rc;
}

int mount_clone(int at, const char *path, bool recursive)
{
	struct mount_attr alone = { .propagation = MS_PRIVATE };
	int fd = mount_copy(at, path, recursive);
	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &alone, sizeof alone) == 0)
		return fd;
	int error = errno;
	close(fd);
	return -error;
}

int mount_onto(int mount, int place)
{
	return move_mount(mount, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ? -errno : 0;
}

int mount_beneath(int mount, int place)
{
	enum { BENEATH = 0x200 }; /* MOVE_MOUNT_BENEATH, which older headers lack */
	return move_mount(mount, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | BENEATH) < 0 ? -errno : 0;
}

int mount_tmpfs(void)
{
	int mount = -1;
	int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs >= 0 && fsconfig(fs, FSCONFIG_SET_STRING, "source", "topofs", 0) == 0 &&
	    fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) == 0 &&
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	int error = errno;
	if (fs >= 0)
		close(fs);
	return mount < 0 ? -error : mount;
}

int mount_read_only(int mount)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	return mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0 ? -errno : 0;
}

int unmount_place(int proc, int place)
{
	char path[32];
	snprintf(path, sizeof path, "self/fd/%d", place);
	return fchdir(proc) < 0 || umount2(path, MNT_DETACH) < 0 ? -errno : 0;
}

int open_within(int root, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
	return fd < 0 ? -errno : (int)fd;
}

int open_place(int folder, const char *name)
{
	int fd = openat(folder, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

mode_t kind_at(int folder, const char *name)
{
	struct stat st;
	return folder >= 0 && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 ? st.st_mode & S_IFMT
												  : 0;
}

uint64_t mount_id(int place)
{
	struct statx st;
	return statx(place, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) == 0 ? st.stx_mnt_id : 0;
}

bool is_ours(const struct mount_line *m)
{
	return is_served(m) || (!strcmp(m->type, "tmpfs") && !strcmp(m->source, "topofs"));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int list_names(struct arena *a, int folder, name_list *ret)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -errno;
	for (struct dirent *d; (d = readdir(dir));)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			*LIST_ADD(a, ret) = arena_strdup(a, d->d_name);
	closedir(dir);
	if (ret->n)
		qsort(ret->at, ret->n, sizeof *ret->at, by_name);
	return 0;
}

/* --- processes ------------------------------------------------------------------------------------------- */

struct apart {
	int (*call)(void *ctx);
	void *ctx;
	int rc;
};

static int run_apart(void *ctx)
{
	struct apart *a = ctx;
	a->rc = a->call(a->ctx);
	return 0;
}

int compose_apart(int (*call)(void *ctx), void *ctx)
{
	enum { STACK = 1 << 20, GUARD = 1 << 16 }; /* GUARD: whole pages, of any size */
	struct apart a = { call, ctx, -ECHILD };
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	/* what overflows it must not come upon this process's memory */
	if (stack == MAP_FAILED || mprotect(stack, GUARD, PROT_NONE) < 0)
		return -errno;
	pid_t child = clone(run_apart, stack + STACK, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &a);
	if (child < 0)
		a.rc = -errno;
	else
		wait_for_child(child, NULL);
	munmap(stack, STACK);
	return a.rc;
}

/* What is mounted is not to reach anybody else. In a chroot / is no mount, but those that get something mounted are. */
static const char *keep_private(void)
{
	static const char *const places[] = { "/", "/sys", "/proc" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (mount(NULL, places[i], NULL, MS_REC | MS_PRIVATE, NULL) == 0)
			return places[i];
	return NULL;
}

int compose_hide(struct err *err)
{
	if (unshare(CLONE_NEWNS) < 0 || !keep_private()) {
		int error = errno;
		err_set(err, "", "cannot make a mount namespace: %s", why_not(-error));
		return -error;
	}
	return 0;
}

int make_scratch(struct err *err)
{
	const char *place = NULL;
	int rc = unshare(CLONE_NEWNS) < 0 || !(place = keep_private()) ? -errno : mount_tmpfs();
	int scratch = rc;
	_cleanup_close_ int on = rc < 0 ? -1 : open(place, O_PATH | O_CLOEXEC);
	if (rc >= 0)
		rc = on < 0 ? -errno : mount_onto(scratch, on);
	if (rc >= 0)
		return scratch;
	err_set(err, "", "cannot make a place to put mounts together: %s", why_not(rc));
	return rc;
}
