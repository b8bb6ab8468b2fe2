/* SPDX-License-Identifier: Apache-2.0 */

/* From a host to the guest it should become. */

#include "topofs/plan.h"
#include "topofs/cmd.h"
#include "topofs/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_OUTPUT, OPT_VCPUS, OPT_MEMORY, OPT_NODES, OPT_CPUS, OPT_DEVICES, OPT_THREADS, OPT_NUMBERING, OPT_GROUP,
	OPT_STRICT, OPT_BEST_EFFORT, OPT_COLLAPSE, OPT_EXPLAIN,
};

static void print_names(const char *const *names, struct buf *out)
{
	for (; *names; names++)
		buf_printf(out, "%s ", *names);
}

static void numberings(struct buf *out)
{
	print_names(plan_numberings, out);
}

static void groups(struct buf *out)
{
	print_names(plan_groups, out);
}

static void kinds(struct buf *out)
{
	for (size_t i = 0; i < n_pci_kinds; i++)
		if (strcmp(pci_kinds[i].name, "bridge"))
			buf_printf(out, "%s ", pci_kinds[i].name);
}

static const struct opt opts[] = {
	{ 'o', "output", "FILE", "write the guest to this file instead of standard output" },
	{ 0, "vcpus", "N", "how many CPUs the guest has" },
	{ 0, "memory", "SIZE", "how much memory, \"64G\"" },
	{ 0, "nodes", "LIST", "from these nodes of the host; from all with CPUs where not said" },
	{ 0, "cpus", "LIST", "only these CPUs of the host may be used" },
	{ 0, "devices", "LIST", "functions it is given: addresses, and gpu,nic,nvswitch,nvme,all", kinds },
	{ 0, "threads", "N", "threads of a core; as the host has where they come out even" },
	{ 0, "numbering", "HOW", "spread (by turns over the nodes) or packed (one node's after the other's)",
	  numberings },
	{ 0, "group", "HOW", "functions stay together by node, root (complex) or switch", groups },
	{ 0, "strict", NULL, "fail where functions cannot be placed so; this is the default" },
	{ 0, "best-effort", NULL, "put all of them on the default root then" },
	{ 0, "collapse", NULL, "for a sandbox: this machine with one node, CPUs numbered from 0 on" },
	{ 0, "explain", NULL, "print why, a line for each decision; the guest only with -o" },
};

/* --- what is asked for ----------------------------------------------------------------------------------- */

static int parse_number(const char *option, const char *text, uint32_t max, uint32_t *ret)
{
	char *end;
	if (!text)
		return EXIT_OK;
	unsigned long n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || !n || n > max)
		return misuse(&cmd_plan, "--%s: expected a number of 1 to %u, got \"%s\"", option, max, text);
	*ret = (uint32_t)n;
	return EXIT_OK;
}

static int parse_memory(const char *text, uint64_t *ret)
{
	uint64_t bytes;
	if (!text)
		return EXIT_OK;
	const char *end = parse_size(text, &bytes);
	if (!end || *end || !bytes || bytes % 1024)
		return misuse(&cmd_plan, "--memory: expected a size such as 64G, got \"%s\"", text);
	*ret = bytes / 1024;
	return EXIT_OK;
}

static int parse_choice(const char *option, const char *text, const char *const *names, int *ret)
{
	_cleanup_buf_ struct buf known = { 0 };
	for (int i = 0; text && names[i]; i++) {
		if (!strcmp(names[i], text)) {
			*ret = i;
			return EXIT_OK;
		}
		buf_printf(&known, "%s%s", i ? ", " : "", names[i]);
	}
	return text ? misuse(&cmd_plan, "--%s: expected one of %s, got \"%s\"", option, buf_text(&known), text)
		    : EXIT_OK;
}

/* A sandbox is the machine itself, so nothing about it is to be chosen. */
static int refuse_together(const char *const *values)
{
	static const int only_of_guests[] = { OPT_VCPUS, OPT_THREADS, OPT_NUMBERING,
					      OPT_GROUP, OPT_STRICT,  OPT_BEST_EFFORT };
	for (size_t i = 0; values[OPT_COLLAPSE] && i < sizeof only_of_guests / sizeof *only_of_guests; i++)
		if (values[only_of_guests[i]])
			return misuse(&cmd_plan, "--collapse and --%s do not go together",
				      opts[only_of_guests[i]].name);
	if (values[OPT_STRICT] && values[OPT_BEST_EFFORT])
		return misuse(&cmd_plan, "--strict and --best-effort do not go together");
	if (!values[OPT_COLLAPSE] && (!values[OPT_VCPUS] || !values[OPT_MEMORY]))
		return misuse(&cmd_plan, "--%s is missing", values[OPT_VCPUS] ? "memory" : "vcpus");
	return EXIT_OK;
}

