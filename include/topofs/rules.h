/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_RULES_H
#define TOPOFS_RULES_H

/*
 * What must hold in a topology, one row an invariant.
 *
 * BROKEN contradicts itself and cannot be served. HARMFUL can, but some program would crash on it: refused
 * unless forced. ODD is what real machines are seen with, or what some program will not cope with.
 */

#include "topofs/topo.h"

#include <stddef.h>

enum severity { ODD, HARMFUL, BROKEN };

/* Limits of the kernel that the programs will run on; 0: not known, the rules about it are skipped. */
struct host_limits {
	uint32_t node_bits; /* digits of Mems_allowed in /proc/self/status, times 4: MAX_NUMNODES */
	uint32_t cpu_bits;  /* bits sched_getaffinity(2) fills: what libnuma takes for the longest mask */
};

struct finding {
	enum severity severity;
	const char *rule;  /* the row's name */
	const char *where; /* "node 1", "pci 0000:3b:00.0" */
	const char *what;
};
typedef LIST_OF(struct finding) findings;

/* What a rule looks at, and where it puts what it finds. */
struct inspection {
	const struct topo *topo;
	const struct host_limits *limits;
	struct arena *arena;
	findings *found;
	const struct rule *rule;
	size_t *n_reported; /* how often the rule has found something */
};

struct rule {
	const char *name; /* "distance-diagonal" */
	enum severity severity;
	const char *doc; /* one sentence: what must hold, and why */
	void (*check)(const struct inspection *);
};

extern const struct rule rules[];
extern const size_t n_rules;

/*
 * Adds what does not hold, the first places of each rule, texts in the arena. Rules below BROKEN run only on a
 * topology that is not broken.
 */
void rules_check(const struct topo *t, const struct host_limits *limits, struct arena *a, findings *found);

#endif
