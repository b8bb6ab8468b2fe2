/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- one operation --------------------------------------------------------------------------------------- */

static void open_read_close(const char *path)
{
	char bytes[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	while (read(fd, bytes, sizeof bytes) > 0)
		;
	close(fd);
}

static void ask_stat(const char *path)
{
	struct stat st;

	stat(path, &st);
}

static void ask_realpath(const char *path)
{
	char real[PATH_MAX];

	realpath(path, real);
}

static void ask_readlink(const char *path)
{
	char text[PATH_MAX];

	readlink(path, text, sizeof text);
}

static int count_names(const char *path)
{
	int n = 0;
	DIR *dir = opendir(path);

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static void list(const char *path)
{
	count_names(path);
}

/* --- on what --------------------------------------------------------------------------------------------- */

enum kind { FILES, LINKS, FOLDERS, ABSENT, EVERYTHING, N_KINDS };

/* The same paths at each place. */
struct paths {
	char **at[N_PLACES];
	size_t n;
};
static struct paths all[N_KINDS];

static void add_path(enum kind kind, const char *below, const char *more)
{
	struct paths *p = &all[kind];

	for (int place = 0; place < N_PLACES; place++) {
		p->at[place] = reallocarray(p->at[place], p->n + 1, sizeof *p->at[place]);
		if (!p->at[place] || asprintf(&p->at[place][p->n], "%s%s%s", place_roots[place], below, more) < 0)
			fatal("out of memory");
	}
	p->n++;
}

/* What the real /sys has too, of the same kind, and lets itself be read; of folders those with as many names. */
static int add_found(const char *path, const struct stat *st, int unused, struct FTW *ftw)
{
	char real[PATH_MAX], byte;
	const char *below = path + strlen(place_roots[OURS]);
	struct stat there;
	(void)unused, (void)ftw;

	snprintf(real, sizeof real, "%s%s", place_roots[SYSFS], below);
	if (lstat(real, &there) || (there.st_mode & S_IFMT) != (st->st_mode & S_IFMT))
		return 0;
	enum kind kind = S_ISREG(st->st_mode) ? FILES : S_ISLNK(st->st_mode) ? LINKS : FOLDERS;
	if (kind == FILES) {
		int fd = open(real, O_RDONLY | O_CLOEXEC);
		bool reads = fd >= 0 && read(fd, &byte, 1) >= 0;
		close(fd);
		if (!reads)
			return 0;
	}
	add_path(EVERYTHING, below, "");
	if (kind != FOLDERS || count_names(path) == count_names(real))
		add_path(kind, below, "");
	if (kind == FOLDERS)
		add_path(ABSENT, below, "/absent");
	return 0;
}

void find_paths(void)
{
	if (nftw(place_roots[OURS], add_found, 64, FTW_PHYS) || !all[FILES].n || !all[LINKS].n || !all[FOLDERS].n)
		fatal("%s has no files in common with the real one", place_roots[OURS]);
}

/* --- warm ------------------------------------------------------------------------------------------------ */

struct op {
	const char *what;
	void (*one)(const char *path);
	enum kind kind;
	double at_most[N_PLACES]; /* of that place's time; 0: no target */
};

static const struct op ops[] = {
	{ "open+read+close, warm", open_read_close, FILES, { [SYSFS] = 0.85, [TMPFS] = 1.4 } },
	{ "stat, warm", ask_stat, FILES, { [SYSFS] = 1.1 } },
	{ "realpath of a link, warm", ask_realpath, LINKS, { [SYSFS] = 1.1 } },
	{ "readlink, warm", ask_readlink, LINKS, { 0 } },
	{ "readdir of a folder, warm", list, FOLDERS, { [SYSFS] = 1.1 } },
	{ "stat of what is absent, warm", ask_stat, ABSENT, { 0 } },
};
enum { N_OPS = sizeof ops / sizeof *ops, ROUNDS = 31, COLD_ROUNDS = 15, READERS = 64 };

/* Seconds for one, of so many passes over all. */
static double time_op(void (*one)(const char *path), char *const *paths, size_t n, int passes)
{
	double start = seconds();

	for (int pass = 0; pass < passes; pass++)
		for (size_t i = 0; i < n; i++)
			one(paths[i]);
	return (seconds() - start) / ((double)n * passes);
}

/* The same file by file: an average says little where a few attributes ask the hardware. */
static void bench_each_file(void)
{
	const struct paths *p = &all[FILES];
	double times[N_PLACES][p->n];

	for (size_t i = 0; i < p->n; i++)
		for (int place = 0; place < N_PLACES; place++)
			times[place][i] = time_op(open_read_close, &p->at[place][i], 1, 50);
	for (int place = SYSFS; place < N_PLACES; place++)
		row_ratio("the same, the median file", place_names[place], times[OURS], times[place], p->n,
			  ops[0].at_most[place]);
}

/* As many passes as take 4 ms or so. */
static int passes_for(const struct op *op)
{
	const struct paths *p = &all[op->kind];
	double one = time_op(op->one, p->at[SYSFS], p->n, 1);

	return 1 + (int)(4e-3 / (one * (double)p->n));
}

static void row_of_requests(const char *what, uint64_t n)
{
	char figure[32];

	snprintf(figure, sizeof figure, "%llu requests", (unsigned long long)n);
	row_limit(what, figure, (double)n, 0, "0");
}

void bench_files(void)
{
	static double times[N_OPS][N_PLACES][ROUNDS];
	int passes[N_OPS];

	for (int o = 0; o < N_OPS; o++) {
		for (int place = 0; place < N_PLACES; place++)
			time_op(ops[o].one, all[ops[o].kind].at[place], all[ops[o].kind].n, 1);
		passes[o] = passes_for(&ops[o]);
	}
	uint64_t before = count_requests(OURS_MOUNT);
	for (int round = 0; round < ROUNDS; round++)
		for (int o = 0; o < N_OPS; o++)
			for (int place = 0; place < N_PLACES; place++)
				times[o][place][round] =
					time_op(ops[o].one, all[ops[o].kind].at[place], all[ops[o].kind].n, passes[o]);
	for (int o = 0; o < N_OPS; o++) {
		for (int place = SYSFS; place < N_PLACES; place++)
			row_ratio(ops[o].what, place_names[place], times[o][OURS], times[o][place], ROUNDS,
				  ops[o].at_most[place]);
		if (o == 0)
			bench_each_file();
	}
	uint64_t asked = count_requests(OURS_MOUNT) - before;
	row_of_requests("server, all of these", asked);
}

/* --- cold ------------------------------------------------------------------------------------------------ */

/* The kernel forgets the names and inodes of all file systems. */
static bool empty_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "2\n", 2) == 2;

	close(fd);
	return done;
}

