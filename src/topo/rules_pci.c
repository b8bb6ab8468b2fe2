/* SPDX-License-Identifier: Apache-2.0 */

/* What must hold of PCI functions, bridges and host bridges. */

#include "checks.h"

#include <stdlib.h>

/* All addresses in order, to search in. */
static const uint64_t *sorted_addresses(const struct inspection *in)
{
	const struct topo *t = in->topo;
	uint64_t *order = arena_alloc(in->arena, (t->pci.n + 1) * sizeof *order);
	for (size_t i = 0; i < t->pci.n; i++)
		order[i] = t->pci.at[i].address;
	qsort(order, t->pci.n, sizeof *order, compare_u64);
	return order;
}

static bool is_there(const struct inspection *in, const uint64_t *order, uint64_t address)
{
	return bsearch(&address, order, in->topo->pci.n, sizeof *order, compare_u64) != NULL;
}

void check_pci_unique(const struct inspection *in)
{
	const uint64_t *order = sorted_addresses(in);
	for (size_t i = 1; i < in->topo->pci.n; i++)
		if (order[i] == order[i - 1])
			report(in, pci_name(in, order[i]), "it is there twice");
}

static uint64_t bus_key(const struct pci_root *root)
{
	return (uint64_t)root->domain << 8 | root->bus;
}

/* Something with the place it has in its list, to search for. */
struct placed {
	uint64_t key;
	size_t place;
};

static int compare_placed(const void *x, const void *y)
{
	const struct placed *a = x, *b = y;
	return a->key != b->key ? (a->key < b->key ? -1 : 1) : (a->place > b->place) - (a->place < b->place);
}

static const struct placed *sorted_roots(const struct inspection *in)
{
	const struct topo *t = in->topo;
	struct placed *order = arena_alloc(in->arena, (t->roots.n + 1) * sizeof *order);
	for (size_t i = 0; i < t->roots.n; i++)
		order[i] = (struct placed){ bus_key(&t->roots.at[i]), i };
	qsort(order, t->roots.n, sizeof *order, compare_placed);
	return order;
}

void check_roots(const struct inspection *in)
{
	const struct placed *order = sorted_roots(in);
	for (size_t i = 1; i < in->topo->roots.n; i++)
		if (order[i].key == order[i - 1].key)
			report(in, arena_printf(in->arena, "pci[%zu].root", order[i].place), "%04x:%02x is there twice",
			       (unsigned)(order[i].key >> 8), (unsigned)(order[i].key & 0xff));
}

