/* SPDX-License-Identifier: Apache-2.0 */

/* The guest's nodes: its cells, then those of coherent devices, with the host's distances. */

#include "planning.h"

#include <errno.h>

enum { NODES_OF_DEVICE = 8 }; /* the memory of a GPU and of its seven partitions at most */

/* Parallel to the guest's nodes. */
struct origins {
	LIST_OF(const struct node *) at;
};

static struct node *add_node(struct planning *p, struct origins *from, const struct node *host)
{
	struct topo *guest = p->guest;
	struct node *node = LIST_ADD(&guest->arena, &guest->nodes);
	*node = (struct node){ .id = (uint32_t)guest->nodes.n - 1, .free_k = TOPO_UNKNOWN, .device = BDF_NONE };
	*LIST_ADD(&guest->arena, &from->at) = host;
	if (!host)
		return node;
	struct planned_nodes *planned = LIST_ADD(&guest->arena, &guest->plan.nodes);
	idset_add(&guest->arena, &planned->nodes, node->id);
	idset_add(&guest->arena, &planned->host, host->id);
	return node;
}

static void add_cell_nodes(struct planning *p, struct origins *from)
{
	for (size_t i = 0; i < p->cells.n; i++) {
		const struct cell *cell = &p->cells.at[i];
		struct node *node = add_node(p, from, cell->host);
		node->cpus = cell->cpus;
		node->memory_k = cell->memory_k;
		node->movable = cell->host && cell->host->movable;
	}
}

/* Those the host has for it, and to make eight of them more like the first, where its driver may put partitions. */
static void add_device_nodes(struct planning *p, struct origins *from, const struct given *given)
{
	size_t n = given->memory.n > NODES_OF_DEVICE ? given->memory.n : NODES_OF_DEVICE;
	uint32_t first = (uint32_t)p->guest->nodes.n;
	for (size_t i = 0; i < n; i++) {
		const struct node *host = given->memory.at[i < given->memory.n ? i : 0];
		struct node *node = add_node(p, from, host);
		node->generic_initiator = true;
		if (i >= given->memory.n || host->device == BDF_NONE)
			continue;
		node->device = given->address;
		node->memory_k = host->memory_k;
	}
	decide(p, arena_printf(&p->guest->arena, "nodes %u-%u", first, first + (uint32_t)n - 1),
	       "memory of %s and its partitions, of which the host has %zu nodes; each is tied to it as its initiator",
	       bdf_text(&p->guest->arena, given->address), given->memory.n);
}

/* --- distances ------------------------------------------------------------------------------------------- */

/* 10 says "the same node" to who reads it, and firmware that says so of different ones the kernel does not believe. */
static uint32_t carry_over(const struct planning *p, const struct origins *from, size_t i, size_t k, bool *raised)
{
	const struct node *a = from->at.at[i], *b = from->at.at[k];
	if (i == k)
		return 10;
	if (!a || !b)
		return 20;
	uint32_t distance = topo_distance(p->host, (size_t)(a - p->host->nodes.at), (size_t)(b - p->host->nodes.at));
	*raised |= distance <= 10;
	return distance <= 10 ? 11 : distance;
}

static void add_distances(struct planning *p, const struct origins *from)
{
	struct topo *guest = p->guest;
	bool raised = false;
	for (size_t i = 0; i < guest->nodes.n; i++)
		for (size_t k = 0; k < guest->nodes.n; k++) {
			uint32_t distance = carry_over(p, from, i, k, &raised);
			*LIST_ADD(&guest->arena, &guest->nodes.at[i].distances) = distance;
		}
	if (guest->nodes.n > 1)
		decide(p, "distances", "those of the host%s",
		       raised ? "; 10 between different nodes is raised to 11" : "");
}

int add_nodes(struct planning *p)
{
	struct origins from = { 0 };
	add_cell_nodes(p, &from);
	for (size_t i = 0; i < p->given.n; i++)
		if (p->given.at[i].memory.n)
			add_device_nodes(p, &from, &p->given.at[i]);
	if (p->guest->nodes.n > QEMU_MAX_NODES)
		return err_set(p->err, "--devices",
			       "a guest has at most %d nodes, with those of device memory these are %zu",
			       QEMU_MAX_NODES, p->guest->nodes.n);
	add_distances(p, &from);
	/* beyond 63 a power of two, as hwloc needs it */
	uint32_t possible = (uint32_t)p->guest->nodes.n <= 64 ? (uint32_t)p->guest->nodes.n : QEMU_MAX_NODES;
	idset_add_range(&p->guest->arena, &p->guest->possible_nodes, 0, possible - 1);
	return 0;
}
