/* SPDX-License-Identifier: Apache-2.0 */

/* Disks: block/genhd.c, block/blk-sysfs.c, Documentation/ABI/stable/sysfs-block; namespaces of NVMe are nvme.c's. */

#include "classes.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512 }; /* of size, whatever the disk's own are */

/* Documentation/admin-guide/devices.txt; virtio's number is the first that the kernel gives out. */
enum { SCSI_CDROM_MAJOR = 11, VIRTIO_MAJOR = 254, BLOCK_EXT_MAJOR = 259, MINORS = 16, DISKS = 16, EXT_BASE = 1 << 16 };

static const struct block *self_of(const struct object *o)
{
	return o->self;
}

/* Which disk the letters behind a driver's prefix count: 0 for a, 26 for aa; -1 where there is something else. */
static int place_of_letters(const char *letters)
{
	int n = 0;
	for (; *letters >= 'a' && *letters <= 'z' && n < 26 * 26; letters++)
		n = n * 26 + *letters - 'a' + 1;
	return *letters ? -1 : n - 1;
}

/* Numbers of a device file, where nobody says them. */
static void print_usual_dev(const char *name, size_t index, struct buf *out)
{
	static const int scsi_majors[] = { 8, 65, 66, 67, 68, 69, 70, 71, 128, 129, 130, 131, 132, 133, 134, 135 };
	const int n_majors = sizeof scsi_majors / sizeof *scsi_majors;
	int place = place_of_letters(strlen(name) > 2 ? name + 2 : "");
	int64_t cdrom = scan_id(name, "sr");

	if (cdrom >= 0)
		buf_printf(out, "%d:%lld", SCSI_CDROM_MAJOR, (long long)cdrom);
	else if (!strncmp(name, "sd", 2) && place >= 0 && place < n_majors * DISKS)
		buf_printf(out, "%d:%d", scsi_majors[place / DISKS], place % DISKS * MINORS);
	else if (!strncmp(name, "vd", 2) && place >= 0)
		buf_printf(out, "%d:%d", VIRTIO_MAJOR, place * MINORS);
	else
		buf_printf(out, "%d:%zu", BLOCK_EXT_MAJOR, EXT_BASE + index);
}

static void show_dev(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	if (self_of(o)->dev)
		buf_puts(out, self_of(o)->dev);
	else
		print_usual_dev(self_of(o)->name, o->index, out);
}

static void show_uevent(const struct attr *attr, const struct object *o, struct buf *out)
{
	_cleanup_buf_ struct buf dev = { 0 };
	show_dev(attr, o, &dev);
	const char *minor = strchrnul(buf_text(&dev), ':');
	buf_printf(out, "MAJOR=%.*s\nMINOR=%s\nDEVNAME=%s\nDEVTYPE=disk", (int)(minor - buf_text(&dev)), buf_text(&dev),
		   *minor ? minor + 1 : "", self_of(o)->name);
}

static void show_size(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%llu", (unsigned long long)self_of(o)->size / SECTOR);
}

static void load_size(const struct attr *attr, const struct loading *l, const char *text)
{
	(void)attr;
	((struct block *)l->self)->size = strtoull(text, NULL, 10) * SECTOR;
}

// clang-format off
static const struct attr block_attrs[] = {
	{ "size", "Its size in sectors of 512 bytes.", show_size, .load = load_size },
	{ "dev", "Numbers of its device file.", show_dev, .load = load_text, .offset = offsetof(struct block, dev) },
	{ "serial", "Serial number of a virtio disk.", show_text, has_text, .load = load_text,
	  .offset = offsetof(struct block, serial), .secret = SECRET_SERIAL },
	FLAG("ro", struct block, read_only, "Whether it is read-only."),
	FLAG("removable", struct block, removable, "Whether it can be taken out."),
	FLAG("queue/rotational", struct block, rotational, "Whether it turns."),
	INT("queue/hw_sector_size", struct block, sector, "Bytes of a logical block, by an older name."),
	INT("queue/logical_block_size", struct block, sector, "Bytes of a logical block."),
	DISK_ROWS,
	{ "uevent", "What udev is told.", show_uevent, .mode = 0644 },
	PARENT(struct block),
};
// clang-format on

