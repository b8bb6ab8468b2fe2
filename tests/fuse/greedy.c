/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A reader that asks for as much as it can of a mount, and lets go of nothing:
 *
 *     greedy MOUNT        says "held" with all its files open, and ends when its input does
 */

#include "topofs/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { TIMES = 2, NAMES = 4000, HUGE = 1 << 30 };

static char *huge; /* room that takes no memory until it is read into */
static size_t n_open, n_asked;

static void ask_file(int fd)
{
	/* where there is nothing, and more than there is */
	static const off_t offsets[] = { 0, 1, 4095, 1 << 20, INT32_MAX, INT64_MAX - 1 };
	struct pollfd poll_fd = { fd, POLLIN | POLLPRI, 0 };
	char name[64];

	for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		n_asked += pread(fd, huge, HUGE, offsets[i]) >= 0;
		lseek(fd, offsets[i], SEEK_DATA);
	}
	for (unsigned long request = 0; request < 64; request++)
		ioctl(fd, request << 26 | 0x3fff0000 | request, huge);
	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof name, "user.of-many-%d", i);
		fgetxattr(fd, name, huge, 1 << 16);
		fsetxattr(fd, name, huge, 1 << 16, 0);
	}
	flistxattr(fd, huge, 1 << 16);
	flock(fd, LOCK_SH | LOCK_NB);
	fcntl(fd, F_SETLK, &(struct flock){ .l_type = F_RDLCK, .l_start = (off_t)n_asked, .l_len = 1 });
	poll(&poll_fd, 1, 0);
	if (mmap(NULL, 1 << 16, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED)
		n_asked++;
}

static void ask_folder(int fd, const char *path)
{
	static const off_t offsets[] = { 0, 1, 2, 3, 1000, INT32_MAX, INT64_MAX };
	struct serve_status status;
	struct err err;

	for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
		if (lseek(fd, offsets[i], SEEK_SET) >= 0)
			while (syscall(SYS_getdents64, fd, huge, 1 << 20) > 0)
				n_asked++;
	n_asked += serve_status(path, &status, &err) == 0;
}

static int ask(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	struct statvfs fs;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	(void)st, (void)at;
	if (fd < 0)
		return 0;
	n_open++;
	if (kind == FTW_F)
		ask_file(fd);
	else if (kind == FTW_D)
		ask_folder(fd, path);
	fstatvfs(fd, &fs);
	return 0;
}

/* Long ones, each another. */
static void ask_for_names(const char *mount)
{
	char path[4096];
	struct stat st;

	for (int i = 0; i < NAMES; i++) {
		snprintf(path, sizeof path, "%s/sys/%0240d-%d", mount, i, (int)getpid());
		n_asked += lstat(path, &st) < 0 && errno == ENOENT;
	}
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	if (argc != 2 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 2;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	huge = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (huge == MAP_FAILED)
		return 2;
	for (int i = 0; i < TIMES; i++)
		if (nftw(argv[1], ask, 32, FTW_PHYS) < 0)
			return 1;
	ask_for_names(argv[1]);
	printf("held %zu, answered %zu\n", n_open, n_asked);
	fclose(stdout);
	while (getchar() != EOF)
		;
	return n_open && n_asked ? EXIT_SUCCESS : EXIT_FAILURE;
}
