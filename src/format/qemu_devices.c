/* SPDX-License-Identifier: Apache-2.0 */

/* -device: which functions there are and what bus they plug into. qemu_buses.c gives them their addresses. */

#include "qemu_devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What plugs into other buses, or into none: how the names of its kinds begin or end. */
static const char *const elsewhere[] = {
	"usb-*",    "scsi-*",	  "ide-*",	 "isa-*",	    "hda-*",	    "virtserialport", "virtconsole",
	"pc-dimm",  "nvdimm",	  "nvme-ns",	 "nvme-subsys",	    "intel-iommu",  "tpm-*",	      "vmcoreinfo",
	"pvpanic",  "sga",	  "ccid-card-*", "loader",	    "guest-loader", "vmgenid",	      "ramfb",
	"floppy",   "smbus-*",	  "i2c-*",	 "virtio-*-device", "pcspk",	    "amd-iommu",      "isa-serial",
	"sysbus-*", "arm-smmuv3", "ib700",	 "pckbd",
};

static bool fits(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*');
	size_t n = strlen(name), head = star ? (size_t)(star - pattern) : 0, tail = star ? strlen(star + 1) : 0;
	if (!star)
		return !strcmp(pattern, name);
	return n >= head + tail && !strncmp(pattern, name, head) && !strcmp(name + n - tail, star + 1);
}

static bool is_elsewhere(const char *driver)
{
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		if (fits(elsewhere[i], driver))
			return true;
	return false;
}

static bool is_vfio(const char *driver)
{
	return !strcmp(driver, "vfio-pci") || !strcmp(driver, "vfio-pci-nohotplug");
}

/* --- what it is ------------------------------------------------------------------------------------------ */

/* By its name, less what says which of both kinds of virtio it is. */
static const struct emulated *kind_of_driver(struct qemu_guest *g, const char *driver)
{
	static const char *const endings[] = { "-non-transitional", "-transitional" };
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t n = strlen(driver), end = strlen(endings[i]);
		if (n > end && !strcmp(driver + n - end, endings[i]))
			return emulated_named(arena_strndup(&g->t->arena, driver, n - end));
	}
	return emulated_named(driver);
}

static bool is_modern(const struct qemu_device *d)
{
	const char *driver = qemu_value_of(d->option, "driver"), *off = qemu_value_of(d->option, "disable-legacy");
	return (off && qemu_is_on(off)) || fits("*-non-transitional", driver) ||
	       (d->bus && !fits("*-transitional", driver) && d->bus->kind &&
		d->bus->kind != &emulated[EMULATED_EXPANDER]);
}

/* Speeds in GT/s and lanes that a root port is given. */
static int read_link(struct qemu_guest *g, struct qemu_device *d)
{
	static const struct {
		const char *text;
		uint32_t speed;
	} speeds[] = { { "2_5", 25 }, { "5", 50 }, { "8", 80 }, { "16", 160 }, { "32", 320 }, { "64", 640 } };
	const char *speed = qemu_value_of(d->option, "x-speed");
	uint64_t width = d->pci.max_link.width;
	for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
		if (topo_same_text(speed, speeds[i].text)) {
			d->pci.max_link.speed = speeds[i].speed;
			speed = NULL;
		}
	if (speed)
		return qemu_wrong(g, d->option, "x-speed: expected one of 2_5, 5, 8, 16, 32, 64, got \"%.40s\"", speed);
	if (qemu_number(g, d->option, "x-width", 32, &width))
		return -EINVAL;
	d->pci.max_link.width = (uint32_t)width;
	return 0;
}

static int read_port(struct qemu_guest *g, struct qemu_device *d)
{
	uint64_t slot = 0, bus = 0, node = UINT64_MAX;
	if (qemu_number(g, d->option, "slot", 0xffff, &slot))
		return -EINVAL;
	d->slot = (uint32_t)slot;
	const char *hotplug = qemu_value_of(d->option, "hotplug");
	d->has_slot = (d->kind == &emulated[EMULATED_ROOT_PORT] || d->kind == &emulated[EMULATED_DOWNSTREAM]) &&
		      (!hotplug || qemu_is_on(hotplug));
	if (d->kind == &emulated[EMULATED_ROOT_PORT])
		return read_link(g, d);
	if (d->kind != &emulated[EMULATED_EXPANDER])
		return 0;
	if (qemu_number(g, d->option, "bus_nr", MAX_BUS, &bus) ||
	    qemu_number(g, d->option, "numa_node", QEMU_MAX_NODES - 1, &node))
		return -EINVAL;
	if (!bus)
		return qemu_wrong(g, d->option, "bus_nr: expected a number of 1 to %d", MAX_BUS);
	if (node != UINT64_MAX && !topo_node(g->t, (uint32_t)node))
		return qemu_wrong(g, d->option, "numa_node: there is no node %u", (unsigned)node);
	d->secondary = (uint8_t)bus;
	d->pci.node = node == UINT64_MAX ? TOPO_UNKNOWN : (int32_t)node;
	return 0;
}

