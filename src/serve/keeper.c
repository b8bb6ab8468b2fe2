/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The mount outlives who answers for it:
 *
 *     kernel <-- connection --> keeper            agrees with the kernel once, then only waits
 *                    |             | fork
 *                    '--------> worker            answers; another one takes its place when it dies
 *
 * All are one process until the kernel's INIT is answered, so a worker has the tree, the session and the connection as
 * the keeper has them, and takes a millisecond to start. The connection lives as long as one of the two has it open.
 *
 * A request that a worker had read when it died is not lost: the kernel is asked to send it again, or it is answered
 * from the memory both share, into which it was read. Answering twice does no harm: the kernel knows no such request.
 */

struct keeper {
	struct fuse_session *se;
	struct served *s;
	int fd;
	pid_t worker, warming; /* 0 where there is none */
	const struct serve_ready *ready; /* NULL once it was told */
	uint64_t requests; /* there were when a worker died last */
	unsigned idle_deaths; /* of workers, one after the other, without a request between */
};

static const int stop_signals[] = { SIGTERM, SIGINT, SIGHUP };
enum { N_STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

/* Signals are kept until they are asked for, also those that whoever started this process had ignored. */
static sigset_t take_signals(bool ignore_stops)
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
	return taken;
}

/* What ends the mount ends the worker; a signal to both, from a terminal or a service manager, is the keeper's. */
static void work(struct keeper *k, bool resume)
{
	sigset_t none;

	for (size_t i = 0; i < N_STOP_SIGNALS; i++)
		signal(stop_signals[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	follow_start(&k->s->follow);
	confine_worker();
	answer_requests(k->se, k->s, k->fd, resume);
	_exit(EXIT_SUCCESS);
}

static void start_worker(struct keeper *k)
{
	bool resume = atomic_fetch_add(&k->s->workers, 1) > 0;

	while ((k->worker = fork()) < 0)
		sleep(1);
	if (k->worker == 0)
		work(k, resume);
}

static uint64_t count_all(const struct served *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < SERVE_N_OPCODES; i++)
		n += atomic_load_explicit(&s->requests[i], memory_order_relaxed);
	return n;
}

/* A worker that was killed did nothing wrong; of one that crashed the request in hand is suspected. */
static void note_death(struct keeper *k, int status)
{
	struct served *s = k->s;
	uint64_t unique = s->request.header.unique & ~FUSE_UNIQUE_RESEND;

	if ((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) || s->request.header.len == 0)
		return;
	s->suspect.crashes = unique == s->suspect.unique ? s->suspect.crashes + 1 : 1;
	s->suspect.unique = unique;
}

/* Workers that cannot even begin would keep a CPU busy. */
static void wait_before_next(struct keeper *k)
{
	enum { HASTE = 16, LONGEST_MS = 1000 };
	uint64_t now = count_all(k->s);

	k->idle_deaths = now == k->requests ? k->idle_deaths + 1 : 0;
	k->requests = now;
	if (k->idle_deaths > HASTE)
		usleep((k->idle_deaths < LONGEST_MS ? k->idle_deaths : LONGEST_MS) * 1000);
}

static void tell_ready(struct keeper *k)
{
	if (k->warming || !k->ready)
		return;
	k->ready->call(k->ready->ctx);
	k->ready = NULL;
}

/* Returns whether there is a worker, as there is until the connection ends. */
static bool attend_children(struct keeper *k)
{
	int status;

	for (pid_t child; (child = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (child == k->warming) {
			k->warming = 0;
			tell_ready(k);
		} else if (child == k->worker) {
			k->worker = 0;
			if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
				return false;
			note_death(k, status);
			wait_before_next(k);
			start_worker(k);
		}
	}
	return true;
}

void keep_serving(struct fuse_session *se, struct served *s, int fd, const char *folder, const struct serve_ready *ready)
{
	struct keeper k = { .se = se, .s = s, .fd = fd, .ready = ready };
	sigset_t taken = take_signals(!folder);
	int signal;

	s->keeper = getpid();
	malloc_trim(0);
	start_worker(&k);
	if (s->what->warm && folder)
		k.warming = start_warming(s->what->tree, folder, fd);
	tell_ready(&k);
	do
		signal = sigwaitinfo(&taken, NULL);
	while (signal < 0 || (signal == SIGCHLD && attend_children(&k)));
	if (signal != SIGCHLD)
		serve_unmount(folder);
	if (k.worker) {
		kill(k.worker, SIGKILL);
		waitpid(k.worker, NULL, 0);
	}
	/* it may wait for an answer until the connection is closed, so it is not waited for */
	if (k.warming)
		kill(k.warming, SIGKILL);
}
