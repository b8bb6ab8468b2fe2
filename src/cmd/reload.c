/* SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include "topofs/buf.h"
#include "topofs/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where the description is that a mount was made from, for this process to read. */
static const char *document_of(const struct serve_status *status)
{
	return *status->path ? status->path : status->document;
}

int reload_mount(int channel, const struct serve_status *status, const char *folder, const char *topology,
		 const struct load_options *how)
{
	_cleanup_topo_ struct topo topo = { 0 };
	_cleanup_tree_ struct tree t = { 0 };
	_cleanup_buf_ struct buf path = { 0 };
	struct err err = { 0 };
	const char *from = topology ? topology : document_of(status);
	/* what is mounted where is what capabilities are needed for, and reading a description is not */
	int pins = serve_pins(folder, &err);
	if (pins < 0)
		return complain(folder, &err);
	serve_give_up_capabilities();
	int rc = load_topology(from, how, &topo);

	if (!rc)
		rc = build_tree(from, &topo, &t);
	if (rc)
		return rc;
	topology_path(from, &path);
	const struct serve_what what = {
		.tree = &t,
		.image = -1,
		.name = topo.name ? topo.name : from,
		.document = topology ? topology : status->document,
		.path = buf_text(&path),
		.unlisted = topo.unlisted,
		.force = how->force,
		.strict = how->strict,
	};
	return serve_renew(channel, pins, &what, &err) < 0 ? complain(folder, &err) : EXIT_OK;
}

/* It may become another program between the two, which has the channel elsewhere: then it is asked again. */
static int find_keeper(const char *folder, pid_t keeper, struct serve_status *status, struct err *err)
{
	uint64_t programs;
	int channel, rc = serve_status(folder, status, err);

	if (rc < 0)
		return rc;
	do {
		programs = status->upgrades;
		channel = serve_control(folder, status, keeper, err);
	} while (channel < 0 && serve_status(folder, status, err) == 0 && status->upgrades != programs);
	return channel;
}

int reach_keeper(const char *folder, const char *topology, pid_t keeper, struct serve_status *status)
{
	struct err err = { 0 };
	uid_t owner = geteuid();
	int channel = find_keeper(folder, keeper, status, &err);

	if (channel >= 0 && !topology && !keeper && serve_owner(folder, &owner, &err) < 0)
		channel = -EPERM;
	if (channel >= 0 && owner != geteuid()) {
		err_set(&err, "",
			"user %u mounted it and may name any file to be read: reload with a TOPOLOGY, or as that user",
			owner);
		channel = -EPERM;
	}
	if (channel < 0)
		complain(folder, &err);
	return channel;
}

/*
 * A service manager starts no other keeper before its command to reload has ended, which without a keeper waits for an
 * answer. Returns the process that ends this one with the other, or -1.
 */
static pid_t give_up_with(pid_t keeper)
{
	pid_t self = getpid();
	int fd = (int)syscall(SYS_pidfd_open, keeper, 0);
	struct pollfd ends = { .fd = fd, .events = POLLIN };

	pid_t child = fd < 0 ? -1 : fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == self && poll(&ends, 1, -1) < 0 && errno == EINTR)
			;
		if (getppid() == self)
			kill(self, SIGTERM);
		_exit(EXIT_OK);
	}
	if (fd >= 0)
		close(fd);
	return child;
}

enum { OPT_FORCE, OPT_STRICT, OPT_PID };

static const struct opt opts[] = {
	{ 0, "force", NULL, "serve also what can crash programs that read it" },
	{ 0, "strict", NULL, "refuse also what no real machine looks like, or others can change" },
	{ 0, "pid", "PID", "give up unless that process is the mount's keeper, and when it ends" },
};

static int run(char **args, int n_args, const char *const *values)
{
	struct serve_status status;
	const char *topology = n_args > 1 ? args[1] : NULL;
	pid_t keeper = 0;

	if (values[OPT_PID] && read_pid(&cmd_reload, values[OPT_PID], &keeper))
		return EXIT_MISUSE;
	if (keeper && give_up_with(keeper) < 0)
		return fail("--pid %s: %s", values[OPT_PID], strerror(errno));
	int channel = reach_keeper(args[0], topology, keeper, &status);
	if (channel < 0)
		return EXIT_FAILED;
	const struct load_options how = {
		.force = values[OPT_FORCE] || status.force,
		.strict = values[OPT_STRICT] || status.strict,
		.for_others = true,
	};
	return reload_mount(channel, &status, args[0], topology, &how);
}

const struct cmd cmd_reload = {
	.name = "reload",
	.args = "MOUNTPOINT [TOPOLOGY]",
	.doc = "read a mount's description anew, or another one",
	.text = "What is mounted stays mounted, and its readers notice nothing but what has changed: whoever opens a\n"
		"file gets all of the old one or all of the new one. Inode numbers of paths that stay are the same, and\n"
		"so does what is mounted on the folders. A description that is refused changes nothing.\n"
		"\n"
		"MOUNTPOINT is any folder of a mount that topofs mount made; it may be in another mount namespace. Root\n"
		"and who mounted it may do this.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
