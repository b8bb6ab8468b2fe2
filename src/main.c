/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The map.
 *
 *     bytes  <-- format -->  struct topo  -- sysfs -->  struct tree  -- serve -->  kernel
 *     JSON                   the machine,               the files,                 /sys, for programs
 *                            as plain data              as data     <-> folder
 *
 *     base/    buffers, arenas, sets of ids, errors, files in memory: know nothing
 *     topo/    the machine (topo.c), what follows from it (facts.c, resources.c), what must hold (rules.c)
 *     format/  bytes into a machine and back, one format a file; JSON's members are the tables of fields.c
 *     plan/    from a host to the guest it should become
 *     tree/    files as one sorted array: look up, dump, compare, save, load
 *     sysfs/   the only room that knows machines and files: one class of device a file, one attribute a row
 *     compose/ what a container sees: mounts of a served tree and of the real sysfs, put together
 *     serve/   requests of the kernel, answered from a tree
 *     cmd/     the command line: one subcommand a file; the only room that prints
 *
 * The headers of include/topofs/ are the doors between the rooms; ARCHITECTURE.md says who may use which.
 */

#include "topofs/cmd.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

static const struct cmd *find_cmd(const char *name)
{
	for (size_t i = 0; i < n_cmds; i++)
		if (!strcmp(cmds[i]->name, name))
			return cmds[i];
	return NULL;
}

/* topofs help, topofs help COMMAND */
static int help(const char *name)
{
	const struct cmd *cmd = name ? find_cmd(name) : NULL;
	if (name && !cmd)
		return misuse(NULL, "there is no command \"%s\"", name);
	if (cmd)
		cmd_usage(cmd);
	else
		cmd_help();
	return cmd_flush(EXIT_OK);
}

static int dispatch(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	if (!*word)
		return misuse(NULL, "say a command");
	if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
		puts("topofs " PACKAGE_VERSION);
		return cmd_flush(EXIT_OK);
	}
	if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help"))
		return help(argc > 2 ? argv[2] : NULL);
	const struct cmd *cmd = find_cmd(word);
	return cmd ? cmd_dispatch(cmd, argc - 1, argv + 1) : misuse(NULL, "there is no command \"%s\"", word);
}

int main(int argc, char **argv)
{
	/* mount -t topofs calls its helper by this name */
	if (argc > 0 && !strncmp(basename(argv[0]), "mount.", 6))
		return mount_helper(argc, argv);
	return dispatch(argc, argv);
}
