/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_CMD_H
#define TOPOFS_CMD_H

/*
 * Subcommands: one file each, ending in its row; cmds[] lists the rows. --help, the completions and the
 * manual's test come from them. Only this room prints.
 */

#include "topofs/buf.h"
#include "topofs/err.h"
#include "topofs/format.h"
#include "topofs/rules.h"
#include "topofs/scope.h"
#include "topofs/topo.h"
#include "topofs/tree.h"

#include <stdbool.h>
#include <stddef.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_MISUSE = 2, EXIT_AGAIN = 75 };

struct opt {
	char letter;	  /* 0: long form only */
	const char *name; /* long form, without dashes; NULL: letter only */
	const char *arg;  /* "FILE"; "[FILE]": may be left out, of a long form alone; NULL: a flag */
	const char *doc;
	void (*words)(struct buf *out); /* what arg can be, a space behind each, for completions; NULL: files, machines */
};

enum { MAX_OPTS = 16 };

struct cmd {
	const char *name;
	const char *args; /* "TOPOLOGY [PATH]" */
	const char *doc;  /* one line, for the list of commands */
	const char *text; /* paragraphs for its own --help; NULL: none */
	const struct opt *opts;
	size_t n_opts;
	int min_args, max_args; /* max -1: any number */
	void (*words)(struct buf *out); /* what its arguments can be, as in struct opt */
	/* Options stop at the first operand: what follows is somebody else's command line. */
	bool passes_command;
	/* values[i] is the argument of opts[i], "" for a flag given, NULL for one not given. Returns an exit status. */
	int (*run)(char **args, int n_args, const char *const *values);
};

/* One a file: src/cmd/check.c and so on. */
extern const struct cmd cmd_attach, cmd_attributes, cmd_capture, cmd_cdi, cmd_check, cmd_completion, cmd_convert,
	cmd_detach, cmd_diff, cmd_doctor, cmd_draw, cmd_generate, cmd_hook, cmd_machines, cmd_mount, cmd_plan,
	cmd_reload, cmd_render, cmd_repair, cmd_run, cmd_schema, cmd_show, cmd_status, cmd_upgrade;

extern const struct cmd *const cmds[];
extern const size_t n_cmds;

/* Parses options by the row and runs it. */
int cmd_dispatch(const struct cmd *cmd, int argc, char **argv);
void cmd_usage(const struct cmd *cmd);
/* The list of commands on standard output. */
void cmd_help(void);

/* The status of what has printed: a full disk or a closed pipe is not to be taken for success. */
int cmd_flush(int status);

/* Puts a '?' for each control character, so that text from a file is one line and does nothing to a terminal. */
void tame(char *text);
/* "topofs: FILE: WHERE: WHAT" on standard error; returns EXIT_FAILED. */
int complain(const char *file, const struct err *err);
/* "topofs: TEXT" on standard error; returns EXIT_FAILED. */
int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "topofs: TEXT" and a pointer to --help on standard error; returns EXIT_MISUSE. */
int misuse(const struct cmd *cmd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * TOPOLOGY of the command line: a file's path, or the name of an installed machine, looked for as NAME.json in
 * the folders of $TOPOFS_PATH (colon-separated), /etc/topofs and the installed examples. It is read as `format`, or as
 * the one it looks like. What is BROKEN or HARMFUL is refused (HARMFUL is let through with `force`); ODD is printed
 * when `verbose`. All complaints have been printed when it returns other than 0.
 */
struct load_options {
	bool force, strict, verbose;
	const struct format *format;
	bool for_others; /* root serves it: who else can change the document is warned of (`strict`: refused) */
};
/* These folders, in their order, with a colon between. */
void machine_folders(struct buf *out);
/* What the masks of this kernel have room for. */
struct host_limits this_kernel(void);
/* Whether it is taken for a name. */
bool is_installed(const char *topology);
/*
 * What the list of mounts shows a machine's mount to be of, and by which topofs repair finds a living one of the same
 * machine: an installed machine's name, or the document's path from the root.
 */
void topology_source(const char *topology, struct buf *ret);
/* The file's path from the root, for whoever reads it again later; "" where the working folder is not known. */
void topology_path(const char *topology, struct buf *ret);
int load_topology(const char *topology, const struct load_options *how, struct topo *ret);
int build_tree(const char *topology, const struct topo *topo, struct tree *ret);
/* Both. */
int load_tree(const char *topology, const struct load_options *how, struct tree *ret);

/* Writes the description: to standard output where the path is NULL or "-". A file is replaced whole or not at all. */
int write_document(const struct topo *topo, const char *path);
/* Any other text, in the same way. */
int write_text(const struct buf *text, const char *path);
/* The same in any format that can be written; complaints name the topology. */
int write_as(const struct topo *topo, const struct format *format, const char *topology, const char *path);

/*
 * A machine as its description: a recording's folder with sys and proc, or a tar file of one, or NULL for the running
 * machine, of which only what rows know is read. Warnings and complaints have been printed when it returns.
 */
int capture_machine(const char *root, struct topo *ret);
/* The same, with stand-ins for secrets or of a part. */
struct capture_options {
	bool redact;
	struct scope scope;
};
int capture_as(const char *root, const struct capture_options *how, struct topo *ret);

/* Whether a name is that of a folder, or of a tar file of one. */
bool is_recording(const char *name);

/* The description of files that have been read already, or made: `name` is for complaints. */
int describe_tree(const char *name, const struct tree *tree, const char *arch, struct topo *ret);

struct serve_status;
/*
 * The channel to a mount's keeper, and its status; `keeper` as for serve_control(). Without `topology`, which is what
 * is to be read then, the mount has to be this user's own: else it could lead to any file. -1: complaints have been
 * printed.
 */
int reach_keeper(const char *folder, const char *topology, pid_t keeper, struct serve_status *status);
/*
 * Reads a mount's description anew, or another one where `topology` is not NULL, and has it served there through the
 * channel to its keeper; `folder` is any of the mount's. It gives up this process' capabilities. All
 * complaints have been printed when it returns other than 0.
 */
int reload_mount(int channel, const struct serve_status *status, const char *folder, const char *topology,
		 const struct load_options *how);

/* mount(8)'s helper: mount.topofs SPEC DIR [-sfnv] [-o OPTIONS]. Its exit status is mount(8)'s. */
int mount_helper(int argc, char **argv);

#endif
