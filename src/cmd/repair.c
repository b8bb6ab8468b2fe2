/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/buf.h"
#include "topofs/cmd.h"
#include "topofs/compose.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct outcome {
	bool dry_run;
	size_t found, left;
};

/* "process 4711: /sys: healed by /run/topofs/dgx-h100", or without a process where it is this one's own namespace */
static void say_found(void *ctx, const struct compose_dead *dead, int rc, const struct err *why)
{
	struct outcome *o = ctx;
	_cleanup_buf_ struct buf line = { 0 };
	if (dead->pid)
		buf_printf(&line, "process %d: ", (int)dead->pid);
	buf_printf(&line, "%s: ", dead->folder);
	o->found++;
	o->left += rc != 0;
	if (rc == 0) {
		buf_printf(&line, "%s by %s", o->dry_run ? "dead, would be healed" : "healed", dead->living);
		tame(line.data);
		puts(buf_text(&line));
	} else if (!dead->living) {
		fail("%sno living mount of %s: mount it, and repair again", buf_text(&line), dead->source);
	} else {
		fail("%s%s", buf_text(&line), why->what);
	}
}

static int repair(struct outcome *o, const char *mountpoint)
{
	char folder[PATH_MAX];
	struct err err = { 0 };
	const struct compose_repair how = {
		.folder = mountpoint ? folder : NULL, .dry_run = o->dry_run, .found = say_found, .ctx = o
	};

	if (mountpoint && !realpath(mountpoint, folder)) {
		err_set(&err, "", "%s", strerror(errno));
		return complain(mountpoint, &err);
	}
	fflush(stdout); /* children are made, which are not to print it again */
	if (compose_repair(&how, &err) < 0)
		return mountpoint ? complain(mountpoint, &err) : fail("%s", err.what);
	return EXIT_OK;
}

enum { OPT_DRY_RUN };

static const struct opt opts[] = {
	{ 'n', "dry-run", NULL, "say what is dead and what would be done, and change nothing" },
};

static int run(char **args, int n_args, const char *const *values)
{
	struct outcome o = { .dry_run = values[OPT_DRY_RUN] };
	int status = n_args ? EXIT_OK : repair(&o, NULL);

	for (int i = 0; i < n_args; i++)
		if (repair(&o, args[i]))
			status = EXIT_FAILED;
	if (!status && !o.found)
		puts("nothing to heal");
	return o.left ? EXIT_FAILED : status;
}

const struct cmd cmd_repair = {
	.name = "repair",
	.args = "[MOUNTPOINT]...",
	.doc = "heal mounts whose server is gone, also in containers",
	.text = "A mount is dead when its server is gone for ever: files there answer \"Transport endpoint is not\n"
		"connected\". Mount the machine again, anywhere; repair then finds the dead mounts, in every mount\n"
		"namespace it may look into, and puts the living one in their place, without a moment between, with\n"
		"what is mounted on them. Containers go on without a restart. What is open in a dead mount stays dead.\n"
		"\n"
		"Before Linux 6.5 a dead mount is covered and stays beneath, out of sight.\n"
		"\n"
		"With MOUNTPOINT only those that are of the machine that is mounted there. The exit status is 1 when\n"
		"something dead is left, or it cannot be asked what is dead.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 0,
	.max_args = -1,
	.run = run,
};
