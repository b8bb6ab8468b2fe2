/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"

#include <stdio.h>
#include <string.h>

static void print_formats(void)
{
	for (size_t i = 0; i < n_formats; i++) {
		const struct format *f = formats[i];
		printf("%s\t%s%s\t%s\t%s\n", f->name, f->read ? "r" : "-", f->write ? "w" : "-",
		       f->ending ? f->ending : "", f->doc);
	}
}

static int no_such_format(const char *name)
{
	const char *names[64];
	size_t n = 0;
	for (; n < n_formats && n < sizeof names / sizeof *names; n++)
		names[n] = formats[n]->name;
	const char *nearest = nearest_name(name, names, n, sizeof *names);
	return nearest ? misuse(&cmd_convert, "there is no format \"%s\", did you mean \"%s\"?", name, nearest)
		       : misuse(&cmd_convert, "there is no format \"%s\": --list tells which are", name);
}

static bool ends_in(const char *text, const char *ending)
{
	size_t len = strlen(text), n = strlen(ending);
	return len > n && !strcmp(text + len - n, ending);
}

/* The format that files of this name are of: JSON where no other can be written into one. */
static int format_by_name(const char *path, const struct format **ret)
{
	_cleanup_buf_ struct buf names = { 0 };
	size_t n = 0;
	*ret = &json_format;
	for (size_t i = 0; i < n_formats; i++) {
		const struct format *f = formats[i];
		if (!f->write || !f->ending || !ends_in(path, f->ending))
			continue;
		buf_printf(&names, "%s%s", n++ ? ", " : "", f->name);
		*ret = f;
	}
	return n < 2 ? EXIT_OK : misuse(&cmd_convert, "%s: say of which format with --to: %s", path, buf_text(&names));
}

enum { OPT_FROM, OPT_TO, OPT_OUTPUT, OPT_LIST, OPT_FORCE };

static void read_formats(struct buf *out)
{
	for (size_t i = 0; i < n_formats; i++)
		if (formats[i]->read)
			buf_printf(out, "%s ", formats[i]->name);
}

static void written_formats(struct buf *out)
{
	for (size_t i = 0; i < n_formats; i++)
		if (formats[i]->write)
			buf_printf(out, "%s ", formats[i]->name);
}

static const struct opt opts[] = {
	{ 'f', "from", "FORMAT", "the format of TOPOLOGY; found out where not said", read_formats },
	{ 't', "to", "FORMAT", "the format to write; as the name of FILE ends, or json, where not said",
	  written_formats },
	{ 'o', "output", "FILE", "write to this file instead of standard output" },
	{ 'l', "list", NULL, "print a line for each format instead" },
	{ 0, "force", NULL, "convert also what can crash programs that read it" },
};

static int choose_formats(const char *const *values, const struct format **from, const struct format **to)
{
	*from = values[OPT_FROM] ? format_named(values[OPT_FROM]) : NULL;
	*to = values[OPT_TO] ? format_named(values[OPT_TO]) : NULL;
	if (values[OPT_FROM] && !*from)
		return no_such_format(values[OPT_FROM]);
	if (values[OPT_TO] && !*to)
		return no_such_format(values[OPT_TO]);
	if (*from && !(*from)->read)
		return misuse(&cmd_convert, "%s can be written, but not read", (*from)->name);
	if (*to && !(*to)->write)
		return misuse(&cmd_convert, "%s can be read, but not written", (*to)->name);
	return *to ? EXIT_OK : format_by_name(values[OPT_OUTPUT] ? values[OPT_OUTPUT] : "", to);
}

static int run(char **args, int n_args, const char *const *values)
{
	_cleanup_topo_ struct topo topo = { 0 };
	struct load_options how = { .force = values[OPT_FORCE] };
	const struct format *to;
	if (values[OPT_LIST] && n_args)
		return misuse(&cmd_convert, "TOPOLOGY and --list do not go together");
	if (values[OPT_LIST]) {
		print_formats();
		return EXIT_OK;
	}
	if (!n_args)
		return misuse(&cmd_convert, "TOPOLOGY is missing");
	int status = choose_formats(values, &how.format, &to);
	if (!status)
		status = load_topology(args[0], &how, &topo);
	return status ? status : write_as(&topo, to, args[0], values[OPT_OUTPUT]);
}

const struct cmd cmd_convert = {
	.name = "convert",
	.args = "TOPOLOGY",
	.doc = "write a machine in another format",
	.text = "What the other format cannot say is left out; what a file does not say is derived. --list prints for\n"
		"each format its name, whether it can be read (r) and written (w), how its files' names end, and what\n"
		"it is. What can be read, all commands take for a TOPOLOGY.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.max_args = 1,
	.run = run,
};
