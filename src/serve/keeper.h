/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_KEEPER_H
#define TOPOFS_KEEPER_H

#include "served.h"

/* What the keeper of a mount knows beside what it shares with its workers. */
struct keeper {
	struct fuse_session *se;
	struct served *s;
	int fd;
	const char *folder;
	int signals;
	int control[2]; /* what is asked of it comes out of the first, and is put into the second */
	pid_t worker, warming, preparing, renewing; /* 0 where there is none */
	bool looking;				    /* renewing, that it is already at the last of it */
	const char *pins;			    /* of the last reload, mapped; NULL where there are none */
	size_t pins_size;
	int asker; /* who waits for the end of the renewal; -1 where nobody does */
	const struct serve_ready *ready; /* NULL once it was told */
	uint64_t requests; /* there were when a worker died last */
	unsigned idle_deaths; /* of workers, one after the other, without a request between */
	bool ended;	   /* the connection is */
	bool stopped;	   /* by a signal, or as nothing could be prepared: */
	int failed;	   /* 0, or why, as keep_serving() returns it */
};

/* --- keeper.c --------------------------------------------------------------------------------------------- */

enum { N_STOP_SIGNALS = 3 };
extern const int stop_signals[N_STOP_SIGNALS];

/* --- worker.c --------------------------------------------------------------------------------------------- */

/* `resume`: the one before left something unanswered. */
void start_worker(struct keeper *k, bool resume);
/* It ends between two requests; one that does not come to that is killed. Returns whether it was. */
bool end_worker(struct keeper *k);
void replace_worker(struct keeper *k);
/* Another one takes its place, unless the connection has ended. */
void worker_died(struct keeper *k, int status);

/* --- reload.c --------------------------------------------------------------------------------------------- */

void reload(struct keeper *k, const struct control *c, const struct control_fds *fds);
/* In milliseconds, until the oldest generation has not been wanted for a second; -1: there is none. */
int time_to_let_go(const struct keeper *k);
/* Of that; whoever still has something of it open gets what is there now. */
void let_go(struct keeper *k);
/* The process that did it has ended: another one does the rest, or whoever waits is told. */
void renewed(struct keeper *k);
/* To whoever waits; "" where all went well. */
void answer_control(struct keeper *k, const char *text);

/* --- store.c ---------------------------------------------------------------------------------------------- */

/*
 * What a service manager keeps, so that kill -9 of all of a mount's processes does not end it. store_mount()
 * returns whether there is one.
 */
bool store_mount(const struct served *s, int connection);
void store_generation(const struct generation *g);
void forget_generation(const struct generation *g);
void forget_mount(const struct served *s);
/* Goes on as another program, which finds the mount as serve_is_handed() says; returns where that cannot be. */
void become(struct keeper *k, int program);
/* What was handed: the connection, or a negative errno. */
int take_handed(struct served *s, struct handed *ret);
/* The service manager is to forget it. */
void forget_handed(void);

#endif
