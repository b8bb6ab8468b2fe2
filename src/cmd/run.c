/* SPDX-License-Identifier: Apache-2.0 */
#include "container.h"
#include "namespaces.h"

#include "topofs/compose.h"
#include "topofs/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The command gets a mount namespace of its own, and for an ordinary user a user namespace around it. The
 * server stays outside: so nothing but the command and its children holds the mount, which goes with the last
 * of them, however they end, and takes the server with it.
 */

/* A working folder below /sys is the real machine's still: go to the same place in the new one. */
static int follow_working_folder(const char *folder)
{
	if (strncmp(folder, "/sys/", 5) && strcmp(folder, "/sys"))
		return 0;
	return chdir(folder) < 0 && chdir("/") < 0 ? -errno : 0;
}

static void say_unseen(void *ctx, const char *path, const char *why)
{
	(void)ctx;
	fail("the command will not see the machine's %s: %s", path, why);
}

static int cover(const struct compose *how, struct err *err)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int rc = root < 0 ? -errno : compose_onto(how, root, true, err);
	if (root >= 0)
		close(root);
	return rc;
}

static int enter_machine(const struct serve_what *what, const char *policy, struct err *err)
{
	struct compose how = { .policy = policy, .cannot = say_unseen };
	char folder[PATH_MAX] = "";
	int connection;

	if (!getcwd(folder, sizeof folder))
		folder[0] = '\0';
	int channel = serve_start(what, err);
	int rc = channel < 0 ? channel : enter_namespaces(err);
	if (rc >= 0)
		rc = how.machine = mount_hidden(0, what->document, &connection, err);
	if (rc >= 0)
		rc = serve_hand_over(channel, connection, NULL, err);
	if (rc >= 0)
		rc = cover(&how, err);
	if (rc >= 0 && (rc = follow_working_folder(folder)) < 0)
		err_set(err, "", "cannot enter a folder of the machine's: %s", strerror(-rc));
	return rc;
}

/* What programs need to be told because they would ask the hardware, or distrust what is no sysfs. */
static void set_environment(const char *machine)
{
	setenv("HWLOC_COMPONENTS", "-x86", 0);
	setenv("SYSTEMD_DEVICE_VERIFY_SYSFS", "0", 0);
	setenv("TOPOFS_MACHINE", machine, 1);
}

enum { OPT_UNION, OPT_FORCE, OPT_STRICT };

static const struct opt opts[] = {
	UNION_OPT,
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
	int status = check_policy(&cmd_run, values[OPT_UNION]);
	if (status)
		return status;
	serve_hold_standard_files();
	status = load_topology(args[0], &how, &topo);
	if (!status)
		status = build_tree(args[0], &topo, &t);
	if (status)
		return status;
	const struct serve_what what = {
		.tree = &t,
		.image = -1,
		.name = topo.name ? topo.name : args[0],
		.document = args[0],
		.unlisted = topo.unlisted,
	};
	const char *policy = policy_of(values[OPT_UNION], topo.unlisted, NULL);
	if (enter_machine(&what, policy, &err) < 0)
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
