/* SPDX-License-Identifier: Apache-2.0 */

/* What must hold of NUMA nodes. */

#include "checks.h"

#include <stdlib.h>
#include <string.h>

void check_node_mask(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n && in->limits->node_bits; i++)
		if (in->topo->nodes.at[i].id >= in->limits->node_bits)
			report(in, node_name(in, &in->topo->nodes.at[i]),
			       "this kernel has nodes 0 to %u: programs that use libnuma would crash",
			       in->limits->node_bits - 1);
}

/*
 * hwloc allocates n / 64 words and lets the kernel write one more. What malloc(3) adds hides that unless the words
 * are an odd number of at least three.
 */
void check_possible_nodes(const struct inspection *in)
{
	int64_t n = idset_last(&in->topo->possible_nodes) + 1, words = n / 64;
	bool crashes = words >= 3 && words % 2;
	if (n > 64 && n % 64 && crashes == (in->rule->severity == HARMFUL))
		report(in, "possible_nodes",
		       "%lld nodes: hwloc writes past its buffer unless they are a multiple of 64", (long long)n);
}

void check_nodes_possible(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++)
		if (!idset_has(&in->topo->possible_nodes, in->topo->nodes.at[i].id))
			report(in, node_name(in, &in->topo->nodes.at[i]), "it is not among the possible nodes");
}

void check_cpu_one_node(const struct inspection *in)
{
	struct idset seen = { 0 };
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		struct idset twice = idset_and(in->arena, &node->cpus, &seen);
		if (!idset_is_empty(&twice))
			report(in, node_name(in, node), "CPUs %s are in an earlier node too: hwloc drops this one",
			       list_text(in, &twice));
		idset_add_all(in->arena, &seen, &node->cpus);
	}
	const char *homeless = in->topo->nodes.n ? beyond(in, &in->topo->online, &seen) : NULL;
	if (homeless)
		report(in, "nodes", "CPUs %s are in no node", homeless);
}

void check_memory(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		if (node->free_k != TOPO_UNKNOWN && (uint64_t)node->free_k > node->memory_k)
			report(in, node_name(in, node), "more memory is free than there is");
		for (size_t k = 0; k < node->hugepages.n; k++)
			if (node->hugepages.at[k].free > node->hugepages.at[k].total)
				report(in, node_name(in, node), "more huge pages are free than there are");
	}
}

void check_distance_diagonal(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++)
		if (topo_distance(in->topo, i, i) != 10)
			report(in, node_name(in, &in->topo->nodes.at[i]), "its distance to itself is %u, not 10",
			       topo_distance(in->topo, i, i));
}

void check_distance_range(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++)
		for (size_t k = 0; k < in->topo->nodes.n; k++)
			if (i != k && topo_distance(in->topo, i, k) < 10) {
				report(in, node_name(in, &in->topo->nodes.at[i]),
				       "its distance to node %u is %u, nearer than a node to itself (10)",
				       in->topo->nodes.at[k].id, topo_distance(in->topo, i, k));
				return;
			}
}

void check_distance_symmetry(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++)
		for (size_t k = 0; k < i; k++)
			if (topo_distance(in->topo, i, k) != topo_distance(in->topo, k, i))
				report(in, node_name(in, &in->topo->nodes.at[i]),
				       "its distance to node %u is %u there and %u back", in->topo->nodes.at[k].id,
				       topo_distance(in->topo, i, k), topo_distance(in->topo, k, i));
}

/* Whether one node with CPUs is nearer than all others. */
static bool has_nearest(const struct topo *t, size_t node)
{
	uint32_t least = UINT32_MAX, most = 0;
	for (size_t k = 0; k < t->nodes.n; k++)
		if (k != node && !idset_is_empty(&t->nodes.at[k].cpus)) {
			uint32_t d = topo_distance(t, node, k);
			least = d < least ? d : least;
			most = d > most ? d : most;
		}
	return least < most;
}

void check_cpuless_nodes(const struct inspection *in)
{
	const struct topo *t = in->topo;
	size_t with_cpus = 0;
	for (size_t i = 0; i < t->nodes.n; i++)
		with_cpus += !idset_is_empty(&t->nodes.at[i].cpus);
	for (size_t i = 0; i < t->nodes.n && with_cpus > 1; i++) {
		const struct node *node = &t->nodes.at[i];
		if (idset_is_empty(&node->cpus) && !node->access.n && node->device == BDF_NONE && !has_nearest(t, i))
			report(in, node_name(in, node),
			       "it has no CPUs, no initiators and no nearest node: hwloc puts it beside the whole machine");
	}
}

void check_initiators(const struct inspection *in)
{
	struct idset nodes = { 0 };
	for (size_t i = 0; i < in->topo->nodes.n; i++)
		idset_add(in->arena, &nodes, in->topo->nodes.at[i].id);
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		for (size_t k = 0; k < node->access.n; k++) {
			const char *unknown = beyond(in, &node->access.at[k].initiators, &nodes);
			if (unknown)
				report(in, node_name(in, node), "its initiators %s do not exist", unknown);
		}
	}
}
