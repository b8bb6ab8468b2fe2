/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"

enum { OPT_OUTPUT, OPT_ROOT, OPT_PCI, OPT_DEVICES, OPT_CPUS, OPT_NODES, OPT_REDACT };

static void kinds(struct buf *out)
{
	for (size_t i = 0; i < n_pci_kinds; i++)
		buf_printf(out, "%s ", pci_kinds[i].name);
}

static const struct opt opts[] = {
	{ 'o', "output", "FILE", "write to this file instead of standard output" },
	{ 'r', "root", "DIR", "a recorded machine: a folder with sys and proc, or a tar file of one" },
	{ 0, "pci", "CLASSES", "only these PCI functions: gpu,nic,bridge,nvswitch,nvme,all", kinds },
	{ 0, "devices", "ADDRESSES", "only these PCI functions, and the bridges above them" },
	{ 0, "cpus", "LIST", "only these CPUs" },
	{ 0, "nodes", "LIST", "only these nodes, and their CPUs" },
	{ 0, "redact", NULL, "put stand-ins for serial numbers, addresses, names" },
};

static int run(char **args, int n_args, const char *const *values)
{
	(void)args;
	(void)n_args;
	_cleanup_topo_ struct topo topo = { 0 };
	const struct capture_options how = {
		.redact = values[OPT_REDACT],
		.scope = { .pci = values[OPT_PCI], .devices = values[OPT_DEVICES], .cpus = values[OPT_CPUS],
			   .nodes = values[OPT_NODES] },
	};
	struct err err = { 0 };
	if (scope_check(&how.scope, &err))
		return misuse(&cmd_capture, "%s: %s", err.where, err.what);
	int status = capture_as(values[OPT_ROOT], &how, &topo);
	return status ? status : write_document(&topo, values[OPT_OUTPUT]);
}

const struct cmd cmd_capture = {
	.name = "capture",
	.args = "",
	.doc = "describe this machine, or a recorded one",
	.text = "Reads what topofs knows of this machine's /sys and /proc. With --root it reads a recording, as\n"
		"hwloc-gather-topology and lscpu's tests make them; what topofs does not understand is kept as it is in\n"
		"\"files\", so that a mount of the description equals the recording.\n"
		"With --pci, --devices, --cpus and --nodes it describes a part: what is left out is left out everywhere.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.run = run,
};
