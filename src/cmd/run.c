/* SPDX-License-Identifier: Apache-2.0 */
#include "container.h"
#include "enter.h"

#include "topofs/serve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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
	set_machine_environment(what.name);

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