/* What no host could satisfy is a wrong command line. */
static int check_lists(const struct plan_request *ask)
{
	struct err err = { 0 };
	const struct scope lists = { .cpus = ask->cpus, .nodes = ask->nodes };
	if (scope_check(&lists, &err) || plan_devices_check(ask->devices, &err))
		return misuse(&cmd_plan, "%s: %s", err.where, err.what);
	return EXIT_OK;
}

static int read_request(const char *const *values, struct plan_request *ask)
{
	int group = GROUP_NODE, numbering = NUMBERING_SPREAD;
	*ask = (struct plan_request){ .nodes = values[OPT_NODES],
				      .cpus = values[OPT_CPUS],
				      .devices = values[OPT_DEVICES],
				      .best_effort = values[OPT_BEST_EFFORT] };
	int status = refuse_together(values);
	if (status || (status = parse_number("vcpus", values[OPT_VCPUS], TOPO_MAX_CPU + 1, &ask->vcpus)) ||
	    (status = parse_number("threads", values[OPT_THREADS], 8, &ask->threads)) ||
	    (status = parse_memory(values[OPT_MEMORY], &ask->memory_k)) ||
	    (status = parse_choice("group", values[OPT_GROUP], plan_groups, &group)) ||
	    (status = parse_choice("numbering", values[OPT_NUMBERING], plan_numberings, &numbering)) ||
	    (status = check_lists(ask)))
		return status;
	ask->group = (enum plan_group)group;
	ask->numbering = (enum plan_numbering)numbering;
	return EXIT_OK;
}

/* --------------------------------------------------------------------------------------------------------- */

static int load_host(const char *name, struct topo *ret)
{
	if (!strcmp(name, "/"))
		return capture_machine(NULL, ret);
	return is_recording(name) ? capture_machine(name, ret) : load_topology(name, &(struct load_options){ 0 }, ret);
}

static void explain(const decisions *made)
{
	for (size_t i = 0; i < made->n; i++)
		printf("%s: %s\n", made->at[i].what, made->at[i].why);
}

/* Falling back is told even where nobody asked for reasons. */
static void warn(const decisions *made)
{
	for (size_t i = 0; i < made->n; i++)
		if (!strcmp(made->at[i].what, "devices"))
			fail("warning: %s: %s", made->at[i].what, made->at[i].why);
}

static int run(char **args, int n_args, const char *const *values)
{
	_cleanup_topo_ struct topo host = { 0 };
	_cleanup_topo_ struct topo guest = { 0 };
	const char *name = n_args ? args[0] : "/";
	struct plan_request ask;
	struct err err = { 0 };
	decisions made = { 0 };
	int status = read_request(values, &ask);
	if (status || (status = load_host(name, &host)))
		return status;
	if (values[OPT_COLLAPSE] ? plan_sandbox(&host, &ask, &made, &err)
				 : plan_guest(&host, &ask, &guest, &made, &err))
		return complain(name, &err);
	if (values[OPT_EXPLAIN])
		explain(&made);
	else
		warn(&made);
	if (values[OPT_EXPLAIN] && !values[OPT_OUTPUT])
		return EXIT_OK;
	return write_document(values[OPT_COLLAPSE] ? &host : &guest, values[OPT_OUTPUT]);
}

const struct cmd cmd_plan = {
	.name = "plan",
	.args = "[HOST]",
	.doc = "plan the guest that a host should have",
	.text = "HOST is a description (TOPOLOGY), a recorded machine, or / for this one, which is the default. The guest\n"
		"is a description like any other: topofs run shows what programs in it will see. It keeps in \"plan\" which\n"
		"CPUs, nodes and functions of the host are which of its own. It needs --vcpus and --memory; a sandbox, with\n"
		"--collapse, takes neither. Rules and examples are in the manual.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.max_args = 1,
	.run = run,
};