/* The place of a key among n sorted ones; SIZE_MAX: it is not there. */
static size_t find_placed(const struct placed *order, size_t n, uint64_t key)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (order[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && order[low].key == key ? order[low].place : SIZE_MAX;
}

/* For each function, how many folders below its host bridge's it is. Bridges stand before what is below them. */
static uint32_t *function_depths(const struct inspection *in)
{
	const struct topo *t = in->topo;
	uint32_t *depths = arena_alloc(in->arena, (t->pci.n + 1) * sizeof *depths);
	LIST_OF(size_t) above = { 0 };
	for (size_t i = 0; i < t->pci.n; i++) {
		while (above.n && t->pci.at[above.at[above.n - 1]].address != t->pci.at[i].parent)
			above.n--;
		depths[i] = above.n ? depths[above.at[above.n - 1]] + 1 : 1;
		if (t->pci.at[i].bridge)
			*LIST_ADD(in->arena, &above) = i;
	}
	return depths;
}

/* Where host bridges are and how deep their functions, to walk up from one to the next. */
struct ways_up {
	const struct placed *roots, *functions;
	const uint32_t *depths;
};

/* Paths end at 4095 bytes; a domain's 256 buses fit, one behind the other. */
enum { MAX_DEPTH = 260 };

/* Walks from a host bridge to those it stands behind; returns how deep that is, and reports what is wrong with it. */
static size_t climb(const struct inspection *in, const struct ways_up *ways, size_t start)
{
	const struct topo *t = in->topo;
	const char *where = arena_printf(in->arena, "pci[%zu].under", start);
	size_t depth = 1, lowest = start;
	for (size_t root = start;
	     root != SIZE_MAX && t->roots.at[root].under_function != BDF_NONE && depth <= MAX_DEPTH;) {
		size_t bearer = find_placed(ways->functions, t->pci.n, t->roots.at[root].under_function);
		if (bearer == SIZE_MAX) {
			if (root == start)
				report(in, where, "there is no function %s",
				       bdf_text(in->arena, t->roots.at[root].under_function));
			return 0;
		}
		depth += 1 + ways->depths[bearer];
		root = find_placed(ways->roots, t->roots.n, t->pci.at[bearer].root);
		lowest = root < lowest ? root : lowest;
		if (root == start) {
			/* the others of the loop need not say so too */
			if (lowest == start)
				report(in, where, "it is below itself");
			return 0;
		}
	}
	return depth;
}

void check_root_under(const struct inspection *in)
{
	const struct topo *t = in->topo;
	struct placed *functions = arena_alloc(in->arena, (t->pci.n + 1) * sizeof *functions);
	for (size_t i = 0; i < t->pci.n; i++)
		functions[i] = (struct placed){ t->pci.at[i].address, i };
	qsort(functions, t->pci.n, sizeof *functions, compare_placed);
	const struct ways_up ways = { sorted_roots(in), functions, function_depths(in) };
	uint32_t *deepest = arena_alloc(in->arena, (t->roots.n + 1) * sizeof *deepest);
	for (size_t i = 0; i < t->pci.n; i++) {
		size_t root = find_placed(ways.roots, t->roots.n, t->pci.at[i].root);
		if (root != SIZE_MAX && deepest[root] < ways.depths[i])
			deepest[root] = ways.depths[i];
	}
	for (size_t i = 0; i < t->roots.n; i++)
		if (climb(in, &ways, i) + deepest[i] > MAX_DEPTH)
			report(in, arena_printf(in->arena, "pci[%zu]", i), "it has functions more than %d folders deep",
			       MAX_DEPTH);
}

static bool in_range(const struct pci *bridge, uint32_t bus)
{
	return bus >= bridge->secondary && bus <= bridge->subordinate;
}

/* A virtual function may be on a later bus of its port; any other is on the bus next to its bridge. */
static void check_function_bus(const struct inspection *in, const struct pci *pci, const struct pci *bridge)
{
	uint32_t bus = BDF_BUS(pci->address);
	const char *where = pci_name(in, pci->address);
	if (!bridge) {
		if (BDF_BUS_KEY(pci->address) != pci->root && pci->physfn == BDF_NONE)
			report(in, where, "it is not on the bus %04x:%02x of its host bridge",
			       (unsigned)(pci->root >> 8), (unsigned)(pci->root & 0xff));
	} else if (BDF_DOMAIN(pci->address) != BDF_DOMAIN(bridge->address) || !in_range(bridge, bus)) {
		report(in, where, "its bus is outside %02x-%02x of the bridge above it", bridge->secondary,
		       bridge->subordinate);
	} else if (bus != bridge->secondary && pci->physfn == BDF_NONE) {
		report(in, where, "it is not on the bus %02x below its bridge", bridge->secondary);
	}
	/* a bridge that firmware left alone has no bus below it: 0 */
	if (pci->bridge && !pci->secondary && !pci->subordinate)
		return;
	if (pci->bridge && pci->secondary == bus)
		report(in, where, "it is a bridge to its own bus: a loop");
	else if (pci->bridge && bridge && !in_range(bridge, pci->secondary))
		report(in, where, "its bus %02x is outside %02x-%02x of the bridge above it", pci->secondary,
		       bridge->secondary, bridge->subordinate);
}

/* Bridges stand before what is below them, so the way up is a stack. */
void check_pci_bus(const struct inspection *in)
{
	const struct topo *t = in->topo;
	LIST_OF(const struct pci *) above = { 0 };
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		while (above.n && above.at[above.n - 1]->address != pci->parent)
			above.n--;
		check_function_bus(in, pci, above.n ? above.at[above.n - 1] : NULL);
		if (pci->bridge)
			*LIST_ADD(in->arena, &above) = pci;
	}
}

struct range {
	uint64_t first, last;
	const struct pci *bridge;
};

static int compare_ranges(const void *x, const void *y)
{
	const struct range *a = x, *b = y;
	return a->first != b->first ? (a->first < b->first ? -1 : 1) : (a->last < b->last) - (a->last > b->last);
}

/* In order of their first bus, a bridge's buses either lie inside those before or begin behind them. */
void check_bus_ranges(const struct inspection *in)
{
	const struct topo *t = in->topo;
	struct range *ranges = arena_alloc(in->arena, (t->pci.n + 1) * sizeof *ranges);
	LIST_OF(struct range) open = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].bridge) {
			uint64_t domain = (uint64_t)BDF_DOMAIN(t->pci.at[i].address) << 8;
			ranges[n++] = (struct range){ domain | t->pci.at[i].secondary,
						      domain | t->pci.at[i].subordinate, &t->pci.at[i] };
		}
	qsort(ranges, n, sizeof *ranges, compare_ranges);
	for (size_t i = 0; i < n; i++) {
		while (open.n && open.at[open.n - 1].last < ranges[i].first)
			open.n--;
		if (open.n &&
		    (open.at[open.n - 1].first == ranges[i].first || open.at[open.n - 1].last < ranges[i].last))
			report(in, pci_name(in, ranges[i].bridge->address),
			       "its buses %02x-%02x overlap %02x-%02x of %s", ranges[i].bridge->secondary,
			       ranges[i].bridge->subordinate, open.at[open.n - 1].bridge->secondary,
			       open.at[open.n - 1].bridge->subordinate,
			       bdf_text(in->arena, open.at[open.n - 1].bridge->address));
		*LIST_ADD(in->arena, &open) = ranges[i];
	}
}

