/* SPDX-License-Identifier: Apache-2.0 */

/* Virtio devices, which stand between a paravirtual function and its disk or interface: drivers/virtio/virtio.c. */

#include "classes.h"
#include "scan.h"

/* The Virtio 1.2 specification, 4.1.2: ids of functions; what is below those of today is told by the subsystem. */
enum { VIRTIO_FIRST_MODERN = 0x1040, VIRTIO_VENDOR = 0x1af4 };

/* Status bits of 2.1: ACKNOWLEDGE, DRIVER, DRIVER_OK and FEATURES_OK. */
enum { STATUS_FOUND = 1, STATUS_DRIVEN = 1 | 2 | 4 | 8 };

static const struct virtio *self_of(const struct object *o)
{
	return o->self;
}

static const struct pci *function_of(const struct object *o)
{
	return &o->topo->pci.at[facts_pci(o->facts, self_of(o)->on.function)];
}

static uint32_t usual_device(const struct pci *pci)
{
	return pci->device >= VIRTIO_FIRST_MODERN ? pci->device - VIRTIO_FIRST_MODERN : pci->subsystem_device;
}

static uint32_t device_of(const struct object *o)
{
	return self_of(o)->device >= 0 ? (uint32_t)self_of(o)->device : usual_device(function_of(o));
}

/* Of a function the subsystem's vendor is the device's. */
static uint32_t vendor_of(const struct object *o)
{
	uint32_t vendor = function_of(o)->subsystem_vendor;
	return vendor ? vendor : VIRTIO_VENDOR;
}

static void show_device(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "0x%04x", device_of(o));
}

static void show_vendor(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "0x%04x", vendor_of(o));
}

static void show_status(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "0x%08x", self_of(o)->driver ? STATUS_DRIVEN : STATUS_FOUND);
}

static void show_modalias(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "virtio:d%08Xv%08X", device_of(o), vendor_of(o));
}

static void show_uevent(const struct attr *attr, const struct object *o, struct buf *out)
{
	if (self_of(o)->driver)
		buf_printf(out, "DRIVER=%s\n", self_of(o)->driver);
	buf_puts(out, "MODALIAS=");
	show_modalias(attr, o, out);
}

static bool at_driver(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct virtio *device = &f->topo->virtios.at[i];
	*self = device;
	if (!device->driver)
		return false;
	buf_printf(path, "sys/bus/virtio/drivers/%s", device->driver);
	return true;
}

static bool link_driver(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *place)
{
	const void *self;
	(void)attr;
	(void)name;
	return i == 0 && at_driver(o->facts, o->index, 0, &self, place);
}

// clang-format off
static const struct attr virtio_attrs[] = {
	{ "device", "Its kind, VIRTIO_ID_*.", show_device },
	{ "vendor", "Its vendor, the function's subsystem vendor.", show_vendor },
	{ "status", "Its status bits.", show_status },
	TEXT("features", struct virtio, features, "Features it and its driver agreed on, a digit each."),
	{ "modalias", "What module loaders match.", show_modalias },
	{ "uevent", "What udev is told.", show_uevent, .mode = 0644 },
	{ "driver", "The driver bound to it.", .link = link_driver },
};
// clang-format on

static size_t count_virtios(const struct facts *f)
{
	return f->topo->virtios.n;
}

static bool at_virtio(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct virtio *device = &f->topo->virtios.at[i];
	*self = device;
	if (!link_to_parent(f, &device->on, path))
		return false;
	buf_printf(path, "/%s", device->name);
	return true;
}

static void scan_virtio(const struct tree *tree, uint32_t dir, const struct pci *pci, struct topo *t)
{
	const char *driver = scan_link_name(tree, dir, "driver");
	struct virtio *device = LIST_ADD(&t->arena, &t->virtios);
	*device = (struct virtio){ .on = { pci->address, NULL }, .name = arena_strdup(&t->arena, tree_name(tree, dir)),
				   .driver = driver ? arena_strdup(&t->arena, driver) : NULL, .device = TOPO_UNKNOWN };
	int64_t kind;
	if (scan_number(tree, dir, "device", &kind) && kind >= 0 && kind != usual_device(pci))
		device->device = kind;
	scan_rows(&virtio_class, tree, dir, t, device);
}

static void scan_virtios(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	_cleanup_facts_ struct facts facts = { 0 };
	facts_init(&facts, t);
	for (size_t i = 0; i < t->pci.n; i++)
		EACH_CHILD (e, tree, tree_find(tree, facts.pci[i].path))
			if (scan_is_dir(tree, e) && scan_id(tree_name(tree, e), "virtio") >= 0)
				scan_virtio(tree, e, &t->pci.at[i], t);
}

const struct class virtio_class = {
	"virtio", "A virtio device.", "/sys/devices/**/*:*:*.[0-7]/virtio[0-9]*", count_virtios, NULL, at_virtio,
	ROWS(virtio_attrs), .subsystem = "bus/virtio", .listed = { "bus/virtio/devices" }, .scan = scan_virtios,
};

/* --- /sys/bus/virtio/drivers/NAME ------------------------------------------------------------------------ */

static bool link_self(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *place)
{
	const void *self;
	(void)attr;
	buf_puts(name, self_of(o)->name);
	return i == 0 && at_virtio(o->facts, o->index, 0, &self, place);
}

static const struct attr virtio_driver_attrs[] = {
	{ "*", "The devices bound to it.", .link = link_self },
};

const struct class virtio_driver_class = {
	"virtio_driver", "A driver of virtio devices, and what is bound to it.", "/sys/bus/virtio/drivers/*",
	count_virtios, NULL, at_driver, ROWS(virtio_driver_attrs),
};
