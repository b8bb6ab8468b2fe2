/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/fuse.h>

const char *const place_names[N_PLACES] = { "topofs", "sysfs", "tmpfs" };
const char *const place_roots[N_PLACES] = { "/mnt/t", "/mnt/s", "/mnt/m" };

void fatal(const char *fmt, ...)
{
	va_list ap;

	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

int run_program(const char *const *argv, bool silent)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		int null = silent ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
		if (null >= 0) {
			dup2(null, STDOUT_FILENO);
			dup2(null, STDERR_FILENO);
		}
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

const char *topofs(void)
{
	const char *path = getenv("TOPOFS");

	return path ? path : "topofs";
}

bool topofs_can(const char *command)
{
	return run_program((const char *const[]){ topofs(), command, "--help", NULL }, true) == 0;
}

bool is_installed(const char *program)
{
	return run_program((const char *const[]){ program, "--version", NULL }, true) != 127;
}

static void must(const char *const *argv)
{
	if (run_program(argv, false))
		fatal("%s %s failed", argv[0], argv[1]);
}

static void bind(const char *from, const char *to)
{
	if (mount(from, to, NULL, MS_BIND, NULL) < 0)
		fatal("cannot bind %s: %s", from, strerror(errno));
}

void mount_machine(const char *topology, const char *options, const char *mountpoint)
{
	must((const char *const[]){ topofs(), "mount", "--force", "-o", options, topology, mountpoint, NULL });
}

void unmount(const char *mountpoint)
{
	umount2(mountpoint, MNT_DETACH);
}

static void unmount_ours(void)
{
	unmount(place_roots[OURS]);
	unmount(OURS_MOUNT);
}

void remount_ours(const char *options)
{
	unmount_ours();
	mount_machine(HERE_JSON, options, OURS_MOUNT);
	bind(OURS_MOUNT "/sys", place_roots[OURS]);
}

void make_places(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		fatal("cannot mount: %s (needs root)", strerror(errno));
	if (mount("bench", "/mnt", "tmpfs", 0, "mode=755") < 0)
		fatal("cannot mount a tmpfs on /mnt: %s", strerror(errno));
	mkdir(WORK, 0755);
	mkdir(OURS_MOUNT, 0755);
	for (int p = 0; p < N_PLACES; p++)
		mkdir(place_roots[p], 0755);
	must((const char *const[]){ topofs(), "capture", "-o", HERE_JSON, NULL });
	must((const char *const[]){ topofs(), "render", "--force", "-o", WORK "/tree", HERE_JSON, NULL });
	bind("/sys", place_roots[SYSFS]);
	bind(WORK "/tree/sys", place_roots[TMPFS]);
	/* the server is in the namespace too: as long as it has something to serve, both stay */
	atexit(unmount_ours);
	remount_ours("ro");
}

struct serve_status status_of_mount(const char *mountpoint)
{
	struct serve_status status;
	struct err err;

	if (serve_status(mountpoint, &status, &err) < 0)
		fatal("%s: %s", mountpoint, err.what);
	return status;
}

uint64_t count_requests(const char *mountpoint)
{
	struct serve_status status = status_of_mount(mountpoint);
	uint64_t sum = 0;

	for (size_t i = 0; i < SERVE_N_OPCODES; i++)
		sum += i == FUSE_IOCTL ? 0 : status.requests[i];
	return sum;
}

uint64_t cpu_time_of(uint64_t pid)
{
	char path[64];
	unsigned long long user = 0, system = 0;

	snprintf(path, sizeof path, "/proc/%llu/stat", (unsigned long long)pid);
	FILE *f = fopen(path, "re");
	/* fields 14 and 15; the second, in parentheses, is a name without spaces */
	if (!f || fscanf(f, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu", &user, &system) != 2)
		fatal("%s cannot be read", path);
	fclose(f);
	return user + system;
}
