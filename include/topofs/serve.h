/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_SERVE_H
#define TOPOFS_SERVE_H

/*
 * A sealed tree, served through FUSE. It knows no topology.
 *
 * Two processes serve it: one keeps the connection, the other answers, and is replaced when it dies (keeper.c,
 * worker.c).
 *
 * The kernel is asked to keep everything it is told (infinite timeouts, cached folders and links, ENOSYS to
 * open and opendir), so a file that was read once is read again without this process.
 *
 * Two ways, both with the same two halves, a connection that is mounted and a process that answers it:
 *
 *     fd = serve_mount(...);  serve(&what, fd, ...);                  here, until it is unmounted
 *
 *     channel = serve_start(&what, &err);                             a process of its own, which waits
 *     fd = serve_mount(...);  serve_hand_over(channel, fd, ...);      and has answered when this returns
 */

#include "topofs/buf.h"
#include "topofs/err.h"
#include "topofs/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct serve_status;

/* What is served, and what is told of it. All of it belongs to the caller and stays until the serving ends. */
struct serve_what {
	const struct tree *tree;
	int image;	      /* the same as tree_image() made it, which the server takes; or -1 */
	const char *name;     /* the machine's */
	const char *document; /* where its description was found, as it was given */
	const char *path;     /* the same, from the root; or NULL */
	const char *unlisted; /* what of the real files is to be seen beside it, a policy; NULL: not said */
	bool force, strict;   /* what was overlooked in it, and what not: the next one is read so too */
	bool warm;	      /* the kernel is to have read everything before anyone is told that the mount is ready */
	bool lent;	      /* the connection is serve_take_connection()'s: who mounted it also unmounts it */
	/*
	 * What a SIGHUP calls, in a process of its own, to read the description anew: it calls serve_renew(), and says
	 * what is wrong. NULL: SIGHUP ends the serving as SIGTERM does.
	 */
	void (*reload)(int channel, const struct serve_status *status, const char *folder);
};

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

/*
 * Says what is wrong with mount options, without mounting, and which of them are the caller's to heed. The policy is
 * the caller's to free.
 */
struct serve_options {
	bool warm;	   /* serve_what's */
	bool beside;	   /* "union": what of the real files is to be seen beside it */
	struct buf policy; /* its value; empty where it has none */
};
int serve_check_options(const char *options, struct serve_options *ret, struct err *err);

/* Takes the mount on a folder away, also while it is in use. */
void serve_unmount(const char *folder);

/*
 * What is called, once, when the mount answers and, where that is wanted, is warm: prepare() in a process of its own,
 * which may read the mount; then, or where there is none, call(). Where prepare() returns other than 0 the mount goes,
 * and serve() returns -ECANCELED; so it does, with -ECHILD, where that process cannot be started or is killed.
 */
struct serve_ready {
	void (*call)(void *ctx);
	int (*prepare)(void *ctx); /* or NULL */
	void *ctx;
};

/*
 * Answers a mounted connection, which it closes at the end, until it is unmounted. With a folder SIGTERM and SIGINT
 * unmount it and end the serving; with NULL they are ignored, and only the end of the mount ends it. Returns 0, or a
 * negative errno when the mount never answered.
 */
int serve(const struct serve_what *what, int fd, const char *folder, const struct serve_ready *ready, struct err *err);

/*
 * What this process was handed, by a service manager that had stored it or by a keeper that was asked to become this
 * program: a connection that was only mounted, which serve_take_connection() gives for serve(); or all that a mount is.
 * serve_handed() goes on with that as serve() would; of `what` only `reload` counts. A reload after that brings the
 * files as this program makes them.
 *
 * Where serve() and serve_handed() return -ESTALE nobody can go on with what was handed, as it is another version's,
 * its first request is lost, or its connection was aborted: the service manager has been told to forget it, and it can
 * be mounted anew.
 */
enum serve_handed { SERVE_HANDED_NOTHING, SERVE_HANDED_CONNECTION, SERVE_HANDED_MOUNT };
enum serve_handed serve_is_handed(void);
int serve_take_connection(void);
int serve_handed(const struct serve_what *what, const struct serve_ready *ready, struct err *err);

/* Leaves a connection (closed here) with the service manager of this process, for the one it starts next. */
int serve_store(int fd, struct err *err);
/* Tells it, if there is one, that the service is ready: a serve_ready.call. */
void serve_notify_ready(void *unused);

