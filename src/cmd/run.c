/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/buf.h"
#include "topofs/cmd.h"
#include "topofs/serve.h"

#include "namespaces.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The command gets a mount namespace of its own, and for an ordinary user a user namespace around it. The
 * server stays outside: so nothing but the command and its children holds the mount, which goes with the last
 * of them, however they end, and takes the server with it.
 */

static bool has_counterpart(const struct tree *t, uint32_t e, const char *real)
{
	struct stat st;

	return stat(real, &st) == 0 && !S_ISLNK(t->entries[e].mode) &&
	       (st.st_mode & S_IFMT) == (t->entries[e].mode & S_IFMT);
}

static size_t count_names(const char *folder)
{
	size_t n = 0;
	DIR *dir = opendir(folder);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n > 2 ? n - 2 : 0;
}

/* Children of a folder, and whether none is a folder itself. */
static size_t count_children(const struct tree *t, uint32_t dir, bool *only_files)
{
	size_t n = 0;
	*only_files = true;
	for (uint32_t e = dir + 1; e < t->entries[dir].end; e = t->entries[e].end, n++)
		*only_files &= !S_ISDIR(t->entries[e].mode);
	return n;
}

/*
 * Whether the files of a folder can be covered one by one: all it has is also in the real one, which has nothing more
 * that tells of the real machine, as /proc/driver and /proc/bus/pci have. What is in the folders below is looked at in
 * turn.
 */
static bool has_all_names(const struct tree *t, uint32_t dir, struct buf *real)
{
	size_t len = real->len;
	bool only_files, all = count_children(t, dir, &only_files) == count_names(buf_text(real)) || !only_files;

	for (uint32_t e = dir + 1; all && e < t->entries[dir].end; e = t->entries[e].end) {
		buf_printf(real, "/%s", tree_name(t, e));
		all = has_counterpart(t, e, buf_text(real));
		buf_cut(real, len);
	}
	return all;
}

/*
 * Covers real files by those of the tree, which is on /sys at the moment, and leaves all others as they are. A
 * folder that has more in the tree is covered whole, as nothing can be made in /proc.
 */
static void cover(const struct tree *t, uint32_t dir, struct buf *real)
{
	size_t len = real->len;

	for (uint32_t e = dir + 1; e < t->entries[dir].end; e = t->entries[e].end) {
		_cleanup_buf_ struct buf source = { 0 };

		buf_printf(real, "/%s", tree_name(t, e));
		buf_printf(&source, "/sys%s", buf_text(real));
		bool fits = has_counterpart(t, e, buf_text(real));
		if (fits && S_ISDIR(t->entries[e].mode) && has_all_names(t, e, real))
			cover(t, e, real);
		else if (!fits || mount(buf_text(&source), buf_text(real), NULL, MS_BIND, NULL) < 0)
			fail("the command will not see the machine's %s: %s", buf_text(real),
			     fits ? strerror(errno) : "there is no such file here to cover");
		buf_cut(real, len);
	}
}

/* A working folder below /sys is the real machine's still: go to the same place in the new one. */
static int follow_working_folder(const char *folder)
{
	if (strncmp(folder, "/sys/", 5) && strcmp(folder, "/sys"))
		return 0;
	return chdir(folder) < 0 && chdir("/") < 0 ? -errno : 0;
}

static int enter_machine(const struct serve_what *what, struct err *err)
{
	_cleanup_buf_ struct buf proc = { 0 };
	char folder[PATH_MAX] = "";

	if (!getcwd(folder, sizeof folder))
		folder[0] = '\0';
	int channel = serve_start(what, err);
	if (channel < 0)
		return channel;
	int rc = enter_namespaces(err);
	if (rc < 0)
		return rc;
	int fd = serve_mount_direct(what->document, "/sys", "", err);
	if (fd < 0)
		return fd;
	rc = serve_hand_over(channel, fd, NULL, err);
	if (rc < 0)
		return rc;

	uint32_t at = tree_find(what->tree, "proc");
	buf_puts(&proc, "/proc");
	if (at != TREE_NONE)
		cover(what->tree, at, &proc);
	if (mount("/sys/sys", "/sys", NULL, MS_BIND, NULL) < 0 || follow_working_folder(folder) < 0) {
		int error = errno;
		err_set(err, "", "cannot cover /sys: %s", strerror(error));
		return -error;
	}
	return 0;
}

/* What programs need to be told because they would ask the hardware, or distrust what is no sysfs. */
static void set_environment(const char *machine)
{
	setenv("HWLOC_COMPONENTS", "-x86", 0);
	setenv("SYSTEMD_DEVICE_VERIFY_SYSFS", "0", 0);
	setenv("TOPOFS_MACHINE", machine, 1);
}

enum { OPT_FORCE, OPT_STRICT };

static const struct opt opts[] = {
	{ 0, "force", NULL, "run also on what can crash programs that read it" },
	{ 0, "strict", NULL, "refuse also what no real machine looks like" },
};

/* As env(1) and the shells do. */
enum { EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

static int run(char **args, int n_args, const char *const *values)
{
	const struct load_options how = { .force = values[OPT_FORCE], .strict = values[OPT_STRICT] };
	(void)n_args;
	_cleanup_topo_ struct topo topo = { 0 };
	_cleanup_tree_ struct tree t = { 0 };
	struct err err = { 0 };
	char **command = args + 1;

	if (!strcmp(*command, "--") && !*++command)
		return misuse(&cmd_run, "a command is missing");
	serve_hold_standard_files();
	int status = load_topology(args[0], &how, &topo);
	if (!status)
		status = build_tree(args[0], &topo, &t);
	if (status)
		return status;
	const struct serve_what what = {
		.tree = &t, .image = -1, .name = topo.name ? topo.name : args[0], .document = args[0]
	};
	if (enter_machine(&what, &err) < 0)
		return fail("%s", err.what);
	set_environment(what.name);

	execvp(*command, command);
	int error = errno;
	fail("%s: %s", *command, strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

const struct cmd cmd_run = {
	.name = "run",
	.args = "TOPOLOGY [--] COMMAND [ARGUMENT]...",
	.doc = "run a command with the /sys of a machine",
	.text = "COMMAND and all it starts see the machine's files in /sys, and its files of /proc (cpuinfo,\n"
		"meminfo ...) over the real ones; nobody else does. It needs no root. The exit status is the\n"
		"command's; 127 when it cannot be found, 126 when it cannot be executed.\n"
		"\n"
		"TOPOFS_MACHINE tells it the machine's name. HWLOC_COMPONENTS=-x86 (unless it is set already)\n"
		"keeps hwloc from asking the real processor; SYSTEMD_DEVICE_VERIFY_SYSFS=0 makes libudev take\n"
		"the files for sysfs.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 2,
	.max_args = -1,
	.passes_command = true,
	.run = run,
};
