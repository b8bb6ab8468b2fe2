/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A domain's devices as the PCI functions that the guest finds. libvirt's addresses name the controller that a function
 * is on; from there firmware goes into each bridge first, in the order of slots, and counts buses.
 */

#include "libvirt_domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- what there is --------------------------------------------------------------------------------------- */

// clang-format off
#define REST .node = NODE_INHERITED, .iommu_group = TOPO_UNKNOWN, .physfn = BDF_NONE
#define IDS(vendor_, device_, class_) { .vendor = vendor_, .device = device_, .class = class_, .type = PCIE_AUTO, REST }

/* Bridges that topofs plan does not make, by the name of their model; and what only the host knows. */
static const struct {
	const char *model, *name;
	struct pci pci;
} bridges[] = {
	{ "pcie-root-port", "ioh3420", IDS(0x8086, 0x3420, 0x060400) },
	{ "dmi-to-pci-bridge", "i82801b11-bridge", IDS(0x8086, 0x244e, 0x060401) },
	{ "pci-bridge", "pci-bridge", IDS(0x1b36, 0x0001, 0x060400) },
};
static const struct pci of_host = { .type = PCIE_ENDPOINT, REST };
static const struct pci network_of_host = { .class = 0x020000, .type = PCIE_ENDPOINT, REST };
// clang-format on

/* Devices, by an attribute of theirs or of an element in them. */
static const struct {
	const char *element, *inside, *attribute, *value, *qemu;
} devices[] = {
	{ "interface", "model", "type", "virtio", "virtio-net-pci" },
	{ "interface", "model", "type", "e1000e", "e1000e" },
	{ "disk", "target", "bus", "virtio", "virtio-blk-pci" },
	{ "controller", "", "model", "virtio-scsi", "virtio-scsi-pci" },
	{ "rng", "", "model", "virtio", "virtio-rng-pci" },
	{ "video", "model", "type", "bochs", "bochs-display" },
};

static const struct pci *controller_like(const xmlNode *e)
{
	const xmlNode *name = xml_child(e, "model");
	for (size_t i = 0; i < sizeof bridges / sizeof *bridges; i++)
		if (xml_attr_is(e, "model", bridges[i].model) && (i || xml_attr_is(name, "name", bridges[i].name)))
			return &bridges[i].pci;
	for (size_t i = 0; i < n_emulated; i++)
		if (emulated[i].libvirt && xml_attr_is(e, "model", emulated[i].libvirt))
			return &emulated[i].pci;
	return NULL;
}

static const struct pci *device_like(const xmlNode *e)
{
	if (!strcmp((const char *)e->name, "hostdev"))
		return xml_attr_is(e, "type", "pci") || xml_attr_is(e, "type", "mdev") ? &of_host : NULL;
	if (!strcmp((const char *)e->name, "interface") && xml_attr_is(e, "type", "hostdev"))
		return &network_of_host;
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
		const xmlNode *in = *devices[i].inside ? xml_child(e, devices[i].inside) : e;
		if (!strcmp((const char *)e->name, devices[i].element) &&
		    xml_attr_is(in, devices[i].attribute, devices[i].value))
			return &emulated_named(devices[i].qemu)->pci;
	}
	return NULL;
}

static bool is_pci_controller(const xmlNode *e)
{
	return !strcmp((const char *)e->name, "controller") && xml_attr_is(e, "type", "pci");
}

/* --- addresses ------------------------------------------------------------------------------------------- */

static int read_address(struct domain_reader *r, const xmlNode *address, uint64_t *domain, struct domain_function *ret)
{
	uint64_t bus = 0, slot = 0, function = 0;
	*domain = 0;
	if (xml_number(address, "domain", UINT32_MAX, domain, r->err) ||
	    xml_number(address, "bus", MAX_BUS, &bus, r->err) ||
	    xml_number(address, "slot", SLOTS_OF_BUS - 1, &slot, r->err) ||
	    xml_number(address, "function", FUNCTIONS_OF_SLOT - 1, &function, r->err))
		return -EINVAL;
	ret->bus = (uint32_t)bus;
	ret->slot = (uint32_t)slot;
	ret->function = (uint32_t)function;
	return 0;
}

static bool is_chipset(const struct domain_reader *r, const struct domain_function *f)
{
	for (size_t i = 0; r->vm && i < 6 && r->vm->chipset[i].pci.vendor; i++)
		if (!f->bus && r->vm->chipset[i].device == f->slot && r->vm->chipset[i].function == f->function)
			return true;
	return false;
}

static void leave_out(struct domain_reader *r, const xmlNode *e, const char *why)
{
	buf_printf(r->notes, "\nLeft out: %.40s of line %ld, %s.", (const char *)e->name, xmlGetLineNo(e), why);
}

