/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_BENCH_H
#define TOPOFS_BENCH_H

/*
 * A benchmark, not a test: it prints a table and judges no one. Whatever is compared is measured in turns, round by
 * round, so that what disturbs one disturbs all; a ratio is the median of the rounds' ratios.
 */

#include "topofs/serve.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* --- table.c: a row a figure, as Markdown ---------------------------------------------------------------- */

double seconds(void);
double median(const double *values, size_t n);
void table_begin(void);
/* Times in seconds, a round each; `other` says what they are compared with; 0 where there is no target. */
void row_ratio(const char *what, const char *other, const double *ours, const double *theirs, size_t rounds,
	       double at_most);
/* A figure by itself: "2.9 MiB"; `value` and its limit only where there is one (0: none but to be zero). */
void row_limit(const char *what, const char *figure, double value, double at_most, const char *limit);
void row_figure(const char *what, const char *figure);
void row_missing(const char *what, const char *why);

/* --- place.c: the same files on several file systems ----------------------------------------------------- */

/* All at the same depth, so that a path costs the same to walk. */
enum place { OURS, SYSFS, TMPFS, N_PLACES };
extern const char *const place_names[N_PLACES], *const place_roots[N_PLACES];
#define WORK "/mnt/w"
#define HERE_JSON WORK "/here.json"
#define OURS_MOUNT WORK "/ours"

void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Runs a program to its end; silent: without its output. Returns its exit status, 127 where it is not there. */
int run_program(const char *const *argv, bool silent);
/* The topofs to measure. */
const char *topofs(void);
bool topofs_can(const char *command);
bool is_installed(const char *program);
/* Enters a mount namespace of its own, captures this machine and shows it at each place. */
void make_places(void);
/* Mounts the captured machine anew. */
void remount_ours(const char *options);
void mount_machine(const char *topology, const char *options, const char *mountpoint);
void unmount(const char *mountpoint);
/* Requests the server of a mount has got, but for the question itself. */
uint64_t count_requests(const char *mountpoint);
struct serve_status status_of_mount(const char *mountpoint);
uint64_t cpu_time_of(uint64_t pid); /* clock ticks, user and system */

/* --- what is measured ------------------------------------------------------------------------------------ */

/* The paths that all places have; before all else. */
void find_paths(void);
void bench_files(void);
void bench_cold_files(void);
void bench_lxcfs(void);
void bench_readers(void);
void bench_programs(void);
/* What bench_programs() runs of itself in each environment. */
int serve_programs(void);
void bench_machines(void);
void bench_instructions(void);

#endif
