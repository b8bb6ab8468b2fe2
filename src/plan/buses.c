/* SPDX-License-Identifier: Apache-2.0 */

/* Slots and bus numbers of ports, as firmware counts buses: into each bridge first, before the next one beside it. */

#include "placement.h"

#include <errno.h>

/* --- slots ----------------------------------------------------------------------------------------------- */

/* What hangs on a bus side by side; a downstream or root port has one slot, with functions or a switch in it. */
static int number_slots(struct planning *p, const struct place *const *below, size_t n, unsigned first, unsigned last,
			const char *what)
{
	unsigned slot = first;
	for (size_t i = 0; i < n; i++, slot++) {
		if (slot > last)
			return err_set(p->err, "--devices", "%zu ports are more than the %u that %s has room for", n,
				       last - first + 1, what);
		((struct place *)below[i])->device = (uint8_t)slot;
	}
	return 0;
}

static int number_slots_below(struct planning *p, const struct place *port)
{
	int ret = port->port == &emulated[EMULATED_UPSTREAM]
			  ? number_slots(p, (const struct place *const *)port->below.at, port->below.n, 0,
					 SLOTS_OF_BUS - 1, "a switch")
			  : 0;
	for (size_t i = 0; i < port->below.n && !ret; i++)
		if (port->below.at[i]->port)
			ret = number_slots_below(p, port->below.at[i]);
	return ret;
}

static int number_all_slots(struct planning *p, struct placement *all)
{
	unsigned slot = FIRST_FREE_SLOT;
	for (size_t i = 1; i < all->roots.n; i++)
		all->roots.at[i]->slot = (uint8_t)slot++;
	for (size_t i = 0; i < all->roots.n; i++) {
		const struct root_bus *root = all->roots.at[i];
		if (!i && slot > LAST_FREE_SLOT + 1)
			return err_set(p->err, "--devices",
				       "%zu expander buses are more than the %d that the default root has room for",
				       all->roots.n - 1, LAST_FREE_SLOT - FIRST_FREE_SLOT + 1);
		if (number_slots(p, (const struct place *const *)root->below.at, root->below.n, i ? 0 : slot,
				 i ? SLOTS_OF_BUS - 1 : LAST_FREE_SLOT, i ? "an expander bus" : "the default root"))
			return -EINVAL;
		for (size_t k = 0; k < root->below.n; k++)
			if (number_slots_below(p, root->below.at[k]))
				return -EINVAL;
	}
	return 0;
}

/* --- buses ----------------------------------------------------------------------------------------------- */

static unsigned count_ports(struct place *const *below, size_t n)
{
	unsigned count = 0;
	for (size_t i = 0; i < n; i++)
		if (below[i]->port)
			count += 1 + count_ports(below[i]->below.at, below[i]->below.n);
	return count;
}

static void number_below(struct place *const *below, size_t n, unsigned *last)
{
	for (size_t i = 0; i < n; i++) {
		if (!below[i]->port)
			continue;
		below[i]->secondary = (uint8_t)++ * last;
		number_below(below[i]->below.at, below[i]->below.n, last);
		below[i]->subordinate = (uint8_t)*last;
	}
}

/* Gives each root bus its first number, a multiple of `step`; returns how many numbers are taken. */
static unsigned spread_roots(struct placement *all, unsigned step)
{
	unsigned next = 0;
	for (size_t i = 0; i < all->roots.n; i++) {
		struct root_bus *root = all->roots.at[i];
		next = (next + step - 1) / step * step;
		root->bus = (uint8_t)next;
		next += 1 + count_ports(root->below.at, root->below.n);
	}
	return next;
}

int number_buses(struct planning *p, struct placement *all)
{
	enum { ROUND = 16 };
	if (number_all_slots(p, all))
		return -EINVAL;
	unsigned needed = spread_roots(all, ROUND);
	if (needed > MAX_BUS + 1)
		needed = spread_roots(all, 1);
	if (needed > MAX_BUS + 1)
		return err_set(p->err, "--devices", "%u buses are more than the %d there can be", needed, MAX_BUS + 1);
	for (size_t i = 0; i < all->roots.n; i++) {
		unsigned last = all->roots.at[i]->bus;
		number_below(all->roots.at[i]->below.at, all->roots.at[i]->below.n, &last);
	}
	return 0;
}

/* --- functions ------------------------------------------------------------------------------------------- */

struct spot {
	uint64_t root, parent;
	uint8_t bus;
	int32_t node;
	unsigned slot;	/* number of that of the port above; 0: none */
	unsigned *last; /* slot that has a number */
};

