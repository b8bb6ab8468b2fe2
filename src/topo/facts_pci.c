/* SPDX-License-Identifier: Apache-2.0 */

/* What follows of PCI functions: their places, links and types, who is near them, and how they reach each other. */

#include "finding.h"

#include <stdlib.h>

/* --- places ---------------------------------------------------------------------------------------------- */

static int compare_address(const void *x, const void *y, void *facts)
{
	const struct topo *t = ((const struct facts *)facts)->topo;
	uint64_t a = t->pci.at[*(const uint32_t *)x].address, b = t->pci.at[*(const uint32_t *)y].address;
	return (a > b) - (a < b);
}

uint32_t facts_pci(const struct facts *f, uint64_t address)
{
	size_t low = 0, high = f->topo->pci.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t there = f->topo->pci.at[f->by_address[middle]].address;
		if (there == address)
			return f->by_address[middle];
		if (there < address)
			low = middle + 1;
		else
			high = middle;
	}
	return FACTS_NONE;
}

static uint64_t root_key(const struct facts *f, uint32_t r)
{
	const struct pci_root *root = &f->topo->roots.at[r];
	return (uint64_t)root->domain << 8 | root->bus;
}

static int compare_roots(const void *x, const void *y, void *facts)
{
	uint64_t a = root_key(facts, *(const uint32_t *)x), b = root_key(facts, *(const uint32_t *)y);
	return (a > b) - (a < b);
}

static uint32_t *sorted_places(struct facts *f, size_t n, int (*compare)(const void *, const void *, void *facts))
{
	uint32_t *places = arena_alloc(&f->arena, n * sizeof *places);
	for (uint32_t i = 0; i < n; i++)
		places[i] = i;
	qsort_r(places, n, sizeof *places, compare, f);
	return places;
}

static uint32_t root_of(const struct facts *f, uint64_t bus_key)
{
	size_t low = 0, high = f->topo->roots.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (root_key(f, f->roots_by_bus[middle]) < bus_key)
			low = middle + 1;
		else
			high = middle;
	}
	uint32_t found = low < f->topo->roots.n ? f->roots_by_bus[low] : FACTS_NONE;
	return found != FACTS_NONE && root_key(f, found) == bus_key ? found : FACTS_NONE;
}

static const char *pci_path(struct facts *f, uint32_t i);

static const char *root_path(struct facts *f, uint32_t r)
{
	const struct pci_root *root = &f->topo->roots.at[r];
	if (!f->root_paths[r]) {
		uint32_t bearer = root->under_function == BDF_NONE ? FACTS_NONE : facts_pci(f, root->under_function);
		const char *above = bearer != FACTS_NONE ? pci_path(f, bearer)
				    : root->under	 ? arena_printf(&f->arena, "sys/devices/%s", root->under)
							 : "sys/devices";
		f->root_paths[r] = arena_printf(&f->arena, "%s/pci%04x:%02x", above, root->domain, root->bus);
	}
	return f->root_paths[r];
}

static const char *pci_path(struct facts *f, uint32_t i)
{
	struct pci_facts *p = &f->pci[i];
	if (!p->path) {
		const char *above = p->parent != FACTS_NONE ? pci_path(f, p->parent) : root_path(f, p->root);
		_cleanup_buf_ struct buf name = { 0 };
		bdf_print(f->topo->pci.at[i].address, &name);
		p->path = arena_printf(&f->arena, "%s/%s", above, buf_text(&name));
	}
	return p->path;
}

static void find_places(struct facts *f)
{
	const struct topo *t = f->topo;
	for (uint32_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		f->pci[i].parent = pci->parent == BDF_NONE ? FACTS_NONE : facts_pci(f, pci->parent);
		f->pci[i].root = root_of(f, pci->root);
	}
	for (uint32_t r = 0; r < t->roots.n; r++)
		root_path(f, r);
	for (uint32_t k = 0; k < t->pci.n; k++) {
		uint32_t i = f->by_address[k];
		pci_path(f, i);
		if (f->pci[i].parent != FACTS_NONE)
			*LIST_ADD(&f->arena, &f->pci[f->pci[i].parent].children) = i;
		uint32_t pf = t->pci.at[i].physfn == BDF_NONE ? FACTS_NONE : facts_pci(f, t->pci.at[i].physfn);
		if (pf != FACTS_NONE)
			*LIST_ADD(&f->arena, &f->pci[pf].vfs) = i;
	}
}

/* --- links and types ------------------------------------------------------------------------------------- */

static enum pcie_type type_by_place(const struct facts *f, uint32_t i)
{
	const struct pci *pci = &f->topo->pci.at[i];
	if (pci->type != PCIE_AUTO)
		return (enum pcie_type)pci->type;
	uint32_t parent = f->pci[i].parent;
	if (!pci->bridge)
		return PCIE_ENDPOINT;
	if (parent == FACTS_NONE)
		return PCIE_ROOT_PORT;
	return f->pci[parent].type == PCIE_UPSTREAM ? PCIE_DOWNSTREAM : PCIE_UPSTREAM;
}

static bool leads_down(const struct pci_facts *p)
{
	return p->type == PCIE_ROOT_PORT || p->type == PCIE_DOWNSTREAM;
}

