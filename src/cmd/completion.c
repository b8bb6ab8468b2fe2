/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"

#include <stdio.h>
#include <string.h>

/* The words of a command's options, long and short. */
static void print_options(const struct cmd *cmd)
{
	for (size_t i = 0; i < cmd->n_opts; i++) {
		if (cmd->opts[i].letter)
			printf("-%c ", cmd->opts[i].letter);
		if (cmd->opts[i].name)
			printf("--%s ", cmd->opts[i].name);
	}
	fputs("--help", stdout);
}

/* Behind an option that takes one of some words, or several with commas between. */
static void print_words_of_options(const struct cmd *cmd)
{
	for (size_t i = 0; i < cmd->n_opts; i++) {
		const struct opt *opt = &cmd->opts[i];
		_cleanup_buf_ struct buf words = { 0 };
		if (!opt->words)
			continue;
		opt->words(&words);
		printf("\t%s:--%s", cmd->name, opt->name);
		if (opt->letter)
			printf(" | %s:-%c", cmd->name, opt->letter);
		printf(") words='%s' ;;\n", buf_text(&words));
	}
}

/* Elsewhere, for a command whose arguments are words. */
static void print_words_of_command(const struct cmd *cmd)
{
	_cleanup_buf_ struct buf words = { 0 };
	if (!cmd->words)
		return;
	cmd->words(&words);
	printf("\t%s:*) [[ $word == -* || ${COMP_WORDS[COMP_CWORD-1]} == -* ]] || words='%s' ;;\n", cmd->name, buf_text(&words));
}

static void print_commands(void)
{
	for (size_t i = 0; i < n_cmds; i++)
		printf("%s ", cmds[i]->name);
}

/* From the same rows as --help, so a new command or option is completed by being there. */
static int run(char **args, int n_args, const char *const *values)
{
	(void)args;
	(void)n_args;
	(void)values;
	fputs("# bash completion for topofs, made by topofs completion\n_topofs()\n{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} options= words=\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W '",
	      stdout);
	print_commands();
	puts("help --help --version' -- \"$word\")\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in");
	for (size_t i = 0; i < n_cmds; i++) {
		printf("\t%s) options='", cmds[i]->name);
		print_options(cmds[i]);
		puts("' ;;");
	}
	puts("\tesac\n\tcase ${COMP_WORDS[1]}:${COMP_WORDS[COMP_CWORD-1]} in");
	for (size_t i = 0; i < n_cmds; i++)
		print_words_of_options(cmds[i]);
	for (size_t i = 0; i < n_cmds; i++)
		print_words_of_command(cmds[i]);
	fputs("\thelp:*) words='", stdout);
	print_commands();
	puts("' ;;\n\tesac\n\tif [ -n \"$words\" ]; then\n"
	     "\t\tlocal before=${word%\"${word##*,}\"}\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$words\" -- \"${word##*,}\")\n"
	     "\t\t[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null || :\n"
	     "\telif [[ $word == -* ]]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n\telse\n"
	     "\t\tlocal folder IFS=:\n\t\tlocal -a machines=()\n"
	     "\t\tfor folder in $TOPOFS_PATH " SYSCONFDIR "/topofs " PKGDATADIR "/machines; do\n"
	     "\t\t\tfor folder in \"$folder\"/*.json; do\n"
	     "\t\t\t\t[ -e \"$folder\" ] && folder=${folder##*/} && machines+=(\"${folder%.json}\")\n"
	     "\t\t\tdone\n\t\tdone\n\t\tIFS=$' \\t\\n'\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"${machines[*]}\" -- \"$word\"; compgen -f -- \"$word\")\n"
	     "\tfi\n}\ncomplete -o filenames -F _topofs topofs");
	return EXIT_OK;
}

const struct cmd cmd_completion = {
	.name = "completion",
	.args = "",
	.doc = "print completions for bash",
	.text = "To have them in this shell: . <(topofs completion)\n",
	.run = run,
};
