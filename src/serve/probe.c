/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool has_offer(int fd, struct serve_probe *ret)
{
	union {
		struct fuse_in_header header;
		char room[REQUEST_ROOM];
	} request;
	ssize_t n;

	while ((n = read(fd, &request, sizeof request)) < 0 && errno == EINTR)
		;
	return n > 0 && read_offer(&request, (size_t)n, &ret->protocol, &ret->offered);
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
	bool answers = has_offer(fd, ret);
	ret->resend = answers && has_resend(fd);
	close(fd);
	if (answers)
		return 0;
	err_set(err, "", "the kernel does not begin to speak to the server of a mount");
	return -EIO;
}
