/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 14)
#include "keeper.h"

#include "topofs/arena.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static void note_offer(struct served *s, const void *request, size_t len)
{
	memcpy(s->init_room, request, len < sizeof s->init_room ? len : sizeof s->init_room);
	if (!read_offer(request, len, &s->protocol, &s->offered))
		return;
	s->init = ((const struct fuse_in_header *)request)->unique;
	s->no_expire |= !(s->offered & FUSE_HAS_EXPIRE_ONLY);
	if (!s->replay)
		s->used = serve_features_in(s->offered);
}

static void ask_for_features(const struct served *s, struct fuse_init_out *out)
{
	out->flags = FUSE_BIG_WRITES | (uint32_t)s->used;
	out->max_pages = (uint16_t)(REPLY_ROOM / sysconf(_SC_PAGESIZE));
}

static void refuse(int fd, uint64_t unique, int error)
{
	const struct fuse_out_header out = { .len = sizeof out, .error = -error, .unique = unique };

	while (write(fd, &out, sizeof out) < 0 && errno == EINTR)
		;
}

/* A request that comes again has the highest bit of its number set, from the second time on. */
static uint64_t number_of(const struct fuse_in_header *header)
{
	return header->unique & ~FUSE_UNIQUE_RESEND;
}

/* What two workers died of is not given to a third. */
static bool is_deadly(const struct served *s, const struct fuse_in_header *header)
{
	enum { ENOUGH = 2 };

	return s->state->suspect.crashes >= ENOUGH && number_of(header) == s->state->suspect.unique;
}

/* What a worker looks at before it waits for another request. */
static volatile sig_atomic_t finish;

void finish_requests(int sig)
{
	(void)sig;
	finish = 1;
}

/*
 * Every request passes here, those that libfuse answers by itself too. After one ENOSYS the kernel asks no more to
 * interrupt what is answered in microseconds.
 */
static ssize_t read_request(int fd, void *buf, size_t len, void *userdata)
{
	struct served *s = userdata;
	const struct fuse_in_header *in = buf;

	for (;;) {
		s->state->request.header.len = 0;
		if (finish) {
			errno = EINTR;
			return -1;
		}
		ssize_t n = read(fd, buf, len < REQUEST_ROOM ? len : REQUEST_ROOM);
		if (n < (ssize_t)sizeof *in)
			return n;
		if (in->opcode < SERVE_N_OPCODES)
			atomic_fetch_add_explicit(&s->state->requests[in->opcode], 1, memory_order_relaxed);
		follow_reader(&s->follow, in->pid);
		if (in->opcode == FUSE_INIT)
			note_offer(s, buf, (size_t)n);
		if (in->opcode == FUSE_INTERRUPT)
			refuse(fd, in->unique, ENOSYS);
		else if (is_deadly(s, in))
			refuse(fd, in->unique, EIO);
		else
			return n;
	}
}

