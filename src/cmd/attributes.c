/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"
#include "topofs/sysfs.h"

#include <stdio.h>

static void print_row(const struct class *class, const struct attr *attr)
{
	const char *kind = attr->link ? "link" : attr->each || attr->show ? "file" : "folder";
	printf("%s/%s\t%s\t%s/%s\t%s\n", class->name, attr->name, kind, class->dir, attr->name, attr->doc);
}

/* The links that come with the class, not with a row. */
static void print_class_links(const struct class *class)
{
	if (class->subsystem)
		printf("%s/subsystem\tlink\t%s/subsystem\tIts subsystem, /sys/%s.\n", class->name, class->dir,
		       class->subsystem);
	for (size_t i = 0; i < 2 && class->listed[i]; i++)
		printf("%s/listed\tlink\t/sys/%s/*\t%s\n", class->name, class->listed[i], class->doc);
}

static int run(char **args, int n_args, const char *const *values)
{
	(void)args;
	(void)n_args;
	(void)values;
	for (size_t c = 0; c < n_classes; c++) {
		printf("%s\tclass\t%s\t%s\n", classes[c]->name, classes[c]->dir, classes[c]->doc);
		print_class_links(classes[c]);
		for (size_t a = 0; a < classes[c]->n_attrs; a++)
			print_row(classes[c], &classes[c]->attrs[a]);
	}
	return EXIT_OK;
}

const struct cmd cmd_attributes = {
	.name = "attributes",
	.args = "",
	.doc = "print what files a machine can have",
	.text = "Prints a line for each, four columns with a tab between: its name, as a description's \"without\" has\n"
		"it; whether it is a class of folders, a file, a link or an empty folder; where it is, as a pattern;\n"
		"what it tells.\n",
	.run = run,
};
