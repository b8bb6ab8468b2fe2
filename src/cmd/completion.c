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

/* Behind an option that takes a FORMAT: the names of formats. */
static void print_format_options(const struct cmd *cmd)
{
	for (size_t i = 0; i < cmd->n_opts; i++) {
		const struct opt *opt = &cmd->opts[i];
		if (!opt->arg || strcmp(opt->arg, "FORMAT"))
			continue;
		printf("\t%s:--%s | %s:-%c) words='", cmd->name, opt->name, cmd->name, opt->letter);
		for (size_t k = 0; k < n_formats; k++)
			printf("%s%s", k ? " " : "", formats[k]->name);
		puts("' ;;");
	}
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
	for (size_t i = 0; i < n_cmds; i++)
		printf("%s ", cmds[i]->name);
	puts("help --help --version' -- \"$word\")\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in");
	for (size_t i = 0; i < n_cmds; i++) {
		printf("\t%s) options='", cmds[i]->name);
		print_options(cmds[i]);
		puts("' ;;");
	}
	puts("\tesac\n\tcase ${COMP_WORDS[1]}:${COMP_WORDS[COMP_CWORD-1]} in");
	for (size_t i = 0; i < n_cmds; i++)
		print_format_options(cmds[i]);
	puts("\tesac\n\tif [ -n \"$words\" ]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
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
