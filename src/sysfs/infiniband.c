/* SPDX-License-Identifier: Apache-2.0 */

/* RDMA devices: drivers/infiniband/core/sysfs.c, Documentation/ABI/stable/sysfs-class-infiniband. */

#include "classes.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t count_devices(const struct facts *f)
{
	return f->topo->infinibands.n;
}

static const struct infiniband *self_of(const struct object *o)
{
	return &o->topo->infinibands.at[o->index];
}

/* Of the form that adapters have, and as unique as the PCI address it is made from. */
static void print_guid(const struct infiniband *device, struct buf *out)
{
	uint64_t at = device->on.function;
	if (device->node_guid)
		buf_puts(out, device->node_guid);
	else
		buf_printf(out, "0200:%04x:%04x:%04x", BDF_DOMAIN(at) >> 16, BDF_DOMAIN(at) & 0xffff,
			   (unsigned)(at & 0xffff));
}

static void show_node_guid(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	print_guid(self_of(o), out);
}

static void show_sys_image_guid(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	if (self_of(o)->sys_image_guid)
		buf_puts(out, self_of(o)->sys_image_guid);
	else
		print_guid(self_of(o), out);
}

static void show_node_desc(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%s %s", o->topo->name ? o->topo->name : "topofs", self_of(o)->name);
}

static void show_uevent(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "NAME=%s", self_of(o)->name);
}

// clang-format off
static const struct attr infiniband_attrs[] = {
	TEXT("node_type", struct infiniband, node_type, "Kind of node."),
	{ "node_guid", "GUID of the node.", show_node_guid, .load = load_text, .offset = offsetof(struct infiniband, node_guid),
	  .secret = SECRET_GUID },
	{ "sys_image_guid", "GUID of the system.", show_sys_image_guid, .load = load_text, .offset = offsetof(struct infiniband, sys_image_guid),
	  .secret = SECRET_GUID },
	{ "node_desc", "Description of the node.", show_node_desc, .mode = 0644, .secret = SECRET_HOST },
	TEXT("fw_ver", struct infiniband, fw_ver, "Firmware version."),
	TEXT("hca_type", struct infiniband, hca_type, "Adapter type."),
	TEXT("board_id", struct infiniband, board_id, "Board id (PSID)."),
	CONSTANT("hw_rev", "0", "Hardware revision."),
	{ "uevent", "What udev is told.", show_uevent, .mode = 0644 },
	PARENT(struct infiniband),
};
// clang-format on

static bool at_infiniband(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct infiniband *device = &f->topo->infinibands.at[i];
	*self = device;
	if (!link_to_parent(f, &device->on, path))
		return false;
	buf_printf(path, "/infiniband/%s", device->name);
	return true;
}

static void scan_table(const struct tree *tree, uint32_t dir, struct topo *t, struct list *ret)
{
	char name[16];
	for (int i = 0;; i++) {
		snprintf(name, sizeof name, "%d", i);
		const char *text = scan_text(tree, dir, name, &t->arena);
		if (!text || !scan_is_line(text))
			return;
		*(const char **)list_add(&t->arena, ret, sizeof(char *)) = text;
	}
}

static void scan_port(const struct tree *tree, uint32_t dir, struct topo *t, struct ib_port *port)
{
	scan_rows(&ib_port_class, tree, dir, t, port);
	if (scan_find(tree, dir, "gids") != TREE_NONE)
		scan_table(tree, scan_find(tree, dir, "gids"), t, (struct list *)&port->gids);
	if (scan_find(tree, dir, "pkeys") != TREE_NONE)
		scan_table(tree, scan_find(tree, dir, "pkeys"), t, (struct list *)&port->pkeys);
}

static void found_infiniband(const struct tree *tree, uint32_t dir, const struct site *on, struct topo *t)
{
	struct infiniband *device = LIST_ADD(&t->arena, &t->infinibands);
	*device = (struct infiniband){ .on = *on, .name = arena_strdup(&t->arena, tree_name(tree, dir)),
				       .uverbs = TOPO_UNKNOWN };
	scan_rows(&infiniband_class, tree, dir, t, device);
	EACH_CHILD (e, tree, scan_find(tree, dir, "ports")) {
		int64_t id = scan_id(tree_name(tree, e), "");
		if (id < 1 || id > 255)
			continue;
		struct ib_port *port = LIST_ADD(&t->arena, &device->ports);
		*port = (struct ib_port){ .id = (uint32_t)id, .link_layer = "InfiniBand" };
		scan_port(tree, e, t, port);
	}
}

static void scan_infinibands(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	scan_class_devices(tree, t, "infiniband", found_infiniband);
}

const struct class infiniband_class = {
	"infiniband", "An RDMA device.", "/sys/devices/**/*:*:*.[0-7]/**/infiniband/*", count_devices, NULL, at_infiniband,
	ROWS(infiniband_attrs), .subsystem = "class/infiniband", .listed = { "class/infiniband" },
	.scan = scan_infinibands,
};

/* --- ports/N --------------------------------------------------------------------------------------------- */

static size_t count_ports(const struct facts *f, size_t i)
{
	return f->topo->infinibands.at[i].ports.n;
}

static bool at_port(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	const struct ib_port *port = &f->topo->infinibands.at[i].ports.at[part];
	const void *device;
	*self = port;
	if (!at_infiniband(f, i, 0, &device, path))
		return false;
	buf_printf(path, "/ports/%u", port->id);
	return true;
}