static size_t count_blocks(const struct facts *f)
{
	return f->topo->blocks.n;
}

static bool at_block(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct block *block = &f->topo->blocks.at[i];
	*self = block;
	if (!link_to_parent(f, &block->on, path))
		return false;
	buf_printf(path, "/block/%s", block->name);
	return true;
}

/* Whether it sits on a SCSI device: "ata1/host0/target0:0:0/0:0:0:0". */
static bool is_scsi(const struct block *block)
{
	unsigned host, channel, target, lun;
	char rest;
	const char *slash = block->on.parent ? strrchr(block->on.parent, '/') : NULL;
	return slash && sscanf(slash, "/%u:%u:%u:%u%c", &host, &channel, &target, &lun, &rest) == 4;
}

static void found_block(const struct tree *tree, uint32_t dir, const struct site *on, struct topo *t)
{
	_cleanup_buf_ struct buf usual = { 0 };
	struct block *block = LIST_ADD(&t->arena, &t->blocks);
	*block = (struct block){ .on = *on, .name = arena_strdup(&t->arena, tree_name(tree, dir)), .sector = SECTOR };
	scan_rows(&block_class, tree, dir, t, block);
	print_usual_dev(block->name, t->blocks.n - 1, &usual);
	if (block->dev && !strcmp(block->dev, buf_text(&usual)))
		block->dev = NULL;
	if (is_scsi(block))
		scan_rows(&scsi_class, tree, tree->entries[tree->entries[dir].parent].parent, t, block);
}

static void scan_blocks(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	scan_class_devices(tree, t, "block", found_block);
}

const struct class block_class = {
	"block", "A disk.", "/sys/devices/**/*:*:*.[0-7]/**/block/*", count_blocks, NULL, at_block, ROWS(block_attrs),
	.subsystem = "class/block", .listed = { "class/block", "block" }, .scan = scan_blocks,
};

/* --- the SCSI device a disk sits on: drivers/scsi/scsi_sysfs.c -------------------------------------------- */

static bool at_scsi(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct block *block = &f->topo->blocks.at[i];
	*self = block;
	return is_scsi(block) && link_to_parent(f, &block->on, path);
}

static void show_modalias(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "scsi:t-0x%02x", (unsigned)self_of(o)->scsi_type);
}

static void show_scsi_uevent(const struct attr *attr, const struct object *o, struct buf *out)
{
	enum { TYPE_DISK = 0, TYPE_ROM = 5 }; /* include/scsi/scsi_proto.h */
	int32_t type = self_of(o)->scsi_type;
	buf_puts(out, "DEVTYPE=scsi_device\n");
	if (type == TYPE_DISK || type == TYPE_ROM)
		buf_printf(out, "DRIVER=%s\n", type == TYPE_DISK ? "sd" : "sr");
	buf_puts(out, "MODALIAS=");
	show_modalias(attr, o, out);
}

// clang-format off
static const struct attr scsi_attrs[] = {
	TEXT("vendor", struct block, vendor, "Vendor, as the device's INQUIRY says."),
	TEXT("model", struct block, model, "Model, as the device's INQUIRY says."),
	TEXT("rev", struct block, revision, "Firmware revision, as the device's INQUIRY says."),
	INT("type", struct block, scsi_type, "Kind of device: 0 disk, 5 CD-ROM."),
	CONSTANT("state", "running", "State."),
	{ "modalias", "What module loaders match.", show_modalias },
	{ "uevent", "What udev is told.", show_scsi_uevent, .mode = 0644 },
};
// clang-format on

const struct class scsi_class = {
	"scsi", "The SCSI device a disk sits on.", "/sys/devices/**/*:*:*.[0-7]/**/[0-9]*:[0-9]*:[0-9]*:[0-9]*",
	count_blocks, NULL, at_scsi, ROWS(scsi_attrs), .subsystem = "bus/scsi", .listed = { "bus/scsi/devices" },
};
