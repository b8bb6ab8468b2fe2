/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What must hold in a topology. Most rules exist because some program does not survive, or does not notice,
 * that they are broken; the row says which.
 */

#include "checks.h"

#include <stdarg.h>

/* Of what is wrong a thousand times over, a few places are enough to see why. */
enum { MAX_OF_A_RULE = 16 };

void report(const struct inspection *in, const char *where, const char *fmt, ...)
{
	if (++*in->n_reported > MAX_OF_A_RULE)
		return;
	_cleanup_buf_ struct buf what = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&what, fmt, ap);
	va_end(ap);
	*LIST_ADD(in->arena, in->found) = (struct finding){
		.severity = in->rule->severity, .rule = in->rule->name, .where = where,
		.what = arena_strdup(in->arena, buf_text(&what)),
	};
}

const char *node_name(const struct inspection *in, const struct node *node)
{
	return arena_printf(in->arena, "node %u", node->id);
}

const char *pci_name(const struct inspection *in, uint64_t address)
{
	return arena_printf(in->arena, "pci %s", bdf_text(in->arena, address));
}

const char *list_text(const struct inspection *in, const struct idset *set)
{
	_cleanup_buf_ struct buf text = { 0 };
	idset_print_list(set, &text);
	return arena_strdup(in->arena, buf_text(&text));
}

const char *beyond(const struct inspection *in, const struct idset *part, const struct idset *whole)
{
	if (idset_within(part, whole))
		return NULL;
	struct idset rest = idset_dup(in->arena, part);
	idset_remove_all(&rest, whole);
	return list_text(in, &rest);
}

int compare_u64(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
	return (a > b) - (a < b);
}

/* --------------------------------------------------------------------------------------------------------- */

// clang-format off
const struct rule rules[] = {
	{ "cpu-sets", BROKEN, "Online CPUs are present, present CPUs are possible.", check_cpu_sets },
	{ "cpu-mask-bits", BROKEN, "CPU masks have a bit for every possible CPU.", check_mask_bits },
	{ "cpu-has-package", BROKEN, "Where there are packages, every CPU that is online is in one.", check_cpu_has_package },
	{ "cpu-kinds", BROKEN, "A CPU is of one kind at most.", check_cpu_kinds },
	{ "node-cpus-exist", BROKEN, "A node's CPUs exist.", check_node_cpus_exist },
	{ "node-possible", BROKEN, "Every node is among the possible ones.", check_nodes_possible },
	{ "memory", BROKEN, "No more memory or huge pages are free than there are.", check_memory },
	{ "initiators", BROKEN, "Initiators of an access class exist.", check_initiators },
	{ "pci-unique", BROKEN, "No function is there twice.", check_pci_unique },
	{ "host-bridge-unique", BROKEN, "No host bridge is there twice.", check_roots },
	{ "host-bridge-under", BROKEN, "What a host bridge stands behind exists, is not below it, and is not too deep for a path.", check_root_under },
	{ "pci-bus", BROKEN, "A function is on the bus that its bridge leads to, and no bridge leads back.", check_pci_bus },
	{ "nodes-exist", BROKEN, "Every node that is named exists.", check_named_nodes },
	{ "functions-exist", BROKEN, "Every function that is named exists.", check_named_functions },
	{ "physical-functions", BROKEN, "The physical function of a virtual one exists, and is none itself.", check_physfns },
	{ "vectors", BROKEN, "A function has at most 2048 message signalled vectors.", check_vectors },
	{ "names-unique", BROKEN, "No two devices of a class have one name.", check_names },
	{ "node-parts-unique", BROKEN, "A node has nothing twice: huge pages of a size, access classes, memory-side caches of a level.", check_node_parts },
	{ "device-parts-unique", BROKEN, "A device has no port or namespace twice.", check_device_parts },
	{ "plan", BROKEN, "A plan tells of CPUs, nodes and functions that the guest has.", check_plan },

	{ "node-mask", HARMFUL, "Node ids fit the kernel's node mask: libnuma writes past its tables otherwise.", check_node_mask },
	{ "possible-nodes", HARMFUL, "The number of possible nodes is up to 64 or a multiple of 64: hwloc writes past its buffer otherwise.", check_possible_nodes },

	{ "possible-nodes-padded", ODD, "As possible-nodes, where the allocator's padding saves hwloc.", check_possible_nodes },
	{ "kernel-max", ODD, "kernel_max reaches every possible CPU: lscpu leaves out those beyond.", check_kernel_max },
	{ "cpu-mask-width", ODD, "CPU masks fit the kernel's and NCCL's buffers.", check_cpu_mask_width },
	{ "caches", ODD, "There are caches, and ids tell those of one level and type apart.", check_caches },
	{ "core-ids", ODD, "Core ids are unique in a package: cAdvisor merges cores otherwise.", check_core_ids },
	{ "package-ids", ODD, "Package ids are unique in a book: programs take two packages for one otherwise.", check_package_ids },
	{ "cache-levels", ODD, "Caches are of level 5 at most: hwloc knows no others.", check_cache_levels },
	{ "frequencies", ODD, "No CPU's lowest frequency is above its highest.", check_frequencies },
	{ "cpu-one-node", ODD, "Every CPU is in one node.", check_cpu_one_node },
	{ "distance-diagonal", ODD, "A node is 10 from itself.", check_distance_diagonal },
	{ "distance-range", ODD, "No other node is nearer than 10.", check_distance_range },
	{ "distance-symmetry", ODD, "Distances are the same there and back.", check_distance_symmetry },
	{ "cpuless-node", ODD, "A node without CPUs has initiators, a device, or a nearest node: hwloc cannot place it otherwise.", check_cpuless_nodes },
	{ "bus-ranges", ODD, "Bus ranges of bridges are nested or apart.", check_bus_ranges },
	{ "link-widths", ODD, "PCIe links have a number of lanes that PCI Express has.", check_link_widths },
	{ "bridge-classes", ODD, "What has functions below it is of the class of bridges to PCI (0604) or CardBus (0607).", check_bridge_classes },
	{ "nccl", ODD, "Network adapters have a function 0, domains have four digits: NCCL finds devices so.", check_nccl },
	{ "switch-ports", ODD, "Devices hang below a switch's downstream ports: NCCL skips the switch otherwise.", check_switches },
};
// clang-format on
const size_t n_rules = sizeof rules / sizeof *rules;

void rules_check(const struct topo *t, const struct host_limits *limits, struct arena *a, findings *found)
{
	size_t before = found->n;
	for (size_t i = 0; i < n_rules; i++) {
		size_t n = 0;
		struct inspection in = { t, limits, a, found, &rules[i], &n };
		if (rules[i].severity == BROKEN || found->n == before || found->at[found->n - 1].severity != BROKEN)
			rules[i].check(&in);
		if (n > MAX_OF_A_RULE)
			found->at[found->n - 1].what = arena_printf(a, "%s; and %zu more like it",
								    found->at[found->n - 1].what, n - MAX_OF_A_RULE);
	}
}