static const struct ib_port *port_of(const struct object *o)
{
	return o->self;
}

static void show_lid(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "0x%x", port_of(o)->lid);
}

/* The default one is link-local: fe80::/64 and the GUID. */
static bool each_gid(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *text)
{
	(void)attr;
	buf_printf(name, "gids/%zu", i);
	if (i < port_of(o)->gids.n) {
		buf_puts(text, port_of(o)->gids.at[i]);
		return true;
	}
	buf_puts(text, "fe80:0000:0000:0000:");
	print_guid(self_of(o), text);
	return i == 0;
}

static bool each_gid_type(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			  struct buf *text)
{
	(void)attr;
	buf_printf(name, "gid_attrs/types/%zu", i);
	buf_puts(text, strcmp(port_of(o)->link_layer, "Ethernet") ? "IB/RoCE v1" : "RoCE v2");
	return i < (port_of(o)->gids.n ? port_of(o)->gids.n : 1);
}

static bool each_pkey(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *text)
{
	(void)attr;
	buf_printf(name, "pkeys/%zu", i);
	buf_puts(text, i < port_of(o)->pkeys.n ? port_of(o)->pkeys.at[i] : "0xffff");
	return i < (port_of(o)->pkeys.n ? port_of(o)->pkeys.n : 1);
}

// clang-format off
static const struct attr ib_port_attrs[] = {
	TEXT("state", struct ib_port, state, "Logical state."),
	TEXT("phys_state", struct ib_port, phys_state, "Physical state."),
	TEXT("rate", struct ib_port, rate, "Signalling rate."),
	TEXT("link_layer", struct ib_port, link_layer, "InfiniBand or Ethernet."),
	{ "lid", "Local identifier.", show_lid, .load = load_int, .offset = offsetof(struct ib_port, lid) },
	CONSTANT("lid_mask_count", "0", "How many of its lower bits vary."),
	CONSTANT("sm_lid", "0x0", "Local identifier of the subnet manager."),
	CONSTANT("sm_sl", "0", "Service level of the subnet manager."),
	CONSTANT("cap_mask", "0x00010000", "Capabilities."),
	{ "gids/*", "GID table.", .each = each_gid, .secret = SECRET_GUID },
	{ "gid_attrs/types/*", "Kind of each GID.", .each = each_gid_type },
	{ "pkeys/*", "P_Key table.", .each = each_pkey },
};
// clang-format on

const struct class ib_port_class = {
	"ib_port", "A port of an RDMA device.", "/sys/devices/**/*:*:*.[0-7]/**/infiniband/*/ports/[0-9]*", count_devices,
	count_ports, at_port, ROWS(ib_port_attrs),
};

/* --- uverbsN: what libibverbs opens ---------------------------------------------------------------------- */

enum { IB_UVERBS_MAJOR = 231, IB_UVERBS_BASE_MINOR = 192 }; /* drivers/infiniband/core/uverbs_main.c */

static size_t uverbs_of(const struct infiniband *device, size_t i)
{
	return device->uverbs == TOPO_UNKNOWN ? i : (size_t)device->uverbs;
}

static bool at_uverbs(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct infiniband *device = &f->topo->infinibands.at[i];
	*self = device;
	if (!link_to_parent(f, &device->on, path))
		return false;
	buf_printf(path, "/infiniband_verbs/uverbs%zu", uverbs_of(device, i));
	return true;
}

static void show_dev(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%d:%zu", IB_UVERBS_MAJOR, IB_UVERBS_BASE_MINOR + uverbs_of(self_of(o), o->index));
}

static void show_uverbs_uevent(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	size_t n = uverbs_of(self_of(o), o->index);
	buf_printf(out, "MAJOR=%d\nMINOR=%zu\nDEVNAME=infiniband/uverbs%zu", IB_UVERBS_MAJOR, IB_UVERBS_BASE_MINOR + n, n);
}

static const struct attr uverbs_attrs[] = {
	TEXT("ibdev", struct infiniband, name, "Name of the RDMA device."),
	CONSTANT("abi_version", "1", "Version of the driver's interface."),
	{ "dev", "Numbers of its device file.", show_dev },
	{ "uevent", "What udev is told.", show_uverbs_uevent, .mode = 0644 },
	PARENT(struct infiniband),
};

static void found_uverbs(const struct tree *tree, uint32_t dir, const struct site *on, struct topo *t)
{
	(void)on;
	const char *name = scan_text(tree, dir, "ibdev", &t->arena);
	int64_t n = scan_id(tree_name(tree, dir), "uverbs");
	for (size_t i = 0; name && n >= 0 && i < t->infinibands.n; i++)
		if (!strcmp(t->infinibands.at[i].name, name))
			t->infinibands.at[i].uverbs = n == (int64_t)i ? TOPO_UNKNOWN : n;
}

static void scan_uverbs(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	scan_class_devices(tree, t, "infiniband_verbs", found_uverbs);
}

const struct class uverbs_class = {
	"infiniband_verbs", "The verbs interface of an RDMA device.",
	"/sys/devices/**/*:*:*.[0-7]/**/infiniband_verbs/uverbs[0-9]*", count_devices, NULL, at_uverbs, ROWS(uverbs_attrs),
	.subsystem = "class/infiniband_verbs", .listed = { "class/infiniband_verbs" }, .scan = scan_uverbs,
};
