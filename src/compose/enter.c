/* SPDX-License-Identifier: Apache-2.0 */

/* Being where another process is. */

#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int no_process(struct err *err)
{
	int error = errno;
	err_set(err, "", "%s", error == ENOENT || error == ESRCH ? "no such process" : strerror(error));
	return -error;
}

int compose_open_process(pid_t pid, struct err *err)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? no_process(err) : fd;
}

static int open_of_process(int process, const char *name, int flags, struct err *err)
{
	int fd = openat(process, name, flags | O_CLOEXEC);
	return fd < 0 ? no_process(err) : fd;
}

static int enter_user(int user, struct err *err)
{
	if (setns(user, CLONE_NEWUSER) == 0)
		return 1;
	int error = errno;
	if (error == EINVAL) /* it is in it already */
		return 0;
	err_set(err, "", "not permitted to enter its user namespace: %s", strerror(error));
	return -error;
}

int compose_enter_user(int process, struct err *err)
{
	if (geteuid() == 0)
		return 0;
	_cleanup_close_ int user = open_of_process(process, "ns/user", O_RDONLY, err);
	return user < 0 ? user : enter_user(user, err);
}

int compose_enter(int process, struct err *err)
{
	_cleanup_close_ int mounts = open_of_process(process, "ns/mnt", O_RDONLY, err);
	_cleanup_close_ int root = mounts < 0 ? -1 : open_of_process(process, "root", O_PATH | O_DIRECTORY, err);
	_cleanup_close_ int user = root < 0 ? -1 : open_of_process(process, "ns/user", O_RDONLY, err);
	if (mounts < 0 || root < 0 || user < 0)
		return mounts < 0 ? mounts : root < 0 ? root : user;
	if (setns(mounts, CLONE_NEWNS) < 0) {
		int rc = errno == EPERM ? enter_user(user, err) : say_why_not(err, -errno, "cannot enter its mount namespace");
		if (rc < 0)
			return rc;
		if (setns(mounts, CLONE_NEWNS) < 0)
			return say_why_not(err, -errno, "not permitted to enter its mount namespace");
	}
	return fchdir(root) < 0 || chroot(".") < 0 ? say_why_not(err, -errno, "cannot enter its root") : 0;
}
