/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * The question is an ioctl on any folder of the mount: it needs no socket and no path, works in every namespace that
 * sees the mount, shows in no list of files, and nothing asks it by accident, as ls does extended attributes.
 */

/* Pages that belong to this process alone: those in memory, less those of files. */
static uint64_t anonymous_memory(void)
{
	uint64_t resident = 0, shared = 0;
	FILE *statm = fopen("/proc/self/statm", "re");

	if (!statm)
		return 0;
	if (fscanf(statm, "%*u %" SCNu64 " %" SCNu64, &resident, &shared) != 2)
		resident = shared = 0;
	fclose(statm);
	return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)(now.tv_sec - start->tv_sec);
}

void status_of(const struct served *s, struct serve_status *ret)
{
	*ret = (struct serve_status){
		.magic = SERVE_STATUS_MAGIC,
		.version = SERVE_STATUS_VERSION,
		.entries = s->what->tree->n,
		.memory = anonymous_memory(),
		.pid = (uint64_t)getpid(),
		.keeper = (uint64_t)s->keeper,
		.restarts = atomic_load_explicit(&s->workers, memory_order_relaxed) - 1,
		.uptime = seconds_since(&s->started),
		.protocol = s->protocol,
		.offered = s->offered,
		.used = s->used,
		.absent = atomic_load_explicit(&s->absent, memory_order_relaxed),
	};
	for (size_t i = 0; i < SERVE_N_OPCODES; i++)
		ret->requests[i] = atomic_load_explicit(&s->requests[i], memory_order_relaxed);
	snprintf(ret->name, sizeof ret->name, "%s", s->what->name);
	snprintf(ret->document, sizeof ret->document, "%s", s->what->document);
}

static int ask(const char *folder, union status_reply *reply)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = ioctl(fd, SERVE_STATUS, reply) < 0 ? -errno : 0;
	close(fd);
	/* another file system does not know the question; one of FUSE may have answered something else */
	return rc < 0 && rc != -ENOTCONN && rc != -ECONNABORTED ? -ENOTTY : rc;
}

static const char *status_failure(int error)
{
	switch (error) {
	case ENOENT:
		return "no such folder";
	case ENOTDIR:
		return "not a folder";
	case ENOTTY:
		return "nothing that topofs serves";
	case ENOTCONN:
	case ECONNABORTED:
		return "the server of what is mounted here is gone";
	default:
		return strerror(error);
	}
}

int serve_status(const char *folder, struct serve_status *ret, struct err *err)
{
	union status_reply reply = { 0 };
	int rc = ask(folder, &reply);

	if (rc == 0 && reply.status.magic != SERVE_STATUS_MAGIC)
		rc = -ENOTTY;
	if (rc < 0) {
		err_set(err, "", "%s", status_failure(-rc));
		return rc;
	}
	if (reply.status.version != SERVE_STATUS_VERSION)
		return err_set(err, "",
			       "served by another version of topofs, whose status is version %" PRIu64 ", not %d",
			       reply.status.version, SERVE_STATUS_VERSION);
	*ret = reply.status;
	ret->name[sizeof ret->name - 1] = ret->document[sizeof ret->document - 1] = '\0';
	return 0;
}
