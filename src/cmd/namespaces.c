/* SPDX-License-Identifier: Apache-2.0 */

/* A mount namespace of one's own, and what can stand in its way. */

#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* What forbids user namespaces to ordinary users, in the words of who can change it. */
static const struct {
	const char *file, *value, *what;
} obstacles[] = {
	{ "/proc/sys/user/max_user_namespaces", "0\n", "the sysctl user.max_user_namespaces is 0" },
	{ "/proc/sys/kernel/unprivileged_userns_clone", "0\n", "the sysctl kernel.unprivileged_userns_clone is 0" },
	{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n",
	  "the sysctl kernel.apparmor_restrict_unprivileged_userns is 1 and AppArmor has no profile for topofs" },
};

const char *namespaces_obstacle(void)
{
	for (size_t i = 0; i < sizeof obstacles / sizeof *obstacles; i++) {
		char text[16] = "";
		int fd = open(obstacles[i].file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		ssize_t n = read(fd, text, sizeof text - 1);
		close(fd);
		if (n > 0 && !strcmp(text, obstacles[i].value))
			return obstacles[i].what;
	}
	return NULL;
}

static int no_namespace(int error, struct err *err)
{
	const char *obstacle = namespaces_obstacle();
	err_set(err, "", "cannot make a user namespace: %s: %s", strerror(error),
		obstacle ? obstacle : "a container's or a security module's rules forbid it");
	return -error;
}

static int write_setting(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

/* The user stays who they are: the only id an ordinary user may map is their own. */
static int new_user_namespace(struct err *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char users[64], groups[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return no_namespace(errno, err);
	snprintf(users, sizeof users, "%u %u 1", uid, uid);
	snprintf(groups, sizeof groups, "%u %u 1", gid, gid);
	int rc = write_setting("/proc/self/setgroups", "deny");
	if (rc == 0)
		rc = write_setting("/proc/self/uid_map", users);
	if (rc == 0)
		rc = write_setting("/proc/self/gid_map", groups);
	return rc < 0 ? no_namespace(-rc, err) : 0;
}

static bool make_slave(const char *folder)
{
	return mount(NULL, folder, NULL, MS_REC | MS_SLAVE, NULL) == 0;
}

/*
 * What is mounted here is not seen outside; what is unmounted outside is not kept here. In a chroot / is no mount, but
 * those that get something mounted are.
 */
static int keep_mounts_apart(struct err *err)
{
	if (make_slave("/") || (make_slave("/sys") && make_slave("/proc")))
		return 0;
	int error = errno;
	err_set(err, "", "cannot keep mounts apart from the system's: %s%s", strerror(error),
		error == EINVAL ? " (a chroot without /sys and /proc mounted in it?)" : "");
	return -error;
}

int enter_namespaces(struct err *err)
{
	if (unshare(CLONE_NEWNS) < 0) {
		int rc = errno == EPERM ? new_user_namespace(err) : no_namespace(errno, err);
		if (rc < 0)
			return rc;
	}
	return keep_mounts_apart(err);
}
