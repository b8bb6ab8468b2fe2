/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A request that a worker had read when it died is not lost: the kernel is asked to send it again, or it is answered
 * from the memory both share, into which it was read. Answering twice does no harm: the kernel knows no such request.
 */

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

void start_worker(struct keeper *k, bool resume)
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

/* A signal that comes just before it waits is lost, so there are several. */
bool end_worker(struct keeper *k)
{
	enum { PATIENCE = 1000 };
	int status = 0;
	pid_t gone = 0;

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

void replace_worker(struct keeper *k)
{
	bool resume = end_worker(k);

	if (!k->ended)
		start_worker(k, resume);
}

void worker_died(struct keeper *k, int status)
{
	k->worker = 0;
	k->ended = has_ended(status);
	if (k->ended)
		return;
	note_death(k, status);
	wait_before_next(k);
	start_worker(k, true);
}
