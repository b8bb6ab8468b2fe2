/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_MOUNTINFO_H
#define TOPOFS_MOUNTINFO_H

/* The mounts there are: proc_pid_mountinfo(5). Texts lie in the arena, without the escapes that they have there. */

#include "topofs/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mount_line {
	uint64_t id, parent;
	unsigned major, minor;
	const char *root, *mountpoint, *type, *source;
	const char *options, *super; /* of the mount, and of what is mounted */
	bool shared;
};
typedef LIST_OF(struct mount_line) mount_list;

/* Reads those a process sees (0: this one), `proc` being a procfs that knows it. Returns 0, or a negative errno. */
int read_mounts(struct arena *a, int proc, pid_t pid, mount_list *ret);
/* Those this process sees, by /proc. */
int read_own_mounts(struct arena *a, mount_list *ret);
/* NULL: there is none of that number. */
const struct mount_line *find_mount(const mount_list *mounts, uint64_t id);
/* Whether it is a mount of a tree that topofs serves. */
bool is_served(const struct mount_line *m);

#endif
