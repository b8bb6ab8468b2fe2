/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Prints one table: what reading costs on topofs, beside what the same costs elsewhere on the same machine at the same
 * time, and what large machines cost. `make bench` runs it, as root; `make bench PARTS='cold lxcfs'` some parts of it.
 */

#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void print_cpu(void)
{
	char line[256], *model = NULL;
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (!model && f && fgets(line, sizeof line, f))
		if (!strncmp(line, "model name", 10) && (model = strchr(line, ':')))
			printf("%s", model + 2);
	if (f)
		fclose(f);
}

static void print_machine(void)
{
	struct utsname u;

	uname(&u);
	print_cpu();
	printf("%ld CPUs, Linux %.*s, topofs " PACKAGE_VERSION "\n\n", sysconf(_SC_NPROCESSORS_ONLN),
	       (int)strcspn(u.release, "-"), u.release);
}

static const struct {
	const char *name;
	void (*bench)(void);
} parts[] = {
	{ "files", bench_files },	 { "lxcfs", bench_lxcfs },	 { "readers", bench_readers },
	{ "cold", bench_cold_files },	 { "programs", bench_programs }, { "machines", bench_machines },
	{ "count", bench_instructions },
};

/* Without names, all. */
static bool is_asked_for(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--programs"))
		return serve_programs();
	make_places();
	find_paths();
	print_machine();
	table_begin();
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (is_asked_for(parts[i].name, argc, argv))
			parts[i].bench();
	return 0;
}
