/* SPDX-License-Identifier: Apache-2.0 */

/* What groups PCI functions: buses, drivers, slots and IOMMU groups. */

#include "classes.h"

/* --- pci_bus/DDDD:BB, below each bridge and host bridge -------------------------------------------------- */

static size_t count_bridges(const struct facts *f)
{
	return f->topo->roots.n + f->topo->pci.n;
}

/* The i-th: first the host bridges, then every function; only bridges have a bus. */
static const char *bearer(const struct facts *f, size_t i)
{
	return i < f->topo->roots.n ? f->root_paths[i] : f->pci[i - f->topo->roots.n].path;
}

static bool at_bus(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	const struct topo *t = f->topo;
	(void)part;
	*self = NULL;
	const struct pci_root *root = i < t->roots.n ? &t->roots.at[i] : NULL;
	const struct pci *bridge = root ? NULL : &t->pci.at[i - t->roots.n];
	if (bridge && !bridge->bridge)
		return false;
	buf_puts(path, bearer(f, i));
	buf_puts(path, "/pci_bus/");
	buf_hex(path, root ? root->domain : BDF_DOMAIN(bridge->address), 4);
	buf_putc(path, ':');
	buf_hex(path, root ? root->bus : bridge->secondary, 2);
	return true;
}

static const struct idset *cpus_of_bus(const struct attr *attr, const struct object *o)
{
	(void)attr;
	const struct topo *t = o->topo;
	if (o->index >= t->roots.n)
		return o->facts->pci[o->index - t->roots.n].cpus;
	int32_t id = t->roots.at[o->index].node;
	const struct node *node = id < 0 ? NULL : topo_node(t, (uint32_t)id);
	return node ? &o->facts->node_cpus[node - t->nodes.at] : &t->online;
}

static bool link_bearer(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			struct buf *place)
{
	(void)attr;
	(void)name;
	buf_puts(place, bearer(o->facts, o->index));
	return i == 0;
}

static const struct attr pci_bus_attrs[] = {
	MASK("cpuaffinity", cpus_of_bus, 0, "CPUs near the bus, as a mask."),
	LIST("cpulistaffinity", cpus_of_bus, 0, "CPUs near the bus, as a list."),
	{ "device", "The bridge it is behind.", .link = link_bearer },
	TRIGGER("rescan", 0200, "Writing would look for more functions."),
	{ "uevent", "Empty.", show_nothing, .raw = true, .mode = 0644 },
};

const struct class pci_bus_class = {
	"pci_bus", "A PCI bus.", "/sys/devices/**/pci_bus/*:*", count_bridges, NULL, at_bus, ROWS(pci_bus_attrs),
	.subsystem = "class/pci_bus", .listed = { "class/pci_bus" },
};

/* A link to the function itself, named by its address. */
static bool link_self(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *place)
{
	(void)attr;
	bdf_print(((const struct pci *)o->self)->address, name);
	buf_puts(place, o->facts->pci[o->index].path);
	return i == 0;
}

/* --- /sys/bus/pci/drivers/NAME --------------------------------------------------------------------------- */

static bool at_driver(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct pci *pci = &f->topo->pci.at[i];
	*self = pci;
	if (!pci->driver)
		return false;
	buf_printf(path, "sys/bus/pci/drivers/%s", pci->driver);
	return true;
}

static bool link_module(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			struct buf *place)
{
	(void)attr;
	(void)name;
	const char *driver = ((const struct pci *)o->self)->driver;
	if (i || !topo_map_get(&o->topo->modules, driver))
		return false;
	buf_printf(place, "sys/module/%s", driver);
	return true;
}

static const struct attr pci_driver_attrs[] = {
	{ "*", "The functions bound to it.", .link = link_self },
	{ "module", "The module it comes from.", .link = link_module },
};

const struct class pci_driver_class = {
	"pci_driver", "A driver, and what is bound to it.", "/sys/bus/pci/drivers/*", count_pci, NULL, at_driver,
	ROWS(pci_driver_attrs),
};

/* --- /sys/bus/pci/slots/NAME ----------------------------------------------------------------------------- */

static bool at_slot(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct pci *pci = &f->topo->pci.at[i];
	*self = pci;
	if (!pci->slot)
		return false;
	buf_printf(path, "sys/bus/pci/slots/%s", pci->slot);
	return true;
}

static void show_slot_address(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	uint64_t address = ((const struct pci *)o->self)->address;
	buf_printf(out, "%04x:%02x:%02x", BDF_DOMAIN(address), BDF_BUS(address), BDF_DEVICE(address));
}

static const struct attr pci_slot_attrs[] = {
	{ "address", "Domain, bus and device of what is in it.", show_slot_address },
};

const struct class pci_slot_class = {
	"pci_slot", "A physical slot.", "/sys/bus/pci/slots/*", count_pci, NULL, at_slot, ROWS(pci_slot_attrs),
	.scan = scan_slots,
};

/* --- /sys/kernel/iommu_groups/N -------------------------------------------------------------------------- */

static bool at_iommu_group(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct pci *pci = &f->topo->pci.at[i];
	*self = pci;
	if (pci->iommu_group == TOPO_UNKNOWN)
		return false;
	buf_printf(path, "sys/kernel/iommu_groups/%lld/devices", (long long)pci->iommu_group);
	return true;
}

static const struct attr iommu_group_attrs[] = {
	{ "*", "The functions in it.", .link = link_self },
};

const struct class iommu_group_class = {
	"iommu_group", "Functions that the IOMMU cannot tell apart.", "/sys/kernel/iommu_groups/[0-9]*/devices",
	count_pci, NULL, at_iommu_group, ROWS(iommu_group_attrs),
};
