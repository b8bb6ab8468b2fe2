/* SPDX-License-Identifier: Apache-2.0 */

/* Network interfaces, RDMA devices, disks and graphics devices on a PCI function. */

#include "hwloc_load.h"
#include "types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_net(struct hw_reader *r, hwloc_obj_t obj, struct doc_pci *doc)
{
	enum { ETHERNET_TEXT = 17, INFINIBAND_TEXT = 59, ARPHRD_INFINIBAND = 32 };
	struct net *net = LIST_ADD(r->a, &doc->net);
	table_init(&net_table, net);
	net->name = arena_strdup(r->a, obj->name);
	net->address = hw_info(r, obj, "Address");
	net->operstate = "unknown";
	int64_t port = hw_number(hw_info(r, obj, "Port"));
	if (port > 0 && port <= UINT16_MAX)
		net->dev_port = (uint32_t)port - 1;
	if (net->address && strlen(net->address) == INFINIBAND_TEXT)
		net->type = ARPHRD_INFINIBAND;
}

/* --- RDMA ------------------------------------------------------------------------------------------------ */

/* The kernel's words for them (drivers/infiniband/core/sysfs.c). */
enum { ACTIVE = 4 };
static const char *const port_states[] = { "0: NOP", "1: DOWN", "2: INIT", "3: ARMED", "4: ACTIVE", "5: ACTIVE_DEFER" };

static void read_port(struct hw_reader *r, hwloc_obj_t obj, unsigned id, struct infiniband *device,
		      const char *link_layer)
{
	char name[40];
	snprintf(name, sizeof name, "Port%uState", id);
	int64_t state = hw_number(hw_info(r, obj, name));
	if (state < 0 || state >= (int64_t)(sizeof port_states / sizeof *port_states))
		return;
	struct ib_port *port = LIST_ADD(r->a, &device->ports);
	*port = (struct ib_port){ .id = id, .state = port_states[state], .link_layer = link_layer };
	/* nothing is active whose link is not up */
	if (state == ACTIVE)
		port->phys_state = "5: LinkUp";
	r->has_ports = true;
	r->has_other_ports |= state != ACTIVE;
	snprintf(name, sizeof name, "Port%uLID", id);
	const char *lid = hw_info(r, obj, name);
	port->lid = lid ? (uint32_t)strtoul(lid, NULL, 0) & 0xffff : 0;
	for (unsigned i = 0; i < 256; i++) {
		snprintf(name, sizeof name, "Port%uGID%u", id, i);
		const char *gid = hw_info(r, obj, name);
		if (!gid)
			return;
		*LIST_ADD(r->a, &port->gids) = gid;
	}
}

static void add_infiniband(struct hw_reader *r, hwloc_obj_t obj, struct doc_pci *doc)
{
	struct infiniband *device = LIST_ADD(r->a, &doc->infiniband);
	table_init(&infiniband_table, device);
	device->name = arena_strdup(r->a, obj->name);
	device->node_guid = hw_info(r, obj, "NodeGUID");
	device->sys_image_guid = hw_info(r, obj, "SysImageGUID");
	for (unsigned id = 1; id <= 255; id++)
		read_port(r, obj, id, device, doc->pci.class >> 8 == 0x0200 ? "Ethernet" : "InfiniBand");
}

/* --- disks ----------------------------------------------------------------------------------------------- */

static uint64_t read_size(struct hw_reader *r, hwloc_obj_t obj)
{
	const char *text = hw_info(r, obj, "Size");
	unsigned long long size_k = text ? strtoull(text, NULL, 10) : 0;
	return size_k <= INT64_MAX / 1024 ? (uint64_t)size_k * 1024 : 0;
}

