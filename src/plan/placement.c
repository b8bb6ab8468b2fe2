/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Below which ports the functions given stand: by node, by root complex or by switch. Where that cannot be, all of
 * them go to the default root or nothing is planned, never a half.
 */

#include "placement.h"

#include <errno.h>

static const char *address_of(struct planning *p, const struct given *given)
{
	return bdf_text(&p->guest->arena, given->host->address);
}

/* --- the way down ---------------------------------------------------------------------------------------- */

static struct root_bus *add_root(struct planning *p, struct placement *all, int32_t node, uint32_t root)
{
	struct root_bus *bus = arena_alloc(&p->guest->arena, sizeof *bus);
	bus->node = node;
	bus->root = root;
	*LIST_ADD(&p->guest->arena, &all->roots) = bus;
	return bus;
}

/* The expander of a node, or of a root complex and a node of it; the default root for what has no node. */
static struct root_bus *root_for(struct planning *p, struct placement *all, const struct given *given, bool by_root)
{
	uint32_t root = by_root ? p->facts.pci[given->place].root : FACTS_NONE;
	if (given->node == TOPO_UNKNOWN)
		return all->roots.at[0];
	for (size_t i = 1; i < all->roots.n; i++)
		if (all->roots.at[i]->node == given->node && all->roots.at[i]->root == root)
			return all->roots.at[i];
	return add_root(p, all, given->node, root);
}

/* The port that stands for one of the host, made where it is not there. */
static struct place *port_for(struct planning *p, struct list *below, enum emulated_id kind, uint32_t host)
{
	struct place **at = below->at;
	for (size_t i = 0; i < below->n && host != FACTS_NONE; i++)
		if (at[i]->port && at[i]->host == host)
			return at[i];
	struct place *port = arena_alloc(&p->guest->arena, sizeof *port);
	port->port = &emulated[kind];
	port->host = host;
	*(struct place **)list_add(&p->guest->arena, below, sizeof port) = port;
	return port;
}

/* The functions of one slot stay those of one slot. */
static int put_function(struct planning *p, struct place *port, struct given *given)
{
	if (port->below.n && port->below.at[0]->port)
		return err_set(p->err, "--devices", "%s shares a slot with a switch", address_of(p, given));
	if (port->below.n == FUNCTIONS_OF_SLOT)
		return err_set(p->err, "--devices", "%s is one of more than %d functions below one port",
			       address_of(p, given), FUNCTIONS_OF_SLOT);
	struct place *place = arena_alloc(&p->guest->arena, sizeof *place);
	place->given = given;
	place->host = given->place;
	place->function = (uint8_t)port->below.n;
	*LIST_ADD(&p->guest->arena, &port->below) = place;
	return 0;
}

/* --- by node, by root complex ---------------------------------------------------------------------------- */

static int place_by_node(struct planning *p, struct placement *all, struct given *given)
{
	struct root_bus *root = root_for(p, all, given, false);
	return put_function(p, port_for(p, (struct list *)&root->below, EMULATED_ROOT_PORT, FACTS_NONE), given);
}

static int place_by_root(struct planning *p, struct placement *all, struct given *given)
{
	struct root_bus *root = root_for(p, all, given, true);
	uint32_t port = p->facts.pci[given->place].parent;
	return put_function(p, port_for(p, (struct list *)&root->below, EMULATED_ROOT_PORT, port), given);
}

/* --- by switch ------------------------------------------------------------------------------------------- */

enum { MAX_DEPTH = 32 };

/* The PCIe ports above a function, from its root port down; what else is above it is not mirrored. */
static size_t ports_above(const struct planning *p, uint32_t place, uint32_t ports[MAX_DEPTH])
{
	size_t n = 0;
	for (uint32_t i = p->facts.pci[place].parent; i != FACTS_NONE && n < MAX_DEPTH; i = p->facts.pci[i].parent) {
		enum pcie_type type = p->facts.pci[i].type;
		if (type == PCIE_ROOT_PORT || type == PCIE_UPSTREAM || type == PCIE_DOWNSTREAM)
			ports[n++] = i;
	}
	for (size_t i = 0; i < n / 2; i++) {
		uint32_t swapped = ports[i];
		ports[i] = ports[n - 1 - i];
		ports[n - 1 - i] = swapped;
	}
	return n;
}

