/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_CHILD_H
#define TOPOFS_CHILD_H

/* Children of this process, waitpid(2): for a call that may not return, or that changes more than it gives back. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Waits for the end of what fork(2) or clone(2) has just given, whatever signals come. Returns 0 and its status, where
 * that is wanted, or a negative errno: also that of a fork that failed.
 */
int wait_for_child(pid_t child, int *status);

/*
 * Calls a function in a child, which may have to wait for somebody who never answers, and gives what it returns and
 * puts into `answer`; -ETIMEDOUT after ten seconds, or as soon as it waits where it should be told `at_once`;
 * -ECHILD where the child was killed; or why there is none.
 */
int call_in_time(int (*call)(void *ctx, void *answer), void *ctx, void *answer, size_t size, bool at_once);

#endif
