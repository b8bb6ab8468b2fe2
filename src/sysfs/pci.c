/* SPDX-License-Identifier: Apache-2.0 */

/* PCI functions: drivers/pci/pci-sysfs.c, Documentation/ABI/testing/sysfs-bus-pci. Config space is pci_config.c. */

#include "classes.h"

#include <linux/pci_regs.h>
#include <string.h>

/* --- /sys/devices/pciDDDD:BB ----------------------------------------------------------------------------- */

static size_t count_roots(const struct facts *f)
{
	return f->topo->roots.n;
}

static bool at_root(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	*self = &f->topo->roots.at[i];
	buf_puts(path, f->root_paths[i]);
	return true;
}

static const struct attr host_bridge_attrs[] = {
	{ "uevent", "Empty.", show_nothing, .raw = true, .mode = 0644 },
	CONSTANT("power/control", "auto", "Run-time power management."),
};

const struct class host_bridge_class = {
	"host_bridge", "A PCI host bridge.", "/sys/devices/**/pci*:*", count_roots, NULL, at_root,
	ROWS(host_bridge_attrs),
	.scan = scan_host_bridges,
};

/* --- functions ------------------------------------------------------------------------------------------- */

static const struct pci *self_of(const struct object *o)
{
	return o->self;
}

static const struct pci_facts *facts_of(const struct object *o)
{
	return &o->facts->pci[o->index];
}

/* `param`: how many digits; two take a byte, four two, six four. */
static void show_hex(const struct attr *attr, const struct object *o, struct buf *out)
{
	const void *at = (const char *)o->self + attr->offset;
	uint32_t v = attr->param == 2	? *(const uint8_t *)at
		     : attr->param == 4 ? *(const uint16_t *)at
					: *(const uint32_t *)at;
	buf_puts(out, "0x");
	buf_hex(out, v, (size_t)attr->param);
}

static void load_hex(const struct attr *attr, const struct loading *l, const char *text)
{
	void *at = (char *)l->self + attr->offset;
	uint64_t v;
	if (strncmp(text, "0x", 2) || !hex_parse(text + 2, attr->param, &v))
		return;
	if (attr->param == 2)
		*(uint8_t *)at = (uint8_t)v;
	else if (attr->param == 4)
		*(uint16_t *)at = (uint16_t)v;
	else
		*(uint32_t *)at = (uint32_t)v;
}

/* A function's configuration space as it was read, or as it is made; returns its size. */
static size_t config_of(const struct facts *f, uint32_t i, uint8_t space[4096])
{
	const struct pci *pci = &f->topo->pci.at[i];
	if (!pci->config)
		return pci_config(f, i, space);
	memset(space, 0, 4096);
	memcpy(space, pci->config, pci->config_len);
	return f->pci[i].type == PCIE_NONE ? 256 : 4096;
}

static void show_config(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	uint8_t space[4096];
	size_t size = config_of(o->facts, (uint32_t)o->index, space);
	buf_add(out, space, self_of(o)->config_size ? self_of(o)->config_size : size);
}

/* Where a capability stands in a configuration space; 0: nowhere. */
static unsigned find_capability(const uint8_t space[4096], unsigned id)
{
	unsigned at = space[PCI_CAPABILITY_LIST] & ~3u;
	/* more than fit is a circle */
	for (int n = 0; n < 48 && at >= PCI_STD_HEADER_SIZEOF; n++, at = space[at + PCI_CAP_LIST_NEXT] & ~3u)
		if (space[at] == id)
			return at;
	return 0;
}

/* Who is not root may read the header only, which says that there are capabilities, but not which. */
static bool hides_capabilities(const struct pci *pci)
{
	return pci->config && pci->config_len > PCI_STATUS && pci->config_len <= PCI_STD_HEADER_SIZEOF &&
	       pci->config[PCI_STATUS] & PCI_STATUS_CAP_LIST;
}

/* pci_pm_init() of drivers/pci/pci.c: allowed from the start where there is power management at all. */
static void show_d3cold_allowed(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	uint8_t space[4096];
	config_of(o->facts, (uint32_t)o->index, space);
	buf_putc(out, find_capability(space, PCI_CAP_ID_PM) || hides_capabilities(self_of(o)) ? '1' : '0');
}

/* Whether the port above forwards alternative routing ids: pci_ari_enabled() of drivers/pci/pci.h. */
static void show_ari_enabled(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	uint64_t above = self_of(o)->parent;
	uint32_t port = above == BDF_NONE ? FACTS_NONE : facts_pci(o->facts, above);
	uint8_t space[4096];
	unsigned express = 0;
	if (port != FACTS_NONE) {
		config_of(o->facts, port, space);
		express = find_capability(space, PCI_CAP_ID_EXP);
	}
	buf_putc(out, express && space[express + PCI_EXP_DEVCTL2] & PCI_EXP_DEVCTL2_ARI ? '1' : '0');
}

