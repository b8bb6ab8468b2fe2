/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_CONTAINER_H
#define TOPOFS_CONTAINER_H

/* What the commands share that put a machine into a container. */

#include "topofs/cmd.h"
#include "topofs/err.h"

#include <sys/types.h>

#define UNION_OPT \
	{ 0, "union", "[POLICY]", "show the real networks, disks, modules and kernel beside the machine" }

/* Reads the process of --pid; complaints have been printed when it returns other than 0. */
int read_pid(const struct cmd *cmd, const char *text, pid_t *ret);
/* Whether --union's POLICY can be read. Complaints have been printed when it returns other than 0. */
int check_policy(const struct cmd *cmd, const char *value);
/*
 * The policy that it says; without POLICY what the machine itself has "unlisted"; where it has nothing the usual one with
 * --union, and the other one without.
 */
const char *policy_of(const char *value, const char *unlisted, const char *otherwise);
/* The same of a mount, which the caller frees. Complaints have been printed when it returns other than 0. */
int policy_of_mount(const char *value, const char *folder, struct buf *ret);
/*
 * Makes a new connection for a machine, and a mount of it that nobody sees, in the user namespace of a process, as of
 * compose_open_process() (-1: in this one's). Returns the mount's descriptor, for struct compose, or a negative errno.
 */
int mount_hidden(int process, const char *topology, int *connection, struct err *err);
/* compose.h's `cannot`: says it on standard error. */
void say_cannot(void *ctx, const char *path, const char *why);

#endif
