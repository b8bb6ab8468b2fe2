/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include "topofs/buf.h"
#include "topofs/io.h"
#include "topofs/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A keeper has both ends of a pair of sockets, and reads one. Who wants something of it takes the other one out of it,
 * with pidfd_getfd(2): that may who may trace the keeper, which are root and its owner, whatever namespace of mounts or
 * of the network they are in. So there is no name that somebody else could find, and nothing that stays when it dies.
 * A question has its own socket for the answer with it.
 */

#define MAGIC UINT64_C(0x6e6f63706f74) /* "topcon" */
enum { VERSION = 2 };

/* --- the keeper's side ----------------------------------------------------------------------------------- */

bool control_receive(int socket, struct control *ret, struct control_fds *fds)
{
	int got[MAX_FDS];
	ssize_t n = receive_fds(socket, got, ret, sizeof *ret);

	*fds = (struct control_fds){ got[0], got[1], got[2] };
	if (n == sizeof *ret && ret->magic == MAGIC && ret->version == VERSION) {
		ret->name[sizeof ret->name - 1] = ret->document[sizeof ret->document - 1] =
			ret->path[sizeof ret->path - 1] = ret->unlisted[sizeof ret->unlisted - 1] = '\0';
		return true;
	}
	if (n > 0 && got[0] >= 0) {
		control_reply(got[0], "served by another version of topofs");
		got[0] = -1;
	}
	for (size_t i = 0; i < MAX_FDS; i++)
		if (got[i] >= 0)
			close(got[i]);
	return false;
}

void control_reply(int fd, const char *text)
{
	if (fd < 0)
		return;
	send(fd, text, strlen(text) + 1, MSG_NOSIGNAL);
	close(fd);
}

/* --- the other side -------------------------------------------------------------------------------------- */

/* The user whose rights a process has. */
static bool user_of(pid_t pid, uid_t *ret)
{
	char path[32], line[256];
	bool found = false;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *in = fopen(path, "re");
	while (in && !found && fgets(line, sizeof line, in))
		found = sscanf(line, "Uid: %*u %u", ret) == 1;
	if (in)
		fclose(in);
	return found;
}

/* Else who answers could have the tree given to the keeper of another mount, or to any process that waits for it. */
static int check_keeper(const char *folder, const struct serve_status *status, pid_t keeper, struct err *err)
{
	uid_t owner, user;

	if (keeper) {
		if (status->keeper == (uint64_t)keeper)
			return 0;
		err_set(err, "", "its keeper is process %" PRIu64 ", not %d", status->keeper, (int)keeper);
		return -EPERM;
	}
	int rc = serve_owner(folder, &owner, err);
	/* one that is gone is told by what follows */
	if (rc < 0 || !user_of((pid_t)status->keeper, &user) || user == owner)
		return rc;
	err_set(err, "", "its keeper, process %" PRIu64 ", is of user %u, but user %u mounted it", status->keeper, user,
		owner);
	return -EPERM;
}

static bool is_seqpacket(int fd)
{
	int type = 0;
	socklen_t len = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static int take_channel(int process, const struct serve_status *status, struct err *err)
{
	int fd = process < 0 ? process : (int)syscall(SYS_pidfd_getfd, process, (int)status->control, 0);
	if (process >= 0 && fd < 0)
		fd = -errno;
	if (fd >= 0 && is_seqpacket(fd))
		return fd;
	int rc = fd < 0 ? fd : -EBADF;
	if (fd >= 0)
		close(fd);
	if (rc == -EPERM)
		err_set(err, "", "its keeper, process %" PRIu64 ", is not yours", status->keeper);
	else if (rc == -ESRCH || rc == -EBADF)
		err_set(err, "", "its keeper, process %" PRIu64 ", is gone or in another pid namespace", status->keeper);
	else
		err_set(err, "", "cannot reach its keeper, process %" PRIu64 ": %s", status->keeper, strerror(-rc));
	return rc;
}

int serve_control(const char *folder, const struct serve_status *status, pid_t keeper, struct err *err)
{
	if (status->control < 0) {
		err_set(err, "", "a mount of topofs run, which stays as it is");
		return -EOPNOTSUPP;
	}
	/* opened before it is looked at, so that it is the same process afterwards */
	int process = (int)syscall(SYS_pidfd_open, (pid_t)status->keeper, 0);
	if (process < 0)
		process = -errno;
	int rc = check_keeper(folder, status, keeper, err);
	if (rc == 0)
		rc = take_channel(process, status, err);
	if (process >= 0)
		close(process);
	return rc;
}

/* Sends a question with so many descriptors, less the first one, and waits for the answer. */
static int ask(int channel, const struct control *question, int *fds, size_t n_fds, struct err *err)
{
	char answer[sizeof err->what];
	int ends[2];
	ssize_t n = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(err, "", "cannot ask its keeper: %s", strerror(errno));
	fds[0] = ends[1];
	int rc = send_fds(channel, fds, n_fds, question, sizeof *question);
	close(ends[1]);
	while (rc == 0 && (n = recv(ends[0], answer, sizeof answer, 0)) < 0 && errno == EINTR)
		;
	close(ends[0]);
	if (n == 1)
		return 0;
	err_set(err, "", "%.*s", n > 1 ? (int)n - 1 : INT_MAX, n > 1 ? answer : "its keeper ended before it answered");
	return -EIO;
}

int serve_pins(const char *folder, struct err *err)
{
	_cleanup_buf_ struct buf paths = { 0 };
	int fd = memfile_new("topofs-pins");

	find_pins(folder, &paths);
	if (fd >= 0 && write_all(fd, paths.data, paths.len) == 0 && memfile_seal(fd) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	err_set(err, "", "cannot make a file in memory");
	return -EIO;
}

int serve_renew(int channel, int pins, const struct serve_what *what, struct err *err)
{
	struct control question = {
		.magic = MAGIC, .version = VERSION, .kind = CONTROL_RELOAD, .force = what->force, .strict = what->strict
	};
	int fds[] = { -1, tree_image(what->tree, err), pins };

	snprintf(question.name, sizeof question.name, "%s", what->name);
	snprintf(question.document, sizeof question.document, "%s", what->document);
	snprintf(question.unlisted, sizeof question.unlisted, "%s", what->unlisted ? what->unlisted : "");
	snprintf(question.path, sizeof question.path, "%s", what->path ? what->path : "");
	int rc = fds[1] < 0 ? fds[1] : ask(channel, &question, fds, 3, err);
	if (fds[1] >= 0)
		close(fds[1]);
	close(pins);
	return rc;
}

int serve_upgrade(int channel, struct err *err)
{
	const struct control question = { .magic = MAGIC, .version = VERSION, .kind = CONTROL_UPGRADE };
	int fds[] = { -1, open("/proc/self/exe", O_RDONLY | O_CLOEXEC) };

	if (fds[1] < 0)
		return err_set(err, "", "cannot open this program: %s", strerror(errno));
	int rc = ask(channel, &question, fds, 2, err);
	close(fds[1]);
	return rc;
}
