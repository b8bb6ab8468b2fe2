/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include "topofs/memfile.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The mount outlives who answers for it:
 *
 *     kernel <-- connection --> keeper            agrees with the kernel once, then only waits
 *                    |             | fork
 *                    '--------> worker            answers; another one takes its place when it dies
 *
 * Where a service manager stores the mount the worker ends with its keeper, as the next keeper has its own: two would
 * answer from two trees. Without one it goes on alone, and nobody starts another.
 *
 * All are one process until the kernel's INIT is answered, so a worker has the tree, the session and the connection as
 * the keeper has them, and takes a millisecond to start. The connection lives as long as one of the two has it open.
 *
 * A request that a worker had read when it died is not lost: the kernel is asked to send it again, or it is answered
 * from the memory both share, into which it was read. Answering twice does no harm: the kernel knows no such request.
 *
 * A reload is another tree, which comes whole, as a sealed file of memory. The worker ends between two requests, and
 * the next one has both: a file whose content changed is another inode, so what somebody has open stays as it was for
 * a while, and what is opened from now on is new (renew.c).
 */

static const int stop_signals[] = { SIGTERM, SIGINT, SIGHUP };
enum { N_STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

/* Signals are kept until they are asked for, also those that whoever started this process had ignored. */
static int take_signals(bool ignore_stops)
{
	sigset_t taken;

	sigemptyset(&taken);
	sigaddset(&taken, SIGCHLD);
	signal(SIGCHLD, SIG_DFL);
	for (size_t i = 0; i < N_STOP_SIGNALS; i++) {
		signal(stop_signals[i], ignore_stops ? SIG_IGN : SIG_DFL);
		if (!ignore_stops)
			sigaddset(&taken, stop_signals[i]);
	}
	sigprocmask(SIG_BLOCK, &taken, NULL);
	return signalfd(-1, &taken, SFD_CLOEXEC);
}

static void open_control(struct keeper *k)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, k->control) < 0)
		k->control[0] = k->control[1] = -1;
	k->s->control = k->control[1];
	/* where Yama lets only parents trace, an owner could not take the other end */
	if (geteuid() != 0)
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
}

/* --- the worker ------------------------------------------------------------------------------------------ */

enum { FINISHED = 3 }; /* the status of one that was told to end */

/* What ends the mount ends the worker; a signal to both, from a terminal or a service manager, is the keeper's. */
static void work(struct keeper *k, bool resume)
{
	const struct sigaction finish = { .sa_handler = finish_requests };
	sigset_t none;

	for (size_t i = 0; i < N_STOP_SIGNALS; i++)
		signal(stop_signals[i], SIG_IGN);
	sigaction(SIGUSR1, &finish, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close_range(STDERR_FILENO + 1, (unsigned)k->fd - 1, 0);
	close_range((unsigned)k->fd + 1, ~0u, 0);
	follow_start(&k->s->follow);
	confine_worker(k->s);
	_exit(answer_requests(k->se, k->s, k->fd, resume) ? EXIT_SUCCESS : FINISHED);
}

static void start_worker(struct keeper *k, bool resume)
{
	while ((k->worker = fork()) < 0)
		sleep(1);
	if (k->worker == 0)
		work(k, resume);
}

static uint64_t count_all(const struct state *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < SERVE_N_OPCODES; i++)
		n += atomic_load_explicit(&s->requests[i], memory_order_relaxed);
	return n;
}

/* A worker that was killed did nothing wrong; of one that crashed the request in hand is suspected. */
static void note_death(struct keeper *k, int status)
{
	struct state *s = k->s->state;
	uint64_t unique = s->request.header.unique & ~FUSE_UNIQUE_RESEND;

	atomic_fetch_add(&s->deaths, 1);
	if ((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) || s->request.header.len == 0)
		return;
	s->suspect.crashes = unique == s->suspect.unique ? s->suspect.crashes + 1 : 1;
	s->suspect.unique = unique;
}

/* Workers that cannot even begin would keep a CPU busy. */
static void wait_before_next(struct keeper *k)
{
	enum { HASTE = 16, LONGEST_MS = 1000 };
	uint64_t now = count_all(k->s->state);

	k->idle_deaths = now == k->requests ? k->idle_deaths + 1 : 0;
	k->requests = now;
	if (k->idle_deaths > HASTE)
		usleep((k->idle_deaths < LONGEST_MS ? k->idle_deaths : LONGEST_MS) * 1000);
}

