/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include "topofs/memfile.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A reload is another tree, which comes whole, as a sealed file of memory. The worker ends between two requests, and
 * the next one has both: a file whose content changed is another inode, so what somebody has open stays as it was for
 * a while, and what is opened from now on is new (renew.c).
 */

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
	k->looking = false;
	k->renewing = fork();
	if (k->renewing == 0)
		guard_renewal(k, renew, old);
	if (k->renewing < 0) {
		renew(k->s, k->fd, old);
		renewed(k);
	}
}

void renewed(struct keeper *k)
{
	k->looking = !k->looking && k->pins;
	k->renewing = k->looking ? start_looking(k->s, k->folder, k->pins, k->pins_size, k->fd) : 0;
	if (!k->renewing)
		answer_control(k, "");
}

void answer_control(struct keeper *k, const char *text)
{
	control_reply(k->asker, text);
	k->asker = -1;
}

void let_go(struct keeper *k)
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
	return !strcmp(a->name, b->name) && !strcmp(a->document, b->document) && !strcmp(a->path, b->path) &&
	       !strcmp(a->unlisted, b->unlisted) && a->force == b->force && a->strict == b->strict;
}

static void drop_pins(struct keeper *k)
{
	if (k->pins)
		munmap((void *)k->pins, k->pins_size);
	k->pins = NULL;
	k->pins_size = 0;
}

/* A list of texts, or nothing. */
static void take_pins(struct keeper *k, int fd)
{
	drop_pins(k);
	k->pins = memfile_map(fd, &k->pins_size);
	if (!k->pins || k->pins[k->pins_size - 1] != '\0')
		drop_pins(k);
}

void reload(struct keeper *k, const struct control *c, const struct control_fds *fds)
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
	take_pins(k, fds->pins);
	pins.paths = k->pins;
	pins.len = k->pins_size;
	int64_t differ = generation_next(&k->s->now, fds->tree, &like, &pins, &next, &err);
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

int time_to_let_go(const struct keeper *k)
{
	enum { KEPT_MS = 1000 };
	const struct served *s = k->s;

	if (k->renewing || s->n_past == 0)
		return -1;
	uint64_t now = now_ms(), end = s->past[s->n_past - 1].retired + KEPT_MS;
	return now < end ? (int)(end - now) : 0;
}