static bool each_msi_irq(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *text)
{
	(void)attr;
	const struct pci *pci = self_of(o);
	if (i >= idset_count(&pci->msi_irqs))
		return false;
	buf_printf(name, "msi_irqs/%lld", (long long)idset_nth(&pci->msi_irqs, (uint32_t)i));
	buf_puts(text, pci->msi ? "msi" : "msix");
	return true;
}

static void show_resource(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	const struct pci *pci = self_of(o);
	for (size_t i = 0; i < pci->resource.n; i++)
		buf_printf(out, "%s\n", pci->resource.at[i]);
	if (!pci->resource.n)
		pci_resource_text(o->facts, (uint32_t)o->index, out);
}

static const struct idset *local_cpus(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return facts_of(o)->cpus;
}

/* Values between the names that come before them. */
struct part {
	const char *name;
	uint32_t value;
	size_t digits;
};

static void print_parts(const struct part *parts, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, parts[i].name);
		buf_hex_upper(out, parts[i].value, parts[i].digits);
	}
}

static void print_modalias(const struct pci *pci, struct buf *out)
{
	const struct part parts[] = {
		{ "pci:v", pci->vendor, 8 },	   { "d", pci->device, 8 },
		{ "sv", pci->subsystem_vendor, 8 }, { "sd", pci->subsystem_device, 8 },
		{ "bc", pci->class >> 16, 2 },	   { "sc", pci->class >> 8 & 0xff, 2 },
		{ "i", pci->class & 0xff, 2 },
	};
	print_parts(parts, sizeof parts / sizeof *parts, out);
}

static void show_modalias(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	print_modalias(self_of(o), out);
}

static void show_uevent(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	const struct pci *pci = self_of(o);
	if (pci->driver)
		buf_printf(out, "DRIVER=%s\n", pci->driver);
	const struct part parts[] = {
		{ "PCI_CLASS=", pci->class, 4 },
		{ "\nPCI_ID=", pci->vendor, 4 },
		{ ":", pci->device, 4 },
		{ "\nPCI_SUBSYS_ID=", pci->subsystem_vendor, 4 },
		{ ":", pci->subsystem_device, 4 },
	};
	print_parts(parts, sizeof parts / sizeof *parts, out);
	buf_puts(out, "\nPCI_SLOT_NAME=");
	bdf_print(pci->address, out);
	buf_puts(out, "\nMODALIAS=");
	print_modalias(pci, out);
}

/* --- the link: pcie_dev_attrs of the kernel --------------------------------------------------------------- */

static bool is_pcie(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return facts_of(o)->type != PCIE_NONE;
}

/* `param`: whether the maximum is asked for. A virtual function's link status reads as zero. */
static struct link link_of(const struct attr *attr, const struct object *o)
{
	if (attr->param)
		return facts_of(o)->max_link;
	return self_of(o)->physfn == BDF_NONE ? facts_of(o)->link : (struct link){ 0 };
}

/* pci_speed_string() of drivers/pci/probe.c */
static void show_speed(const struct attr *attr, const struct object *o, struct buf *out)
{
	struct link link = link_of(attr, o);
	if (link.speed)
		buf_printf(out, "%u.%u GT/s PCIe", link.speed / 10, link.speed % 10);
	else
		buf_puts(out, "Unknown");
}

static void show_width(const struct attr *attr, const struct object *o, struct buf *out)
{
	buf_printf(out, "%u", attr->param ? facts_max_width(o->facts, (uint32_t)o->index) : facts_of(o)->link.width);
}

/* --- bridges, SR-IOV, and what is bound ------------------------------------------------------------------- */

static bool is_bridge(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return self_of(o)->bridge;
}

static void show_byte(const struct attr *attr, const struct object *o, struct buf *out)
{
	buf_dec(out, *((const uint8_t *)o->self + attr->offset));
}

static bool has_vfs(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return self_of(o)->total_vfs || facts_of(o)->vfs.n;
}

static void show_total_vfs(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	size_t there = facts_of(o)->vfs.n;
	buf_printf(out, "%zu", self_of(o)->total_vfs > there ? self_of(o)->total_vfs : there);
}

static void show_num_vfs(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%zu", facts_of(o)->vfs.n);
}

static bool link_vfs(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *place)
{
	(void)attr;
	if (i >= facts_of(o)->vfs.n)
		return false;
	buf_printf(name, "virtfn%zu", i);
	buf_puts(place, o->facts->pci[facts_of(o)->vfs.at[i]].path);
	return true;
}

static bool link_physfn(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			struct buf *place)
{
	(void)attr;
	(void)name;
	return i == 0 && link_to_function(o->facts, self_of(o)->physfn, place);
}

static bool link_driver(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			struct buf *place)
{
	(void)attr;
	(void)name;
	if (i || !self_of(o)->driver)
		return false;
	buf_printf(place, "sys/bus/pci/drivers/%s", self_of(o)->driver);
	return true;
}

static bool link_iommu_group(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			     struct buf *place)
{
	(void)attr;
	(void)name;
	if (i || self_of(o)->iommu_group == TOPO_UNKNOWN)
		return false;
	buf_printf(place, "sys/kernel/iommu_groups/%lld", (long long)self_of(o)->iommu_group);
	return true;
}

