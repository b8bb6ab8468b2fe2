/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include "topofs/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x74617473706f74) /* "topstat" */
enum { VERSION = 1 };

static struct state *map(int fd)
{
	void *p = mmap(NULL, sizeof(struct state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

int state_new(struct state **ret)
{
	int fd = memfile_new("topofs-state");

	if (fd < 0)
		return fd;
	/* it never becomes shorter than what is mapped */
	if (ftruncate(fd, sizeof **ret) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0 ||
	    !(*ret = map(fd))) {
		int error = errno;
		close(fd);
		return -error;
	}
	(*ret)->magic = MAGIC;
	(*ret)->version = VERSION;
	(*ret)->size = sizeof **ret;
	return fd;
}

int state_take(int fd, struct state **ret)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	struct state *s = NULL;

	if (seals >= 0 && seals & F_SEAL_SHRINK && fstat(fd, &st) == 0 && st.st_size == sizeof *s)
		s = map(fd);
	if (!s)
		return -EINVAL;
	if (s->magic == MAGIC && s->version == VERSION && s->size == sizeof *s) {
		*ret = s;
		return 0;
	}
	munmap(s, sizeof *s);
	return -EINVAL;
}
