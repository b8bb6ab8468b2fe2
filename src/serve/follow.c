/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

/*
 * Who reads file after file for the first time waits for one answer after the other. The scheduler likes to wake the
 * server on an idle CPU, which has to be woken itself, and the reader's CPU falls asleep meanwhile: in a virtual
 * machine a request took 37 us with the two on different CPUs, 12 us on one. So the server goes to where its only
 * reader is, looks now and then whether that is still there, and is free again with the next reader. It cannot keep
 * the reader from being moved; but to wait for requests without sleeping, instead, was slower than either.
 */

enum { PATIENCE = 16, LOOK_EVERY = 64 };

/* The CPU a thread runs on, or ran last; -1 where that is not to be known. */
static int cpu_of(uint32_t thread)
{
	char path[32], line[1024];
	int cpu = -1;

	snprintf(path, sizeof path, "/proc/%u/stat", thread);
	FILE *stat = fopen(path, "re");
	if (!stat)
		return -1;
	size_t len = fread(line, 1, sizeof line - 1, stat);
	fclose(stat);
	line[len] = '\0';
	/* field 39; the second is a name in parentheses, which may hold anything */
	const char *c = strrchr(line, ')');
	for (int field = 2; c && field < 39; field++)
		c = strchr(c + 1, ' ');
	if (!c || sscanf(c, "%d", &cpu) != 1)
		return -1;
	return cpu;
}

static void go_to(struct follow *f, int cpu)
{
	cpu_set_t one;

	if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &f->allowed))
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	f->bound = sched_setaffinity(0, sizeof one, &one) == 0;
}

void follow_start(struct follow *f)
{
	*f = (struct follow){ 0 };
	sched_getaffinity(0, sizeof f->allowed, &f->allowed);
}

void follow_reader(struct follow *f, uint32_t reader)
{
	if (reader != f->reader && f->bound)
		f->bound = sched_setaffinity(0, sizeof f->allowed, &f->allowed) != 0;
	if (reader != f->reader)
		f->requests = 0;
	f->reader = reader;
	if (reader && f->requests++ % LOOK_EVERY == PATIENCE)
		go_to(f, cpu_of(reader));
}
