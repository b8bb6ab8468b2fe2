/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 14)
#include "served.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const int stop_signals[] = { SIGTERM, SIGINT, SIGHUP };
enum { N_STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

static volatile sig_atomic_t stop_asked, child_ended, connection;

/* From here on reading does not wait, so a signal between looking at the flags and falling asleep is not lost. */
static void take_signal(int signal)
{
	int error = errno;

	if (signal == SIGCHLD)
		child_ended = 1;
	else
		stop_asked = 1;
	fcntl(connection, F_SETFL, O_RDWR | O_NONBLOCK);
	errno = error;
}

static void take_signals(bool ignore_stops, int fd)
{
	struct sigaction act = { .sa_handler = take_signal };
	sigset_t taken;

	connection = fd;
	sigemptyset(&taken);
	sigaddset(&taken, SIGCHLD);
	sigaction(SIGCHLD, &act, NULL);
	act.sa_handler = ignore_stops ? SIG_IGN : take_signal;
	for (size_t i = 0; i < N_STOP_SIGNALS; i++) {
		sigaddset(&taken, stop_signals[i]);
		sigaction(stop_signals[i], &act, NULL);
	}
	sigprocmask(SIG_UNBLOCK, &taken, NULL);
}

/* What the kernel's INIT says it can do: in 32 flags, and from FUSE 7.36 on 32 more. */
static void note_offer(struct served *s, const void *request, size_t len)
{
	const struct fuse_in_header *header = request;
	const struct fuse_init_in *in = (const void *)(header + 1);

	len -= sizeof *header;
	if (len < offsetof(struct fuse_init_in, flags2))
		return;
	s->init = header->unique;
	s->protocol = in->minor;
	s->offered = in->flags;
	if (s->offered & FUSE_INIT_EXT && len >= sizeof *in)
		s->offered |= (uint64_t)in->flags2 << 32;
	s->used = serve_features_in(s->offered);
}

static void ask_for_features(const struct served *s, struct fuse_init_out *out)
{
	out->flags = FUSE_BIG_WRITES | (uint32_t)s->used;
	out->max_pages = (uint16_t)(REPLY_ROOM / sysconf(_SC_PAGESIZE));
}

/* Every request passes here, those that libfuse answers by itself too. */
static ssize_t read_request(int fd, void *buf, size_t len, void *userdata)
{
	struct served *s = userdata;
	const struct fuse_in_header *in = buf;
	ssize_t n = read(fd, buf, len);

	if (n < (ssize_t)sizeof *in)
		return n;
	if (in->opcode < SERVE_N_OPCODES)
		atomic_fetch_add_explicit(&s->requests[in->opcode], 1, memory_order_relaxed);
	follow_reader(&s->follow, in->pid);
	if (in->opcode == FUSE_INIT)
		note_offer(s, buf, (size_t)n);
	return n;
}

/* libfuse does not ask for all that it knows of: what is asked of the kernel is what the table says, no more. */
static ssize_t write_reply(int fd, struct iovec *iov, int count, void *userdata)
{
	const struct served *s = userdata;
	const struct fuse_out_header *out = iov[0].iov_base;

	if (out->unique == s->init && out->error == 0 && count > 1)
		ask_for_features(s, iov[1].iov_base);
	return writev(fd, iov, count);
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
	static const struct fuse_custom_io io = { .read = read_request, .writev = write_reply };
	char *argv[] = { "topofs", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);

	fuse_set_log_func(keep_complaint);
	struct fuse_session *se = fuse_session_new(&args, &serve_ops, sizeof serve_ops, s);
	fuse_opt_free_args(&args);
	if (!se || fuse_session_custom_io(se, &io, fd) == 0)
		return se;
	fuse_session_destroy(se);
	return NULL;
}

/* What has to be before the mount is ready, and who waits for that. */
struct start {
	bool answered;			 /* the kernel's INIT, the first request: all others wait for its answer */
	pid_t warming;			 /* the process that has to end, 0 where there is none */
	const struct serve_ready *ready; /* NULL once it was told */
};

static void tell_ready(struct start *start)
{
	if (!start->answered || start->warming || !start->ready)
		return;
	start->ready->call(start->ready->ctx);
	start->ready = NULL;
}

/* After a signal, when nothing is left to answer: reading waits again, unless there is another signal. */
static void attend(struct start *start, int fd)
{
	fcntl(fd, F_SETFL, O_RDWR);
	if (!child_ended)
		return;
	child_ended = 0;
	if (start->warming && waitpid(start->warming, NULL, WNOHANG) == start->warming)
		start->warming = 0;
	tell_ready(start);
}

/* One thread: after the first pass over the files there is nothing to do. */
static void answer_requests(struct fuse_session *se, int fd, struct start *start)
{
	struct fuse_buf request = { .mem = NULL };

	while (!stop_asked) {
		int n = fuse_session_receive_buf(se, &request);
		if (n == -EAGAIN)
			attend(start, fd);
		if (n == -EAGAIN || n == -EINTR)
			continue;
		if (n <= 0)
			break;
		fuse_session_process_buf(se, &request);
		start->answered = true;
		tell_ready(start);
	}
	free(request.mem);
}

int serve(const struct serve_what *what, int fd, const char *folder, const struct serve_ready *ready, struct err *err)
{
	struct served s = { .what = what, .uid = geteuid(), .gid = getegid() };
	struct start start = { .ready = ready };

	malloc_trim(0);
	clock_gettime(CLOCK_REALTIME, &s.since);
	clock_gettime(CLOCK_BOOTTIME, &s.started);
	follow_start(&s.follow);
	take_signals(!folder, fd);
	if (what->warm && folder)
		start.warming = start_warming(what->tree, folder, fd);
	struct fuse_session *se = open_session(&s, fd);
	if (se)
		answer_requests(se, fd, &start);
	if (folder && (stop_asked || !start.answered))
		serve_unmount(folder);
	if (se)
		fuse_session_destroy(se);
	else
		close(fd);
	if (start.answered || stop_asked)
		return 0;
	err_set(err, "", "%s", last_complaint[0] ? last_complaint : "unmounted before it answered");
	return -ENODEV;
}