/* Who sees a tree for the first time lists each folder, then reads what is in it. */
static void visit(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return;
	if (S_ISDIR(st.st_mode))
		list(path);
	else if (S_ISLNK(st.st_mode))
		ask_readlink(path);
	else
		open_read_close(path);
}

struct first_look {
	const char *what;
	void (*one)(const char *path);
	enum kind kind;
};
static const struct first_look looks[] = {
	{ "first look at the whole tree, a file", visit, EVERYTHING },
	{ "first open+read+close of each, unlisted", open_read_close, FILES },
};

static double time_look(const struct first_look *look, enum place place)
{
	const struct paths *p = &all[look->kind];

	return time_op(look->one, p->at[place], p->n, 1) * (double)p->n / (double)all[FILES].n;
}

static void bench_look(const struct first_look *look)
{
	double times[N_PLACES][COLD_ROUNDS];

	for (int round = 0; round < COLD_ROUNDS; round++) {
		if (!empty_caches()) {
			row_missing(look->what, "caches cannot be emptied");
			return;
		}
		times[SYSFS][round] = time_look(look, SYSFS);
		remount_ours("ro");
		times[OURS][round] = time_look(look, OURS);
	}
	row_ratio(look->what, place_names[SYSFS], times[OURS], times[SYSFS], COLD_ROUNDS, 1.3);
}

void bench_cold_files(void)
{
	double first[COLD_ROUNDS], second[COLD_ROUNDS];
	uint64_t asked = 0;

	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
		bench_look(&looks[i]);
	for (int round = 0; round < COLD_ROUNDS; round++) {
		remount_ours("warm");
		uint64_t before = count_requests(OURS_MOUNT);
		first[round] = time_look(&looks[0], OURS);
		asked += count_requests(OURS_MOUNT) - before;
		second[round] = time_look(&looks[0], OURS);
	}
	row_ratio("first look at it after mount -o warm", "second look", first, second, COLD_ROUNDS, 0);
	row_of_requests("server, first look after mount -o warm", asked);
}

