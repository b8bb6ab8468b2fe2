/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include "topofs/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void serve_hold_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

union fd_message {
	struct cmsghdr header;
	char room[CMSG_SPACE(MAX_FDS * sizeof(int))];
};

int send_fds(int socket, const int *fds, size_t n_fds, const void *bytes, size_t len)
{
	union fd_message control = { 0 };
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = CMSG_SPACE(n_fds * sizeof *fds) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n_fds * sizeof *fds);
	memcpy(CMSG_DATA(c), fds, n_fds * sizeof *fds);
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t receive_fds(int socket, int fds[MAX_FDS], void *bytes, size_t room)
{
	union fd_message control;
	struct iovec part = { .iov_base = bytes, .iov_len = room };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	ssize_t n;

	memset(fds, 0xff, MAX_FDS * sizeof *fds);
	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : -ENODATA;
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return n;
}

int send_fd(int socket, int fd, const char *text)
{
	return send_fds(socket, &fd, 1, text, strlen(text) + 1);
}

int receive_fd(int socket, char *text, size_t room)
{
	int fds[MAX_FDS];
	ssize_t n = receive_fds(socket, fds, text, room);

	return n < 0 ? (int)n : fds[0] < 0 ? -ENODATA : fds[0];
}

void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What comes back over the channel: "" when the mount answers, else what is wrong. */
static void report(void *channel, const char *text)
{
	send(*(int *)channel, text, strlen(text) + 1, MSG_NOSIGNAL);
	close(*(int *)channel);
}

static void report_ready(void *channel)
{
	report(channel, "");
}

/* Nothing of the process that started it stays: not its terminal, folder, pipes, nor its signals. */
static int detach(int channel, int *image)
{
	setsid();
	unsetenv("NOTIFY_SOCKET");
	if (chdir("/") < 0)
		return -errno;
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd <= STDERR_FILENO && null >= 0; fd++)
		dup2(null, fd);
	/* neither is one of the standard files: serve_start() saw to that */
	enum { CHANNEL = STDERR_FILENO + 1, IMAGE, FIRST_OTHER };
	int fds[] = { fcntl(channel, F_DUPFD, FIRST_OTHER), *image < 0 ? -1 : fcntl(*image, F_DUPFD, FIRST_OTHER) };
	dup3(fds[0], CHANNEL, O_CLOEXEC);
	*image = fds[1] < 0 ? -1 : dup3(fds[1], IMAGE, O_CLOEXEC);
	closefrom(*image < 0 ? IMAGE : FIRST_OTHER);

	reset_signals();
	return CHANNEL;
}

static void serve_from_channel(const struct serve_what *given, int channel)
{
	struct serve_what what = *given;
	struct err err = { 0 };
	char folder[PATH_MAX];

	channel = detach(channel, &what.image);
	if (channel < 0)
		return;
	int fd = receive_fd(channel, folder, sizeof folder);
	if (fd < 0)
		return;
	struct serve_ready ready = { .call = report_ready, .ctx = &channel };
	if (serve(&what, fd, *folder ? folder : NULL, &ready, &err) < 0)
		report(&channel, err.what);
}

int serve_start(const struct serve_what *what, struct err *err)
{
	int ends[2];

	serve_hold_standard_files();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		err_set(err, "", "cannot start a server: %s", strerror(errno));
		return -errno;
	}
	pid_t child = fork();
	if (child == 0) {
		/* a grandchild, so that the command of `topofs run` has no child it does not know */
		if (fork() == 0)
			serve_from_channel(what, ends[1]);
		_exit(0);
	}
	int error = child < 0 ? errno : 0;
	close(ends[1]);
	if (!error) {
		wait_for_child(child, NULL);
		return ends[0];
	}
	close(ends[0]);
	err_set(err, "", "cannot start a server: %s", strerror(error));
	return -error;
}

int serve_hand_over(int channel, int fd, const char *folder, struct err *err)
{
	char answer[sizeof err->what];
	ssize_t n = -1;

	int rc = send_fd(channel, fd, folder ? folder : "");
	close(fd);
	while (rc == 0 && (n = recv(channel, answer, sizeof answer, 0)) < 0 && errno == EINTR)
		;
	close(channel);
	if (n == 1)
		return 0;
	err_set(err, "", "%.*s", n > 1 ? (int)n - 1 : INT_MAX, n > 1 ? answer : "the server ended before it answered");
	return -EIO;
}
