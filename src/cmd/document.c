/* SPDX-License-Identifier: Apache-2.0 */

/* A machine written as a document, its own or one of another format, to a file or standard output. */

#include "topofs/cmd.h"
#include "topofs/format.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_and_close(int fd, const struct buf *text)
{
	FILE *f = fdopen(fd, "w");
	int error = f ? 0 : errno;
	if (f && fwrite(buf_text(text), 1, text->len, f) != text->len)
		error = errno;
	if (f ? fclose(f) : close(fd))
		error = error ? error : errno;
	return error;
}

/* A file is replaced at once and whole, or left as it was. */
static int replace_file(const char *path, const struct buf *text)
{
	_cleanup_buf_ struct buf part = { 0 };
	mode_t mask = umask(0);
	umask(mask);
	buf_printf(&part, "%s.XXXXXX", path);
	int fd = mkostemp(part.data, O_CLOEXEC);
	if (fd < 0)
		return errno;
	int error = fchmod(fd, 0666 & ~mask) ? errno : 0;
	int written = write_and_close(fd, text);
	error = error ? error : written;
	if (!error && rename(buf_text(&part), path))
		error = errno;
	if (error)
		unlink(buf_text(&part));
	return error;
}

/* As /dev/stdout is: what was written to that before has to stay, also where it is an ordinary file. */
static bool is_output(const char *path)
{
	struct stat st, output;
	return !stat(path, &st) && !fstat(STDOUT_FILENO, &output) && st.st_dev == output.st_dev &&
	       st.st_ino == output.st_ino;
}

/* A device or pipe is written to, a link followed. */
static int write_file(const char *path, const struct buf *text)
{
	struct stat st;
	char real[PATH_MAX];
	int error;
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		error = fd < 0 ? errno : write_and_close(fd, text);
	} else {
		error = replace_file(realpath(path, real) ? real : path, text);
	}
	return error ? fail("%s: %s", path, strerror(error)) : EXIT_OK;
}

int write_text(const struct buf *text, const char *path)
{
	if (path && strcmp(path, "-") && !is_output(path))
		return write_file(path, text);
	fwrite(buf_text(text), 1, text->len, stdout);
	return EXIT_OK;
}

int write_as(const struct topo *topo, const struct format *format, const char *topology, const char *path)
{
	_cleanup_buf_ struct buf text = { 0 };
	struct err err = { 0 };
	if (format->write(topo, &text, &err))
		return complain(topology, &err);
	return write_text(&text, path);
}

int write_document(const struct topo *topo, const char *path)
{
	return write_as(topo, &json_format, "", path);
}
