/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Plays the kernel over a socket: sends a server of a small tree requests that no kernel sends, with numbers, sizes and
 * offsets that are nobody's, and compares the answers. What it must not do, read beyond the tree, the sanitizers see.
 */

#include "topofs/serve.h"

#include <errno.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* In preorder: the root 1, "d" 2, "d/f" 3, "d/l" 4, "e" 5. */
enum { ROOT = 1, FOLDER = 2, INODE_FILE = 3, INODE_LINK = 4, LAST = 5 };
static const char bytes[] = "0123456789";

enum { ANY = -1 };
#define NOWHERE UINT64_MAX

static const struct request {
	const char *what;
	uint32_t opcode;
	uint64_t inode, offset;
	uint32_t size;
	int error;
	int length; /* of what comes after the header, when there is no error */
} requests[] = {
	{ "an attribute", FUSE_GETATTR, LAST, 0, 0, 0, sizeof(struct fuse_attr_out) },
	{ "inode 0", FUSE_GETATTR, 0, 0, 0, ESTALE, 0 },
	{ "the first inode too many", FUSE_GETATTR, LAST + 1, 0, 0, ESTALE, 0 },
	{ "an inode whose lower half is known", FUSE_GETATTR, (1ull << 32) + ROOT, 0, 0, ESTALE, 0 },
	{ "the last inode there could be", FUSE_GETATTR, NOWHERE, 0, 0, ESTALE, 0 },
	{ "a name in no folder", FUSE_LOOKUP, NOWHERE, 0, 0, ESTALE, 0 },
	{ "a name in a file", FUSE_LOOKUP, INODE_FILE, 0, 0, ESTALE, 0 },
	{ "a link of a file", FUSE_READLINK, INODE_FILE, 0, 0, ESTALE, 0 },
	{ "a link of nothing", FUSE_READLINK, LAST + 1, 0, 0, ESTALE, 0 },
	{ "a link", FUSE_READLINK, INODE_LINK, 0, 0, 0, 1 },
	{ "a file", FUSE_READ, INODE_FILE, 0, 4096, 0, sizeof bytes - 1 },
	{ "more than there is", FUSE_READ, INODE_FILE, 0, UINT32_MAX, 0, sizeof bytes - 1 },
	{ "a part", FUSE_READ, INODE_FILE, 3, 4, 0, 4 },
	{ "the end", FUSE_READ, INODE_FILE, sizeof bytes - 1, 4096, 0, 0 },
	{ "beyond the end", FUSE_READ, INODE_FILE, 1ull << 40, 4096, 0, 0 },
	{ "before the start", FUSE_READ, INODE_FILE, NOWHERE, 4096, 0, 0 },
	{ "the bytes of a folder", FUSE_READ, FOLDER, 0, 4096, ESTALE, 0 },
	{ "the bytes of a link", FUSE_READ, INODE_LINK, 0, 4096, ESTALE, 0 },
	{ "the bytes of nothing", FUSE_READ, LAST + 1, 0, 4096, ESTALE, 0 },
	{ "a folder", FUSE_READDIR, FOLDER, 0, 4096, 0, 4 * (FUSE_NAME_OFFSET + 8) },
	{ "a folder in no room", FUSE_READDIR, FOLDER, 0, 1, 0, 0 },
	{ "a folder in too much room", FUSE_READDIR, FOLDER, 0, UINT32_MAX, 0, 4 * (FUSE_NAME_OFFSET + 8) },
	{ "a folder from its last name on", FUSE_READDIR, FOLDER, 5, 4096, 0, FUSE_NAME_OFFSET + 8 },
	{ "a folder from behind its end on", FUSE_READDIR, FOLDER, 6, 4096, 0, 0 },
	{ "a folder from another's place on", FUSE_READDIR, FOLDER, 3, 4096, 0, 0 },
	{ "a folder from before its start on", FUSE_READDIR, FOLDER, NOWHERE, 4096, 0, 0 },
	{ "a folder from far behind on", FUSE_READDIRPLUS, FOLDER, 1ull << 62, 4096, 0, 0 },
	{ "a folder that is a file", FUSE_READDIRPLUS, INODE_FILE, 0, 4096, ESTALE, 0 },
	{ "a folder that is nothing", FUSE_READDIRPLUS, NOWHERE, 0, 4096, ESTALE, 0 },
	{ "the status", FUSE_IOCTL, ROOT, 0, 0, ENOTTY, 0 },
};

static union {
	struct {
		struct fuse_in_header header;
		union {
			struct fuse_init_in init;
			struct fuse_read_in read;
			struct fuse_ioctl_in ioctl;
			char name[256];
		};
	};
	char room[4096];
} in;

static union {
	struct fuse_out_header header;
	char room[1 << 17];
} out;

/* Sends `in` with so much behind its header; returns the length of the answer, or stops where there is none. */
static size_t ask(int kernel, size_t len)
{
	static uint64_t unique;

	in.header.len = (uint32_t)(sizeof in.header + len);
	in.header.unique = ++unique;
	ssize_t n = send(kernel, &in, in.header.len, 0) < 0 ? -1 : recv(kernel, &out, sizeof out, 0);
	if (n < (ssize_t)sizeof out.header || out.header.unique != unique) {
		fprintf(stderr, "request %u is not answered\n", in.header.opcode);
		exit(EXIT_FAILURE);
	}
	return (size_t)n - sizeof out.header;
}

