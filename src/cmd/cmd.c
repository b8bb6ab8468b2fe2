/* SPDX-License-Identifier: Apache-2.0 */

/* The list of commands, and what all of them share: options, help, complaints. */

#include "topofs/cmd.h"

#include "topofs/buf.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cmd *const cmds[] = {
	&cmd_run,
	&cmd_attach,
	&cmd_detach,
	&cmd_hook,
	&cmd_mount,
	&cmd_reload,
	&cmd_upgrade,
	&cmd_repair,
	&cmd_status,
	&cmd_doctor,
	&cmd_cdi,
	&cmd_machines,
	&cmd_capture,
	&cmd_convert,
	&cmd_diff,
	&cmd_generate,
	&cmd_plan,
	&cmd_show,
	&cmd_draw,
	&cmd_check,
	&cmd_render,
	&cmd_schema,
	&cmd_attributes,
	&cmd_completion,
};
const size_t n_cmds = sizeof cmds / sizeof *cmds;

/* One line stays one line, and a terminal is not at the mercy of a file's name: no C0 and, in UTF-8, no C1 controls. */
void tame(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

int fail(const char *fmt, ...)
{
	_cleanup_buf_ struct buf line = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_puts(&line, "topofs: ");
	buf_vprintf(&line, fmt, ap);
	va_end(ap);
	tame(line.data);
	buf_putc(&line, '\n');
	fputs(buf_text(&line), stderr);
	return EXIT_FAILED;
}

int complain(const char *file, const struct err *err)
{
	return fail("%s: %s%s%s", file, err->where, *err->where ? ": " : "", err->what);
}

int misuse(const struct cmd *cmd, const char *fmt, ...)
{
	_cleanup_buf_ struct buf text = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	fail("%s (try topofs %s%s--help)", buf_text(&text), cmd ? cmd->name : "", cmd ? " " : "");
	return EXIT_MISUSE;
}

int cmd_flush(int status)
{
	if (fflush(stdout) || ferror(stdout))
		return status ? status : fail("cannot write: %m");
	return status;
}

/* --- help ------------------------------------------------------------------------------------------------ */

/* Fills lines of 80 columns, where `indent` are already printed; an empty line ends a paragraph. */
static void print_filled(const char *text, int indent)
{
	for (int column = indent; *text; text += strspn(text, " \n")) {
		int len = (int)strcspn(text, " \n");
		if (column > indent && column + 1 + len > 80) {
			printf("\n%*s", indent, "");
			column = indent;
		}
		column += printf("%s%.*s", column > indent ? " " : "", len, text);
		text += len;
		if (!strncmp(text, "\n\n", 2)) {
			printf("\n\n%*s", indent, "");
			column = indent;
		}
	}
	putchar('\n');
}

/* "[POLICY]": --union alone, or --union=POLICY. */
static bool is_optional(const struct opt *opt)
{
	return opt->arg && *opt->arg == '[';
}

static void print_opt(const struct opt *opt)
{
	_cleanup_buf_ struct buf names = { 0 };
	if (opt->letter)
		buf_printf(&names, "-%c%s", opt->letter, opt->name ? ", " : "");
	else
		buf_puts(&names, "    ");
	if (opt->name)
		buf_printf(&names, "--%s", opt->name);
	if (opt->arg)
		buf_printf(&names, is_optional(opt) ? "[=%s" : " %s", opt->arg + is_optional(opt));
	printf("  %-24s ", buf_text(&names));
	print_filled(opt->doc, 27);
}

static const struct opt help_opt = { 'h', "help", NULL, "print this" };

void cmd_usage(const struct cmd *cmd)
{
	printf("usage: topofs %s%s%s%s\n\nTo %s.\n", cmd->name, cmd->n_opts ? " [OPTION]..." : "",
	       *cmd->args ? " " : "", cmd->args, cmd->doc);
	if (cmd->text) {
		putchar('\n');
		print_filled(cmd->text, 0);
	}
	puts("\nOptions:");
	for (size_t i = 0; i < cmd->n_opts; i++)
		print_opt(&cmd->opts[i]);
	print_opt(&help_opt);
}

void cmd_help(void)
{
	puts("usage: topofs COMMAND [OPTION]... [ARGUMENT]...\n\n"
	     "Serves a description of a machine as that machine's /sys.\n\nCommands:");
	for (size_t i = 0; i < n_cmds; i++) {
		printf("  %-24s ", cmds[i]->name);
		print_filled(cmds[i]->doc, 27);
	}
	puts("\nTOPOLOGY is a file, or the name of an installed machine such as dgx-h100.\n"
	     "topofs COMMAND --help tells more, topofs --version the version; see topofs(1).");
}

/* --- options --------------------------------------------------------------------------------------------- */

/* The row's options in getopt's terms; the long ones return their place + FIRST_LONG. */
enum { FIRST_LONG = 256, HELP = FIRST_LONG + MAX_OPTS };

static void make_getopt(const struct cmd *cmd, char *letters, struct option *longs)
{
	/* '+': stop at the first operand; ':': tell a missing argument from an unknown option */
	letters += sprintf(letters, "%s:h", cmd->passes_command ? "+" : "");
	for (size_t i = 0; i < cmd->n_opts; i++) {
		const struct opt *opt = &cmd->opts[i];
		if (opt->letter)
			letters += sprintf(letters, "%c%s", opt->letter, opt->arg ? ":" : "");
		if (opt->name)
			*longs++ = (struct option){ opt->name,
						    is_optional(opt) ? optional_argument : opt->arg ? required_argument
												    : no_argument,
						    NULL,
						    FIRST_LONG + (int)i };
	}
	*longs++ = (struct option){ "help", no_argument, NULL, HELP };
	*longs = (struct option){ 0 };
}

static size_t place_of(const struct cmd *cmd, int c)
{
	if (c >= FIRST_LONG)
		return (size_t)(c - FIRST_LONG);
	size_t i = 0;
	while (cmd->opts[i].letter != c)
		i++;
	return i;
}

static int parse_opts(const struct cmd *cmd, int argc, char **argv, const char **values)
{
	char letters[2 * MAX_OPTS + 8];
	struct option longs[MAX_OPTS + 2];
	make_getopt(cmd, letters, longs);
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
		if (c == 'h' || c == HELP) {
			cmd_usage(cmd);
			exit(cmd_flush(EXIT_OK));
		}
		if (c == ':')
			return misuse(cmd, "%s needs an argument", argv[optind - 1]);
		if (c == '?' && optopt >= FIRST_LONG)
			return misuse(cmd, "--%s takes no argument",
				      optopt == HELP ? "help" : cmd->opts[place_of(cmd, optopt)].name);
		if (c == '?' && optopt)
			return misuse(cmd, "unknown option -%c", optopt);
		if (c == '?')
			return misuse(cmd, "unknown option %s", argv[optind - 1]);
		values[place_of(cmd, c)] = optarg ? optarg : "";
	}
	return EXIT_OK;
}

int cmd_dispatch(const struct cmd *cmd, int argc, char **argv)
{
	const char *values[MAX_OPTS] = { 0 };
	int status = parse_opts(cmd, argc, argv, values);
	if (status)
		return status;
	int n = argc - optind;
	if (n < cmd->min_args)
		return misuse(cmd, "%s is missing", n ? "an argument" : *cmd->args ? cmd->args : "an argument");
	if (cmd->max_args >= 0 && n > cmd->max_args)
		return misuse(cmd, "too many arguments, from \"%s\" on", argv[optind + cmd->max_args]);
	return cmd_flush(cmd->run(argv + optind, n, values));
}
