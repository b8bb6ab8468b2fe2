/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"
#include "topofs/serve.h"

static int run(char **args, int n_args, const char *const *values)
{
	(void)n_args, (void)values;
	struct serve_status status;
	struct err err = { 0 };

	int channel = reach_keeper(args[0], NULL, 0, &status);
	if (channel < 0)
		return EXIT_FAILED;
	if (serve_upgrade(channel, &err) < 0)
		return complain(args[0], &err);
	channel = reach_keeper(args[0], NULL, 0, &status);
	if (channel < 0)
		return EXIT_FAILED;
	const struct load_options how = { .force = status.force, .strict = status.strict, .for_others = true };
	return reload_mount(channel, &status, args[0], NULL, &how);
}

const struct cmd cmd_upgrade = {
	.name = "upgrade",
	.args = "MOUNTPOINT",
	.doc = "have a mount served by this version of topofs",
	.text = "What keeps the mount goes on as this program, in the same process; readers notice a pause of\n"
		"milliseconds. Then the description is read anew, as topofs reload does, so that files are as this\n"
		"version makes them.\n",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
