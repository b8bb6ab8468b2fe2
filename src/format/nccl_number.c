/* SPDX-License-Identifier: Apache-2.0 */

/*
 * NCCL walks up from a device two folders at a time, so its files have a switch's upper end and what is below its lower
 * ports. Here the folders between come back:
 *
 *     host bridge 15 / root port 15:01.0 / switch 16:00.0 / lower port 17:00.0 / device 18:00.0
 *                                          in the file                           in the file
 *
 * Addresses of devices stay what they are, as drivers know them; those of switches where numbers below are left.
 */

#include "nccl.h"

#include <errno.h>
#include <string.h>

enum { N_BUSES = 256, N_PLACES = 256 };

/* Marks the address of a switch of which only the domain is known. */
#define UNNUMBERED (1ull << 63)

struct domain {
	uint32_t number;
	bool used[N_BUSES];
	const struct nccl_part *holder[N_BUSES]; /* the switch above the bus; NULL where that is none */
	bool held[N_BUSES];
};

struct host_bridge {
	struct doc_root *root;
	uint32_t domain, bus;
	bool taken[N_PLACES]; /* device and function on its bus */
};

struct numbering {
	struct arena *a;
	struct document *doc;
	struct buf *notes;
	struct err *err;
	LIST_OF(struct domain *) domains;
	LIST_OF(struct host_bridge *) bridges;
};

static struct domain *domain_of(struct numbering *n, uint64_t address)
{
	uint32_t number = BDF_DOMAIN(address);
	for (size_t i = 0; i < n->domains.n; i++)
		if (n->domains.at[i]->number == number)
			return n->domains.at[i];
	struct domain *domain = arena_alloc(n->a, sizeof *domain);
	domain->number = number;
	return *LIST_ADD(n->a, &n->domains) = domain;
}

/* The highest bus below `limit` that is used; -1: none is. */
static int last_used(const struct domain *d, int limit)
{
	int bus = limit - 1;
	while (bus >= 0 && !d->used[bus])
		bus--;
	return bus;
}

/* --- switches -------------------------------------------------------------------------------------------- */

/* The domain of all devices below; false: there are several, or devices on a bus 0, which no bridge leads to. */
static bool find_domain(const struct nccl_part *part, int64_t *domain)
{
	if (!part->below.n) {
		bool fits = *domain < 0 || *domain == BDF_DOMAIN(part->address);
		*domain = BDF_DOMAIN(part->address);
		return fits && BDF_BUS(part->address);
	}
	bool fits = true;
	for (size_t i = 0; i < part->below.n; i++)
		fits &= find_domain(part->below.at[i], domain);
	return fits;
}

static int lowest_below(const struct nccl_part *part)
{
	int lowest = N_BUSES;
	for (size_t i = 0; i < part->below.n; i++)
		if ((int)BDF_BUS(part->below.at[i]->address) < lowest)
			lowest = (int)BDF_BUS(part->below.at[i]->address);
	return lowest;
}

/* Takes a part out of a list and puts what is below it in its place. */
static void dissolve(struct numbering *n, nccl_parts *parts, size_t place, const char *why)
{
	struct nccl_part *gone = parts->at[place];
	nccl_parts rest = { 0 };
	buf_printf(n->notes, "\nLeft out: the switch %s, as %s.", bdf_text(n->a, gone->address), why);
	for (size_t i = 0; i < parts->n; i++)
		for (size_t k = 0; k < (i == place ? gone->below.n : 1); k++)
			*LIST_ADD(n->a, &rest) = i == place ? gone->below.at[k] : parts->at[i];
	*parts = rest;
}

/* Leaves out switches that no tree of PCI can have, and notes who is on which bus. */
static int sort_out(struct numbering *n, nccl_parts *parts, const struct nccl_part *above)
{
	for (size_t i = 0; i < parts->n;) {
		int64_t domain = -1;
		if (parts->at[i]->below.n && !find_domain(parts->at[i], &domain)) {
			dissolve(n, parts, i, "what is below it has several domains, or bus 0");
			continue;
		}
		if (parts->at[i]->below.n && sort_out(n, &parts->at[i]->below, parts->at[i]))
			return -EINVAL;
		i++;
	}
	for (size_t i = 0; i < parts->n; i++) {
		const struct nccl_part *part = parts->at[i];
		struct domain *d = domain_of(n, part->address);
		uint32_t bus = BDF_BUS(part->address);
		if (part->below.n)
			continue;
		if (d->held[bus] && d->holder[bus] != above)
			return nccl_wrong(n->err, part->element, "busid: bus %04x:%02x is also below another switch",
					  d->number, bus);
		d->held[bus] = d->used[bus] = true;
		d->holder[bus] = above;
	}
	return 0;
}