/* What the other end of the link says, where this end says nothing. */
static void take_link(struct pci_facts *to, const struct pci_facts *from)
{
	if (!to->link.speed)
		to->link = from->link;
	if (!to->max_link.speed)
		to->max_link = from->max_link;
}

static void say_links(struct facts *f)
{
	for (uint32_t i = 0; i < f->topo->pci.n; i++) {
		const struct pci *pci = &f->topo->pci.at[i];
		f->pci[i].type = type_by_place(f, i);
		f->pci[i].link = pci->link;
		f->pci[i].max_link = pci->max_link.speed ? pci->max_link : pci->link;
	}
}

/*
 * Both ends of a link run at the same speed, so one may speak for both: ports first ask below (bridges stand
 * before what is below them, so backwards), then functions ask above.
 */
static void find_links(struct facts *f)
{
	const struct topo *t = f->topo;
	say_links(f);
	for (uint32_t i = (uint32_t)t->pci.n; i-- > 0;) {
		struct pci_facts *p = &f->pci[i];
		for (size_t c = 0; c < p->children.n && leads_down(p) && !p->link.speed; c++)
			take_link(p, &f->pci[p->children.at[c]]);
	}
	for (uint32_t i = 0; i < t->pci.n; i++) {
		struct pci_facts *p = &f->pci[i];
		if (t->pci.at[i].type == PCIE_AUTO && p->parent != FACTS_NONE && leads_down(&f->pci[p->parent]))
			take_link(p, &f->pci[p->parent]);
		if (p->max_link.speed == LINK_NONE)
			p->max_link = (struct link){ 0 };
		if (!p->link.speed)
			p->link = p->max_link;
		if (!p->link.speed && t->pci.at[i].type == PCIE_AUTO)
			p->type = PCIE_NONE;
	}
}

uint32_t facts_max_width(const struct facts *f, uint32_t pci)
{
	enum { PCIE_LNK_WIDTH_UNKNOWN = 0xff };
	uint32_t width = f->pci[pci].max_link.width;
	return width || f->topo->pci.at[pci].max_link.speed == LINK_NONE ? width : PCIE_LNK_WIDTH_UNKNOWN;
}

static void find_nvidia_gpus(struct facts *f)
{
	for (size_t k = 0; k < f->topo->pci.n; k++) {
		const struct pci *pci = &f->topo->pci.at[f->by_address[k]];
		if (pci->class >> 16 == 0x03 && topo_same_text(pci->driver, "nvidia"))
			*LIST_ADD(&f->arena, &f->nvidia_gpus) = f->by_address[k];
	}
}

static void find_local_cpus(struct facts *f)
{
	const struct topo *t = f->topo;
	for (uint32_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		const struct node *node = pci->node < 0 ? NULL : topo_node(t, (uint32_t)pci->node);
		f->pci[i].cpus = !idset_is_empty(&pci->cpus) ? &pci->cpus
				 : node			       ? &f->node_cpus[node - t->nodes.at]
							       : &t->online;
	}
}

void facts_find_pci(struct facts *f)
{
	const struct topo *t = f->topo;
	f->pci = arena_alloc(&f->arena, t->pci.n * sizeof *f->pci);
	f->root_paths = arena_alloc(&f->arena, t->roots.n * sizeof *f->root_paths);
	f->by_address = sorted_places(f, t->pci.n, compare_address);
	f->roots_by_bus = sorted_places(f, t->roots.n, compare_roots);
	find_places(f);
	find_links(f);
	find_local_cpus(f);
	find_nvidia_gpus(f);
}

/* --- how functions reach each other ---------------------------------------------------------------------- */

static size_t depth(const struct facts *f, uint32_t i)
{
	size_t n = 0;
	for (; f->pci[i].parent != FACTS_NONE; i = f->pci[i].parent)
		n++;
	return n;
}

/* The deepest bridge above both, FACTS_NONE where they meet at a host bridge or not at all. */
static uint32_t common_bridge(const struct facts *f, uint32_t a, uint32_t b)
{
	size_t da = depth(f, a), db = depth(f, b);
	for (; da > db; da--)
		a = f->pci[a].parent;
	for (; db > da; db--)
		b = f->pci[b].parent;
	while (a != b && a != FACTS_NONE && b != FACTS_NONE) {
		a = f->pci[a].parent;
		b = f->pci[b].parent;
	}
	return a == b ? a : FACTS_NONE;
}

/* Bridges between a function and one above it. A switch's two ports and the port it hangs on count as one. */
static size_t switches_below(const struct facts *f, uint32_t i, uint32_t top)
{
	size_t n = 0;
	for (i = f->pci[i].parent; i != top && i != FACTS_NONE; i = f->pci[i].parent)
		n += f->pci[i].type != PCIE_DOWNSTREAM && f->pci[i].type != PCIE_ROOT_PORT;
	return n;
}

enum hop facts_hop(const struct facts *f, uint32_t a, uint32_t b)
{
	if (a == b)
		return HOP_SELF;
	uint32_t top = common_bridge(f, a, b);
	if (top != FACTS_NONE)
		return switches_below(f, a, top) + switches_below(f, b, top) ? HOP_PXB : HOP_PIX;
	if (f->pci[a].root == f->pci[b].root)
		return HOP_PHB;
	return f->topo->pci.at[a].node == f->topo->pci.at[b].node ? HOP_NODE : HOP_SYS;
}
