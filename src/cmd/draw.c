/* SPDX-License-Identifier: Apache-2.0 */

/* A picture: lstopo draws it, in the machine, into memory, so that the file is written whole or not at all. */

#include "enter.h"

#include "topofs/child.h"
#include "topofs/cmd.h"
#include "topofs/memfile.h"
#include "topofs/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The smaller one cannot write all kinds; Debian has it in hwloc-nox. */
static const char *const programs[] = { "lstopo", "lstopo-no-graphics" };

/* What would have it draw something else. */
static const char *const inputs[] = { "HWLOC_XMLFILE", "HWLOC_SYNTHETIC", "HWLOC_FSROOT", "HWLOC_CPUID_PATH" };

enum { CANNOT_ENTER = 126, NOT_FOUND = 127 };

struct drawing {
	struct serve_what what;
	const struct topo *topo;
	const char *kind; /* "svg" */
	char **options;	  /* for lstopo */
	int n_options;
	int picture, messages; /* files in memory */
};

/* --- the process in the machine -------------------------------------------------------------------------- */

/* The machine's name stands where lstopo has this computer's and the time. */
static void call_lstopo(const struct drawing *d)
{
	_cleanup_arena_ struct arena a = { 0 };
	LIST_OF(const char *) args = { 0 };
	const char *about = d->topo->description;
	const char *legend = arena_printf(&a, "%s%s%s", d->what.name, about ? ": " : "", about ? about : "");
	const char *const first[] = { programs[0], "--of", d->kind, "--no-default-legend", "--append-legend", legend, "-" };
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		*LIST_ADD(&a, &args) = first[i];
	for (int i = 0; i < d->n_options; i++)
		*LIST_ADD(&a, &args) = d->options[i];
	*LIST_ADD(&a, &args) = NULL;
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		args.at[0] = programs[i];
		execvp(programs[i], (char **)args.at);
	}
}

static bool redirect(const struct drawing *d)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(d->picture, STDOUT_FILENO) >= 0 &&
	       dup2(d->messages, STDERR_FILENO) >= 0;
}

/*
 * Returns only where it fails; what is said of files that cannot be covered is not for whoever looks at a picture. That
 * is of the machine alone, whatever it has "unlisted": nothing of this computer belongs in it.
 */
static int draw(const struct drawing *d)
{
	struct err err = { 0 };
	if (!redirect(d))
		return CANNOT_ENTER;
	bool entered = enter_machine(&d->what, NULL, &err) >= 0;
	if (ftruncate(d->messages, 0) < 0 || lseek(d->messages, 0, SEEK_SET) < 0)
		return CANNOT_ENTER;
	if (!entered) {
		dprintf(d->messages, "%s\n", err.what);
		return CANNOT_ENTER;
	}
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
		unsetenv(inputs[i]);
	set_machine_environment(d->what.name);
	call_lstopo(d);
	return NOT_FOUND;
}

/* --- what came of it ------------------------------------------------------------------------------------- */

/* The first line of what was said, or what lstopo's usage says of kinds of files. */
static int complain_of_it(const struct drawing *d, bool entered)
{
	static const char kinds[] = "Supported output file formats: ";
	_cleanup_buf_ struct buf said = { 0 };
	memfile_read(d->messages, &said);
	buf_putc(&said, '\n');
	char *text = said.data, *known = strstr(text, kinds);
	bool of_kind = !strncmp(text, "Usage:", 6) || !strncmp(text, "file format", 11);
	text[strcspn(text, "\n")] = '\0';
	if (!known || !of_kind)
		return fail("%s%s%s", entered ? "lstopo fails" : "lstopo cannot be run", *text ? ": " : "", text);
	known += sizeof kinds - 1;
	known[strcspn(known, "\n")] = '\0';
	return fail("lstopo cannot write \"%s\": it knows %s", d->kind, known);
}

static int finish(const struct drawing *d, int status, const char *file)
{
	_cleanup_buf_ struct buf picture = { 0 };
	int exited = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	memfile_read(d->picture, &picture);
	if (exited == NOT_FOUND)
		return fail("lstopo is not installed; it is in the package hwloc");
	if (exited != EXIT_OK || !picture.len)
		return complain_of_it(d, exited != CANNOT_ENTER);
	return write_text(&picture, file);
}

static int draw_into(struct drawing *d, const char *file)
{
	int status = 0;
	d->picture = memfile_new("topofs-picture");
	d->messages = memfile_new("topofs-messages");
	if (d->picture < 0 || d->messages < 0)
		return fail("cannot make a file in memory");
	pid_t child = fork();
	if (child == 0)
		_exit(draw(d));
	int rc = wait_for_child(child, &status);
	return rc == 0 ? finish(d, status, file) : fail("cannot run lstopo: %s", strerror(-rc));
}

/* --------------------------------------------------------------------------------------------------------- */

enum { OPT_OUTPUT, OPT_FORCE };

static const struct opt opts[] = {
	{ 'o', "output", "FILE", "write to this file, whose ending says of what kind: .svg, .png, .pdf, .txt ..." },
	{ 0, "force", NULL, "draw also what can crash programs that read it" },
};

static int run(char **args, int n_args, const char *const *values)
{
	const struct load_options how = { .force = values[OPT_FORCE] };
	_cleanup_topo_ struct topo topo = { 0 };
	_cleanup_tree_ struct tree t = { 0 };
	const char *file = values[OPT_OUTPUT], *dot = file ? strrchr(file, '.') : NULL;
	if (!file)
		return misuse(&cmd_draw, "--output is missing");
	if (!dot || !dot[1] || strchr(dot, '/'))
		return misuse(&cmd_draw, "%s: its ending is to say of what kind it is: .svg, .png, .pdf, .txt", file);
	serve_hold_standard_files();
	int status = load_topology(args[0], &how, &topo);
	if (!status)
		status = build_tree(args[0], &topo, &t);
	if (status)
		return status;
	struct drawing d = {
		.what = { .tree = &t, .image = -1, .name = topo.name ? topo.name : args[0], .document = args[0] },
		.topo = &topo, .kind = dot + 1, .options = args + 1, .n_options = n_args - 1,
	};
	return draw_into(&d, file);
}

const struct cmd cmd_draw = {
	.name = "draw",
	.args = "TOPOLOGY [-- LSTOPO-OPTION...]",
	.doc = "draw a picture of a machine",
	.text = "lstopo draws it, of the package hwloc; what stands behind -- is for lstopo, such as --no-io,\n"
		"--no-caches, --horiz or --fontsize 8. FILE is written whole, or left as it was.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
