/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Addresses of functions: slots as QEMU gives them (pci_find_free_devfn() of hw/pci/pci.c), buses as SeaBIOS counts
 * them (pci_bios_init_bus_rec() of src/fw/pciinit.c), into each bridge first.
 */

#include "document.h"
#include "qemu_devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- slots ----------------------------------------------------------------------------------------------- */

static const struct qemu_device *device_at(const struct qemu_device *bus, const struct qemu_device * not,
					   unsigned devfn)
{
	for (size_t i = 0; i < bus->below.n; i++)
		if (bus->below.at[i] != not &&bus->below.at[i]->devfn == devfn)
			return bus->below.at[i];
	return NULL;
}

void qemu_add_chipset(struct qemu_guest *g, struct qemu_device *root)
{
	for (size_t i = 0; g->vm->chipset[i].pci.vendor; i++) {
		struct qemu_device *d = arena_alloc(&g->t->arena, sizeof *d);
		d->pci = g->vm->chipset[i].pci;
		d->bus = root;
		d->host = BDF_NONE;
		d->devfn = (uint8_t)(g->vm->chipset[i].device << 3 | g->vm->chipset[i].function);
		*LIST_ADD(&g->t->arena, &root->below) = d;
	}
}

/* How many slots a bus has, and which is the first. */
static unsigned slots_of(const struct qemu_device *bus)
{
	bool one = bus->kind == &emulated[EMULATED_ROOT_PORT] || bus->kind == &emulated[EMULATED_DOWNSTREAM];
	return one ? 1 : SLOTS_OF_BUS;
}

/* A bus of conventional PCI has a controller for its slots, to which 0 is none. */
static unsigned first_slot(const struct qemu_device *bus)
{
	return bus->kind && bus->kind == emulated_named("pcie-pci-bridge");
}

/* "1f.2", "0x1f.0x2", "3" */
static int read_address(struct qemu_guest *g, struct qemu_device *d, const char *text)
{
	char *end;
	unsigned long slot = strtoul(text, &end, 16), function = 0;
	bool is = end != text;
	if (is && *end == '.') {
		const char *rest = end + 1;
		function = strtoul(rest, &end, 16);
		is = end != rest;
	}
	if (!is || *end || slot >= SLOTS_OF_BUS || function >= FUNCTIONS_OF_SLOT)
		return qemu_wrong(g, d->option, "addr: expected a slot such as \"1f\" or \"1f.2\", got \"%.40s\"",
				  text);
	if (slot < first_slot(d->bus) || slot >= first_slot(d->bus) + slots_of(d->bus))
		return qemu_wrong(g, d->option, "addr: its bus has no slot %lx", slot);
	d->devfn = (uint8_t)(slot << 3 | function);
	if (device_at(d->bus, d, d->devfn))
		return qemu_wrong(g, d->option, "addr: %02lx.%lx is taken", slot, function);
	return 0;
}

int qemu_place(struct qemu_guest *g, struct qemu_device *d)
{
	const char *text = qemu_value_of(d->option, "addr");
	if (text)
		return read_address(g, d, text);
	for (unsigned slot = first_slot(d->bus); slot < slots_of(d->bus); slot++) {
		bool free = true;
		for (unsigned f = 0; f < FUNCTIONS_OF_SLOT; f++)
			free &= !device_at(d->bus, d, slot << 3 | f);
		d->devfn = (uint8_t)(slot << 3);
		if (free)
			return 0;
	}
	return qemu_wrong(g, d->option, "its bus has no slot left");
}

/* --- buses ----------------------------------------------------------------------------------------------- */

static int by_devfn(const void *a, const void *b)
{
	return (*(struct qemu_device *const *)a)->devfn - (*(struct qemu_device *const *)b)->devfn;
}

/* A slot without function 0 shows nothing. */
static int check_slots(struct qemu_guest *g, const struct qemu_device *bus)
{
	for (size_t i = 0; i < bus->below.n; i++) {
		const struct qemu_device *d = bus->below.at[i];
		if (d->devfn & 7 && d->option && !device_at(bus, d, d->devfn & ~7u))
			return qemu_wrong(g, d->option, "addr: there is no function 0 beside it");
	}
	return 0;
}

static int number_below(struct qemu_guest *g, struct qemu_device *bus, unsigned *last)
{
	if (bus->below.n)
		qsort(bus->below.at, bus->below.n, sizeof *bus->below.at, by_devfn);
	if (check_slots(g, bus))
		return -EINVAL;
	for (size_t i = 0; i < bus->below.n; i++) {
		struct qemu_device *d = bus->below.at[i];
		if (!d->pci.bridge)
			continue;
		if (++*last > MAX_BUS)
			return qemu_wrong(g, d->option, "there are more buses than %d", MAX_BUS + 1);
		d->pci.secondary = d->secondary = (uint8_t)*last;
		if (number_below(g, d, last))
			return -EINVAL;
		d->pci.subordinate = (uint8_t)*last;
	}
	return 0;
}

/* --- slots' names ---------------------------------------------------------------------------------------- */

static bool is_named(const struct topo *t, const char *name)
{
	for (size_t i = 0; i < t->pci.n; i++)
		if (topo_same_text(t->pci.at[i].slot, name))
			return true;
	return false;
}

/* Linux makes others of a name that is taken; -1 is passed over. */
static const char *slot_name(struct qemu_guest *g, uint32_t number)
{
	const char *name = arena_printf(&g->t->arena, "%u", number);
	for (unsigned n = 2; is_named(g->t, name); n++)
		name = arena_printf(&g->t->arena, "%u-%u", number, n);
	return name;
}

/* --- functions ------------------------------------------------------------------------------------------- */

