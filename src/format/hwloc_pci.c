/* SPDX-License-Identifier: Apache-2.0 */

/* Host bridges, bridges and functions. hwloc knows of a link only how many bytes go over it. */

#include "hwloc_load.h"
#include "types.h"

#include <stdlib.h>
#include <string.h>

/* Where the functions are that are read: near these CPUs. */
struct place {
	int32_t node;
	struct idset cpus; /* of no one node; empty: the node's */
};

/* --- links ----------------------------------------------------------------------------------------------- */

/* Tenths of GT/s, and GB/s of a lane as hwloc counts them, with what the encoding takes. */
static const struct {
	uint32_t speed;
	double bytes;
} speeds[] = {
	{ 25, 0.25 }, { 50, 0.5 }, { 80, 8 / 8.125 }, { 160, 16 / 8.125 }, { 320, 32 / 8.125 }, { 640, 64 / 8.125 },
	{ 640, 64 / 8.0 * 242 / 256 },
};

/* The likeliest of all that are as fast. */
static struct link link_of(float bytes, bool drive)
{
	enum { N = 7 };
	static const uint32_t lanes[2][N] = { { 16, 8, 4, 1, 2, 32, 12 }, { 4, 2, 1, 8, 16, 32, 12 } };
	for (int i = 0; i < N && bytes > 0; i++)
		for (size_t k = 0; k < sizeof speeds / sizeof *speeds; k++) {
			double is = speeds[k].bytes * lanes[drive][i];
			if (bytes > is * 0.995 && bytes < is * 1.005)
				return (struct link){ speeds[k].speed, lanes[drive][i] };
		}
	return (struct link){ 0 };
}

static bool same_speed(float a, float b)
{
	return a > b * 0.995F && a < b * 1.005F;
}

static const struct hwloc_pcidev_attr_s *pci_of(hwloc_obj_t obj)
{
	if (obj->type == HWLOC_OBJ_PCI_DEVICE)
		return &obj->attr->pcidev;
	if (obj->type == HWLOC_OBJ_BRIDGE && obj->attr->bridge.upstream_type == HWLOC_OBJ_BRIDGE_PCI)
		return &obj->attr->bridge.upstream.pci;
	return NULL;
}

/* A port has the link of what is below it. */
static struct link link_below(hwloc_obj_t obj, const struct doc_pci *doc, float bytes)
{
	size_t at = 0;
	for (hwloc_obj_t c = obj->io_first_child; c && at < doc->devices.n; c = c->next_sibling) {
		const struct hwloc_pcidev_attr_s *pci = pci_of(c);
		if (pci && bytes > 0 && same_speed(pci->linkspeed, bytes))
			return doc->devices.at[at].pci.link;
		at += pci != NULL;
	}
	return link_of(bytes, false);
}

/* --- functions ------------------------------------------------------------------------------------------- */

static void add_function(struct hw_reader *r, hwloc_obj_t obj, const struct place *place, struct list *into);

static void add_below(struct hw_reader *r, hwloc_obj_t obj, const struct place *place, struct list *into)
{
	for (hwloc_obj_t c = obj->io_first_child; c; c = c->next_sibling)
		if (pci_of(c))
			add_function(r, c, place, into);
}

static void add_function(struct hw_reader *r, hwloc_obj_t obj, const struct place *place, struct list *into)
{
	const struct hwloc_pcidev_attr_s *said = pci_of(obj);
	struct doc_pci doc;
	table_init(&function_table, &doc);
	doc.at = arena_printf(r->a, "%04x:%02x:%02x.%u", said->domain, said->bus, said->dev & 31, said->func & 7);
	doc.pci.vendor = said->vendor_id;
	doc.pci.device = said->device_id;
	doc.pci.subsystem_vendor = said->subvendor_id;
	doc.pci.subsystem_device = said->subdevice_id;
	doc.pci.class = (uint32_t)said->class_id << 8;
	doc.pci.revision = said->revision;
	doc.pci.cpus = place->cpus;
	const char *slot = hw_info(r, obj, "PCISlot");
	if (slot && !not_a_name(slot))
		doc.pci.slot = slot;
	if (obj->type == HWLOC_OBJ_BRIDGE) {
		doc.bus = arena_printf(r->a, "%02x-%02x", obj->attr->bridge.downstream.pci.secondary_bus,
				       obj->attr->bridge.downstream.pci.subordinate_bus);
		add_below(r, obj, place, (struct list *)&doc.devices);
		doc.pci.link = link_below(obj, &doc, said->linkspeed);
	} else {
		doc.pci.link = link_of(said->linkspeed, said->class_id >> 8 == 0x01);
	}
	hw_read_devices(r, obj, &doc);
	*(struct doc_pci *)list_add(r->a, into, sizeof doc) = doc;
}

/* --- host bridges ---------------------------------------------------------------------------------------- */

static struct doc_root *root_of(struct hw_reader *r, const struct hwloc_pcidev_attr_s *pci, int32_t node)
{
	const char *name = arena_printf(r->a, "%04x:%02x", pci->domain, pci->bus);
	for (size_t i = 0; i < r->doc->pci.n; i++)
		if (!strcmp(r->doc->pci.at[i].root, name))
			return &r->doc->pci.at[i];
	struct doc_root *root = LIST_ADD(r->a, &r->doc->pci);
	table_init(&root_table, root);
	root->root = name;
	root->node = node;
	return root;
}

/* What stands on a bus of its own: below a host bridge, or where the file has none of these. */
static void add_top(struct hw_reader *r, hwloc_obj_t obj, const struct place *place)
{
	const struct hwloc_pcidev_attr_s *pci = pci_of(obj);
	for (hwloc_obj_t c = obj->io_first_child; c && !pci; c = c->next_sibling)
		add_top(r, c, place);
	if (pci)
		add_function(r, obj, place, (struct list *)&root_of(r, pci, place->node)->devices);
}

static void read_place(struct hw_reader *r, hwloc_obj_t obj)
{
	struct place place = { .node = hw_node_at(r, obj) };
	struct idset cpus = hw_cpus(r, obj->cpuset);
	if (place.node == TOPO_UNKNOWN && !idset_equal(&cpus, &r->cpus))
		place.cpus = cpus;
	for (hwloc_obj_t c = obj->io_first_child; c; c = c->next_sibling)
		if (c->type == HWLOC_OBJ_BRIDGE || c->type == HWLOC_OBJ_PCI_DEVICE)
			add_top(r, c, &place);
}

static void read_places(struct hw_reader *r, hwloc_obj_t obj)
{
	if (obj->io_first_child)
		read_place(r, obj);
	for (hwloc_obj_t c = obj->first_child; c; c = c->next_sibling)
		read_places(r, c);
}

void hw_read_pci(struct hw_reader *r)
{
	read_places(r, hwloc_get_root_obj(r->h));
}
