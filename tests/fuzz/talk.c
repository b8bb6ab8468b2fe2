/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 14)
#include "talk.h"

#include "laws.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void make_tree(struct tree *t, const char *text, size_t many)
{
	char name[64];

	tree_file(t, TREE_ROOT, "d/file", 0444, text, strlen(text));
	tree_link(t, TREE_ROOT, "d/link", "file");
	tree_dir(t, TREE_ROOT, "e");
	for (size_t i = 0; i < many; i++) {
		snprintf(name, sizeof name, "many/of-these-%zu", i);
		tree_file(t, TREE_ROOT, name, 0444, name, strlen(name));
	}
	tree_seal(t);
}

void make_generations(struct generation *now, struct generation *past)
{
	static struct tree first, second;
	const struct record r = { .name = "machine", .document = "machine.json", .path = "/machine.json", .used = ~0u };
	const struct pins none = { 0 };
	struct err err = { 0 };

	make_tree(&first, "old\n", 8);
	make_tree(&second, "new and longer\n", 700);
	HOLD(generation_first(&first, -1, &r, past) == 0, "the first generation");
	HOLD(generation_next(past, tree_image(&second, &err), past->record, &none, now, &err) > 0, "%s", err.what);
}

void talk_start(struct talk *t, struct served *s)
{
	int ends[2];

	HOLD(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0, "%s", strerror(errno));
	*t = (struct talk){ s, open_session(s, ends[1]), ends[0], ends[1] };
	HOLD(t->se, "no session");
}

/* Which closes the server's end. */
void talk_end(struct talk *t)
{
	fuse_session_destroy(t->se);
	close(t->kernel);
}

size_t talk_ask(struct talk *t, const void *request, size_t len)
{
	static union {
		struct fuse_out_header header;
		char room[1 << 18];
	} reply;
	struct fuse_buf buf = { .mem = t->s->state->request.room };
	const struct fuse_in_header *in = request;
	size_t answers = 0, ret = 0;

	HOLD(send(t->kernel, request, len, 0) == (ssize_t)len, "%s", strerror(errno));
	if (fuse_session_receive_buf(t->se, &buf) > 0)
		fuse_session_process_buf(t->se, &buf);
	for (ssize_t n; (n = recv(t->kernel, &reply, sizeof reply, 0)) > 0; answers++) {
		HOLD(n >= (ssize_t)sizeof reply.header && reply.header.len == (size_t)n, "%zd bytes", n);
		HOLD(reply.header.unique == in->unique, "another's answer");
		HOLD(reply.header.error <= 0 && reply.header.error > -1000, "error %d", reply.header.error);
		ret = (size_t)n;
	}
	HOLD(answers <= 1, "%zu answers", answers);
	return ret;
}

void talk_init(struct talk *t)
{
	const struct {
		struct fuse_in_header header;
		struct fuse_init_in in;
	} init = {
		.header = { .len = sizeof init, .opcode = FUSE_INIT, .unique = 2 },
		.in = { .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .flags = INT32_MAX },
	};

	talk_ask(t, &init, sizeof init);
}

/* Those that are there, and some that are not. */
static uint64_t inode_of(uint8_t byte)
{
	static const uint64_t odd[] = { UINT64_MAX, 0, 1ull << 32, (1ull << 32) + 1, (2ull << 32) + 3, (1ull << 63) + 1 };

	return byte < 250 ? (byte & 1 ? 2ull << 32 : 0) + byte / 2 : odd[byte - 250];
}

void talk_bytes(struct talk *t, const uint8_t *bytes, size_t len)
{
	enum { HEAD = 4, RESENT = 0x80, LIES = 0x40, LENGTH = 0x0f };
	static union {
		struct fuse_in_header header;
		uint8_t room[sizeof(struct fuse_in_header) + (LENGTH + 1) * 256];
	} in;
	uint64_t unique = 2;

	while (len >= HEAD) {
		const uint8_t *head = bytes;
		size_t body = head[2] | (size_t)(head[3] & LENGTH) << 8;
		bytes += HEAD, len -= HEAD;
		/* answers what was never asked; libfuse, up to 3.14 at least, loses memory over it */
		if (head[0] == FUSE_NOTIFY_REPLY)
			continue;
		body = body < len ? body : len;
		memset(&in, 0, sizeof in);
		in.header = (struct fuse_in_header){
			.len = (uint32_t)(head[3] & LIES ? 0xffffff : sizeof in.header + body),
			.opcode = head[0] < 128 ? head[0] : (uint32_t)head[0] << 24,
			.unique = (unique += 2) | (head[3] & RESENT ? 1ull << 63 : 0),
			.nodeid = inode_of(head[1]),
		};
		memcpy(in.room + sizeof in.header, bytes, body);
		talk_ask(t, &in, sizeof in.header + body);
		bytes += body, len -= body;
	}
}