static bool has_ended(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* The worker ends between two requests; one that does not come to that is killed. Returns whether it was. */
static bool end_worker(struct keeper *k)
{
	enum { PATIENCE = 1000 };
	int status = 0;
	pid_t gone = 0;

	/* a signal that comes just before it waits is lost, so there are several */
	for (int i = 0; gone == 0; i++) {
		kill(k->worker, i < PATIENCE ? SIGUSR1 : SIGKILL);
		usleep(100);
		gone = waitpid(k->worker, &status, WNOHANG);
	}
	k->worker = 0;
	k->ended = has_ended(status);
	bool finished = WIFEXITED(status) && WEXITSTATUS(status) == FINISHED;
	if (!finished && !k->ended)
		note_death(k, status);
	return !finished;
}

static void replace_worker(struct keeper *k)
{
	bool resume = end_worker(k);

	if (!k->ended)
		start_worker(k, resume);
}

/* --- reloads --------------------------------------------------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

typedef void renewal(const struct served *s, int fd, const struct generation *old);

/*
 * Who tells the kernel what has changed waits for readers, who wait for a worker. While it waits nobody could end the
 * connection, so where keeper and worker die at that moment its parent answers for it, or a service manager's next
 * keeper, who tells all of it again as the old generation is still stored.
 */
static void guard_renewal(struct keeper *k, renewal *renew, const struct generation *old)
{
	static struct state own;
	const struct sigaction finish = { .sa_handler = finish_requests };
	sigset_t waited;
	int sig = 0;

	sigemptyset(&waited);
	sigaddset(&waited, SIGCHLD);
	sigaddset(&waited, SIGUSR2);
	sigprocmask(SIG_BLOCK, &waited, NULL);
	prctl(PR_SET_PDEATHSIG, SIGUSR2);
	end_with(k->s, k->s->keeper);
	pid_t self = getpid(), child = fork();
	if (child <= 0) {
		if (child == 0)
			end_with(k->s, self);
		renew(k->s, k->fd, old);
		_exit(EXIT_SUCCESS);
	}
	if (getppid() == k->s->keeper)
		sigwait(&waited, &sig);
	if (sig != SIGCHLD) {
		k->s->state = &own;
		sigaction(SIGCHLD, &finish, NULL);
		sigprocmask(SIG_UNBLOCK, &waited, NULL);
		if (waitpid(child, NULL, WNOHANG) == 0)
			answer_requests(k->se, k->s, k->fd, true);
	}
	_exit(EXIT_SUCCESS);
}

static void start_renewal(struct keeper *k, renewal *renew, const struct generation *old)
{
	k->renewing = fork();
	if (k->renewing == 0)
		guard_renewal(k, renew, old);
	if (k->renewing < 0) {
		renew(k->s, k->fd, old);
		k->renewing = 0;
	}
}

static void answer_control(struct keeper *k, const char *text)
{
	control_reply(k->asker, text);
	k->asker = -1;
}

/* Those that have not been wanted for a second; whoever still has something of it open gets what is there now. */
static void let_go(struct keeper *k)
{
	struct served *s = k->s;
	struct generation old = s->past[--s->n_past];

	replace_worker(k);
	if (!k->ended)
		start_renewal(k, renew_open, &old);
	forget_generation(&old);
	generation_done(&old);
}

static void switch_to(struct keeper *k, const struct generation *next)
{
	struct served *s = k->s;
	struct generation old = s->now;

	s->now = *next;
	store_generation(next);
	if (!s->no_expire) {
		memmove(s->past + 1, s->past, s->n_past++ * sizeof *s->past);
		old.retired = now_ms();
		s->past[0] = old;
	}
	replace_worker(k);
	if (!k->ended)
		start_renewal(k, renew_names, &old);
	if (s->no_expire) {
		forget_generation(&old);
		generation_done(&old);
	}
}

static bool is_described_so(const struct record *a, const struct record *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->document, b->document) && !strcmp(a->path, b->path) && !strcmp(a->unlisted, b->unlisted) &&
	       a->force == b->force && a->strict == b->strict;
}

static void reload(struct keeper *k, const struct control *c, const struct control_fds *fds)
{
	struct err err = { 0 };
	struct record like = *k->s->now.record;
	struct pins pins = { .all = k->s->no_expire };
	struct generation next;

	like.force = c->force;
	like.strict = c->strict;
	memcpy(like.name, c->name, sizeof like.name);
	memcpy(like.document, c->document, sizeof like.document);
	memcpy(like.path, c->path, sizeof like.path);
	memcpy(like.unlisted, c->unlisted, sizeof like.unlisted);
	size_t size = 0;
	pins.paths = memfile_map(fds->pins, &size);
	if (pins.paths && pins.paths[size - 1] == '\0')
		pins.len = size;
	int64_t differ = generation_next(&k->s->now, fds->tree, &like, &pins, &next, &err);
	if (pins.paths)
		munmap((void *)pins.paths, size);
	if (differ < 0) {
		answer_control(k, err.what);
		close(fds->tree);
	} else if (differ == 0 && is_described_so(&like, k->s->now.record)) {
		generation_done(&next);
		answer_control(k, "");
	} else {
		switch_to(k, &next);
	}
}

/* The same process as another program: whoever watches it, and what it is a part of, need not know. */
static void upgrade(struct keeper *k, int program)
{
	end_worker(k);
	if (k->warming)
		kill(k->warming, SIGKILL);
	if (!k->ended)
		become(k, program);
	close(program);
	if (!k->ended)
		start_worker(k, true);
	answer_control(k, "cannot become another program");
}

