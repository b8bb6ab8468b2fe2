/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"

enum { OPT_STRICT, OPT_FORCE };

static const struct opt opts[] = {
	{ 0, "strict", NULL, "take warnings for errors" },
	{ 0, "force", NULL, "take what can crash programs for a warning" },
};

static int run(char **args, int n_args, const char *const *values)
{
	const struct load_options how = { .strict = values[OPT_STRICT], .force = values[OPT_FORCE], .verbose = true };
	int status = EXIT_OK;
	for (int i = 0; i < n_args; i++) {
		_cleanup_tree_ struct tree tree = { 0 };
		int failed = load_tree(args[i], &how, &tree);
		status = failed ? failed : status;
	}
	return status;
}

const struct cmd cmd_check = {
	.name = "check",
	.args = "TOPOLOGY...",
	.doc = "say what is wrong with a description, and what is odd",
	.text = "Prints one line for each finding, and nothing where all is well. What contradicts itself or can crash\n"
		"programs is an error; what is odd, as real machines sometimes are, is a warning. The exit status is 1\n"
		"when there is an error.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
