/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_FUZZ_TALK_H
#define TOPOFS_FUZZ_TALK_H

/* Plays the kernel over a socket, in one process with who answers. */

#include "served.h"

/* Two generations of a small tree; the first is the past. */
void make_generations(struct generation *now, struct generation *past);

struct talk {
	struct served *s;
	struct fuse_session *se;
	int kernel, server;
};
void talk_start(struct talk *t, struct served *s);
void talk_end(struct talk *t);

/* Sends one request and holds that it is answered once at most, with a sound header. Returns the reply's length or 0. */
size_t talk_ask(struct talk *t, const void *request, size_t len);
/* The kernel's first. */
void talk_init(struct talk *t);
/* Requests, each as four bytes (opcode, inode, length and flags) and what follows its header. */
void talk_bytes(struct talk *t, const uint8_t *bytes, size_t len);

#endif