/*
 * Starts a process that is no child of this one and waits for a connection: with its own session, none of
 * this one's files, and in the namespaces this one has at the moment. It ends when the channel is closed
 * before it got one. Returns the channel, closed on exec, or a negative errno.
 */
int serve_start(const struct serve_what *what, struct err *err);

/* Gives it the connection (closed here) and the folder as for serve(), and waits until the mount answers. */
int serve_hand_over(int channel, int fd, const char *folder, struct err *err);

/*
 * Where standard input, output or error is closed, opens /dev/null there until the next exec, so that no
 * other file gets its number.
 */
void serve_hold_standard_files(void);

/* What the kernel can do to spare requests, in the order in which kernels learned it. */
struct serve_feature {
	const char *name;
	uint64_t flag;	    /* FUSE_INIT's */
	const char *kernel; /* the first version that has it */
	const char *effect;
};
extern const struct serve_feature serve_features[];
extern const size_t serve_n_features;
/* The flags of those that are among the ones the kernel offers. */
uint64_t serve_features_in(uint64_t offered);

/* What a kernel can do, whatever its version is: learnt from a mount that is made for the question. */
struct serve_probe {
	uint64_t protocol; /* minor version of FUSE 7 */
	uint64_t offered;  /* flags of FUSE_INIT */
	bool resend;	   /* sends requests again that a worker had in hand when it died (FUSE_NOTIFY_RESEND) */
};
/* Covers a folder, for good: it is for a process in a mount namespace of its own that ends then. */
int serve_probe(const char *folder, struct serve_probe *ret, struct err *err);

/*
 * What a server tells of itself, in answer to an ioctl on any folder of its mount; the layout is the same on all
 * architectures. Another layout has another version; the magic stays.
 */
enum { SERVE_N_OPCODES = 64, SERVE_STATUS_VERSION = 4 };
#define SERVE_STATUS_MAGIC UINT64_C(0x73666f706f74) /* "topofs" */
struct serve_status {
	uint64_t magic, version;
	uint64_t entries;		    /* of the tree: files, links and folders */
	uint64_t memory;		    /* bytes that are no file's: what the tree costs */
	uint64_t uptime;		    /* seconds */
	uint64_t pid, keeper;		    /* of the process that answers, and of the one that keeps the mount */
	int64_t control;		    /* the keeper's descriptor for serve_control(); -1: none */
	uint64_t generation;		    /* 1, and one more with each reload that changed something */
	uint64_t upgrades;		    /* so many programs kept the mount before this one */
	uint64_t restarts;		    /* so many that answered before it died */
	uint64_t protocol;		    /* minor version of the kernel's FUSE 7 */
	uint64_t offered, used;		    /* flags of serve_features that the kernel has, that were asked for */
	uint64_t requests[SERVE_N_OPCODES]; /* since the start, by FUSE's opcode */
	uint64_t absent;		    /* look-ups among them that found nothing */
	uint8_t force, strict;		    /* as in struct serve_what */
	char program[32];		    /* its version */
	char name[256], document[4096], path[4096], unlisted[2048]; /* cut where they are longer */
};
/* Asks the server of a mount; reads nothing through it, and adds one request, its own. */
int serve_status(const char *folder, struct serve_status *ret, struct err *err);

/*
 * Who mounted it, as the kernel tells, in the user namespace in which that was done. All else that is known of a mount
 * is what its server says, which is to be believed as far as that user is.
 */
int serve_owner(const char *folder, uid_t *ret, struct err *err);

/*
 * Asks the keeper of a mount to serve another tree, or to go on as this program. It is reached by who may trace it, as
 * ptrace(2) says: root and its owner. serve_control() returns the channel to it, or a negative errno; both questions
 * have been answered when they return, and have changed nothing where they fail. `folder` is one of the mount's.
 * `keeper` is the process it has to be; 0: any one of the user who mounted it. A status cannot make it another one.
 */
int serve_control(const char *folder, const struct serve_status *status, pid_t keeper, struct err *err);
/*
 * A sealed file with the paths of the mount that are mounted elsewhere, or that something is mounted on, in all mount
 * namespaces that this process may look into; or a negative errno. They keep their inodes, see serve_renew().
 */
int serve_pins(const char *folder, struct err *err);
/* `pins`: of serve_pins(), closed here. */
int serve_renew(int channel, int pins, const struct serve_what *what, struct err *err);
/* For good, of a process that has asked what it needs them for: all but to read any file. */
void serve_give_up_capabilities(void);
int serve_upgrade(int channel, struct err *err);

#endif