static void attend_control(struct keeper *k)
{
	struct control c;
	struct control_fds fds;

	if (!control_receive(k->control[0], &c, &fds))
		return;
	k->asker = fds.reply;
	if (c.kind == CONTROL_RELOAD)
		reload(k, &c, &fds);
	else if (c.kind == CONTROL_UPGRADE && fds.tree >= 0)
		upgrade(k, fds.tree);
	else
		answer_control(k, "does not know this question");
	if (fds.pins >= 0)
		close(fds.pins);
}

/* The description is read by a process of its own, which asks for a reload as anybody else does. */
static void reread(struct keeper *k)
{
	struct serve_status status;

	pid_t child = fork();
	if (child != 0)
		return;
	end_with(k->s, k->s->keeper);
	close(k->fd);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	status_of(k->s, &status);
	k->s->what->reload(k->control[1], &status, k->folder);
	_exit(EXIT_SUCCESS);
}

/* --------------------------------------------------------------------------------------------------------- */

static void tell_ready(struct keeper *k)
{
	k->ready->call(k->ready->ctx);
	k->ready = NULL;
}

/* What is warm, where that is wanted, is prepared, where there is something to prepare, and then is ready. */
static void get_ready(struct keeper *k)
{
	if (k->warming || k->preparing || !k->ready)
		return;
	if (!k->ready->prepare)
		tell_ready(k);
	else if (!(k->preparing = start_preparing(k->s, k->ready, k->fd)))
		k->stopped = k->failed = true;
}

static void prepared(struct keeper *k, int status)
{
	k->preparing = 0;
	k->failed = status != 0;
	if (k->failed)
		k->stopped = true;
	else
		tell_ready(k);
}

static void worker_died(struct keeper *k, int status)
{
	k->worker = 0;
	k->ended = has_ended(status);
	if (k->ended)
		return;
	note_death(k, status);
	wait_before_next(k);
	start_worker(k, true);
}

static void attend_children(struct keeper *k)
{
	int status;

	for (pid_t child; !k->ended && (child = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (child == k->warming) {
			k->warming = 0;
			get_ready(k);
		} else if (child == k->preparing) {
			prepared(k, status);
		} else if (child == k->renewing) {
			k->renewing = 0;
			if (k->asker >= 0)
				answer_control(k, "");
		} else if (child == k->worker) {
			worker_died(k, status);
		}
	}
}

static void attend_signal(struct keeper *k)
{
	struct signalfd_siginfo info;

	if (read(k->signals, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGCHLD)
		attend_children(k);
	else if (info.ssi_signo == SIGHUP && k->s->what->reload)
		reread(k);
	else
		k->stopped = true;
}

static int time_to_let_go(const struct keeper *k)
{
	enum { KEPT_MS = 1000 };
	const struct served *s = k->s;

	if (k->renewing || s->n_past == 0)
		return -1;
	uint64_t now = now_ms(), end = s->past[s->n_past - 1].retired + KEPT_MS;
	return now < end ? (int)(end - now) : 0;
}

static void attend(struct keeper *k)
{
	/* one thing after the other; what comes in between waits in the socket */
	bool idle = !k->renewing && k->s->n_past < MAX_PAST;
	struct pollfd fds[] = { { k->signals, POLLIN, 0 }, { idle ? k->control[0] : -1, POLLIN, 0 } };

	int n = poll(fds, 2, time_to_let_go(k));
	if (n > 0 && fds[0].revents)
		attend_signal(k);
	else if (n > 0)
		attend_control(k);
	else if (n == 0)
		let_go(k);
}

static void end_child(pid_t child)
{
	if (child <= 0)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void finish(struct keeper *k)
{
	enum { PATIENCE = 500 };

	if (k->stopped && k->s->now.record->mounted)
		serve_unmount(k->folder);
	/* it waits for readers, who wait for the worker */
	for (int i = 0; i < PATIENCE && k->worker && k->renewing && waitpid(k->renewing, NULL, WNOHANG) == 0; i++)
		usleep(10000);
	end_child(k->worker);
	/* it may wait for an answer until the connection is closed, so it is not waited for */
	if (k->warming)
		kill(k->warming, SIGKILL);
	if (k->preparing)
		kill(k->preparing, SIGKILL);
	for (size_t i = 0; i < 2; i++)
		if (k->control[i] >= 0)
			close(k->control[i]);
	close(k->signals);
}

int keep_serving(struct fuse_session *se, struct served *s, int fd, const char *folder, const struct serve_ready *ready,
		  int asker)
{
	struct keeper k = { .se = se, .s = s, .fd = fd, .folder = folder, .ready = ready, .asker = asker, .control = { -1, -1 } };
	bool resume = s->init == 0;

	s->keeper = getpid();
	k.signals = take_signals(!folder);
	if (folder)
		open_control(&k);
	malloc_trim(0);
	s->stored = store_mount(s, fd);
	start_worker(&k, resume);
	answer_control(&k, "");
	if (s->now.record->warm && folder)
		k.warming = start_warming(s, folder, fd);
	get_ready(&k);
	while (!k.ended && !k.stopped)
		attend(&k);
	finish(&k);
	return k.failed ? -ECANCELED : 0;
}
