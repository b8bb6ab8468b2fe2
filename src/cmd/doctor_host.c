/* SPDX-License-Identifier: Apache-2.0 */

/* What programs that read the files will meet on this host. */

#include "doctor.h"

#include "topofs/cmd.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- fusermount3 ----------------------------------------------------------------------------------------- */

static bool find_fusermount(struct buf *path, struct stat *st)
{
	const char *folders = getenv("PATH");
	for (const char *end; folders && *folders; folders = *end ? end + 1 : end) {
		end = strchrnul(folders, ':');
		buf_cut(path, 0);
		buf_printf(path, "%.*s/fusermount3", (int)(end - folders), folders);
		if (!stat(buf_text(path), st) && S_ISREG(st->st_mode) && !access(buf_text(path), X_OK))
			return true;
	}
	return false;
}

static bool others_allowed(void)
{
	char line[256], word[32];
	bool found = false;
	FILE *in = fopen("/etc/fuse.conf", "re");
	while (in && fgets(line, sizeof line, in))
		found |= sscanf(line, "%31s", word) == 1 && !strcmp(word, "user_allow_other");
	if (in)
		fclose(in);
	return found;
}

void look_at_fusermount(const struct host *h, struct verdict *v)
{
	_cleanup_buf_ struct buf path = { 0 };
	struct stat st;
	(void)h;
	if (!find_fusermount(&path, &st)) {
		say(v, NOTE, "there is no fusermount3: ordinary users cannot use topofs mount");
		advise(v, "it comes with the package fuse3");
	} else if (st.st_uid != 0 || !(st.st_mode & S_ISUID)) {
		say(v, NOTE, "%s is not setuid root: ordinary users cannot use topofs mount", buf_text(&path));
	} else if (!others_allowed()) {
		say(v, NOTE,
		    "/etc/fuse.conf does not have user_allow_other: "
		    "what an ordinary user mounts nobody else can read");
		advise(v, "add a line user_allow_other, if they shall");
	} else {
		say(v, OK, "ordinary users can use topofs mount, also for others");
	}
}

/* --- libudev --------------------------------------------------------------------------------------------- */

/* The library that programs here would load. */
static bool find_libudev(char *path, size_t room)
{
	Dl_info info;
	void *library = dlopen("libudev.so.1", RTLD_LAZY | RTLD_LOCAL);
	void *symbol = library ? dlsym(library, "udev_new") : NULL;
	bool found = symbol && dladdr(symbol, &info) && info.dli_fname;
	if (found)
		snprintf(path, room, "%s", info.dli_fname);
	if (library)
		dlclose(library);
	return found;
}

/* 1: it has the text, 0: not, negative: cannot be read. */
static int file_has(const char *path, const char *text)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 || fstat(fd, &st) ? -errno : 0;
	char *bytes = rc ? MAP_FAILED : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (!rc)
		rc = bytes == MAP_FAILED ? -errno : memmem(bytes, (size_t)st.st_size, text, strlen(text)) != NULL;
	if (bytes != MAP_FAILED)
		munmap(bytes, (size_t)st.st_size);
	if (fd >= 0)
		close(fd);
	return rc;
}

void look_at_udev(const struct host *h, struct verdict *v)
{
	static const char variable[] = "SYSTEMD_DEVICE_VERIFY_SYSFS";
	const char *value = getenv(variable);
	char path[4096];
	(void)h;
	if (!find_libudev(path, sizeof path)) {
		say(v, OK, "there is no libudev here that could insist on sysfs");
		return;
	}
	int insists = file_has(path, variable);
	if (insists < 0) {
		say(v, NOTE, "not known, as %s cannot be read: %s", path, strerror(-insists));
	} else if (!insists) {
		say(v, OK, "%s does not insist on sysfs", path);
	} else if (value && !strcmp(value, "0")) {
		say(v, OK, "%s=0 is in this environment: libudev takes files of topofs for devices", variable);
	} else {
		say(v, NOTE,
		    "libudev takes only what is on sysfs for a device: udevadm and others find none on a machine");
		advise(v, "put %s=0 into the environment of containers, as topofs run and topofs cdi do", variable);
	}
}

/* --- what seccomp may refuse ----------------------------------------------------------------------------- */

/* A container's filter says EPERM, or ENOSYS as if the kernel had no such call. */
void look_at_mempolicy(const struct host *h, struct verdict *v)
{
	(void)h;
	if (!syscall(SYS_get_mempolicy, NULL, NULL, 0, NULL, 0)) {
		say(v, OK, "get_mempolicy(2) works: numactl and libnuma see the nodes of a machine");
		return;
	}
	int error = errno;
	say(v, PROBLEM,
	    "get_mempolicy(2) fails: %s: numactl and libnuma say that there is no NUMA, whatever the files say",
	    strerror(error));
	if (error == ENOSYS)
		advise(v, "a kernel with CONFIG_NUMA is needed, or a seccomp profile that allows it");
	else
		advise(v, "give the container CAP_SYS_NICE (--cap-add SYS_NICE), or another seccomp profile");
}

void look_at_affinity(const struct host *h, struct verdict *v)
{
	unsigned long mask[65536 / 8 / sizeof(unsigned long)];
	(void)h;
	if (syscall(SYS_sched_getaffinity, 0, sizeof mask, mask) > 0) {
		say(v, OK, "sched_getaffinity(2) works, and tells the CPUs of the real machine");
		return;
	}
	say(v, PROBLEM,
	    "sched_getaffinity(2) fails: %s: libnuma, hwloc and NCCL cannot tell how many CPUs there can be",
	    strerror(errno));
	advise(v, "give the container a seccomp profile that allows it");
}

/* Kernels of distributions are built for more: 8192 CPUs and 1024 nodes on x86. */
void look_at_masks(const struct host *h, struct verdict *v)
{
	enum { MANY_CPUS = 512, MANY_NODES = 256 };
	struct host_limits limits = this_kernel();
	(void)h;
	if (!limits.node_bits || !limits.cpu_bits)
		say(v, NOTE, "not known, as /proc/self/status or sched_getaffinity(2) does not tell");
	else if (limits.cpu_bits < MANY_CPUS || limits.node_bits < MANY_NODES)
		say(v, NOTE,
		    "masks of this kernel hold %u CPUs and %u nodes: "
		    "numactl prints no CPUs of a machine with more, and such nodes are refused",
		    limits.cpu_bits, limits.node_bits);
	else
		say(v, OK, "numactl copes with machines of %u CPUs and %u nodes", limits.cpu_bits, limits.node_bits);
}
