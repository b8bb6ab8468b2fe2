/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/emulated.h"

#include <string.h>

// clang-format off
#define IDS(vendor_, device_, class_, revision_) IDS_OF(PCIE_AUTO, vendor_, device_, class_, revision_)
#define IDS_OF(type_, vendor_, device_, class_, revision_) \
	.vendor = vendor_, .device = device_, .class = class_, .revision = revision_, .type = type_, \
	.node = TOPO_UNKNOWN, .iommu_group = TOPO_UNKNOWN, .physfn = BDF_NONE
#define SUBSYSTEM(vendor_, device_) .subsystem_vendor = vendor_, .subsystem_device = device_
#define MEMORY(kib) { .size = (kib) * 1024ull }
#define VIRTIO .bars = { [1] = MEMORY(4), [4] = { .size = 16384, .is_64bit = true, .prefetchable = true } }
#define IO(bytes) { .size = bytes, .io = true }

const struct emulated emulated[] = {
	[EMULATED_EXPANDER] = { "pxb-pcie", "pcie-expander-bus", { IDS(0x1b36, 0x000b, 0x060000, 0), SUBSYSTEM(0x1af4, 0x1100) } },
	[EMULATED_ROOT_PORT] = { "pcie-root-port", "pcie-root-port",
		{ IDS(0x1b36, 0x000c, 0x060400, 0), SUBSYSTEM(0x1b36, 0), .bridge = true, .bars = { MEMORY(4) }, .driver = "pcieport",
			.max_link = { 160, 32 } } },
	[EMULATED_UPSTREAM] = { "x3130-upstream", "pcie-switch-upstream-port",
		{ IDS(0x104c, 0x8232, 0x060400, 2), .bridge = true, .driver = "pcieport",
			.link = { 25, 1 }, .max_link = { 25, 1 } } },
	[EMULATED_DOWNSTREAM] = { "xio3130-downstream", "pcie-switch-downstream-port",
		{ IDS(0x104c, 0x8233, 0x060400, 1), .bridge = true, .driver = "pcieport",
			.link = { 25, 1 }, .max_link = { LINK_NONE, 0 } } },
	{ "e1000e", NULL, { IDS(0x8086, 0x10d3, 0x020000, 0), SUBSYSTEM(0x8086, 0),
		.bars = { MEMORY(128), MEMORY(128), IO(32), MEMORY(16), [BAR_ROM] = MEMORY(256) } } },
	{ "nvme", NULL, { IDS(0x1b36, 0x0010, 0x010802, 2), SUBSYSTEM(0x1af4, 0x1100), .bars = { { .size = 16384, .is_64bit = true } } } },
	{ "pcie-pci-bridge", "pcie-to-pci-bridge",
		{ IDS_OF(PCIE_TO_PCI_BRIDGE, 0x1b36, 0x000e, 0x060400, 0), .bridge = true, .link = { 25, 1 }, .bars = { { .size = 256, .is_64bit = true } } } },
	{ "e1000", NULL, { IDS(0x8086, 0x100e, 0x020000, 3), SUBSYSTEM(0x1af4, 0x1100),
		.bars = { MEMORY(128), IO(64), [BAR_ROM] = MEMORY(256) } } },
	{ "igb", NULL, { IDS(0x8086, 0x10c9, 0x020000, 1), SUBSYSTEM(0x8086, 0xa03c) } },
	{ "qemu-xhci", NULL, { IDS(0x1b36, 0x000d, 0x0c0330, 1), SUBSYSTEM(0x1af4, 0x1100), .bars = { { .size = 16384, .is_64bit = true } } } },
	{ "VGA", NULL, { IDS(0x1234, 0x1111, 0x030000, 2), SUBSYSTEM(0x1af4, 0x1100),
		.bars = { { .size = 16 << 20, .prefetchable = true }, [2] = MEMORY(4), [BAR_ROM] = MEMORY(64) } } },
	{ "virtio-vga", NULL, { IDS(0x1af4, 0x1050, 0x030000, 1), SUBSYSTEM(0x1af4, 0x1100) } },
	{ "virtio-gpu-pci", NULL, { IDS(0x1af4, 0x1050, 0x038000, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "ich9-intel-hda", NULL, { IDS(0x8086, 0x293e, 0x040300, 3), SUBSYSTEM(0x1af4, 0x1100), .bars = { MEMORY(16) } } },
	{ "ich9-ahci", NULL, { IDS(0x8086, 0x2922, 0x010601, 2), SUBSYSTEM(0x1af4, 0x1100), .bars = { [4] = IO(32), [5] = MEMORY(4) } } },
	{ "virtio-serial-pci", NULL, { IDS(0x1af4, 0x1043, 0x078000, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "virtio-balloon-pci", NULL, { IDS(0x1af4, 0x1045, 0x00ff00, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "virtio-9p-pci", NULL, { IDS(0x1af4, 0x1049, 0x000200, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "virtio-tablet-pci", NULL, { IDS(0x1af4, 0x1052, 0x098000, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "virtio-keyboard-pci", NULL, { IDS(0x1af4, 0x1052, 0x090000, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "vhost-vsock-pci", NULL, { IDS(0x1af4, 0x1053, 0x078000, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "vhost-user-fs-pci", NULL, { IDS(0x1af4, 0x105a, 0x018000, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "virtio-net-pci", NULL, { IDS(0x1af4, 0x1041, 0x020000, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "virtio-blk-pci", NULL, { IDS(0x1af4, 0x1042, 0x010000, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "virtio-rng-pci", NULL, { IDS(0x1af4, 0x1044, 0x00ff00, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "virtio-scsi-pci", NULL, { IDS(0x1af4, 0x1048, 0x010000, 1), SUBSYSTEM(0x1af4, 0x1100), VIRTIO } },
	{ "bochs-display", NULL, { IDS(0x1234, 0x1111, 0x038000, 2), SUBSYSTEM(0x1af4, 0x1100),
		.bars = { { .size = 16 << 20, .prefetchable = true }, [2] = MEMORY(4), [BAR_ROM] = MEMORY(32) } } },
	{ "pci-testdev", NULL, { IDS(0x1b36, 0x0005, 0x00ff00, 0), SUBSYSTEM(0x1af4, 0x1100), .bars = { MEMORY(4), IO(256) } } },
};
const size_t n_emulated = sizeof emulated / sizeof *emulated;

static const struct virtual_machine machines[] = {
	{ "x86_64", "q35", "qemu-system-x86_64", "q35-pcihost.pci-hole64-size", "Standard PC (Q35 + ICH9, 2009)", true, {
		{ 0x00, 0, { IDS(0x8086, 0x29c0, 0x060000, 0), SUBSYSTEM(0x1af4, 0x1100) } },
		{ 0x1f, 0, { IDS(0x8086, 0x2918, 0x060100, 2), SUBSYSTEM(0x1af4, 0x1100) } },
		{ 0x1f, 2, { IDS(0x8086, 0x2922, 0x010601, 2), SUBSYSTEM(0x1af4, 0x1100), .bars = { [4] = IO(32), [5] = MEMORY(4) } } },
		{ 0x1f, 3, { IDS(0x8086, 0x2930, 0x0c0500, 2), SUBSYSTEM(0x1af4, 0x1100), .bars = { [4] = IO(64) } } } } },
	{ "aarch64", "virt", "qemu-system-aarch64", NULL, "KVM Virtual Machine", false, {
		{ 0x00, 0, { IDS(0x1b36, 0x0008, 0x060000, 0), SUBSYSTEM(0x1af4, 0x1100) } } } },
};
// clang-format on

const struct emulated *emulated_named(const char *qemu)
{
	for (size_t i = 0; i < n_emulated; i++)
		if (!strcmp(emulated[i].qemu, qemu))
			return &emulated[i];
	return NULL;
}

const struct emulated *emulated_like(const struct pci *pci)
{
	for (size_t i = 0; i < n_emulated; i++) {
		const struct pci *like = &emulated[i].pci;
		if (like->vendor == pci->vendor && like->device == pci->device && like->class == pci->class)
			return &emulated[i];
	}
	return NULL;
}

const struct virtual_machine *virtual_machine_of(const char *arch)
{
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		if (!strcmp(machines[i].arch, arch))
			return &machines[i];
	return NULL;
}

bool virtual_machine_is(const struct virtual_machine *vm, const char *name)
{
	size_t n = strlen(vm->machine);
	if (!strncmp(name, "pc-", 3))
		name += 3;
	return !strncmp(name, vm->machine, n) && (!name[n] || name[n] == '-');
}

void emulated_become_transitional(struct pci *pci)
{
	static const struct {
		uint16_t modern, transitional;
	} ids[] = { { 0x1041, 0x1000 }, { 0x1042, 0x1001 }, { 0x1045, 0x1002 }, { 0x1043, 0x1003 },
		    { 0x1048, 0x1004 }, { 0x1044, 0x1005 }, { 0x1049, 0x1009 } };
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		if (pci->vendor == 0x1af4 && pci->device == ids[i].modern) {
			pci->subsystem_device = (uint16_t)(pci->device - 0x1040);
			pci->device = ids[i].transitional;
			pci->revision = 0;
		}
}

/* pcie_sync_bridge_lnk() of hw/pci/pcie.c */
void emulated_set_link(struct pci *port, const struct pci *below)
{
	const struct link none = { 0 }, *link = below ? &below->link : &none, *max = &port->max_link;
	if (port->link.speed)
		return;
	port->link.speed = link->speed < max->speed ? link->speed : max->speed;
	port->link.width = link->width < max->width ? link->width : max->width;
	if (!port->link.speed || !port->link.width)
		port->link = (struct link){ 25, 1 };
}

uint64_t hole64_of(const struct topo *t)
{
	uint64_t sum = 0, hole = 1;
	for (size_t i = 0; i < t->pci.n; i++)
		for (size_t b = 0; b < BAR_ROM && !emulated_like(&t->pci.at[i]); b++) {
			const struct bar *bar = &t->pci.at[i].bars[b];
			if (!bar->size || !bar->is_64bit || !bar->prefetchable)
				continue;
			uint64_t at = (sum + bar->size - 1) & ~(bar->size - 1);
			if (at < sum || at + bar->size < at)
				return UINT64_MAX / 2 + 1;
			sum = at + bar->size;
		}
	while (sum && hole < sum && hole <= UINT64_MAX / 2)
		hole *= 2;
	return sum ? hole : 0;
}
