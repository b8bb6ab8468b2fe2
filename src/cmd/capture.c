/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"
#include "topofs/format.h"
#include "topofs/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* What could not be read: said file by file of a recording, once of a running machine. */
struct losses {
	size_t n;
	bool each;
};

static void lose(void *ctx, const char *path, const char *why)
{
	struct losses *losses = ctx;
	losses->n++;
	if (losses->each)
		fail("warning: /%s: %s", path, why);
}

/* A recording may hold other folders: those count that a document can tell of, and the way to them. */
static bool is_of_the_machine(void *ctx, const char *path, mode_t mode)
{
	(void)ctx;
	_cleanup_buf_ struct buf folder = { 0 };
	buf_printf(&folder, "/%s%s", path, S_ISDIR(mode) ? "/" : "");
	for (size_t i = 0; json_roots[i]; i++) {
		size_t root = strlen(json_roots[i]), len = folder.len < root ? folder.len : root;
		if (!strncmp(buf_text(&folder), json_roots[i], len) && (len == root || S_ISDIR(mode)))
			return true;
	}
	return false;
}

/* Of a running machine only what rows know is read: other files may be slow, or do something. */
static bool is_of_a_row(void *ctx, const char *path, mode_t mode)
{
	(void)ctx;
	return sysfs_wants(path, S_ISDIR(mode));
}

static int load(const char *root, bool running, struct losses *losses, struct tree *ret)
{
	struct err err = { 0 };
	const struct tree_picker picker = { running ? is_of_a_row : is_of_the_machine, lose, losses };
	int dirfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return fail("%s: %s", root, strerror(errno));
	int failed = tree_load_picked(dirfd, &picker, ret, &err);
	close(dirfd);
	return failed ? complain(root, &err) : EXIT_OK;
}

/* A path is replaced at once and whole, or left as it was. */
static int write_file(const char *path, const struct buf *text)
{
	_cleanup_buf_ struct buf part = { 0 };
	buf_printf(&part, "%s.part", path);
	FILE *f = fopen(buf_text(&part), "we");
	if (!f)
		return fail("%s: %s", path, strerror(errno));
	bool written = fwrite(buf_text(text), 1, text->len, f) == text->len;
	int error = written ? 0 : errno;
	if (fclose(f) && !error)
		error = errno;
	if (!error && rename(buf_text(&part), path))
		error = errno;
	if (!error)
		return EXIT_OK;
	unlink(buf_text(&part));
	return fail("%s: %s", path, strerror(error));
}

static int write_document(const struct topo *topo, const char *path)
{
	_cleanup_buf_ struct buf text = { 0 };
	json_format.write(topo, &text);
	if (path)
		return write_file(path, &text);
	fwrite(buf_text(&text), 1, text.len, stdout);
	return EXIT_OK;
}

/*
 * The machine as its document will say it. What the document cannot say is lost here, and so counts as not
 * explained.
 */
static int settle(const struct tree *tree, const char *arch, struct topo *ret, struct err *err)
{
	_cleanup_topo_ struct topo scanned = { 0 };
	_cleanup_buf_ struct buf text = { 0 };
	sysfs_scan(tree, arch, &scanned);
	json_format.write(&scanned, &text);
	return json_format.read(buf_text(&text), text.len, ret, err);
}

/* Leaves out what no document can say: names with line ends, links to elsewhere. */
static void drop_unsayable(struct topo *topo)
{
	size_t kept = 0;
	for (size_t i = 0; i < topo->extras.n; i++) {
		struct err line = { 0 };
		const char *why = json_refuses(&topo->extras.at[i]);
		if (!why) {
			topo->extras.at[kept++] = topo->extras.at[i];
			continue;
		}
		err_set(&line, topo->extras.at[i].path, "%s", why);
		fail("warning: %s: %s", line.where, line.what);
	}
	topo->extras.n = kept;
}

static int capture(const char *root, const char *output)
{
	_cleanup_tree_ struct tree tree = { 0 };
	_cleanup_topo_ struct topo topo = { 0 };
	struct losses losses = { .each = root != NULL };
	struct utsname machine;
	struct err err = { 0 };
	int status = load(root ? root : "/", !root, &losses, &tree);
	if (status)
		return status;
	const char *arch = !root && !uname(&machine) ? machine.machine : NULL;
	if (settle(&tree, arch, &topo, &err) || sysfs_explain(&tree, &topo, &err))
		return complain(root ? root : "/", &err);
	drop_unsayable(&topo);
	if (losses.n && !losses.each)
		fail("warning: %zu files cannot be read by this user and are left out", losses.n);
	return write_document(&topo, output);
}

enum { OPT_OUTPUT, OPT_ROOT };

static const struct opt opts[] = {
	{ 'o', "output", "FILE", "write to this file instead of standard output" },
	{ 'r', "root", "DIR", "a recorded machine: a folder with sys and proc, of which everything is kept" },
};

static int run(char **args, int n_args, const char *const *values)
{
	(void)args;
	(void)n_args;
	return capture(values[OPT_ROOT], values[OPT_OUTPUT]);
}

const struct cmd cmd_capture = {
	.name = "capture",
	.args = "",
	.doc = "describe this machine, or a recorded one",
	.text = "Reads what topofs knows of this machine's /sys and /proc. With --root it reads a recording, as\n"
		"hwloc-gather-topology and lscpu's tests make them; what topofs does not understand is kept as it is in\n"
		"\"files\", so that a mount of the description equals the recording.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.run = run,
};