/* Notes the numbers that switches have in the file, where what is below them leaves these to them. */
static void claim_buses(struct numbering *n, const nccl_parts *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		struct nccl_part *part = parts->at[i];
		int64_t domain = -1;
		if (!part->below.n)
			continue;
		claim_buses(n, &part->below);
		find_domain(part, &domain);
		struct domain *d = domain_of(n, (uint64_t)domain << 16);
		bool fits = BDF_DOMAIN(part->address) == domain && !d->held[BDF_BUS(part->address)] &&
			    (int)BDF_BUS(part->address) + 1 < lowest_below(part);
		if (fits)
			d->used[BDF_BUS(part->address)] = true;
		else
			part->address = BDF(domain, 0, 0, 0) | UNNUMBERED;
	}
}

/* A number for the lower ports, and for the switch where its own does not do; false: none is left. */
static bool number_switch(struct numbering *n, struct nccl_part *part)
{
	struct domain *d = domain_of(n, part->address & ~UNNUMBERED);
	int low = lowest_below(part), floor = last_used(d, low), bus = (int)BDF_BUS(part->address);
	bool own = !(part->address & UNNUMBERED);
	if (own && floor == bus && bus + 1 < low) {
		part->inner = (uint32_t)bus + 1;
		d->used[part->inner] = true;
		return true;
	}
	if (low - floor < 3)
		return false;
	part->address = BDF(d->number, low - 2, 0, 0);
	buf_printf(n->notes, "\nThe switch %s is %s here.", nccl_attr(part->element, "busid"),
		   bdf_text(n->a, part->address));
	part->inner = (uint32_t)low - 1;
	d->used[low - 1] = d->used[low - 2] = true;
	return true;
}

static void number_switches(struct numbering *n, nccl_parts *parts)
{
	for (size_t i = 0; i < parts->n;) {
		number_switches(n, &parts->at[i]->below);
		if (parts->at[i]->below.n && !number_switch(n, parts->at[i])) {
			parts->at[i]->address &= ~UNNUMBERED;
			dissolve(n, parts, i, "no bus numbers are left below it");
			continue;
		}
		i++;
	}
}

/* --- what stands between --------------------------------------------------------------------------------- */

static const char *address_in_domain(struct numbering *n, uint64_t at)
{
	return arena_printf(n->a, "%02x:%02x.%u", BDF_BUS(at), BDF_DEVICE(at), BDF_FUNCTION(at));
}

static void put_part(struct numbering *n, struct nccl_part *part, struct list *into);

/* The port that a bus is below, as it was added for the first device on it. */
static struct doc_pci *port_to(struct list *ports, size_t first, uint32_t bus)
{
	struct doc_pci *at = ports->at;
	for (size_t i = first; i < ports->n; i++) {
		uint64_t address;
		if (at[i].devices.n && !bdf_parse(at[i].devices.at[0].at, 0, &address) && BDF_BUS(address) == bus)
			return &at[i];
	}
	return NULL;
}

static struct doc_pci *add_port(struct numbering *n, struct list *into, uint64_t address, uint16_t vendor,
				uint16_t device)
{
	struct doc_pci *port = list_add(n->a, into, sizeof *port);
	table_init(&function_table, port);
	port->at = address_in_domain(n, address);
	port->pci.vendor = vendor;
	port->pci.device = device;
	return port;
}

static void put_below_switch(struct numbering *n, struct nccl_part *part)
{
	struct list *ports = (struct list *)&part->doc.devices;
	for (size_t i = 0; i < part->below.n; i++) {
		struct nccl_part *child = part->below.at[i];
		struct doc_pci *port = port_to(ports, 0, BDF_BUS(child->address));
		/* device by device, then function by function */
		uint64_t place = (uint64_t)(ports->n % 32) << 3 | ports->n / 32 % 8;
		if (!port)
			port = add_port(n, ports, BDF(BDF_DOMAIN(part->address), part->inner, 0, 0) | place,
					part->doc.pci.vendor, part->doc.pci.device);
		/* by its place it would be an upper port itself */
		if (part->doc.pci.type == PCIE_UPSTREAM && child->doc.pci.link.speed)
			port->pci.type = PCIE_DOWNSTREAM;
		/* conventional PCI behind a port: the speed that NCCL found is the port's */
		if (!child->has_width) {
			port->pci.link = child->doc.pci.link;
			child->doc.pci.link = (struct link){ 0 };
			child->doc.pci.type = PCIE_NONE;
		}
		put_part(n, child, (struct list *)&port->devices);
	}
}

