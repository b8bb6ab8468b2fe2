/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(const double *values, size_t n)
{
	double *sorted = malloc(n * sizeof *sorted);

	if (!sorted)
		fatal("out of memory");
	memcpy(sorted, values, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare);
	double middle = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
	free(sorted);
	return middle;
}

static void print_time(char text[32], double t)
{
	if (t < 1e-3)
		snprintf(text, 32, "%.2f us", t * 1e6);
	else if (t < 1)
		snprintf(text, 32, "%.1f ms", t * 1e3);
	else
		snprintf(text, 32, "%.2f s", t);
}

static void print_row(const char *what, const char *ours, const char *other, const char *ratio, const char *target,
		      const char *verdict)
{
	printf("| %-44s | %-14s | %-20s | %5s | %7s | %-6s |\n", what, ours, other, ratio, target, verdict);
	fflush(stdout);
}

void table_begin(void)
{
	print_row("measured", "topofs", "compared with", "ratio", "at most", "");
	print_row("---", "---", "---", "---:", "---:", "---");
}

void row_ratio(const char *what, const char *other, const double *ours, const double *theirs, size_t rounds,
	       double at_most)
{
	double ratios[rounds];
	char mine[32], time[32], both[64], ratio[16], target[16] = "";

	for (size_t i = 0; i < rounds; i++)
		ratios[i] = ours[i] / theirs[i];
	double r = median(ratios, rounds);
	print_time(mine, median(ours, rounds));
	print_time(time, median(theirs, rounds));
	snprintf(both, sizeof both, "%s %s", other, time);
	snprintf(ratio, sizeof ratio, "%.2f", r);
	if (at_most > 0)
		snprintf(target, sizeof target, "%.2f", at_most);
	print_row(what, mine, both, ratio, target, at_most > 0 ? r <= at_most ? "met" : "missed" : "");
}

void row_limit(const char *what, const char *figure, double value, double at_most, const char *limit)
{
	print_row(what, figure, "", "", limit, value <= at_most ? "met" : "missed");
}

void row_figure(const char *what, const char *figure)
{
	print_row(what, figure, "", "", "", "");
}

void row_missing(const char *what, const char *why)
{
	print_row(what, "", why, "", "", "");
}
