/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

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

static bool read_owner(const char *line, dev_t device, uid_t *ret)
{
	unsigned major, minor;

	if (sscanf(line, "%*u %*u %u:%u", &major, &minor) != 2 || makedev(major, minor) != device)
		return false;
	/* the last field, in which there is no blank */
	const char *options = strrchr(line, ' ');
	options = options ? strstr(options, ",user_id=") : NULL;
	return options && sscanf(options, ",user_id=%u", ret) == 1;
}

static bool find_owner(const char *process, dev_t device, uid_t *ret)
{
	char path[300], *line = NULL;
	size_t room = 0;
	bool found = false;

	snprintf(path, sizeof path, "/proc/%s/mountinfo", process);
	FILE *in = fopen(path, "re");
	while (in && !found && getline(&line, &room, in) > 0)
		found = read_owner(line, device, ret);
	free(line);
	if (in)
		fclose(in);
	return found;
}

int serve_owner(const char *folder, uid_t *ret, struct err *err)
{
	struct stat st;

	if (stat(folder, &st) < 0) {
		int error = errno;
		err_set(err, "", "%s", strerror(error));
		return -error;
	}
	bool found = find_owner("self", st.st_dev, ret);
	DIR *proc = found ? NULL : opendir("/proc"); /* it may be in another mount namespace */
	for (struct dirent *d; !found && proc && (d = readdir(proc));)
		found = atoi(d->d_name) > 0 && find_owner(d->d_name, st.st_dev, ret);
	if (proc)
		closedir(proc);
	if (found)
		return 0;
	err_set(err, "", "cannot tell who mounted it");
	return -ENOENT;
}
