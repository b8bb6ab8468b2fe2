/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const programs[][3] = {
	{ "lscpu", NULL },
	{ "numactl", "-H", NULL },
	{ "lstopo-no-graphics", NULL },
};
enum { N_PROGRAMS = sizeof programs / sizeof *programs, ROUNDS = 41 };

/*
 * This program again, in an environment where programs are timed: a line with a program's number asks, one with the
 * time answers. One such process runs with the real /sys and one within `topofs run`, whose start is not measured.
 */
int serve_programs(void)
{
	for (int i; scanf("%d", &i) == 1 && i >= 0 && i < N_PROGRAMS;) {
		double start = seconds();
		int status = run_program(programs[i], true);
		printf("%d %.9f\n", status, seconds() - start);
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}

struct timer {
	FILE *to, *from;
};

static struct timer start_timer(bool within)
{
	int to[2], from[2];
	char self[] = "/proc/self/exe";
	static char path[4096];

	path[readlink(self, path, sizeof path - 1)] = '\0';
	if (pipe(to) < 0 || pipe(from) < 0)
		fatal("no pipe");
	if (fork() == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		closefrom(STDERR_FILENO + 1);
		/* what topofs run sets too: without it hwloc asks the processor, and takes longer */
		setenv("HWLOC_COMPONENTS", "-x86", 1);
		if (within)
			execlp(topofs(), topofs(), "run", "--force", HERE_JSON, "--", path, "--programs", NULL);
		else
			execl(path, path, "--programs", NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	return (struct timer){ fdopen(to[1], "w"), fdopen(from[0], "r") };
}

/* Returns the program's exit status. */
static int time_program(struct timer *timer, int program, double *time)
{
	int status;

	fprintf(timer->to, "%d\n", program);
	fflush(timer->to);
	if (fscanf(timer->from, "%d %lf", &status, time) != 2)
		fatal("programs cannot be run within topofs run");
	return status;
}

static void bench_program(struct timer timers[2], int program)
{
	double times[2][ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < 2; i++) {
			/* each goes first every other time */
			int which = (i + round) % 2;
			if (time_program(&timers[which], program, &times[which][round])) {
				row_missing(programs[program][0], "not installed, or fails");
				return;
			}
		}
	}
	row_ratio(programs[program][0], "real", times[0], times[1], ROUNDS, 1.05);
}

static void bench_capture(void)
{
	enum { CAPTURES = 9 };
	double times[CAPTURES];
	char figure[32];

	for (int round = 0; round < CAPTURES; round++) {
		double start = seconds();
		if (run_program((const char *const[]){ topofs(), "capture", "-o", WORK "/again.json", NULL }, true))
			fatal("this machine cannot be captured");
		times[round] = seconds() - start;
	}
	snprintf(figure, sizeof figure, "%.2f s", median(times, CAPTURES));
	row_limit("topofs capture of this machine", figure, median(times, CAPTURES), 1, "1 s");
}

void bench_programs(void)
{
	struct timer timers[2] = { start_timer(true), start_timer(false) };
	double ignored;

	for (int program = 0; program < N_PROGRAMS; program++) {
		for (int i = 0; i < 2; i++)
			time_program(&timers[i], program, &ignored);
		bench_program(timers, program);
	}
	for (int i = 0; i < 2; i++) {
		fclose(timers[i].to);
		fclose(timers[i].from);
	}
	bench_capture();
}