/* nvme0n1 is a namespace of the controller nvme0. */
static bool add_namespace(struct hw_reader *r, hwloc_obj_t obj, struct doc_pci *doc)
{
	unsigned controller, id;
	int end = 0;
	if (sscanf(obj->name, "nvme%9un%9u%n", &controller, &id, &end) != 2 || obj->name[end] || !id)
		return false;
	const char *name = arena_printf(r->a, "nvme%u", controller);
	struct nvme *nvme = NULL;
	for (size_t i = 0; i < doc->nvme.n; i++)
		if (!strcmp(doc->nvme.at[i].name, name))
			nvme = &doc->nvme.at[i];
	if (!nvme) {
		nvme = LIST_ADD(r->a, &doc->nvme);
		nvme->name = name;
		nvme->model = hw_info(r, obj, "Model");
		nvme->serial = hw_info(r, obj, "SerialNumber");
		nvme->firmware = hw_info(r, obj, "Revision");
	}
	*LIST_ADD(r->a, &nvme->namespaces) = (struct nvme_namespace){ .id = id, .size = read_size(r, obj) };
	/* the driver takes no other programming interface */
	if (doc->pci.class == 0x010800)
		doc->pci.class = 0x010802;
	return true;
}

static void add_block(struct hw_reader *r, hwloc_obj_t obj, struct doc_pci *doc)
{
	if (add_namespace(r, obj, doc))
		return;
	struct block *block = LIST_ADD(r->a, &doc->block);
	table_init(&block_table, block);
	block->name = arena_strdup(r->a, obj->name);
	block->size = read_size(r, obj);
	block->dev = hw_info(r, obj, "LinuxDeviceID");
	int64_t sector = hw_number(hw_info(r, obj, "SectorSize"));
	if (sector > 0)
		block->sector = (uint32_t)sector;
	block->vendor = hw_info(r, obj, "Vendor");
	block->model = hw_info(r, obj, "Model");
	block->revision = hw_info(r, obj, "Revision");
	block->removable = obj->subtype && !strcmp(obj->subtype, "Removable Media Device");
}

/* --- graphics -------------------------------------------------------------------------------------------- */

/* card0 and renderD128 are two faces of one device; what other libraries call a GPU is not the kernel's. */
static void add_gpu(struct hw_reader *r, hwloc_obj_t obj, struct doc_pci *doc)
{
	int end = 0;
	int card = -1, render = -1;
	bool is_card = sscanf(obj->name, "card%2d%n", &card, &end) == 1 && !obj->name[end] && card >= 0 && card < 64;
	bool is_render = !is_card && sscanf(obj->name, "renderD%3d%n", &render, &end) == 1 && !obj->name[end] &&
			 render >= 128 && render < 192;
	if (!is_card && !is_render)
		return;
	struct drm *drm = doc->drm.n ? &doc->drm.at[doc->drm.n - 1] : NULL;
	if (!drm || (is_card ? drm->card : drm->render) >= 0) {
		drm = LIST_ADD(r->a, &doc->drm);
		*drm = (struct drm){ .card = TOPO_UNKNOWN, .render = TOPO_UNKNOWN };
	}
	*(is_card ? &drm->card : &drm->render) = is_card ? card : render;
}

/* --------------------------------------------------------------------------------------------------------- */

static const struct {
	hwloc_obj_osdev_type_t type;
	void (*add)(struct hw_reader *r, hwloc_obj_t obj, struct doc_pci *doc);
} kinds[] = {
	{ HWLOC_OBJ_OSDEV_NETWORK, add_net },
	{ HWLOC_OBJ_OSDEV_OPENFABRICS, add_infiniband },
	{ HWLOC_OBJ_OSDEV_BLOCK, add_block },
	{ HWLOC_OBJ_OSDEV_GPU, add_gpu },
};

void hw_read_devices(struct hw_reader *r, hwloc_obj_t function, struct doc_pci *doc)
{
	for (hwloc_obj_t c = function->io_first_child; c; c = c->next_sibling)
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
			if (c->type == HWLOC_OBJ_OS_DEVICE && c->attr->osdev.type == kinds[i].type && c->name &&
			    !not_a_name(c->name))
				kinds[i].add(r, c, doc);
}