/* An element of <devices> that is a PCI function, as one; what is on other buses, or none in the guest, is none. */
static int read_device(struct domain_reader *r, const xmlNode *e)
{
	const xmlNode *address = xml_child(e, "address");
	struct domain_function found = { .element = e,
					 .like = is_pci_controller(e) ? controller_like(e) : device_like(e) };
	uint64_t domain;
	bool is_root =
		is_pci_controller(e) && (xml_attr_is(e, "model", "pcie-root") || xml_attr_is(e, "model", "pci-root"));
	if (is_root || (address && !xml_attr_is(address, "type", "pci")))
		return 0;
	if (!address && found.like)
		leave_out(r, e, "as it has no address: libvirt gives it one when the domain is defined");
	if (!address)
		return 0;
	if (read_address(r, address, &domain, &found))
		return -EINVAL;
	if (domain)
		return xml_wrong(address, r->err, "domain: QEMU's guests have domain 0");
	if (is_pci_controller(e) && !found.like)
		return xml_wrong(e, r->err, "model: a controller that is not known");
	if (!found.like && !is_chipset(r, &found))
		leave_out(r, e, "as its ids are not known");
	if (!found.like || is_chipset(r, &found))
		return 0;
	found.controller = is_pci_controller(e) ? e : NULL;
	*LIST_ADD(&r->t->arena, &r->functions) = found;
	return 0;
}

static int compare_places(const void *x, const void *y)
{
	const struct domain_function *a = x, *b = y;
	uint32_t p = a->bus << 8 | a->slot << 3 | a->function, q = b->bus << 8 | b->slot << 3 | b->function;
	return (p > q) - (p < q);
}

static int read_functions(struct domain_reader *r)
{
	const xmlNode *all = xml_child(r->root, "devices");
	for (size_t i = 0; r->vm && i < 6 && r->vm->chipset[i].pci.vendor; i++)
		*LIST_ADD(&r->t->arena, &r->functions) =
			(struct domain_function){ .like = &r->vm->chipset[i].pci,
						  .slot = r->vm->chipset[i].device,
						  .function = r->vm->chipset[i].function };
	for (const xmlNode *e = all ? all->children : NULL; e; e = e->next)
		if (e->type == XML_ELEMENT_NODE && read_device(r, e))
			return -EINVAL;
	if (!r->functions.n)
		return 0;
	qsort(r->functions.at, r->functions.n, sizeof *r->functions.at, compare_places);
	for (size_t i = 1; i < r->functions.n; i++)
		if (!compare_places(&r->functions.at[i - 1], &r->functions.at[i])) {
			const struct domain_function *f = &r->functions.at[i];
			return xml_wrong(f->element ? f->element : f[-1].element, r->err,
					 "address: something is there already");
		}
	return 0;
}

/* --- buses ----------------------------------------------------------------------------------------------- */

/* Its index, by which addresses name it. */
static int index_of(struct domain_reader *r, const xmlNode *controller, uint32_t *ret)
{
	uint64_t index = UINT64_MAX;
	if (xml_number(controller, "index", MAX_BUS, &index, r->err))
		return -EINVAL;
	if (index == UINT64_MAX || !index)
		return xml_wrong(controller, r->err, index ? "index: it is missing" : "index: 0 is that of the root");
	*ret = (uint32_t)index;
	return 0;
}

/* All addresses must lead to a controller, and no two controllers have one index. */
static int check_indexes(struct domain_reader *r)
{
	bool there[MAX_BUS + 1] = { true };
	uint32_t index;
	for (size_t i = 0; i < r->functions.n; i++) {
		const xmlNode *controller = r->functions.at[i].controller;
		if (!controller)
			continue;
		if (index_of(r, controller, &index))
			return -EINVAL;
		if (there[index])
			return xml_wrong(controller, r->err, "index: controller %u is there already", index);
		there[index] = true;
	}
	for (size_t i = 0; i < r->functions.n; i++)
		if (!there[r->functions.at[i].bus])
			return xml_wrong(r->functions.at[i].element, r->err,
					 "address: there is no PCI controller of index %u", r->functions.at[i].bus);
	return 0;
}

/* The functions of a bus, and of all below it, in the order in which expand() takes them. */
static int add_bus(struct domain_reader *r, uint32_t index, bool root, void *into)
{
	LIST_OF(struct doc_pci) *list = into;
	for (size_t i = 0; i < r->functions.n; i++) {
		struct domain_function *f = &r->functions.at[i];
		uint32_t below;
		if (f->bus != index || f->seen)
			continue;
		f->seen = true;
		*LIST_ADD(&r->t->arena, &r->in_order) = f;
		struct doc_pci doc;
		table_init(&function_table, &doc);
		doc.pci = *f->like;
		doc.pci.node = NODE_INHERITED;
		doc.at = arena_printf(&r->t->arena, "%02x.%x", f->slot, f->function);
		if (root)
			emulated_become_transitional(&doc.pci);
		bool leads_on = f->controller && f->like != &emulated[EMULATED_EXPANDER].pci;
		if (leads_on && (index_of(r, f->controller, &below) || add_bus(r, below, false, &doc.devices)))
			return -EINVAL;
		*LIST_ADD(&r->t->arena, list) = doc;
	}
	return 0;
}

