/* SPDX-License-Identifier: Apache-2.0 */
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

static int write_document(const struct topo *topo, const char *path)
{
	_cleanup_buf_ struct buf text = { 0 };
	json_format.write(topo, &text);
	if (path && strcmp(path, "-"))
		return write_file(path, &text);
	fwrite(buf_text(&text), 1, text.len, stdout);
	return EXIT_OK;
}

enum { OPT_OUTPUT, OPT_ROOT, OPT_PCI, OPT_DEVICES, OPT_CPUS, OPT_NODES, OPT_REDACT };

static const struct opt opts[] = {
	{ 'o', "output", "FILE", "write to this file instead of standard output" },
	{ 'r', "root", "DIR", "a recorded machine: a folder with sys and proc, or a tar file of one" },
	{ 0, "pci", "CLASSES", "only these PCI functions: gpu,nic,bridge,nvswitch,nvme,all" },
	{ 0, "devices", "ADDRESSES", "only these PCI functions, and the bridges above them" },
	{ 0, "cpus", "LIST", "only these CPUs" },
	{ 0, "nodes", "LIST", "only these nodes, and their CPUs" },
	{ 0, "redact", NULL, "put stand-ins for serial numbers, addresses, names" },
};

static int run(char **args, int n_args, const char *const *values)
{
	(void)args;
	(void)n_args;
	_cleanup_topo_ struct topo topo = { 0 };
	const struct capture_options how = {
		.redact = values[OPT_REDACT],
		.scope = { values[OPT_PCI], values[OPT_DEVICES], values[OPT_CPUS], values[OPT_NODES] },
	};
	int status = capture_as(values[OPT_ROOT], &how, &topo);
	return status ? status : write_document(&topo, values[OPT_OUTPUT]);
}

const struct cmd cmd_capture = {
	.name = "capture",
	.args = "",
	.doc = "describe this machine, or a recorded one",
	.text = "Reads what topofs knows of this machine's /sys and /proc. With --root it reads a recording, as\n"
		"hwloc-gather-topology and lscpu's tests make them; what topofs does not understand is kept as it is in\n"
		"\"files\", so that a mount of the description equals the recording.\n"
		"With --pci, --devices, --cpus and --nodes it describes a part: what is left out is left out everywhere.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.run = run,
};
