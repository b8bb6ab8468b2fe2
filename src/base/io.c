/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/io.h"

#include <errno.h>
#include <unistd.h>

int write_all(int fd, const void *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const char *)bytes + done, len - done);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int read_to_end(int fd, struct buf *bytes, size_t max)
{
	char part[65536];
	ssize_t n;

	while ((n = read(fd, part, sizeof part)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			buf_add(bytes, part, (size_t)n);
		if (bytes->len > max)
			return -EFBIG;
	}
	return 0;
}