struct spot {
	uint64_t root, parent;
	uint8_t bus;
	int32_t node;
};

static void add_function(struct qemu_guest *g, struct qemu_device *d, const struct spot *spot)
{
	struct topo *t = g->t;
	struct pci *pci = LIST_ADD(&t->arena, &t->pci);
	size_t at = t->pci.n - 1;
	*pci = d->pci;
	pci->address = d->pci.address = BDF(0, spot->bus, d->devfn >> 3, d->devfn & 7);
	pci->parent = spot->parent;
	pci->root = spot->root;
	pci->node = spot->node;
	if (d->bus->has_slot && !(d->devfn & 7))
		pci->slot = slot_name(g, !spot->root && g->vm->acpi_slots ? 0 : d->bus->slot);
	if (d->host != BDF_NONE)
		*LIST_ADD(&t->arena, &t->plan.devices) = (struct planned_device){ pci->address, d->host };
	struct spot inside = { spot->root, pci->address, d->secondary, spot->node };
	for (size_t i = 0; i < d->below.n && d->pci.bridge; i++)
		add_function(g, d->below.at[i], &inside);
	/* the list may have moved */
	if (d->pci.bridge)
		emulated_set_link(&t->pci.at[at], at + 1 < t->pci.n ? &t->pci.at[at + 1] : NULL);
}

static void add_root(struct qemu_guest *g, const struct qemu_device *root)
{
	*LIST_ADD(&g->t->arena, &g->t->roots) =
		(struct pci_root){ .bus = root->secondary, .node = root->pci.node, .under_function = BDF_NONE };
	struct spot spot = { root->secondary, BDF_NONE, root->secondary, root->pci.node };
	for (size_t i = 0; i < root->below.n; i++)
		add_function(g, root->below.at[i], &spot);
}

static int by_bus(const void *a, const void *b)
{
	return (*(struct qemu_device *const *)a)->secondary - (*(struct qemu_device *const *)b)->secondary;
}

int qemu_number_buses(struct qemu_guest *g, struct qemu_devices *all)
{
	LIST_OF(struct qemu_device *) roots = { 0 };
	unsigned last = 0;
	*LIST_ADD(&g->t->arena, &roots) = all->root;
	for (size_t i = 0; i < all->list.n; i++)
		if (all->list.at[i]->kind == &emulated[EMULATED_EXPANDER])
			*LIST_ADD(&g->t->arena, &roots) = all->list.at[i];
	qsort(roots.at, roots.n, sizeof *roots.at, by_bus);
	for (size_t i = 0; i < roots.n; i++) {
		struct qemu_device *root = roots.at[i];
		if (i && root->secondary <= last)
			return qemu_wrong(g, root->option,
					  "bus_nr: what is below the bus before it takes numbers up to %u", last);
		last = root->secondary;
		if (number_below(g, root, &last))
			return -EINVAL;
	}
	for (size_t i = 0; i < roots.n; i++)
		add_root(g, roots.at[i]);
	return 0;
}

/* --- memory ---------------------------------------------------------------------------------------------- */

static const struct qemu_device *device_named(const struct qemu_devices *all, const char *id)
{
	for (size_t i = 0; i < all->list.n && id; i++)
		if (topo_same_text(qemu_value_of(all->list.at[i]->option, "id"), id))
			return all->list.at[i];
	return NULL;
}

static int tie_node(struct qemu_guest *g, const struct qemu_option *o, const struct qemu_devices *all)
{
	const struct qemu_device *d = device_named(all, qemu_value_of(o, "pci-dev"));
	uint64_t id = UINT64_MAX;
	bool first = true;
	if (qemu_number(g, o, "node", QEMU_MAX_NODES - 1, &id))
		return -EINVAL;
	if (!d)
		return qemu_wrong(g, o, "pci-dev: there is no such function");
	if (id >= g->t->nodes.n)
		return qemu_wrong(g, o, "node: there is no such node");
	g->t->nodes.at[id].generic_initiator = true;
	for (size_t i = 0; i < g->t->nodes.n; i++)
		first &= g->t->nodes.at[i].device != d->pci.address;
	/* its driver puts memory into the first */
	if (first)
		g->t->nodes.at[id].device = d->pci.address;
	return 0;
}

static bool shows(const struct node *node)
{
	return node->memory_k || node->generic_initiator || !idset_is_empty(&node->cpus);
}

/* A node with nothing is in no table of the firmware's: the kernel does not know of it. */
static void drop_nodes(struct topo *t)
{
	LIST_OF(struct node) kept = { 0 };
	for (size_t i = 0; i < t->nodes.n; i++) {
		struct node node = t->nodes.at[i];
		node.distances = (__typeof__(node.distances)){ 0 };
		for (size_t k = 0; k < t->nodes.at[i].distances.n; k++)
			if (shows(&t->nodes.at[k]))
				*LIST_ADD(&t->arena, &node.distances) = t->nodes.at[i].distances.at[k];
		if (shows(&node))
			*LIST_ADD(&t->arena, &kept) = node;
	}
	t->nodes.at = kept.at;
	t->nodes.n = kept.n;
}

int qemu_tie_memory(struct qemu_guest *g, const struct qemu_devices *all)
{
	for (size_t i = 0; i < g->command->options.n; i++) {
		const struct qemu_option *o = &g->command->options.at[i];
		if (!strcmp(o->name, "object") &&
		    topo_same_text(qemu_value_of(o, "qom-type"), "acpi-generic-initiator") && tie_node(g, o, all))
			return -EINVAL;
	}
	drop_nodes(g->t);
	g->t->possible_nodes = default_possible_nodes(g->t, &g->t->arena);
	return 0;
}
