/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Readers compare what a mount serves, past the kernel's caches, with the same files in a folder, while whoever answers
 * for the mount is killed again and again:
 *
 *     storm MOUNT FOLDER SECONDS        prints what happened; status 1 when one reader met anything wrong
 *
 * or while it is reloaded or upgraded by a command, with the files of another folder as the other content:
 *
 *     storm MOUNT FOLDER SECONDS OTHER COMMAND
 *
 * MOUNT may be a folder of several. STORM_READERS says how many readers there are, if not eight.
 */

#include "topofs/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READERS = 8, MAX_READERS = 64, MAX_FILES = 100000, MAX_SIZE = 1 << 20, HANG_SECONDS = 20 };

static struct shared {
	atomic_ulong operations, wrong, errors;
	atomic_ulong longest_us;
	_Atomic double began[MAX_READERS]; /* the operation each is in */
} *shared;

static char *files[MAX_FILES];
static size_t n_files, prefix;
static int readers = READERS;
static const char *mount, *other, *command;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int add_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)at;
	if (kind == FTW_F && st->st_size <= MAX_SIZE && n_files < MAX_FILES)
		files[n_files++] = strdup(path);
	return 0;
}

static ssize_t read_all(const char *path, bool cold, char *bytes)
{
	ssize_t len = 0, n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (cold)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	while ((n = read(fd, bytes + len, (size_t)(MAX_SIZE + 1 - len))) > 0)
		len += n;
	close(fd);
	return n < 0 ? -1 : len;
}

static void count_error(const char *what, const char *path)
{
	fprintf(stderr, "%s %s: %s\n", what, path, strerror(errno));
	atomic_fetch_add(&shared->errors, 1);
}

static bool is_file(const char *file, const char *bytes, ssize_t n, ssize_t *expected)
{
	static char theirs[MAX_SIZE + 1];

	*expected = read_all(file, false, theirs);
	return n == *expected && memcmp(bytes, theirs, (size_t)n) == 0;
}

static void compare_file(const char *served, const char *file)
{
	static char ours[MAX_SIZE + 1];
	char path[4096];
	/* with reloads the kernel's caches are what is to be tested */
	ssize_t n = read_all(served, !other || rand() % 4 == 0, ours), expected;

	snprintf(path, sizeof path, "%s%s", other ? other : "", file + prefix);
	if (n < 0) {
		count_error("read", served);
	} else if (!is_file(file, ours, n, &expected) && !(other && is_file(path, ours, n, &expected))) {
		fprintf(stderr, "%s: %zd bytes that are not the %zd expected\n", served, n, expected);
		atomic_fetch_add(&shared->wrong, 1);
	}
}

/* A name that nobody asked for yet, so that the kernel cannot know it. */
static void look_for_nothing(int reader, unsigned long n)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof path, "%s/sys/absent-%d-%lu", mount, reader, n);
	if (lstat(path, &st) == 0)
		atomic_fetch_add(&shared->wrong, 1);
	else if (errno != ENOENT)
		count_error("look up", path);
}

static void ask_for_size(void)
{
	struct statvfs st;

	if (statvfs(mount, &st) < 0)
		count_error("statfs", mount);
}

static void read_on(int reader, double end)
{
	char path[4096];
	unsigned seed = (unsigned)reader + 1;

	for (unsigned long n = 0; now() < end; n++) {
		const char *file = files[(size_t)rand_r(&seed) % n_files];
		double began = now();
		shared->began[reader] = began;
		snprintf(path, sizeof path, "%s%s", mount, file + prefix);
		if (n % 4 == 1)
			look_for_nothing(reader, n);
		else if (n % 4 == 3)
			ask_for_size();
		else
			compare_file(path, file);
		unsigned long took = (unsigned long)((now() - began) * 1e6), longest = shared->longest_us;
		while (took > longest && !atomic_compare_exchange_weak(&shared->longest_us, &longest, took))
			;
		atomic_fetch_add(&shared->operations, 1);
	}
	shared->began[reader] = 0;
	_exit(EXIT_SUCCESS);
}

static bool hangs(void)
{
	for (int i = 0; i < readers; i++)
		if (shared->began[i] > 0 && now() - shared->began[i] > HANG_SECONDS)
			return true;
	return false;
}

/* Kills who answers 0.2 to 8 ms after it is found to answer. */
static unsigned long kill_on(double end)
{
	struct serve_status status;
	struct err err = { 0 };
	unsigned long kills = 0;
	unsigned seed = 7;

	while (now() < end && !hangs() && serve_status(mount, &status, &err) == 0) {
		usleep(200 + (useconds_t)rand_r(&seed) % 7800);
		kills += status.pid > 1 && kill((pid_t)status.pid, SIGKILL) == 0;
	}
	return kills;
}

static unsigned long run_on(double end)
{
	unsigned long runs = 0;

	while (now() < end && !hangs()) {
		if (system(command) != 0)
			count_error("run", command);
		runs++;
	}
	return runs;
}

int main(int argc, char **argv)
{
	if (argc != 4 && argc != 6)
		return 2;
	other = argc > 4 ? argv[4] : NULL;
	command = argc > 5 ? argv[5] : NULL;
	mount = argv[1];
	prefix = strlen(argv[2]);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || nftw(argv[2], add_file, 32, FTW_PHYS) < 0 || n_files == 0)
		return 2;
	if (getenv("STORM_READERS"))
		readers = atoi(getenv("STORM_READERS"));
	if (readers < 1 || readers > MAX_READERS)
		return 2;
	double end = now() + atof(argv[3]);
	for (int i = 0; i < readers; i++)
		if (fork() == 0)
			read_on(i, end);
	unsigned long kills = command ? run_on(end) : kill_on(end), hung = 0;
	/* who waits for an answer that never comes cannot be waited for */
	for (int i = 0; i < readers; i++) {
		while (waitpid(-1, NULL, WNOHANG) == 0 && !hangs())
			usleep(1000);
		hung += hangs();
	}
	printf("%lu %s, %lu operations, %lu wrong, %lu errors, %lu hang, the longest took %.1f ms\n", kills,
	       command ? "runs" : "kills",
	       (unsigned long)shared->operations, (unsigned long)shared->wrong, (unsigned long)shared->errors, hung,
	       (double)shared->longest_us / 1000);
	return shared->wrong || shared->errors || hung || !kills ? EXIT_FAILURE : EXIT_SUCCESS;
}
