/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include "topofs/mountinfo.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/*
 * Who answers for a mount is whoever its maker likes, and says what it likes: of the owner of its files, of where its
 * description is, and of who keeps it. Only the kernel's word for who mounted it is no word of theirs: "user_id" among
 * the options in /proc/PID/mountinfo, in the user namespace in which it was mounted.
 */

static bool find_owner(int proc, pid_t pid, dev_t device, uid_t *ret)
{
	_cleanup_arena_ struct arena a = { 0 };
	mount_list mounts = { 0 };

	if (read_mounts(&a, proc, pid, &mounts) < 0)
		return false;
	for (size_t i = 0; i < mounts.n; i++) {
		const struct mount_line *m = &mounts.at[i];
		const char *owner = strstr(m->super, ",user_id=");
		if (makedev(m->major, m->minor) == device && owner && sscanf(owner, ",user_id=%u", ret) == 1)
			return true;
	}
	return false;
}

int serve_owner(const char *folder, uid_t *ret, struct err *err)
{
	struct stat st;

	if (stat(folder, &st) < 0) {
		int error = errno;
		err_set(err, "", "%s", strerror(error));
		return -error;
	}
	DIR *proc = opendir("/proc");
	bool found = proc && find_owner(dirfd(proc), 0, st.st_dev, ret);
	/* it may be in another mount namespace */
	for (struct dirent *d; !found && proc && (d = readdir(proc));)
		found = atoi(d->d_name) > 0 && find_owner(dirfd(proc), atoi(d->d_name), st.st_dev, ret);
	if (proc)
		closedir(proc);
	if (found)
		return 0;
	err_set(err, "", "cannot tell who mounted it");
	return -ENOENT;
}
