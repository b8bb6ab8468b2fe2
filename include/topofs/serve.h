/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_SERVE_H
#define TOPOFS_SERVE_H

/*
 * A sealed tree, served through FUSE. It knows no topology.
 *
 * The kernel is asked to keep everything it is told (infinite timeouts, cached folders and links, ENOSYS to
 * open and opendir), so a file that was read once is read again without this process.
 *
 * Two ways, both with the same two halves, a connection that is mounted and a process that answers it:
 *
 *     fd = serve_mount(...);  serve(t, fd, ...);                      here, until it is unmounted
 *
 *     channel = serve_start(t, &err);                                 a process of its own, which waits
 *     fd = serve_mount(...);  serve_hand_over(channel, fd, ...);      and has answered when this returns
 */

#include "topofs/err.h"
#include "topofs/tree.h"

/*
 * Opens /dev/fuse and mounts it with mount(2) on a folder; needs CAP_SYS_ADMIN in the current user namespace.
 * `source` is the name that /proc/mounts shows; `options` are those of mount(8), separated by commas; the
 * mount is read-only whatever they say. Any file below waits until the descriptor is served.
 * Returns the descriptor, or a negative errno.
 */
int serve_mount_direct(const char *source, const char *folder, const char *options, struct err *err);

/*
 * The same for a folder that holds no tree yet, by its absolute path; through fusermount3 for a user who may
 * not mount.
 */
int serve_mount(const char *source, const char *folder, const char *options, struct err *err);

/* Says what is wrong with mount options, without mounting. */
int serve_check_options(const char *options, struct err *err);

/* Takes the mount on a folder away, also while it is in use. */
void serve_unmount(const char *folder);

/* What is called, once, when the mount answers. */
struct serve_ready {
	void (*call)(void *ctx);
	void *ctx;
};

/*
 * Answers a mounted connection, which it closes at the end, until it is unmounted. With a folder SIGTERM,
 * SIGINT and SIGHUP unmount it and end the serving; with NULL they are ignored, and only the end of the mount
 * ends it. Returns 0, or a negative errno when the mount never answered.
 */
int serve(const struct tree *t, int fd, const char *folder, const struct serve_ready *ready, struct err *err);

/*
 * Starts a process that is no child of this one and waits for a connection: with its own session, none of
 * this one's files, and in the namespaces this one has at the moment. It ends when the channel is closed
 * before it got one. Returns the channel, closed on exec, or a negative errno.
 */
int serve_start(const struct tree *t, struct err *err);

/* Gives it the connection (closed here) and the folder as for serve(), and waits until the mount answers. */
int serve_hand_over(int channel, int fd, const char *folder, struct err *err);

/*
 * Where standard input, output or error is closed, opens /dev/null there until the next exec, so that no
 * other file gets its number.
 */
void serve_hold_standard_files(void);

#endif
