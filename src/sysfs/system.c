/* SPDX-License-Identifier: Apache-2.0 */

/* What every /sys has, firmware's identification (drivers/firmware/dmi-id.c), and kernel modules. */

#include "classes.h"
#include "scan.h"

#include <string.h>

static bool is_one_of(const char *arch, const char *const *archs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(arch, archs[i]))
			return true;
	return false;
}

/* Kernels of big-endian machines; all others are little. */
static void show_byteorder(const struct attr *attr, const struct object *o, struct buf *out)
{
	static const char *const big[] = { "s390x", "s390", "ppc64", "ppc", "sparc64", "sparc", "parisc64", "m68k" };
	(void)attr;
	buf_puts(out, is_one_of(o->topo->arch, big, sizeof big / sizeof *big) ? "big" : "little");
}

static void show_address_bits(const struct attr *attr, const struct object *o, struct buf *out)
{
	static const char *const narrow[] = {
		"i386", "i486", "i586", "i686", "armv7l", "armv6l", "ppc", "s390", "mips"
	};
	(void)attr;
	buf_puts(out, is_one_of(o->topo->arch, narrow, sizeof narrow / sizeof *narrow) ? "32" : "64");
}

static bool has_large_pages(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return !strcmp(o->topo->arch, "x86_64");
}

static bool has_rdma(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return o->topo->infinibands.n > 0;
}

static const struct attr system_attrs[] = {
	DIRECTORY("block", "Block devices."),
	DIRECTORY("bus/cpu/drivers", "Drivers of CPUs."),
	DIRECTORY("bus/pci/drivers", "Drivers of PCI functions."),
	DIRECTORY("bus/pci/slots", "Physical slots."),
	{ "bus/pci/drivers_autoprobe", "Whether drivers bind to functions by themselves.", show_constant,
	  .constant = "1", .mode = 0644 },
	TRIGGER("bus/pci/drivers_probe", 0200, "Writing a function's address would look for its driver."),
	TRIGGER("bus/pci/rescan", 0200, "Writing would look for more functions."),
	TRIGGER("bus/pci/uevent", 0200, "Writing would tell udev."),
	DIRECTORY("dev/block", "Block devices by number."),
	DIRECTORY("dev/char", "Character devices by number."),
	DIRECTORY("devices/virtual", "Devices without hardware."),
	DIRECTORY("firmware", "Firmware's tables."),
	DIRECTORY("fs/bpf", "Where container runtimes mount."),
	DIRECTORY("fs/cgroup", "Where container runtimes mount."),
	DIRECTORY("fs/fuse/connections", "Where fusectl is mounted."),
	DIRECTORY("fs/pstore", "Where pstore is mounted."),
	DIRECTORY("kernel/config", "Where configfs is mounted."),
	DIRECTORY("kernel/debug", "Where debugfs is mounted."),
	DIRECTORY("kernel/iommu_groups", "IOMMU groups."),
	DIRECTORY("kernel/mm/hugepages", "Pools of huge pages."),
	DIRECTORY("kernel/security", "Where securityfs is mounted."),
	DIRECTORY("kernel/tracing", "Where tracefs is mounted."),
	DIRECTORY("module", "Kernel modules."),
	DIRECTORY("power", "Power management."),
	{ "class/infiniband_verbs/abi_version", "Version of the verbs interface.", show_constant, has_rdma,
	  .constant = "6" },
	{ "kernel/cpu_byteorder", "little or big.", show_byteorder },
	{ "kernel/address_bits", "Bits of an address.", show_address_bits },
	{ "kernel/mm/transparent_hugepage/enabled", "When large pages are used unasked.", show_constant,
	  has_large_pages, .constant = "always [madvise] never", .mode = 0644 },
	{ "kernel/mm/transparent_hugepage/hpage_pmd_size", "Bytes of a large page.", show_constant, has_large_pages,
	  .constant = "2097152" },
};

AT_FIXED("sys")

const struct class system_class = {
	"system", "What every machine has.", "/sys", count_one, NULL, at_fixed, ROWS(system_attrs),
};

/* --- /sys/class/dmi/id ----------------------------------------------------------------------------------- */

static size_t count_dmi(const struct facts *f)
{
	return f->topo->dmi.n > 0;
}

static bool at_dmi(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)i;
	(void)part;
	*self = f->topo;
	buf_puts(path, "sys/devices/virtual/dmi/id");
	return true;
}

static bool each_dmi(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *text)
{
	(void)attr;
	if (i >= o->topo->dmi.n)
		return false;
	buf_puts(name, o->topo->dmi.at[i].key);
	buf_puts(text, o->topo->dmi.at[i].value);
	return true;
}

static const struct secret_name dmi_secrets[] = {
	{ "*_serial", SECRET_SERIAL },
	{ "*_uuid", SECRET_UUID },
	{ "*_asset_tag", SECRET_SERIAL },
	{ 0 },
};

static const struct attr dmi_attrs[] = {
	{ "*", "What the document's dmi says: product_name, sys_vendor ...", .each = each_dmi,
	  .secrets = dmi_secrets },
	{ "uevent", "Empty.", show_nothing, .raw = true, .mode = 0644 },
};

static void scan_dmi(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	EACH_CHILD (e, tree, tree_find(tree, "sys/devices/virtual/dmi/id")) {
		const char *text = scan_text(tree, e, "", &t->arena);
		if (text && scan_is_line(text) && strcmp(tree_name(tree, e), "uevent"))
			*LIST_ADD(&t->arena, &t->dmi) =
				(struct pair){ arena_strdup(&t->arena, tree_name(tree, e)), text };
	}
}

const struct class dmi_class = {
	"dmi", "Who made the machine.", "/sys/devices/virtual/dmi/id", count_dmi, NULL, at_dmi, ROWS(dmi_attrs),
	.scan = scan_dmi, .subsystem = "class/dmi", .listed = { "class/dmi" },
};

/* --- /sys/module/NAME ------------------------------------------------------------------------------------ */

static size_t count_modules(const struct facts *f)
{
	return f->topo->modules.n;
}

static bool at_module(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	*self = &f->topo->modules.at[i];
	buf_printf(path, "sys/module/%s", f->topo->modules.at[i].key);
	return true;
}

static bool has_version(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return *((const struct pair *)o->self)->value != '\0';
}

static const struct attr module_attrs[] = {
	{ "version", "Its version.", show_text, has_version, .offset = offsetof(struct pair, value) },
	CONSTANT("initstate", "live", "Whether it is loaded."),
	CONSTANT("refcnt", "0", "How often it is used."),
};

static void scan_modules(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	EACH_CHILD (e, tree, tree_find(tree, "sys/module")) {
		const char *version = scan_text(tree, e, "version", &t->arena);
		if (scan_is_dir(tree, e))
			*LIST_ADD(&t->arena, &t->modules) =
				(struct pair){ arena_strdup(&t->arena, tree_name(tree, e)),
					       version && scan_is_line(version) ? version : "" };
	}
}

const struct class module_class = {
	"module", "A kernel module.", "/sys/module/*", count_modules, NULL, at_module, ROWS(module_attrs),
	.scan = scan_modules,
};