static void put_part(struct numbering *n, struct nccl_part *part, struct list *into)
{
	part->doc.at = address_in_domain(n, part->address);
	if (part->below.n)
		put_below_switch(n, part);
	*(struct doc_pci *)list_add(n->a, into, sizeof part->doc) = part->doc;
}

/* --- host bridges ---------------------------------------------------------------------------------------- */

static struct host_bridge *find_bridge(struct numbering *n, uint32_t domain, int bus)
{
	struct host_bridge *nearest = NULL;
	for (size_t i = 0; i < n->bridges.n; i++) {
		struct host_bridge *b = n->bridges.at[i];
		if (b->domain == domain && (int)b->bus <= bus && (!nearest || b->bus > nearest->bus))
			nearest = b;
	}
	return nearest;
}

static struct host_bridge *add_bridge(struct numbering *n, struct domain *d, uint32_t bus, int32_t node)
{
	struct host_bridge *b = arena_alloc(n->a, sizeof *b);
	struct doc_root *root = arena_alloc(n->a, sizeof *root);
	table_init(&root_table, root);
	root->root = arena_printf(n->a, "%04x:%02x", d->number, bus);
	root->node = node;
	*b = (struct host_bridge){ .root = root, .domain = d->number, .bus = bus };
	d->used[bus] = true;
	return *LIST_ADD(n->a, &n->bridges) = b;
}

/* Right on the bus of a host bridge: NCCL saw no port above it. */
static void put_on_bridge(struct numbering *n, struct nccl_part *part)
{
	struct domain *d = domain_of(n, part->address);
	uint32_t bus = BDF_BUS(part->address);
	struct host_bridge *b = find_bridge(n, d->number, (int)bus);
	if (!b || b->bus != bus)
		b = add_bridge(n, d, bus, part->node);
	b->taken[part->address & 0xff] = true;
	part->doc.pci.node = part->node;
	if (part->below.n && part->doc.pci.link.speed)
		part->doc.pci.type = PCIE_UPSTREAM;
	put_part(n, part, (struct list *)&b->root->devices);
}

static int put_below_root_port(struct numbering *n, struct nccl_part *part)
{
	struct domain *d = domain_of(n, part->address);
	int bus = (int)BDF_BUS(part->address), place = 8;
	struct host_bridge *b = find_bridge(n, d->number, bus - 1);
	struct list *devices = b ? (struct list *)&b->root->devices : NULL;
	struct doc_pci *port = b ? port_to(devices, 0, (uint32_t)bus) : NULL;
	if (port) {
		put_part(n, part, (struct list *)&port->devices);
		return 0;
	}
	if (last_used(d, bus) < bus - 1)
		b = add_bridge(n, d, (uint32_t)bus - 1, part->node);
	if (!b) {
		put_on_bridge(n, part);
		return 0;
	}
	while (place < N_PLACES && b->taken[place])
		place += 8;
	for (int fn = 1; place >= N_PLACES && fn < N_PLACES; fn++)
		if (!b->taken[fn])
			place = fn;
	if (place >= N_PLACES)
		return nccl_wrong(n->err, part->element, "busid: no place is left for a root port above it");
	b->taken[place] = true;
	/* QEMU's, which stands for any */
	port = add_port(n, (struct list *)&b->root->devices, BDF(d->number, b->bus, 0, 0) | (uint64_t)place, 0x1b36,
			0x000c);
	port->pci.node = part->node;
	put_part(n, part, (struct list *)&port->devices);
	return 0;
}

int nccl_number(nccl_parts *parts, struct arena *a, struct document *doc, struct buf *notes, struct err *err)
{
	struct numbering n = { .a = a, .doc = doc, .notes = notes, .err = err };
	if (sort_out(&n, parts, NULL))
		return -EINVAL;
	claim_buses(&n, parts);
	number_switches(&n, parts);
	for (size_t i = 0; i < parts->n; i++)
		if (!parts->at[i]->has_width)
			put_on_bridge(&n, parts->at[i]);
	for (size_t i = 0; i < parts->n; i++)
		if (parts->at[i]->has_width && put_below_root_port(&n, parts->at[i]))
			return -EINVAL;
	for (size_t i = 0; i < n.bridges.n; i++)
		*LIST_ADD(a, &doc->pci) = *n.bridges.at[i]->root;
	return 0;
}
