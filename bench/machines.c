/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Examples, or what `topofs generate` makes of a line. */
static const struct machine {
	const char *name, *line;
	double memory_max; /* MiB; 0: 150 bytes an entry */
	double ready_max;  /* seconds; 0: no target */
} machines[] = {
	{ "dgx-h100", NULL, 3, 0 },
	{ "gb200-tray", NULL, 0, 0 },
	{ "pci=1000", "packages=2 cores=64 threads=2 nodes=2 pci=1000", 0, 0 },
	{ "pci=10000", "packages=8 cores=256 threads=2 nodes=64 pci=10000", 0, 0 },
	{ "pci=50000", "packages=8 cores=256 threads=2 nodes=64 pci=50000", 0, 0 },
	{ "pci=100000", "packages=8 cores=256 threads=2 nodes=64 pci=100000", 0, 5 },
};
/* Several times each, where that does not take long. */
enum { ENOUGH_SECONDS = 10 };
enum { N_MACHINES = sizeof machines / sizeof *machines, ROUNDS = 5, HALF = N_MACHINES - 2, WHOLE = N_MACHINES - 1 };

#define MACHINE_MOUNT WORK "/machine"
#define MACHINE_JSON WORK "/machine.json"

struct cost {
	double time; /* seconds until it is ready */
	struct serve_status status;
};

/* One argument a word. */
static bool generate(const char *line)
{
	char words[256], *rest = NULL;
	const char *argv[16] = { topofs(), "generate" };
	size_t n = 2;

	snprintf(words, sizeof words, "%s", line);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[n++] = word;
	argv[n++] = "-o";
	argv[n++] = MACHINE_JSON;
	return run_program(argv, false) == 0;
}

static struct cost measure(const char *topology)
{
	double times[ROUNDS];
	struct cost cost = { 0 };
	double begin = seconds();
	size_t rounds = 0;

	do {
		double start = seconds();
		mount_machine(topology, "ro", MACHINE_MOUNT);
		times[rounds++] = seconds() - start;
		cost.status = status_of_mount(MACHINE_MOUNT);
		unmount(MACHINE_MOUNT);
	} while (rounds < ROUNDS && seconds() - begin < ENOUGH_SECONDS);
	cost.time = median(times, rounds);
	return cost;
}

static void print_cost(const struct machine *m, const struct cost *cost)
{
	char what[64], figure[64], limit[32] = "";
	double mib = (double)cost->status.memory / (1 << 20);
	double each = (double)cost->status.memory / (double)cost->status.entries;

	snprintf(what, sizeof what, "%s, %llu files: ready", m->name, (unsigned long long)cost->status.entries);
	snprintf(figure, sizeof figure, cost->time < 1 ? "%.1f ms" : "%.2f s", cost->time * (cost->time < 1 ? 1e3 : 1));
	snprintf(limit, sizeof limit, "%.0f s", m->ready_max);
	if (m->ready_max > 0)
		row_limit(what, figure, cost->time, m->ready_max, limit);
	else
		row_figure(what, figure);

	snprintf(what, sizeof what, "%s: server's memory", m->name);
	snprintf(figure, sizeof figure, "%.2f MiB", mib);
	snprintf(limit, sizeof limit, "%.0f MiB", m->memory_max);
	if (m->memory_max > 0)
		row_limit(what, figure, mib, m->memory_max, limit);
	else
		row_figure(what, figure);
	snprintf(what, sizeof what, "%s: server's memory, a file", m->name);
	snprintf(figure, sizeof figure, "%.0f bytes", each);
	row_limit(what, figure, each, 150, "150 B");
}

static void print_growth(const char *what, double half, double whole)
{
	char figure[32];

	snprintf(figure, sizeof figure, "%.2f times", whole / half);
	row_limit(what, figure, whole / half, 2.2, "2.2");
}

void bench_machines(void)
{
	struct cost costs[N_MACHINES] = { 0 };
	bool generates = topofs_can("generate");

	mkdir(MACHINE_MOUNT, 0755);
	for (int i = 0; i < N_MACHINES; i++) {
		const struct machine *m = &machines[i];
		if (m->line && (!generates || !generate(m->line))) {
			row_missing(m->name, generates ? "topofs generate fails" : "no topofs generate");
			continue;
		}
		costs[i] = measure(m->line ? MACHINE_JSON : m->name);
		print_cost(m, &costs[i]);
	}
	if (!costs[HALF].time || !costs[WHOLE].time)
		return;
	print_growth("twice the functions: time", costs[HALF].time, costs[WHOLE].time);
	print_growth("twice the functions: memory", (double)costs[HALF].status.memory,
		     (double)costs[WHOLE].status.memory);
}

void bench_instructions(void)
{
	const char *what = "dgx-h100: instructions to load and build";
	char command[4096], line[256], figure[32];
	unsigned long long n = 0;

	if (!is_installed("valgrind")) {
		row_missing(what, "valgrind is missing");
		return;
	}
	snprintf(command, sizeof command,
		 "valgrind --tool=callgrind --callgrind-out-file=/dev/null '%s' check --force dgx-h100 2>&1", topofs());
	FILE *said = popen(command, "re");
	while (said && fgets(line, sizeof line, said))
		if (strstr(line, "Collected"))
			n = strtoull(strchr(line, ':') + 1, NULL, 10);
	if (said)
		pclose(said);
	snprintf(figure, sizeof figure, "%.1f million", (double)n / 1e6);
	row_figure(what, figure);
}
