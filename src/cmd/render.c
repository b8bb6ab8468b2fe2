/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"


#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int save(const struct tree *tree, const char *folder)
{
	struct err err = { 0 };
	bool made = mkdir(folder, 0755) == 0;
	if (!made && errno != EEXIST)
		return fail("%s: %s", folder, strerror(errno));
	int dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return fail("%s: %s", folder, strerror(errno));
	int ret = tree_save(tree, dirfd, &err);
	close(dirfd);
	return ret ? complain(folder, &err) : EXIT_OK;
}

/* A file as its bytes, a folder as text. */
static int print(const struct tree *tree, const char *path)
{
	uint32_t entry = tree_walk(tree, path + strspn(path, "/"));
	if (entry == TREE_NONE)
		return fail("%s: the machine has no such file", path);
	if (S_ISREG(tree->entries[entry].mode)) {
		fwrite(tree_data(tree, entry), 1, tree->entries[entry].size, stdout);
		return EXIT_OK;
	}
	_cleanup_buf_ struct buf text = { 0 };
	tree_dump(tree, entry, &text);
	fwrite(buf_text(&text), 1, text.len, stdout);
	return EXIT_OK;
}

enum { OPT_OUTPUT, OPT_FORCE };

static const struct opt opts[] = {
	{ 'o', "output", "DIR", "write the files into this folder, which is empty or does not exist yet" },
	{ 0, "force", NULL, "render also what can crash programs that read it" },
};

static int run(char **args, int n_args, const char *const *values)
{
	const struct load_options how = { .force = values[OPT_FORCE] };
	_cleanup_tree_ struct tree tree = { 0 };
	if (values[OPT_OUTPUT] && n_args > 1)
		return misuse(&cmd_render, "PATH and --output do not go together");
	int status = load_tree(args[0], &how, &tree);
	if (status)
		return status;
	return values[OPT_OUTPUT] ? save(&tree, values[OPT_OUTPUT]) : print(&tree, n_args > 1 ? args[1] : "/");
}

const struct cmd cmd_render = {
	.name = "render",
	.args = "TOPOLOGY [PATH]",
	.doc = "print the files of a machine",
	.text = "A folder is printed as text, a line for each file and link below it; a file as it is. PATH begins with\n"
		"/sys or /proc. With --output the files are written to disk, where lscpu --sysroot, HWLOC_FSROOT and\n"
		"the like can read them without a mount.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
