/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool read_offer(int fd, struct serve_probe *ret)
{
	union {
		struct fuse_in_header header;
		char room[REQUEST_ROOM];
	} request;
	const struct fuse_init_in *in = (const void *)(&request.header + 1);
	ssize_t n;

	while ((n = read(fd, &request, sizeof request)) < 0 && errno == EINTR)
		;
	if (n < (ssize_t)(sizeof request.header + offsetof(struct fuse_init_in, flags2)) ||
	    request.header.opcode != FUSE_INIT)
		return false;
	ret->protocol = in->minor;
	ret->offered = in->flags;
	if (in->flags & FUSE_INIT_EXT && n >= (ssize_t)(sizeof request.header + sizeof *in))
		ret->offered |= (uint64_t)in->flags2 << 32;
	return true;
}

/* An older kernel finds the notification invalid. */
static bool has_resend(int fd)
{
	const struct fuse_out_header resend = { .len = sizeof resend, .error = FUSE_NOTIFY_RESEND };

	return write(fd, &resend, sizeof resend) == sizeof resend;
}

int serve_probe(const char *folder, struct serve_probe *ret, struct err *err)
{
	int fd = serve_mount_direct("topofs", folder, "", err);

	if (fd < 0)
		return fd;
	bool answers = read_offer(fd, ret);
	ret->resend = answers && has_resend(fd);
	close(fd);
	if (answers)
		return 0;
	err_set(err, "", "the kernel does not begin to speak to the server of a mount");
	return -EIO;
}
