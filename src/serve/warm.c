/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel's caches are filled by reading: each folder to its end, each file, each link. Pushing pages with
 * FUSE_NOTIFY_STORE is not for links and saves a third of the time at best, as folders have to be listed first; and it
 * waits for pages that readers hold who wait for the server, which would hold for ever when the server is killed then.
 *
 * The reader must be another process than the server, without the connection, so that it ends with the server.
 */

static char read_room[65536];

static bool is_gone(int fd)
{
	return fd < 0 && (errno == ENOTCONN || errno == ECONNABORTED);
}

static bool warm_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return !is_gone(fd);
	while (read(fd, read_room, sizeof read_room) > 0)
		;
	close(fd);
	return true;
}

/* Returns whether there is still somebody who answers. */
static bool warm_folder(const struct tree *t, uint32_t dir, int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool answers = !is_gone(fd);

	while (fd >= 0 && getdents64(fd, read_room, sizeof read_room) > 0)
		;
	for (uint32_t e = dir + 1; fd >= 0 && answers && e < t->entries[dir].end; e = t->entries[e].end) {
		const char *child = tree_name(t, e);
		if (S_ISDIR(t->entries[e].mode))
			answers = warm_folder(t, e, fd, child);
		else if (S_ISLNK(t->entries[e].mode))
			answers = !is_gone((int)readlinkat(fd, child, read_room, sizeof read_room));
		else
			answers = warm_file(fd, child);
	}
	if (fd >= 0)
		close(fd);
	return answers;
}

pid_t start_reader(const struct served *s, int connection)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	end_with(s, s->keeper);
	close(connection);
	reset_signals();
	return 0;
}

pid_t start_preparing(const struct served *s, const struct serve_ready *ready, int connection)
{
	pid_t child = start_reader(s, connection);

	if (child == 0)
		_exit(ready->prepare(ready->ctx) ? 1 : 0);
	return child < 0 ? 0 : child;
}

pid_t start_warming(const struct served *s, const char *folder, int connection)
{
	pid_t child = start_reader(s, connection);

	if (child != 0)
		return child < 0 ? 0 : child;
	warm_folder(s->now.tree, TREE_ROOT, AT_FDCWD, folder);
	_exit(0);
}

pid_t start_looking(const struct served *s, const char *folder, const char *paths, size_t len, int connection)
{
	/* it does not leave the mount, so it waits for nobody but its server */
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH };
	pid_t child = start_reader(s, connection);

	if (child != 0)
		return child < 0 ? 0 : child;
	int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (const char *path = paths; path < paths + len; path += strlen(path) + 1)
		close((int)syscall(SYS_openat2, root, path, &how, sizeof how));
	_exit(0);
}
