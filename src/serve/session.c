/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 14)
#include "served.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int stop_signals[] = { SIGTERM, SIGINT, SIGHUP };
enum { N_STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int signal)
{
	stop_asked = signal;
}

/*
 * The stop signals are let in only while waiting for a request, so none is lost between looking at stop_asked
 * and falling asleep. `waiting` becomes the mask for that time.
 */
static void take_stop_signals(bool ignore, sigset_t *waiting)
{
	struct sigaction act = { .sa_handler = ignore ? SIG_IGN : ask_to_stop };
	sigset_t stop;

	sigemptyset(&stop);
	for (size_t i = 0; i < N_STOP_SIGNALS; i++)
		sigaddset(&stop, stop_signals[i]);
	sigprocmask(SIG_BLOCK, &stop, waiting);
	for (size_t i = 0; i < N_STOP_SIGNALS; i++) {
		sigaction(stop_signals[i], &act, NULL);
		sigdelset(waiting, stop_signals[i]);
	}
}

/* libfuse prints what goes wrong; here it becomes the text of the error. */
static char last_complaint[256];

static void keep_complaint(enum fuse_log_level level, const char *fmt, va_list ap)
{
	if (level > FUSE_LOG_ERR)
		return;
	vsnprintf(last_complaint, sizeof last_complaint, fmt, ap);
	last_complaint[strcspn(last_complaint, "\n")] = '\0';
}

static struct fuse_session *open_session(struct served *s, int fd)
{
	char *argv[] = { "topofs", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	char device[32];

	fuse_set_log_func(keep_complaint);
	struct fuse_session *se = fuse_session_new(&args, &serve_ops, sizeof serve_ops, s);
	fuse_opt_free_args(&args);
	if (!se)
		return NULL;
	snprintf(device, sizeof device, "/dev/fd/%d", fd);
	if (fuse_session_mount(se, device) == 0)
		return se;
	fuse_session_destroy(se);
	return NULL;
}

/* Returns whether it ever answered. One thread: after the first pass over the files there is nothing to do. */
static bool answer_requests(struct fuse_session *se, int fd, const sigset_t *waiting, const struct serve_ready *ready)
{
	struct fuse_buf request = { .mem = NULL };
	bool answered = false;

	while (!stop_asked) {
		int n = fuse_session_receive_buf(se, &request);
		if (n == -EAGAIN) {
			ppoll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, NULL, waiting);
			continue;
		}
		if (n == -EINTR)
			continue;
		if (n <= 0)
			break;
		fuse_session_process_buf(se, &request);
		/* the first request is the kernel's INIT: all others have waited for its answer */
		if (!answered && ready)
			ready->call(ready->ctx);
		answered = true;
	}
	free(request.mem);
	return answered;
}

int serve(const struct tree *t, int fd, const char *folder, const struct serve_ready *ready, struct err *err)
{
	struct served s = { .tree = t, .uid = geteuid(), .gid = getegid() };
	sigset_t waiting;

	clock_gettime(CLOCK_REALTIME, &s.since);
	take_stop_signals(!folder, &waiting);
	fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
	struct fuse_session *se = open_session(&s, fd);
	bool answered = se && answer_requests(se, fd, &waiting, ready);
	if (folder && (stop_asked || !answered))
		serve_unmount(folder);
	if (se)
		fuse_session_destroy(se);
	else
		close(fd);
	if (answered || stop_asked)
		return 0;
	err_set(err, "", "%s", last_complaint[0] ? last_complaint : "unmounted before it answered");
	return -ENODEV;
}
