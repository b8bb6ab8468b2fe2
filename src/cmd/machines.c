/* SPDX-License-Identifier: Apache-2.0 */

/* The machines that can be called by name, and what their documents say of themselves. */

#include "topofs/cmd.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct machine {
	const char *name; /* NAME of NAME.json, which is what it is found by */
	const char *path;
	const char *description, *comment; /* NULL: it has none */
	int32_t confidence;
	uint32_t cpus;
	size_t nodes, functions;
};
typedef LIST_OF(struct machine) machines;

/* --- finding --------------------------------------------------------------------------------------------- */

/* One of an earlier folder hides those of its name. */
static bool is_hidden(const machines *found, const char *name, size_t len)
{
	for (size_t i = 0; i < found->n; i++)
		if (strlen(found->at[i].name) == len && !strncmp(found->at[i].name, name, len))
			return true;
	return false;
}

static void find_in_folder(struct arena *a, const char *folder, machines *found)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);
		if (len <= 5 || strcmp(entry->d_name + len - 5, ".json") || is_hidden(found, entry->d_name, len - 5))
			continue;
		*LIST_ADD(a, found) = (struct machine){ .name = arena_strndup(a, entry->d_name, len - 5),
							.path = arena_printf(a, "%s/%s", folder, entry->d_name) };
	}
	if (dir)
		closedir(dir);
}

static int compare_names(const void *x, const void *y)
{
	return strcmp(((const struct machine *)x)->name, ((const struct machine *)y)->name);
}

static void find_machines(struct arena *a, machines *found)
{
	_cleanup_buf_ struct buf folders = { 0 };
	machine_folders(&folders);
	for (char *rest = folders.data, *folder; (folder = strsep(&rest, ":"));)
		if (*folder)
			find_in_folder(a, folder, found);
	if (found->n)
		qsort(found->at, found->n, sizeof *found->at, compare_names);
}

static int read_machine(struct arena *a, struct machine *m)
{
	const struct load_options how = { .force = true };
	_cleanup_topo_ struct topo topo = { 0 };
	int status = load_topology(m->path, &how, &topo);
	if (status)
		return status;
	m->description = topo.description ? arena_strdup(a, topo.description) : NULL;
	m->comment = topo.comment ? arena_strdup(a, topo.comment) : NULL;
	m->confidence = topo.confidence;
	m->cpus = idset_count(&topo.online);
	m->nodes = topo.nodes.n;
	m->functions = topo.pci.n;
	return EXIT_OK;
}

/* --- printing -------------------------------------------------------------------------------------------- */

static const char *tamed(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text);
	tame(copy);
	return copy;
}

static const char *figures(struct arena *a, const struct machine *m)
{
	return arena_printf(a, "%u CPUs, %zu node%s, %zu PCI functions", m->cpus, m->nodes, m->nodes == 1 ? "" : "s",
			    m->functions);
}

static const char *description(struct arena *a, const struct machine *m)
{
	return m->description ? tamed(a, m->description) : figures(a, m);
}

static void print_short(struct arena *a, const machines *list)
{
	int width = 0;
	for (size_t i = 0; i < list->n; i++)
		width = (int)strlen(list->at[i].name) > width ? (int)strlen(list->at[i].name) : width;
	for (size_t i = 0; i < list->n; i++)
		printf("%-*s  %s\n", width, tamed(a, list->at[i].name), description(a, &list->at[i]));
}

/* A paragraph each: the name, and what there is to say of it. */
static void print_long(struct arena *a, const machines *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct machine *m = &list->at[i];
		printf("%s%s\n  %s\n  %s", i ? "\n" : "", tamed(a, m->name), description(a, m), figures(a, m));
		if (m->confidence)
			printf(", confidence %s", confidence_names[m->confidence]);
		putchar('\n');
		char *comment = m->comment ? arena_strdup(a, m->comment) : NULL;
		for (char *line; (line = strsep(&comment, "\n"));)
			printf("  %s\n", tamed(a, line));
	}
}

static int print_json(const machines *list)
{
	int status = EXIT_OK;
	json_t *array = json_array();
	for (size_t i = 0; i < list->n; i++) {
		const struct machine *m = &list->at[i];
		const char *confidence = m->confidence ? confidence_names[m->confidence] : NULL;
		json_t *object = json_pack("{ss,ss,ss*,ss*,si,si,si}", "name", m->name, "path", m->path, "description",
					   m->description, "confidence", confidence, "cpus", (int)m->cpus, "nodes",
					   (int)m->nodes, "functions", (int)m->functions);
		if (json_array_append_new(array, object))
			status = fail("%s: its name is not UTF-8", m->path);
	}
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(array);
	return status;
}

enum { OPT_LONG, OPT_JSON };

static const struct opt opts[] = {
	{ 'l', "long", NULL, "print all that a description says of itself" },
	{ 'j', "json", NULL, "print an array of objects" },
};

static int print_machines(struct arena *a, const machines *list, const char *const *values)
{
	if (values[OPT_JSON])
		return print_json(list);
	if (values[OPT_LONG])
		print_long(a, list);
	else
		print_short(a, list);
	return EXIT_OK;
}

static int run(char **args, int n_args, const char *const *values)
{
	_cleanup_arena_ struct arena arena = { 0 };
	machines found = { 0 }, read = { 0 };
	int status = EXIT_OK;
	(void)args;
	(void)n_args;
	find_machines(&arena, &found);
	for (size_t i = 0; i < found.n; i++) {
		int failed = read_machine(&arena, &found.at[i]);
		if (failed)
			status = failed;
		else
			*LIST_ADD(&arena, &read) = found.at[i];
	}
	int printed = print_machines(&arena, &read, values);
	return status ? status : printed;
}

const struct cmd cmd_machines = {
	.name = "machines",
	.args = "",
	.doc = "list the machines that can be called by name",
	.text = "Prints a line for each, its name and what it is. They are looked for in the folders of TOPOFS_PATH, in\n"
		SYSCONFDIR "/topofs and among those that come with topofs; the first of a name is the one that the name means.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.run = run,
};
