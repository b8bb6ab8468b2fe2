/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_COMPOSE_H
#define TOPOFS_COMPOSE_H

/*
 * What a container sees: mounts of a served tree, and of the real sysfs beside it, put together and set in place.
 *
 * It knows mounts and folders, no topology. Everything is put together in a mount namespace of its own, where nobody
 * sees it, and then moved over the container's /sys in one step (open_tree(2), move_mount(2)). No path of a container
 * is followed out of it, whatever links it holds (openat2(2), RESOLVE_IN_ROOT).
 *
 * These functions act on the mount namespace they are called in. compose_apart() calls one in another process, which
 * may enter a container's; all of them need CAP_SYS_ADMIN there.
 */

#include "topofs/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Calls a function in a process of its own, and returns what it does. That process shares memory and descriptors with
 * this one, which waits; what it does to its namespaces, its root and its working folder stays there. -ECHILD where it
 * was killed.
 */
int compose_apart(int (*call)(void *ctx), void *ctx);

/* Whether a policy can be read (policy.h). */
int compose_check_policy(const char *policy, struct err *err);

struct compose {
	/*
	 * A mount of a served tree, which holds `sys` and `proc`, that is nowhere mounted yet, as compose_clone() gives
	 * it. Used up.
	 */
	int machine;
	int proc; /* a procfs that knows this process, as a container's may not; compose_onto() looks there */
	/* What of the real sysfs is seen beside the machine's: the words of policy.h. NULL is nothing at all. */
	const char *policy;
	/* Called for each file of the machine's that has no place here; path is "/proc/...". May be NULL. */
	void (*cannot)(void *ctx, const char *path, const char *why);
	void *ctx;
};

/*
 * Covers /sys below the folder `root`, and those files of /proc that the machine has too. All or nothing: where it
 * fails nothing is mounted. -EBUSY when one covers /sys already, unless `again`; then `proc` is not needed.
 */
int compose_onto(const struct compose *c, int root, bool again, struct err *err);

/*
 * The same in a folder on which a served tree is mounted: covers its `sys`, and no file of /proc, by the machine and
 * `real`, a place that shows the real sysfs, opened before the tree was mounted. It goes with the folder's own mount.
 */
int compose_beside(const struct compose *c, int real, int folder, struct err *err);

/*
 * Takes away what compose_onto() mounted below /, and with it all that was mounted on top since; counts the mounts.
 * `proc` is a procfs that knows this process, as a container's may not. Nothing there is -ENOENT.
 */
int compose_off(int proc, size_t *n, struct err *err);

/* A mount of a folder, or a file, that is nowhere mounted yet: its descriptor, closed on exec. */
int compose_clone(int folder, const char *path, struct err *err);

/* A mount of a served tree whose connection is gone, and what can take its place. */
struct compose_dead {
	pid_t pid;	    /* a process that sees it; 0: this one does */
	const char *folder; /* where it is mounted there; may be a file */
	const char *source; /* of what */
	const char *living; /* where a living one is mounted here that has the same; NULL: nowhere */
};
struct compose_repair {
	const char *folder; /* only mounts of the same source as the one that is mounted here; NULL: all */
	bool dry_run;	    /* nothing is changed */
	/* Called for each: 0, it is healed, or would be; -ENODEV: no living one; or another negative errno, and why. */
	void (*found)(void *ctx, const struct compose_dead *dead, int rc, const struct err *why);
	void *ctx;
};
/*
 * Puts living mounts in the place of dead ones, with what is mounted on these, in all mount namespaces that have a
 * process this one may look into. The living ones are those of this process's own namespace, made from the same source
 * by the same user. Nobody is waited for who does not answer. 0, or -errno where it could not look.
 */
int compose_repair(const struct compose_repair *how, struct err *err);

/* Whether a folder is the root of a mount of topofs' whose server is there: 0, -ENODEV (it is not), -ENOTCONN. */
int compose_is_alive(const char *folder, struct err *err);

/* The folder of a process in /proc, which stands for it whoever gets its number later: a descriptor, closed on exec. */
int compose_open_process(pid_t pid, struct err *err);
/*
 * Enters the mount namespace of a process, and its user namespace where this one may not act in it from outside, and
 * makes its root this process's root. Only in compose_apart().
 */
int compose_enter(int process, struct err *err);
/* Enters its user namespace alone, where that is needed; returns whether it was. */
int compose_enter_user(int process, struct err *err);
/* Gets a mount namespace of its own of which nothing reaches another one. Only in compose_apart(). */
int compose_hide(struct err *err);

#endif