/* A root port, then pairs of an upstream and a downstream port. */
static enum emulated_id kind_at(size_t depth)
{
	return depth == 0 ? EMULATED_ROOT_PORT : depth % 2 ? EMULATED_UPSTREAM : EMULATED_DOWNSTREAM;
}

static int place_by_switch(struct planning *p, struct placement *all, struct given *given)
{
	static const enum pcie_type types[] = { [EMULATED_ROOT_PORT] = PCIE_ROOT_PORT,
						[EMULATED_UPSTREAM] = PCIE_UPSTREAM,
						[EMULATED_DOWNSTREAM] = PCIE_DOWNSTREAM };
	uint32_t ports[MAX_DEPTH] = { FACTS_NONE };
	size_t n = ports_above(p, given->place, ports);
	if (n > 1 && n % 2 == 0)
		return err_set(p->err, "--devices", "%s is below an upstream port, not a downstream one",
			       address_of(p, given));
	struct list *below = (struct list *)&root_for(p, all, given, true)->below;
	struct place *port = NULL;
	for (size_t i = 0; i < n || !port; i++) {
		if (n && p->facts.pci[ports[i]].type != types[kind_at(i)])
			return err_set(p->err, "--devices", "%s is below ports in an order that no switch has",
				       address_of(p, given));
		port = port_for(p, below, kind_at(i), ports[i]);
		below = (struct list *)&port->below;
		if (port->below.n && !port->below.at[0]->port && i + 1 < n)
			return err_set(p->err, "--devices", "%s shares a slot with a switch",
				       address_of(p, port->below.at[0]->given));
	}
	return put_function(p, port, given);
}

/* --------------------------------------------------------------------------------------------------------- */

/* By enum plan_group. */
static const struct grouping {
	int (*place)(struct planning *p, struct placement *all, struct given *given);
	const char *why;
} groupings[] = {
	[GROUP_NODE] = { place_by_node, "a root port of its own below the expander of its node" },
	[GROUP_ROOT] = { place_by_root,
			 "below the expander that stands for its root complex, a root port for each slot" },
	[GROUP_SWITCH] = { place_by_switch,
			   "below ports that mirror those of the host, so that what shares a switch still does" },
};

/* A function whose node is known, but not one of the guest's, would look as if it were near to all. */
static int check_nodes(struct planning *p)
{
	for (size_t i = 0; i < p->given.n; i++) {
		const struct given *given = &p->given.at[i];
		if (given->node == TOPO_UNKNOWN && given->host->node != TOPO_UNKNOWN)
			return err_set(p->err, "--devices",
				       "%s is on node %d of the host, which the guest has no node of",
				       address_of(p, given), given->host->node);
	}
	return 0;
}

static int place_all(struct planning *p, enum plan_group group, struct placement *ret)
{
	*ret = (struct placement){ 0 };
	add_root(p, ret, TOPO_UNKNOWN, FACTS_NONE);
	for (size_t i = 0; i < p->given.n; i++)
		if (groupings[group].place(p, ret, &p->given.at[i]))
			return -EINVAL;
	return number_buses(p, ret);
}

static int fall_back(struct planning *p, struct placement *ret)
{
	decide(p, "devices", "all on the default root, as %s", p->err->what);
	for (size_t i = 0; i < p->given.n; i++)
		p->given.at[i].node = TOPO_UNKNOWN;
	return place_all(p, GROUP_NODE, ret);
}

static void explain(struct planning *p)
{
	for (size_t i = 0; i < p->given.n; i++) {
		const struct given *given = &p->given.at[i];
		const char *what = arena_printf(&p->guest->arena, "pci %s", address_of(p, given));
		const char *at = bdf_text(&p->guest->arena, given->address);
		if (given->node == TOPO_UNKNOWN)
			decide(p, what, "%s, below the default root, on no node", at);
		else
			decide(p, what, "%s, node %d, %s", at, given->node, groupings[p->ask->group].why);
	}
}

int place_devices(struct planning *p)
{
	struct placement all;
	if (!p->given.n && !virtual_machine_of(p->host->arch))
		return 0;
	if (!virtual_machine_of(p->host->arch))
		return err_set(p->err, "--devices", "no machine with PCIe expanders is known for %s", p->host->arch);
	if (check_nodes(p) || place_all(p, p->ask->group, &all))
		if (!p->ask->best_effort || fall_back(p, &all))
			return -EINVAL;
	add_functions(p, &all);
	explain(p);
	return 0;
}
