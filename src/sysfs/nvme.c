/* SPDX-License-Identifier: Apache-2.0 */

/* NVMe controllers and their namespaces: drivers/nvme/host/sysfs.c, block/genhd.c. */

#include "classes.h"
#include "scan.h"

#include <string.h>

enum { BLOCK_EXT_MAJOR = 259, SECTOR = 512, MINORS = 16 };

static size_t count_controllers(const struct facts *f)
{
	return f->topo->nvmes.n;
}

static const struct nvme *self_of(const struct object *o)
{
	return &o->topo->nvmes.at[o->index];
}

static void show_address(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	bdf_print(self_of(o)->on.function, out);
}

static void show_numa_node(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%d", o->topo->pci.at[facts_pci(o->facts, self_of(o)->on.function)].node);
}

// clang-format off
static const struct attr nvme_attrs[] = {
	TEXT("model", struct nvme, model, "Model."),
	{ "serial", "Serial number.", show_text, has_text, .load = load_text, .offset = offsetof(struct nvme, serial),
	  .secret = SECRET_SERIAL },
	TEXT("firmware_rev", struct nvme, firmware, "Firmware revision."),
	{ "address", "Address of the function it sits on.", show_address },
	{ "numa_node", "Node of the function it sits on.", show_numa_node },
	CONSTANT("state", "live", "State."),
	CONSTANT("transport", "pcie", "How it is reached."),
	{ "uevent", "Empty.", show_nothing, .raw = true, .mode = 0644 },
	PARENT(struct nvme),
};
// clang-format on

static bool at_nvme(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct nvme *nvme = &f->topo->nvmes.at[i];
	*self = nvme;
	if (!link_to_parent(f, &nvme->on, path))
		return false;
	buf_printf(path, "/nvme/%s", nvme->name);
	return true;
}

/* Namespaces stand in the controller's folder, nvme0n1 in nvme0. */
static void scan_namespaces(const struct tree *tree, uint32_t dir, struct topo *t, struct nvme *nvme)
{
	EACH_CHILD (e, tree, dir) {
		const char *name = tree_name(tree, e), *behind = name + strlen(nvme->name);
		int64_t id = strncmp(name, nvme->name, strlen(nvme->name)) ? -1 : scan_id(behind, "n"), sectors = 0;
		if (id < 1 || !scan_is_dir(tree, e))
			continue;
		scan_number(tree, e, "size", &sectors);
		*LIST_ADD(&t->arena, &nvme->namespaces) =
			(struct nvme_namespace){ (uint32_t)id, (uint64_t)sectors * SECTOR };
	}
}

static void found_nvme(const struct tree *tree, uint32_t dir, const struct site *on, struct topo *t)
{
	struct nvme *nvme = LIST_ADD(&t->arena, &t->nvmes);
	*nvme = (struct nvme){ .on = *on, .name = arena_strdup(&t->arena, tree_name(tree, dir)) };
	scan_rows(&nvme_class, tree, dir, t, nvme);
	scan_namespaces(tree, dir, t, nvme);
}

static void scan_nvmes(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	scan_class_devices(tree, t, "nvme", found_nvme);
}

const struct class nvme_class = {
	"nvme", "An NVMe controller.", "/sys/devices/**/*:*:*.[0-7]/**/nvme/*", count_controllers, NULL, at_nvme,
	ROWS(nvme_attrs), .subsystem = "class/nvme", .listed = { "class/nvme" }, .scan = scan_nvmes,
};

/* --- namespaces: block devices --------------------------------------------------------------------------- */

static size_t count_namespaces(const struct facts *f, size_t i)
{
	return f->topo->nvmes.at[i].namespaces.n;
}

static const struct nvme_namespace *namespace_of(const struct object *o)
{
	return o->self;
}

static bool at_namespace(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	const struct nvme *nvme = &f->topo->nvmes.at[i];
	const void *controller;
	*self = &nvme->namespaces.at[part];
	if (!at_nvme(f, i, 0, &controller, path))
		return false;
	buf_printf(path, "/%sn%u", nvme->name, nvme->namespaces.at[part].id);
	return true;
}

static void show_sectors(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%llu", (unsigned long long)namespace_of(o)->size / SECTOR);
}

/* The kernel hands these minors out as devices come; here every controller has a range of its own, by its number. */
static size_t minor_of(const struct object *o)
{
	int64_t number = scan_id(self_of(o)->name, "nvme");
	return (number < 0 ? o->index : (size_t)number) * MINORS + o->part;
}

static void show_dev(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%d:%zu", BLOCK_EXT_MAJOR, minor_of(o));
}

static void show_uevent(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "MAJOR=%d\nMINOR=%zu\nDEVNAME=%sn%u\nDEVTYPE=disk", BLOCK_EXT_MAJOR, minor_of(o),
		   self_of(o)->name, namespace_of(o)->id);
}

static bool link_controller(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			    struct buf *place)
{
	(void)attr;
	(void)name;
	const void *controller;
	return i == 0 && at_nvme(o->facts, o->index, 0, &controller, place);
}

// clang-format off
static const struct attr namespace_attrs[] = {
	{ "size", "Its size in sectors of 512 bytes.", show_sectors },
	INT("nsid", struct nvme_namespace, id, "Its number."),
	{ "dev", "Numbers of its device file.", show_dev },
	CONSTANT("ro", "0", "Whether it is read-only."),
	CONSTANT("removable", "0", "Whether it can be taken out."),
	CONSTANT("queue/rotational", "0", "Whether it turns."),
	CONSTANT("queue/hw_sector_size", "512", "Bytes of a sector."),
	CONSTANT("queue/logical_block_size", "512", "Bytes of a logical block."),
	DISK_ROWS,
	{ "uevent", "What udev is told.", show_uevent, .mode = 0644 },
	{ "device", "Its controller.", .link = link_controller },
};
// clang-format on

const struct class namespace_class = {
	"namespace", "A namespace of an NVMe controller.", "/sys/devices/**/*:*:*.[0-7]/**/nvme/*/*", count_controllers,
	count_namespaces, at_namespace, ROWS(namespace_attrs), .subsystem = "class/block",
	.listed = { "class/block", "block" },
};
