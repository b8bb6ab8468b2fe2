/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_SERVED_H
#define TOPOFS_SERVED_H

#include "topofs/serve.h"

#include <stddef.h>
#include <time.h>

/* Passes a descriptor with a text over a socket; receiving gives the descriptor, -ENODATA when none came. */
int send_fd(int socket, int fd, const char *text);
int receive_fd(int socket, char *text, size_t room);

/* What ops.c answers from, and session.c sets up. */
enum { REPLY_ROOM = 64 * 1024 };
struct served {
	const struct tree *tree;
	uid_t uid; /* the owner of everything, in the user namespace of the mount */
	gid_t gid;
	struct timespec since;	  /* the time of everything */
	bool no_open, no_opendir; /* the kernel understands ENOSYS to them */
	char reply[REPLY_ROOM];
};
struct fuse_lowlevel_ops;
extern const struct fuse_lowlevel_ops serve_ops;

#endif
