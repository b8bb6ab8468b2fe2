/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/child.h"

#include "topofs/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int wait_for_child(pid_t child, int *status)
{
	if (child < 0)
		return -errno;
	while (waitpid(child, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* --- one that may never answer --------------------------------------------------------------------------- */

/* Of a process that computes, or waits for a CPU or a disk, one cannot say yet whether it is told at once. */
static bool sleeps(pid_t pid)
{
	char path[32], text[512] = "";
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	const char *name_end = n > 0 ? strrchr(text, ')') : NULL;
	return name_end && !strncmp(name_end, ") S", 3);
}

/* Waits until it can be read. */
static bool wait_to_read(int fd, pid_t child, bool at_once)
{
	enum { PATIENCE_MS = 10000, STEP_MS = 20, ENOUGH = 5 };
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int asleep = 0;
	for (int ms = 0; ms < PATIENCE_MS && asleep < ENOUGH; ms += STEP_MS) {
		if (poll(&wait, 1, STEP_MS) == 1)
			return true;
		asleep = at_once && sleeps(child) ? asleep + 1 : 0;
	}
	return false;
}

/* Comes in parts where the user's pipes are short (pipe(7), "pipe-user-pages-soft"). */
static bool read_whole(int fd, void *to, size_t size)
{
	char *at = to;
	for (ssize_t n; size; at += n, size -= (size_t)n)
		if ((n = read(fd, at, size)) <= 0)
			return false;
	return true;
}

/* An answer that begins to come is all on its way: it was made before. */
static int take_answer(int fd, pid_t child, void *answer, size_t size, bool at_once)
{
	int rc;
	if (!wait_to_read(fd, child, at_once))
		return -ETIMEDOUT;
	return read_whole(fd, &rc, sizeof rc) && read_whole(fd, answer, size) ? rc : -ECHILD;
}

int call_in_time(int (*call)(void *ctx, void *answer), void *ctx, void *answer, size_t size, bool at_once)
{
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t child = fork();
	int error = errno;
	if (child == 0) {
		rc = call(ctx, answer);
		bool told = write_all(ends[1], &rc, sizeof rc) == 0 && write_all(ends[1], answer, size) == 0;
		_exit(told ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(ends[1]);
	rc = child < 0 ? -error : take_answer(ends[0], child, answer, size, at_once);
	close(ends[0]);
	if (child > 0 && rc == -ETIMEDOUT)
		kill(child, SIGKILL); /* it may not even go then, so nobody waits for it */
	else if (child > 0)
		wait_for_child(child, NULL);
	return rc;
}