void check_named_nodes(const struct inspection *in)
{
	const struct topo *t = in->topo;
	for (size_t i = 0; i < t->roots.n; i++)
		if (t->roots.at[i].node >= 0 && !topo_node(t, (uint32_t)t->roots.at[i].node))
			report(in, arena_printf(in->arena, "pci[%zu].node", i), "there is no node %d",
			       t->roots.at[i].node);
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		if (pci->node >= 0 && pci->node != (i ? t->pci.at[i - 1].node : TOPO_UNKNOWN) &&
		    !topo_node(t, (uint32_t)pci->node))
			report(in, pci_name(in, pci->address), "there is no node %d", pci->node);
	}
}

void check_named_functions(const struct inspection *in)
{
	const uint64_t *order = sorted_addresses(in);
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		if (node->device != BDF_NONE && !is_there(in, order, node->device))
			report(in, node_name(in, node), "its device %s does not exist",
			       bdf_text(in->arena, node->device));
	}
}

/* A physical function is not a virtual one of another. */
void check_physfns(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const uint64_t *all = sorted_addresses(in);
	uint64_t *virtual = arena_alloc(in->arena, (t->pci.n + 1) * sizeof *virtual);
	size_t n = 0;
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].physfn != BDF_NONE)
			virtual[n++] = t->pci.at[i].address;
	qsort(virtual, n, sizeof *virtual, compare_u64);
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		if (pci->physfn == BDF_NONE)
			continue;
		const char *where = pci_name(in, pci->address), *physfn = bdf_text(in->arena, pci->physfn);
		if (pci->physfn == pci->address)
			report(in, where, "it is its own physical function");
		else if (!is_there(in, all, pci->physfn))
			report(in, where, "its physical function %s does not exist", physfn);
		else if (bsearch(&pci->physfn, virtual, n, sizeof *virtual, compare_u64))
			report(in, where, "its physical function %s is a virtual one", physfn);
	}
}

/* The table of a function's MSI-X capability has no more (PCI 3.0, 6.8.2). */
void check_vectors(const struct inspection *in)
{
	enum { MOST = 2048 };
	for (size_t i = 0; i < in->topo->pci.n; i++) {
		const struct pci *pci = &in->topo->pci.at[i];
		if (idset_count(&pci->msi_irqs) > MOST)
			report(in, pci_name(in, pci->address), "it has %u message signalled vectors; %d are the most",
			       idset_count(&pci->msi_irqs), MOST);
	}
}

/* PCI_EXP_LNKSTA_NLW and what the kernel shows where it cannot tell: no link, 63 and 255 lanes. */
static bool is_width(uint32_t width)
{
	static const uint32_t widths[] = { 0, 1, 2, 4, 8, 12, 16, 32, 63, 255 };
	size_t i = 0;
	while (i < sizeof widths / sizeof *widths && widths[i] != width)
		i++;
	return i < sizeof widths / sizeof *widths;
}

void check_link_widths(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->pci.n; i++) {
		const struct pci *pci = &in->topo->pci.at[i];
		uint32_t width = is_width(pci->link.width) ? pci->max_link.width : pci->link.width;
		if (!is_width(width))
			report(in, pci_name(in, pci->address), "its link has %u lanes: PCI Express has 1, 2, 4, 8, 12, 16 or 32",
			       width);
	}
}

void check_bridge_classes(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->pci.n; i++) {
		const struct pci *pci = &in->topo->pci.at[i];
		if (pci->bridge && pci->class >> 8 != 0x0604 && pci->class >> 8 != 0x0607)
			report(in, pci_name(in, pci->address), "it is a bridge, but its class is %04x, not 0604",
			       pci->class >> 8);
	}
}

/* GPUs, network adapters and what else NCCL looks for by a 12-character address. */
static bool is_for_nccl(const struct pci *pci)
{
	uint32_t base = pci->class >> 16;
	return base == 0x02 || base == 0x03 || base == 0x12;
}

void check_nccl(const struct inspection *in)
{
	const uint64_t *order = sorted_addresses(in);
	for (size_t i = 0; i < in->topo->pci.n; i++) {
		const struct pci *pci = &in->topo->pci.at[i];
		if (!is_for_nccl(pci))
			continue;
		if (BDF_DOMAIN(pci->address) > 0xffff)
			report(in, pci_name(in, pci->address), "NCCL knows domains of four digits only");
		if (pci->class >> 16 == 0x02 && pci->physfn == BDF_NONE && !is_there(in, order, pci->address & ~7ull))
			report(in, pci_name(in, pci->address),
			       "its function 0 is missing: NCCL looks there for network adapters");
	}
}

/* NCCL steps over two folders for each switch: a switch is an upstream port with downstream ports below it. */
void check_switches(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const struct pci *above = NULL;
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		if (pci->bridge && pci->parent != BDF_NONE && pci->link.speed &&
		    (pci->type == PCIE_UPSTREAM || (pci->type == PCIE_AUTO && above && above->parent == BDF_NONE)))
			if (i + 1 < t->pci.n && t->pci.at[i + 1].parent == pci->address && !t->pci.at[i + 1].bridge)
				report(in, pci_name(in, t->pci.at[i + 1].address),
				       "it is right below an upstream port, not below a downstream port: NCCL skips the switch");
		above = pci->bridge ? pci : above;
	}
}