static struct pci *add_function(struct planning *p, const struct spot *spot, uint8_t device, uint8_t function,
				const struct pci *like)
{
	struct pci *pci = LIST_ADD(&p->guest->arena, &p->guest->pci);
	*pci = *like;
	pci->address = BDF(0, spot->bus, device, function);
	pci->parent = spot->parent;
	pci->root = spot->root;
	pci->node = spot->node;
	return pci;
}

/*
 * What is behind a port that can be plugged into shows as a slot. Below an expander that has the number that QEMU is
 * given for the port. Where ACPI tells of those of the default root, all are number 0, and pci_create_slot() of
 * drivers/pci/slot.c makes names of that.
 */
static void name_slot(struct planning *p, const struct spot *spot, struct pci *pci)
{
	if (!spot->slot || BDF_FUNCTION(pci->address))
		return;
	if (spot->root || !virtual_machine_of(p->host->arch)->acpi_slots)
		pci->slot = arena_printf(&p->guest->arena, "%u", spot->slot);
	else
		pci->slot = spot->slot == 1 ? "0" : arena_printf(&p->guest->arena, "0-%u", spot->slot);
}

static void add_given(struct planning *p, const struct place *place, const struct spot *spot)
{
	struct pci like;
	give_function(p, place->given, &like);
	uint64_t address = add_function(p, spot, place->device, place->function, &like)->address;
	place->given->address = address;
	name_slot(p, spot, &p->guest->pci.at[p->guest->pci.n - 1]);
	give_devices(p, place->given->host->address, address);
	*LIST_ADD(&p->guest->arena, &p->guest->plan.devices) =
		(struct planned_device){ address, place->given->host->address };
}

static void add_places(struct planning *p, struct place *const *below, size_t n, const struct spot *spot);

static void add_port(struct planning *p, const struct place *place, const struct spot *spot)
{
	struct pci *port = add_function(p, spot, place->device, 0, &place->port->pci);
	size_t at = p->guest->pci.n - 1;
	struct spot inside = { spot->root, port->address, place->secondary, spot->node, 0, spot->last };
	port->secondary = place->secondary;
	port->subordinate = place->subordinate;
	name_slot(p, spot, port);
	if (place->port != &emulated[EMULATED_UPSTREAM])
		inside.slot = ++*spot->last;
	add_places(p, place->below.at, place->below.n, &inside);
	/* the list may have moved */
	emulated_set_link(&p->guest->pci.at[at], &p->guest->pci.at[at + 1]);
}

static void add_places(struct planning *p, struct place *const *below, size_t n, const struct spot *spot)
{
	for (size_t i = 0; i < n; i++) {
		const struct place *place = below[i];
		if (!place->port) {
			add_given(p, place, spot);
			continue;
		}
		add_port(p, place, spot);
	}
}

/* On the default root stand the chipset and, as functions, the expanders; in the order of their slots. */
static void add_default_root(struct planning *p, const struct placement *all, const struct spot *spot)
{
	const struct virtual_machine *vm = virtual_machine_of(p->host->arch);
	size_t i = 0;
	for (; vm->chipset[i].pci.vendor && !vm->chipset[i].device; i++)
		add_function(p, spot, vm->chipset[i].device, vm->chipset[i].function, &vm->chipset[i].pci);
	for (size_t r = 1; r < all->roots.n; r++)
		add_function(p, spot, all->roots.at[r]->slot, 0, &emulated[EMULATED_EXPANDER].pci);
	add_places(p, all->roots.at[0]->below.at, all->roots.at[0]->below.n, spot);
	for (; vm->chipset[i].pci.vendor; i++)
		add_function(p, spot, vm->chipset[i].device, vm->chipset[i].function, &vm->chipset[i].pci);
}

void add_functions(struct planning *p, const struct placement *all)
{
	unsigned last_slot = 0;
	for (size_t i = 0; i < all->roots.n; i++) {
		const struct root_bus *root = all->roots.at[i];
		*LIST_ADD(&p->guest->arena, &p->guest->roots) =
			(struct pci_root){ .bus = root->bus, .node = root->node, .under_function = BDF_NONE };
		struct spot spot = { root->bus, BDF_NONE, root->bus, root->node, 0, &last_slot };
		if (!i)
			add_default_root(p, all, &spot);
		else
			add_places(p, root->below.at, root->below.n, &spot);
	}
	count_devices(p);
}
