/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"
#include "topofs/format.h"

#include <stdio.h>

static void print_member(void *ctx, const char *path, const char *type, const char *doc)
{
	(void)ctx;
	printf("%s\t%s\t%s\n", path, type, doc);
}

enum { OPT_MEMBERS };

static const struct opt opts[] = {
	{ 'm', "members", NULL, "print a line for each member instead: path, type, meaning" },
};

static int run(char **args, int n_args, const char *const *values)
{
	_cleanup_buf_ struct buf text = { 0 };
	(void)args;
	(void)n_args;
	if (values[OPT_MEMBERS]) {
		json_members(print_member, NULL);
		return EXIT_OK;
	}
	json_schema(&text);
	fputs(buf_text(&text), stdout);
	return EXIT_OK;
}

const struct cmd cmd_schema = {
	.name = "schema",
	.args = "",
	.doc = "print the JSON Schema of descriptions, for editors",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.run = run,
};
