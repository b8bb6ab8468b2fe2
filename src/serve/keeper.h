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
	pid_t worker, warming, renewing; /* 0 where there is none */
	int asker; /* who waits for the end of the renewal; -1 where nobody does */
	const struct serve_ready *ready; /* NULL once it was told */
	uint64_t requests; /* there were when a worker died last */
	unsigned idle_deaths; /* of workers, one after the other, without a request between */
	bool ended;	   /* the connection is */
	bool stopped;	   /* by a signal */
};

#endif