/* libvirt gives those without a number the one that is two below the lowest. */
static int read_bus_number(struct domain_reader *r, const xmlNode *target, bool *taken, uint64_t *ret)
{
	enum { STEP = 2 };
	uint64_t lowest = 0;
	*ret = UINT64_MAX;
	if (xml_number(target, "busNr", MAX_BUS - 1, ret, r->err))
		return -EINVAL;
	while (lowest <= MAX_BUS && (!lowest || !taken[lowest]))
		lowest++;
	if (*ret == UINT64_MAX)
		*ret = lowest > STEP ? lowest - STEP : 0;
	if (!*ret || taken[*ret])
		return xml_wrong(target, r->err,
				 *ret ? "busNr: it is that of an earlier expander"
				      : "busNr: expected a number of 1 to 254");
	taken[*ret] = true;
	return 0;
}

static int add_expander(struct domain_reader *r, const xmlNode *controller, bool *taken)
{
	const xmlNode *target = xml_child(controller, "target"), *on = xml_child(target, "node");
	struct doc_root *root = LIST_ADD(&r->t->arena, &r->doc.pci);
	uint64_t bus, node = UINT64_MAX;
	uint32_t index;
	table_init(&root_table, root);
	if (read_bus_number(r, target ? target : controller, taken, &bus) || index_of(r, controller, &index) ||
	    (on && xml_parse_number(on, "node", xml_text(on, &r->t->arena), TOPO_MAX_NODE, &node, r->err)))
		return -EINVAL;
	root->root = arena_printf(&r->t->arena, "0000:%02x", (unsigned)bus);
	for (size_t i = 0; i < r->doc.nodes.n && node != UINT64_MAX; i++)
		if (idset_is_empty(&r->doc.nodes.at[i].ids) ? node == i
							    : idset_has(&r->doc.nodes.at[i].ids, (uint32_t)node))
			root->node = (int32_t)node;
	if (on && root->node == TOPO_UNKNOWN)
		return xml_wrong(on, r->err, "there is no cell %u", (unsigned)node);
	return add_bus(r, index, true, &root->devices);
}

int libvirt_read_devices(struct domain_reader *r)
{
	bool taken[MAX_BUS + 1] = { true };
	if (read_functions(r) || check_indexes(r))
		return -EINVAL;
	if (!r->functions.n)
		return 0;
	struct doc_root *root = LIST_ADD(&r->t->arena, &r->doc.pci);
	table_init(&root_table, root);
	root->root = "0000:00";
	if (add_bus(r, 0, true, &root->devices))
		return -EINVAL;
	size_t n = r->in_order.n;
	for (size_t i = 0; i < n; i++)
		if (r->in_order.at[i]->like == &emulated[EMULATED_EXPANDER].pci &&
		    add_expander(r, r->in_order.at[i]->controller, taken))
			return -EINVAL;
	for (size_t i = 0; i < r->functions.n; i++)
		if (!r->functions.at[i].seen)
			return xml_wrong(r->functions.at[i].element, r->err, "address: it leads to no root");
	return 0;
}

/* --- the host -------------------------------------------------------------------------------------------- */

/* The nodes that are a coherent device's: its memory's, which it brings, and its partitions'. */
static int read_nodes_of(struct domain_reader *r, const xmlNode *acpi, uint64_t address)
{
	struct idset nodes = { 0 };
	bool first = true;
	if (acpi && xml_list(acpi, "nodeset", TOPO_MAX_NODE, &r->t->arena, &nodes, r->err))
		return -EINVAL;
	IDSET_EACH (id, &nodes) {
		struct node *node = (struct node *)topo_node(r->t, (uint32_t)id);
		if (!node)
			return xml_wrong(acpi, r->err, "nodeset: there is no cell %u", (unsigned)id);
		if (node->generic_initiator)
			return xml_wrong(acpi, r->err, "nodeset: cell %u is that of an earlier function", (unsigned)id);
		node->generic_initiator = true;
		node->device = first ? address : BDF_NONE;
		first = false;
	}
	return 0;
}

int libvirt_read_hostdevs(struct domain_reader *r)
{
	for (size_t i = 0; i < r->in_order.n; i++) {
		const struct domain_function *f = r->in_order.at[i];
		const xmlNode *address = xml_find(f->element, "source/address");
		struct domain_function host;
		uint64_t domain, guest = r->t->pci.at[i].address;
		if (f->like != &of_host && f->like != &network_of_host)
			continue;
		if (read_nodes_of(r, xml_child(f->element, "acpi"), guest))
			return -EINVAL;
		if (xml_attr_is(f->element, "type", "mdev"))
			continue;
		if (!address)
			return xml_wrong(f->element, r->err, "it has no <source><address>");
		if (read_address(r, address, &domain, &host))
			return -EINVAL;
		*LIST_ADD(&r->t->arena, &r->t->plan.devices) =
			(struct planned_device){ guest, BDF(domain, host.bus, host.slot, host.function) };
	}
	return 0;
}