/* libfuse does not ask for all that it knows of: what is asked of the kernel is what the table says, no more. */
static ssize_t write_reply(int fd, struct iovec *iov, int count, void *userdata)
{
	const struct served *s = userdata;
	const struct fuse_out_header *out = iov[0].iov_base;

	if (out->unique == s->init && s->replay)
		return (ssize_t)out->len;
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

struct fuse_session *open_session(struct served *s, int fd)
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

/* Asks the kernel for what the worker before this one had read but not answered; false: it cannot, before Linux 6.9. */
static bool ask_again(int fd)
{
	const struct fuse_out_header resend = { .len = sizeof resend, .error = FUSE_NOTIFY_RESEND };

	return write(fd, &resend, sizeof resend) == sizeof resend;
}

/* The request in hand, from memory. */
static void answer_in_hand(struct fuse_session *se, struct served *s, int fd)
{
	static char copy[REQUEST_ROOM];
	const struct fuse_in_header *header = (const void *)copy;

	memcpy(copy, s->state->request.room, sizeof copy);
	const struct fuse_buf request = { .mem = copy, .size = header->len };
	if (header->len < sizeof *header || header->len > sizeof copy)
		return;
	if (is_deadly(s, header))
		refuse(fd, header->unique, EIO);
	else
		fuse_session_process_buf(se, &request);
}

bool answer_requests(struct fuse_session *se, struct served *s, int fd, bool resume)
{
	struct fuse_buf request = { .mem = s->state->request.room };
	int n = -EINTR;

	if (resume && (s->no_resend || !ask_again(fd)))
		answer_in_hand(se, s, fd);
	while (!finish && ((n = fuse_session_receive_buf(se, &request)) > 0 || n == -EINTR || n == -EAGAIN))
		if (n > 0)
			fuse_session_process_buf(se, &request);
	return !finish;
}

/*
 * The kernel's first request, whose answer all others wait for; what libfuse agrees on is then in every worker. It is
 * there when the mount is; where one who died before had read it, it does not come again.
 */
static int agree(struct fuse_session *se, struct served *s, int fd)
{
	struct fuse_buf request = { .mem = s->state->request.room };
	struct pollfd waiting = { .fd = fd, .events = POLLIN };
	int n;

	if (s->what->lent && poll(&waiting, 1, 0) == 0)
		return -ESTALE;
	while ((n = fuse_session_receive_buf(se, &request)) == -EINTR)
		;
	if (n <= 0)
		return -ENODEV;
	fuse_session_process_buf(se, &request);
	return s->init ? 0 : -ESTALE;
}

static struct served *new_served(const struct serve_what *what)
{
	struct served *s = calloc(1, sizeof *s);

	if (!s)
		out_of_memory();
	s->what = what;
	s->state_fd = s->control = s->now.tree_fd = s->now.record_fd = -1;
	s->no_resend = getenv("TOPOFS_NO_RESEND") != NULL;
	s->no_expire = getenv("TOPOFS_NO_EXPIRE") != NULL;
	return s;
}

static void free_served(struct served *s)
{
	generation_done(&s->now);
	for (size_t i = 0; i < s->n_past; i++)
		generation_done(&s->past[i]);
	if (s->state)
		munmap(s->state, sizeof *s->state);
	if (s->state_fd >= 0)
		close(s->state_fd);
	free(s);
}

static int record_first(struct served *s, const char *folder)
{
	const struct serve_what *what = s->what;
	struct record r = {
		.uid = geteuid(),
		.gid = getegid(),
		.used = s->used,
		.warm = what->warm,
		.force = what->force,
		.strict = what->strict,
		.mounted = folder && !what->lent,
	};

	clock_gettime(CLOCK_REALTIME, &r.since);
	clock_gettime(CLOCK_BOOTTIME, &r.started);
	memcpy(r.init.room, s->init_room, sizeof r.init.room);
	snprintf(r.name, sizeof r.name, "%s", what->name);
	snprintf(r.document, sizeof r.document, "%s", what->document);
	snprintf(r.path, sizeof r.path, "%s", what->path ? what->path : "");
	snprintf(r.unlisted, sizeof r.unlisted, "%s", what->unlisted ? what->unlisted : "");
	snprintf(r.folder, sizeof r.folder, "%s", folder ? folder : "");
	return generation_first(what->tree, what->image, &r, &s->now);
}

/* Why a mount does not answer, in the words of libfuse where there are any. */
static int say_why(int rc, struct err *err)
{
	if (rc == -ECONNABORTED) {
		err_set(err, "", "its connection was aborted, as umount --force does: it has to be mounted anew");
		return -ESTALE;
	}
	if (rc == -ECHILD) {
		err_set(err, "", "the process that prepares it could not be started, or was killed");
		return rc;
	}
	if (rc == -ESTALE) {
		forget_handed();
		err_set(err, "", "cannot go on with what another program left of it: it has to be mounted anew");
		return rc;
	}
	err_set(err, "", "%s",
		last_complaint[0]	  ? last_complaint
		: rc < 0 && rc != -ENODEV ? strerror(-rc)
					  : "unmounted before it answered");
	return rc < 0 ? rc : -ENODEV;
}

int serve(const struct serve_what *what, int fd, const char *folder, const struct serve_ready *ready, struct err *err)
{
	struct served *s = new_served(what);
	int rc = s->state_fd = state_new(&s->state);
	struct fuse_session *se = rc >= 0 ? open_session(s, fd) : NULL;
	if (se)
		rc = agree(se, s, fd);
	if (se && rc == 0)
		rc = record_first(s, folder);
	bool answers = se && rc == 0;

	if (answers)
		rc = keep_serving(se, s, fd, folder, ready, &(struct handed){ -1, { -1, -1 } });
	else if (folder && !what->lent)
		serve_unmount(folder);
	if (se)
		fuse_session_destroy(se);
	else
		close(fd);
	free_served(s);
	return answers && rc != -ECONNABORTED && rc != -ECHILD ? rc : say_why(rc, err);
}

/* What libfuse agreed on with the kernel in another program: the answer goes nowhere. */
static bool agree_again(struct fuse_session *se, struct served *s)
{
	struct record copy = *s->now.record;
	const struct fuse_buf request = { .mem = copy.init.room, .size = copy.init.header.len };

	s->replay = true;
	s->used = copy.used;
	note_offer(s, request.mem, request.size);
	if (copy.init.header.opcode != FUSE_INIT)
		return false;
	fuse_session_process_buf(se, &request);
	s->replay = false;
	s->init = 0;
	return true;
}

int serve_handed(const struct serve_what *what, const struct serve_ready *ready, struct err *err)
{
	struct served *s = new_served(what);
	struct handed handed;
	int fd = take_handed(s, &handed);
	struct fuse_session *se = fd >= 0 ? open_session(s, fd) : NULL;
	bool answers = se && agree_again(se, s);
	int rc = -ESTALE;

	if (answers) {
		const char *folder = *s->now.record->folder ? strdup(s->now.record->folder) : NULL;
		atomic_fetch_add(&s->state->programs, 1);
		rc = keep_serving(se, s, fd, folder, ready, &handed);
		free((void *)folder);
	}
	if (se)
		fuse_session_destroy(se);
	free_served(s);
	return rc == -ESTALE || rc == -ECONNABORTED ? say_why(rc, err) : rc;
}
