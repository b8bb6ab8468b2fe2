/* SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include "topofs/compose.h"
#include "topofs/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A machine that is mounted already is mounted once more, in the container. Any other gets a server of its own, which
 * ends with its last mount: when it is detached, or the container ends.
 */

struct attaching {
	int process;
	const char *topology, *union_policy; /* union_policy: of --union */
	struct buf policy;
	struct compose how;
	struct err *err;
};

static int put_in(void *ctx)
{
	struct attaching *a = ctx;
	int rc = compose_enter(a->process, a->err);
	int root = rc < 0 ? -1 : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (rc < 0)
		return rc;
	rc = compose_onto(&a->how, root, false, a->err);
	close(root);
	return rc;
}

/* A folder in which something of topofs is mounted; any other is no topology either, which loading it says. */
static bool is_folder(const char *topology)
{
	struct stat st;
	return (stat(topology, &st) == 0 ? S_ISDIR(st.st_mode) : errno == ENOTCONN) && !is_installed(topology);
}

static int use_mount(struct attaching *a)
{
	if (compose_is_alive(a->topology, a->err) < 0)
		return complain(a->topology, a->err);
	a->how.machine = compose_clone(AT_FDCWD, a->topology, a->err);
	if (a->how.machine < 0)
		return complain(a->topology, a->err);
	return policy_of_mount(a->union_policy, a->topology, &a->policy);
}

static int start_server(struct attaching *a, const struct load_options *load)
{
	_cleanup_topo_ struct topo topo = { 0 };
	_cleanup_tree_ struct tree t = { 0 };
	int status = load_topology(a->topology, load, &topo);
	if (!status)
		status = build_tree(a->topology, &topo, &t);
	if (status)
		return status;
	const struct serve_what what = {
		.tree = &t,
		.image = -1,
		.name = topo.name ? topo.name : a->topology,
		.document = a->topology,
		.unlisted = topo.unlisted,
	};
	buf_puts(&a->policy, policy_of(a->union_policy, topo.unlisted, ""));
	int connection, channel = serve_start(&what, a->err);
	int rc = channel < 0 ? channel : mount_hidden(a->process, a->topology, &connection, a->err);
	a->how.machine = rc;
	if (rc >= 0)
		rc = serve_hand_over(channel, connection, NULL, a->err);
	return rc < 0 ? fail("%s", a->err->what) : EXIT_OK;
}

enum { OPT_PID, OPT_UNION, OPT_FORCE, OPT_STRICT };

static const struct opt opts[] = {
	{ 0, "pid", "PID", "the container: a process in it" },
	UNION_OPT,
	{ 0, "force", NULL, "attach also what can crash programs that read it" },
	{ 0, "strict", NULL, "refuse also what no real machine looks like, or others can change" },
};

static int run(char **args, int n_args, const char *const *values)
{
	(void)n_args;
	const struct load_options load = {
		.force = values[OPT_FORCE], .strict = values[OPT_STRICT], .for_others = true
	};
	struct err err = { 0 };
	struct attaching a = { .topology = args[0], .union_policy = values[OPT_UNION], .err = &err };

	pid_t pid;
	int status = read_pid(&cmd_attach, values[OPT_PID], &pid);
	if (!status)
		status = check_policy(&cmd_attach, values[OPT_UNION]);
	if (status)
		return status;
	serve_hold_standard_files();
	a.process = compose_open_process(pid, &err);
	if (a.process < 0)
		return fail("process %d: %s", (int)pid, err.what);
	a.how.cannot = say_cannot;
	a.how.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	status = is_folder(a.topology) ? use_mount(&a) : start_server(&a, &load);
	a.how.policy = buf_text(&a.policy);
	if (!status && compose_apart(put_in, &a) < 0)
		status = fail("process %d: %s", (int)pid, err.what);
	buf_done(&a.policy);
	return status;
}

const struct cmd cmd_attach = {
	.name = "attach",
	.args = "TOPOLOGY",
	.doc = "give a running container the /sys of a machine",
	.text = "TOPOLOGY may also be a folder where one is mounted, which costs no server of its own. All processes\n"
		"of the container see it, or, where something fails, none; nobody else does. What the container mounted\n"
		"below /sys is covered, but for its control groups. It lasts until topofs detach, or the end of the\n"
		"container.\n"
		"\n"
		"An ordinary user may do that to containers of their own.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