static bool is_display(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return self_of(o)->class >> 8 == 0x0300;
}

static void show_enable(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_putc(out, self_of(o)->driver || self_of(o)->bridge ? '1' : '0');
}

static void show_dma_bits(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_puts(out, self_of(o)->driver && !self_of(o)->bridge ? "64" : "32");
}

/* Nobody has set it before a driver is there. */
static void show_power_state(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_puts(out, self_of(o)->driver ? "D0" : "unknown");
}

// clang-format off
#define HEX(name, member, digits, text) \
	{ name, text, show_hex, .load = load_hex, .offset = offsetof(struct pci, member), .param = digits }
#define BYTE(name, member, text) { name, text, show_byte, is_bridge, .offset = offsetof(struct pci, member) }

static const struct attr pci_attrs[] = {
	HEX("vendor", vendor, 4, "Vendor id."),
	HEX("device", device, 4, "Device id."),
	HEX("subsystem_vendor", subsystem_vendor, 4, "Subsystem vendor id."),
	HEX("subsystem_device", subsystem_device, 4, "Subsystem device id."),
	HEX("class", class, 6, "Class: base class, sub class, programming interface."),
	HEX("revision", revision, 2, "Revision."),
	{ "config", "Configuration space.", show_config, .raw = true, .mode = 0644, .secret = SECRET_CONFIG },
	{ "resource", "Start, end and flags of each region.", show_resource, .raw = true },
	INT("irq", struct pci, irq, "Interrupt number."),
	{ "numa_node", "Its node, -1 for none.", show_int, .load = load_int, .offset = offsetof(struct pci, node), .mode = 0644 },
	MASK("local_cpus", local_cpus, 0, "CPUs near it, as a mask."),
	LIST("local_cpulist", local_cpus, 0, "CPUs near it, as a list."),
	{ "modalias", "What modules are matched by.", show_modalias },
	{ "uevent", "What udev is told.", show_uevent, .mode = 0644 },
	{ "current_link_speed", "Speed its link runs at.", show_speed, is_pcie },
	{ "current_link_width", "Lanes its link uses.", show_width, is_pcie },
	{ "max_link_speed", "Speed its link could run at.", show_speed, is_pcie, .param = 1 },
	{ "max_link_width", "Lanes its link could use.", show_width, is_pcie, .param = 1 },
	BYTE("secondary_bus_number", secondary, "Of a bridge: the bus below it."),
	BYTE("subordinate_bus_number", subordinate, "Of a bridge: the highest bus below it."),
	{ "enable", "How often it is enabled.", show_enable, .mode = 0644 },
	{ "dma_mask_bits", "Address bits its driver lets it use.", show_dma_bits },
	{ "consistent_dma_mask_bits", "The same for coherent memory.", show_dma_bits },
	CONSTANT("msi_bus", "1", "Whether message signalled interrupts are allowed."),
	CONSTANT("broken_parity_status", "0", "Whether parity errors are ignored."),
	{ "msi_irqs/*", "Interrupts of its message signalled vectors.", .each = each_msi_irq },
	{ "ari_enabled", "Whether alternative routing ids are enabled.", show_ari_enabled },
	{ "d3cold_allowed", "Whether it may lose power.", show_d3cold_allowed, .mode = 0644 },
	DIRECTORY("link", "Power management of its link."),
	{ "power_state", "Its power state.", show_power_state },
	CONSTANT("power/control", "on", "Run-time power management."),
	CONSTANT("power/runtime_status", "active", "Its run-time power state."),
	{ "boot_vga", "Of a VGA device: whether the machine booted with it.", show_constant, is_display, .constant = "0" },
	TEXT("label", struct pci, label, "Firmware's label of the port."),
	{ "sriov_totalvfs", "Virtual functions it can have.", show_total_vfs, has_vfs },
	{ "sriov_numvfs", "Virtual functions it has.", show_num_vfs, has_vfs, .mode = 0644 },
	{ "virtfn*", "Its virtual functions.", .link = link_vfs },
	{ "physfn", "Of a virtual function: its physical one.", .link = link_physfn },
	{ "driver", "The driver bound to it.", .link = link_driver },
	{ "driver_override", "The only driver that may bind to it.", show_constant, .constant = "(null)", .mode = 0644 },
	TRIGGER("remove", 0220, "Writing would take it away."),
	TRIGGER("rescan", 0200, "Writing would look for more functions."),
	{ "iommu_group", "Its IOMMU group.", .link = link_iommu_group },
};
// clang-format on

static bool at_pci(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	*self = &f->topo->pci.at[i];
	buf_puts(path, f->pci[i].path);
	return true;
}

const struct class pci_class = {
	"pci", "A PCI function, bridges too.", "/sys/devices/**/*:*:*.[0-7]", count_pci, NULL, at_pci,
	ROWS(pci_attrs), .subsystem = "bus/pci", .listed = { "bus/pci/devices" },
};
