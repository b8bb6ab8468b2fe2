/* SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include "topofs/compose.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct detaching {
	int process, proc;
	struct err *err;
};

static int take_off(void *ctx)
{
	struct detaching *d = ctx;
	size_t n;
	int rc = compose_enter(d->process, d->err);
	return rc < 0 ? rc : compose_off(d->proc, &n, d->err);
}

static const struct opt opts[] = {
	{ 0, "pid", "PID", "the container: a process in it" },
};

static int run(char **args, int n_args, const char *const *values)
{
	(void)args;
	(void)n_args;
	struct err err = { 0 };
	struct detaching d = { .err = &err };
	pid_t pid;
	int status = read_pid(&cmd_detach, values[0], &pid);

	if (status)
		return status;
	d.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (d.proc < 0)
		return fail("/proc: %s", strerror(errno));
	int rc = d.process = compose_open_process(pid, &err);
	if (rc >= 0) {
		rc = compose_apart(take_off, &d);
		close(d.process);
	}
	close(d.proc);
	return rc < 0 ? fail("process %d: %s", (int)pid, err.what) : EXIT_OK;
}

const struct cmd cmd_detach = {
	.name = "detach",
	.args = "",
	.doc = "take a machine's /sys away from a running container",
	.text = "The container sees again what was there before topofs attach, or topofs hook. Files that are open stay\n"
		"open.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 0,
	.max_args = 0,
	.run = run,
};
