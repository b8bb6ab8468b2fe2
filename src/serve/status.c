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

/* Pages of this process alone. */
static uint64_t anonymous_memory(void)
{
	uint64_t kib = 0;
	char line[128];
	FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof line, status))
		if (sscanf(line, "RssAnon: %" SCNu64, &kib) == 1)
			break;
	if (status)
		fclose(status);
	return kib * 1024;
}

/* Files in memory, which all of a mount's processes have. */
static uint64_t memory_of(const struct generation *g)
{
	return g->record_size + (g->own ? g->own->image_size : 0);
}

static uint64_t shared_memory(const struct served *s)
{
	uint64_t sum = sizeof *s->state + memory_of(&s->now);

	for (size_t i = 0; i < s->n_past; i++)
		sum += memory_of(&s->past[i]);
	return sum;
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
		.entries = s->now.tree->n,
		.memory = anonymous_memory() + shared_memory(s),
		.pid = (uint64_t)getpid(),
		.keeper = (uint64_t)s->keeper,
		.control = s->control,
		.generation = s->now.record->generation,
		.restarts = atomic_load_explicit(&s->state->deaths, memory_order_relaxed),
		.upgrades = atomic_load_explicit(&s->state->programs, memory_order_relaxed),
		.uptime = seconds_since(&s->now.record->started),
		.protocol = s->protocol,
		.offered = s->offered,
		.used = s->used,
		.absent = atomic_load_explicit(&s->state->absent, memory_order_relaxed),
	};
	for (size_t i = 0; i < SERVE_N_OPCODES; i++)
		ret->requests[i] = atomic_load_explicit(&s->state->requests[i], memory_order_relaxed);
	ret->force = s->now.record->force;
	ret->strict = s->now.record->strict;
	snprintf(ret->program, sizeof ret->program, "%s", PACKAGE_VERSION);
	memcpy(ret->name, s->now.record->name, sizeof ret->name);
	memcpy(ret->document, s->now.record->document, sizeof ret->document);
	memcpy(ret->path, s->now.record->path, sizeof ret->path);
	memcpy(ret->unlisted, s->now.record->unlisted, sizeof ret->unlisted);
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
	ret->path[sizeof ret->path - 1] = ret->program[sizeof ret->program - 1] = '\0';
	ret->unlisted[sizeof ret->unlisted - 1] = '\0';
	return 0;
}