/* "0000:3b:00.0", or a folder of sysfs that ends so. */
static int read_host(struct qemu_guest *g, struct qemu_device *d)
{
	const char *host = qemu_value_of(d->option, "host"), *folder = qemu_value_of(d->option, "sysfsdev");
	if (!host && folder)
		host = strrchr(folder, '/') ? strrchr(folder, '/') + 1 : folder;
	d->host = BDF_NONE;
	if (!host)
		return 0;
	const char *wrong = bdf_parse(host, 0, &d->host);
	return wrong ? qemu_wrong(g, d->option, "host: \"%.40s\": %s", host, wrong) : 0;
}

/* --- what it plugs into ---------------------------------------------------------------------------------- */

static int find_bus(struct qemu_guest *g, struct qemu_devices *all, struct qemu_device *d)
{
	const char *bus = qemu_value_of(d->option, "bus");
	d->bus = all->root;
	if (!bus || !strcmp(bus, "pcie.0") || !strcmp(bus, "pcie"))
		return 0;
	for (size_t i = 0; i < all->list.n; i++)
		if (topo_same_text(qemu_value_of(all->list.at[i]->option, "id"), bus)) {
			d->bus = all->list.at[i];
			bool leads = d->bus->pci.bridge || d->bus->kind == &emulated[EMULATED_EXPANDER];
			return leads ? 0 : qemu_wrong(g, d->option, "bus: \"%.40s\" is no port", bus);
		}
	return qemu_wrong(g, d->option, "bus: there is no bus \"%.40s\" before it", bus);
}

static int check_plug(struct qemu_guest *g, const struct qemu_device *d)
{
	bool below_upstream = d->bus->kind == &emulated[EMULATED_UPSTREAM];
	if (d->kind == &emulated[EMULATED_EXPANDER] && d->bus->kind)
		return qemu_wrong(g, d->option, "bus: an expander stands on pcie.0");
	if (d->kind == &emulated[EMULATED_ROOT_PORT] && d->bus->kind && d->bus->kind != &emulated[EMULATED_EXPANDER])
		return qemu_wrong(g, d->option, "bus: a root port stands on pcie.0 or on an expander");
	if (below_upstream != (d->kind == &emulated[EMULATED_DOWNSTREAM]))
		return qemu_wrong(g, d->option,
				  "bus: downstream ports, and nothing else, stand below an upstream port");
	return 0;
}

/* --------------------------------------------------------------------------------------------------------- */

static int add_device(struct qemu_guest *g, struct qemu_devices *all, const struct qemu_option *o, const char *driver)
{
	struct qemu_device *d = arena_alloc(&g->t->arena, sizeof *d);
	d->option = o;
	d->kind = kind_of_driver(g, driver);
	/* of the host's what it is, only the host knows */
	d->pci = d->kind ? d->kind->pci
			 : (struct pci){ .class = 0xff0000,
					 .type = PCIE_AUTO,
					 .node = TOPO_UNKNOWN,
					 .iommu_group = TOPO_UNKNOWN,
					 .physfn = BDF_NONE };
	d->pci.driver = NULL;
	if (d->pci.bridge && d->kind < &emulated[N_PORTS])
		d->pci.driver = d->kind->pci.driver;
	if (find_bus(g, all, d) || check_plug(g, d) || read_port(g, d) || read_host(g, d))
		return -EINVAL;
	bool express = d->bus->kind && d->bus->kind < &emulated[N_PORTS] && d->bus->pci.bridge;
	if (d->kind && !is_modern(d))
		emulated_become_transitional(&d->pci);
	if (d->kind && express && !d->pci.bridge)
		d->pci.link = d->pci.max_link = (struct link){ 25, 1 };
	*LIST_ADD(&g->t->arena, &all->list) = d;
	*LIST_ADD(&g->t->arena, &d->bus->below) = d;
	return qemu_place(g, d);
}