static size_t fill(const struct request *r)
{
	memset(&in, 0, sizeof in);
	in.header.opcode = r->opcode;
	in.header.nodeid = r->inode;
	switch (r->opcode) {
	case FUSE_LOOKUP:
		strcpy(in.name, "f");
		return sizeof "f";
	case FUSE_GETATTR:
		return sizeof(struct fuse_getattr_in);
	case FUSE_READLINK:
		return 0;
	case FUSE_IOCTL: /* of a file, with no room */
		in.ioctl.cmd = 0x5401;
		return sizeof in.ioctl;
	default:
		in.read.offset = r->offset;
		in.read.size = r->size;
		return sizeof in.read;
	}
}

static bool is_answered(int kernel, const struct request *r)
{
	size_t len = ask(kernel, fill(r));

	if (out.header.error == -r->error && (r->error || len == (size_t)r->length))
		return true;
	fprintf(stderr, "%s: error %d, %zu bytes, not error %d, %d bytes\n", r->what, -out.header.error, len, r->error,
		r->length);
	return false;
}

static void start(int kernel)
{
	memset(&in, 0, sizeof in);
	in.header.opcode = FUSE_INIT;
	in.init.major = FUSE_KERNEL_VERSION;
	in.init.minor = FUSE_KERNEL_MINOR_VERSION;
	in.init.flags = INT32_MAX; /* all but the reserved one */
	ask(kernel, sizeof in.init);
}

/* Gives the tree one entry more, which cannot be read: who looks at it dies. */
static void add_trap(struct tree *t)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len = t->n * sizeof *t->entries;
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || len > page || mprotect(pages + page, page, PROT_NONE) < 0)
		exit(EXIT_FAILURE);
	t->entries = memcpy(pages + page - len, t->entries, len);
	t->n++;
}

static int serve_tree(int fd, bool trap)
{
	struct tree t = { 0 };
	struct err err = { 0 };

	tree_file(&t, TREE_ROOT, "d/f", 0444, bytes, sizeof bytes - 1);
	tree_link(&t, TREE_ROOT, "d/l", "f");
	tree_dir(&t, TREE_ROOT, "e");
	tree_seal(&t);
	struct tree served = t;
	if (trap)
		add_trap(&served);
	const struct serve_what what = { .tree = &served, .image = -1, .name = "raw", .document = "raw" };
	int rc = serve(&what, fd, NULL, NULL, &err);
	tree_done(&t);
	return rc < 0;
}

/* Lets `try` talk to a server, and returns whether both are content. */
static bool with_server(bool trap, bool (*try)(int kernel))
{
	int ends[2], status = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		exit(EXIT_FAILURE);
	pid_t server = fork();
	if (server == 0) {
		close(ends[0]);
		exit(serve_tree(ends[1], trap));
	}
	close(ends[1]);
	start(ends[0]);
	bool good = try(ends[0]);
	close(ends[0]);
	waitpid(server, &status, 0);
	if (status)
		fprintf(stderr, "the server ended with status %#x\n", (unsigned)status);
	return good && status == 0;
}

static bool ask_all(int kernel)
{
	bool good = true;

	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		good &= is_answered(kernel, &requests[i]);
	return good;
}

static const struct request deadly = { "what kills", FUSE_GETATTR, LAST + 1, 0, 0, EIO, 0 };
static const struct request harmless = { "what comes after", FUSE_GETATTR, LAST, 0, 0, 0, sizeof(struct fuse_attr_out) };

/* Plays a kernel that sends a request again when it is asked to, as Linux does from 6.9 on. */
static bool survives_with_resend(int kernel)
{
	enum { NOTIFY_RESEND = 7, DEATHS = 2 };
	size_t len = sizeof in.header + fill(&deadly);

	in.header.len = (uint32_t)len;
	in.header.unique = UINT64_MAX >> 1 & ~1ull;
	for (int deaths = 0; deaths < DEATHS; deaths++) {
		if (send(kernel, &in, len, 0) < 0 || recv(kernel, &out, sizeof out, 0) < 0)
			return false;
		if (out.header.unique != 0 || out.header.error != NOTIFY_RESEND) {
			fprintf(stderr, "after death %d there is no question for what was read\n", deaths + 1);
			return false;
		}
		in.header.unique |= 1ull << 63;
	}
	if (send(kernel, &in, len, 0) < 0 || recv(kernel, &out, sizeof out, 0) < 0)
		return false;
	if (out.header.unique == in.header.unique && out.header.error == -EIO)
		return is_answered(kernel, &harmless);
	fprintf(stderr, "what kills is answered with %d\n", out.header.error);
	return false;
}

/* The request is not sent again, but answered from memory. */
static bool survives_without_resend(int kernel)
{
	return is_answered(kernel, &deadly) && is_answered(kernel, &harmless);
}

int main(void)
{
	bool good = with_server(false, ask_all) && with_server(true, survives_with_resend);

	setenv("TOPOFS_NO_RESEND", "1", 1);
	good = good && with_server(true, survives_without_resend);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