/* --- lxcfs ----------------------------------------------------------------------------------------------- */

#define LXCFS_MOUNT WORK "/lxcfs"
#define CPU_ONLINE "/devices/system/cpu/online"

static pid_t start_lxcfs(void)
{
	mkdir(LXCFS_MOUNT, 0755);
	pid_t child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execlp("lxcfs", "lxcfs", "-f", "--pidfile", WORK "/lxcfs.pid", LXCFS_MOUNT, NULL);
		_exit(127);
	}
	for (int tries = 0; tries < 100 && access(LXCFS_MOUNT "/sys" CPU_ONLINE, R_OK); tries++)
		usleep(50000);
	return child;
}

void bench_lxcfs(void)
{
	static char ours[PATH_MAX], theirs[] = LXCFS_MOUNT "/sys" CPU_ONLINE;
	char *paths[] = { ours, theirs };
	double times[2][ROUNDS];
	const char *what = "open+read+close of cpu/online";

	if (!is_installed("lxcfs")) {
		row_missing(what, "lxcfs is not installed");
		return;
	}
	snprintf(ours, sizeof ours, "%s%s", place_roots[OURS], CPU_ONLINE);
	pid_t child = start_lxcfs();
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < 2; i++)
			times[i][round] = time_op(open_read_close, &paths[i], 1, i == 0 ? 2000 : 100);
	if (access(theirs, R_OK))
		row_missing(what, "lxcfs does not start");
	else
		row_ratio(what, "lxcfs", times[0], times[1], ROUNDS, 0.06);
	if (child > 0)
		kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	unmount(LXCFS_MOUNT);
}

/* --- many readers ---------------------------------------------------------------------------------------- */

/* Forks readers, who begin together when the pipe is closed; returns how long all of them took. */
static double time_readers(void (*read_all)(const struct paths *p, enum place place), enum place place)
{
	int gate[2];
	char byte;

	if (pipe(gate) < 0)
		fatal("no pipe");
	for (int i = 0; i < READERS; i++) {
		pid_t child = fork();
		if (child < 0)
			fatal("cannot start %d readers", READERS);
		if (child > 0)
			continue;
		close(gate[1]);
		if (read(gate[0], &byte, 1) == 0)
			read_all(&all[FILES], place);
		_exit(0);
	}
	close(gate[0]);
	double start = seconds();
	close(gate[1]);
	while (wait(NULL) > 0)
		;
	return seconds() - start;
}

enum { READER_PASSES = 10, POLL_SECONDS = 10, POLLED = 50 };

static void read_often(const struct paths *p, enum place place)
{
	time_op(open_read_close, p->at[place], p->n, READER_PASSES);
}

/* A hundred times a second. */
static void poll_files(const struct paths *p, enum place place)
{
	for (double end = seconds() + POLL_SECONDS; seconds() < end; usleep(10000))
		time_op(open_read_close, p->at[place], p->n < POLLED ? p->n : POLLED, 1);
}

void bench_readers(void)
{
	enum { N = 9 };
	double times[N_PLACES][N];
	char figure[32];
	uint64_t pid = status_of_mount(OURS_MOUNT).pid;

	read_often(&all[FILES], OURS);
	uint64_t before = cpu_time_of(pid);
	for (int round = 0; round < N; round++)
		for (int place = 0; place < N_PLACES; place++)
			times[place][round] =
				time_readers(read_often, place) / (READERS * READER_PASSES * (double)all[FILES].n);
	for (int place = SYSFS; place < N_PLACES; place++)
		row_ratio("open+read+close, 64 readers at once", place_names[place], times[OURS], times[place], N,
			  place == SYSFS ? ops[0].at_most[SYSFS] : 0);
	sleep(1);
	time_readers(poll_files, OURS);
	uint64_t used = cpu_time_of(pid) - before;
	snprintf(figure, sizeof figure, "%llu CPU ticks", (unsigned long long)used);
	row_limit("server, 64 readers, then 64 polling for 10 s", figure, (double)used, 0, "0");
}
