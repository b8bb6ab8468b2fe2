/* SPDX-License-Identifier: Apache-2.0 */

/* A worker, as it is while it answers, tries what it has no need of; prints what it should not have been let do. */

#include "served.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed;

static void say(const char *text)
{
	failed |= write(STDOUT_FILENO, text, strlen(text)) >= 0;
}

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int main(void)
{
	const struct served s = { .keeper = getppid() };
	bool files = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;

	if (!files)
		fputs("this kernel has no Landlock: files are not looked at\n", stderr);
	confine_worker(&s);
	if (!opens("/proc/self/status", O_RDONLY) || !opens("/proc/1/stat", O_RDONLY))
		say("cannot read what it needs of /proc\n");
	if (files && (opens("/etc/passwd", O_RDONLY) || opens("/", O_RDONLY) || opens("/proc", O_RDONLY)))
		say("reads files\n");
	if (opens("/proc/self/comm", O_RDWR))
		say("writes files\n");
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
		say("makes sockets\n");
	if (access("/etc/passwd", F_OK) == 0)
		say("makes any call\n");
	_exit(failed);
}