static int read_device(struct qemu_guest *g, struct qemu_devices *all, const struct qemu_option *o)
{
	const char *driver = qemu_value_of(o, "driver");
	if (!driver)
		return qemu_wrong(g, o, "driver: it is missing");
	if (is_vfio(driver) || kind_of_driver(g, driver))
		return add_device(g, all, o, driver);
	if (is_elsewhere(driver))
		return 0;
	/* a bus that is none of PCI's */
	const char *bus = qemu_value_of(o, "bus");
	if (bus && strcmp(bus, "pcie.0") != 0 && !qemu_option_with(g, "device", "id", bus))
		return 0;
	return qemu_wrong(g, o, "the device \"%.40s\" is not known, nor whether it is a PCI function", driver);
}

/* --- what nobody asked for ------------------------------------------------------------------------------- */

static int add_default(struct qemu_guest *g, struct qemu_devices *all, const char *driver)
{
	struct qemu_option *made = arena_alloc(&g->t->arena, sizeof *made);
	*made = (struct qemu_option){ .name = "device", .text = driver };
	*LIST_ADD(&g->t->arena, &made->values) = (struct pair){ "driver", driver };
	return add_device(g, all, made, driver);
}

/* Displays with registers of VGA are made known to firmware, so QEMU adds none of its own. */
static bool has_display(struct qemu_guest *g)
{
	for (size_t i = 0; i < g->command->options.n; i++) {
		const struct qemu_option *o = &g->command->options.at[i];
		const char *driver = strcmp(o->name, "device") ? NULL : qemu_value_of(o, "driver");
		const struct emulated *kind = driver ? kind_of_driver(g, driver) : NULL;
		if (kind && kind->pci.class >> 8 == 0x0300)
			return true;
	}
	return false;
}

static int add_display(struct qemu_guest *g, struct qemu_devices *all, bool bare)
{
	static const struct {
		const char *type, *driver;
	} displays[] = { { "std", "VGA" }, { "virtio", "virtio-vga" } };
	const struct qemu_option *o = NULL;
	const char *type = qemu_value(g, "vga", "type", &o);
	if (!type)
		type = bare || !g->vm->acpi_slots || has_display(g) ? "none" : "std";
	for (size_t i = 0; i < sizeof displays / sizeof *displays; i++)
		if (!strcmp(type, displays[i].type))
			return add_default(g, all, displays[i].driver);
	return strcmp(type, "none") ? qemu_wrong(g, o, "the display \"%.40s\" is not known", type) : 0;
}

static int add_networks(struct qemu_guest *g, struct qemu_devices *all, bool bare)
{
	const char *usual = g->vm->acpi_slots ? "e1000e" : "virtio-net-pci";
	for (size_t i = 0; i < g->command->options.n; i++) {
		const struct qemu_option *o = &g->command->options.at[i];
		bool nic = !strcmp(o->name, "nic"), net = !strcmp(o->name, "net");
		const char *type = qemu_value_of(o, "type"), *model = qemu_value_of(o, "model");
		if ((!nic || topo_same_text(type, "none")) && (!net || !topo_same_text(type, "nic")))
			continue;
		if (topo_same_text(model, "virtio"))
			model = "virtio-net-pci";
		if (model && !emulated_named(model))
			return qemu_wrong(g, o, "the network adapter \"%.40s\" is not known", model);
		if (add_default(g, all, model ? model : usual))
			return -EINVAL;
	}
	bool said = qemu_has(g, "nic") || qemu_has(g, "net") || qemu_has(g, "netdev");
	return bare || said ? 0 : add_default(g, all, usual);
}

/* --------------------------------------------------------------------------------------------------------- */

int qemu_add_devices(struct qemu_guest *g)
{
	struct qemu_devices all = { .root = arena_alloc(&g->t->arena, sizeof *all.root) };
	bool bare = qemu_has(g, "nodefaults");
	all.root->pci.node = TOPO_UNKNOWN;
	qemu_add_chipset(g, all.root);
	if (add_display(g, &all, bare) || add_networks(g, &all, bare))
		return -EINVAL;
	for (size_t i = 0; i < g->command->options.n; i++)
		if (!strcmp(g->command->options.at[i].name, "device") &&
		    read_device(g, &all, &g->command->options.at[i]))
			return -EINVAL;
	return qemu_number_buses(g, &all) || qemu_tie_memory(g, &all) ? -EINVAL : 0;
}
