/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/sysfs.h"

#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

/*
 * The configuration space of a function and its `resource` file: what lspci, hwloc and libpci read to learn
 * of bridges, buses, links and addresses, so it tells the same as the paths and the other attributes.
 * Registers and their names are those of <linux/pci_regs.h>.
 */

enum { CONVENTIONAL_SIZE = 256, EXPRESS_SIZE = 4096, FIRST_CAP = 0x40, FIRST_EXT_CAP = 0x100, CACHE_LINE_DWORDS = 16 };

/* The function being written, and the space it is written into. */
struct config {
	const struct facts *f;
	const struct pci *pci;
	const struct pci_facts *facts;
	uint8_t *space;
};

static void put8(uint8_t *at, uint64_t value)
{
	*at = (uint8_t)value;
}

static void put16(uint8_t *at, uint64_t value)
{
	put8(at, value);
	put8(at + 1, value >> 8);
}

static void put32(uint8_t *at, uint64_t value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

/* --- what a function is ---------------------------------------------------------------------------------- */

static bool is_express(const struct config *c)
{
	return c->facts->type != PCIE_NONE;
}

static bool is_vf(const struct config *c)
{
	return c->pci->physfn != BDF_NONE;
}

/* A port with a link below it. */
static bool leads_down(const struct config *c)
{
	return c->facts->type == PCIE_ROOT_PORT || c->facts->type == PCIE_DOWNSTREAM;
}

static bool is_integrated(const struct config *c)
{
	return c->facts->type == PCIE_RC_ENDPOINT || c->facts->type == PCIE_RC_EVENT_COLLECTOR;
}

/* Bridges work without a driver: the kernel enables them for what is below. */
static bool is_enabled(const struct config *c)
{
	return c->pci->driver || c->pci->bridge;
}

/* A slot has several functions when another address of it is taken; virtual ones do not count. */
static bool is_multifunction(const struct config *c)
{
	for (unsigned fn = 0; fn < 8; fn++) {
		uint64_t address = (c->pci->address & ~7ull) | fn;
		uint32_t other = address == c->pci->address ? FACTS_NONE : facts_pci(c->f, address);
		if (other != FACTS_NONE && c->f->topo->pci.at[other].physfn == BDF_NONE)
			return true;
	}
	return false;
}

static size_t n_bars(const struct pci *pci)
{
	return pci->bridge ? 2 : BAR_ROM;
}

static bool is_open(const struct window *w)
{
	return w->base <= w->limit;
}

/* PCI_EXP_LNKCAP_SLS of a speed in tenths of GT/s; 0: none that has a code. */
static unsigned speed_code(uint32_t speed)
{
	static const uint32_t speeds[] = { 0, 25, 50, 80, 160, 320, 640 };
	for (unsigned code = 1; code < sizeof speeds / sizeof *speeds; code++)
		if (speeds[code] == speed)
			return code;
	return 0;
}

/* --- header ---------------------------------------------------------------------------------------------- */

static unsigned bar_flags(const struct bar *b)
{
	if (b->io)
		return PCI_BASE_ADDRESS_SPACE_IO;
	return (b->is_64bit ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0u) |
	       (b->prefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0u);
}

static void put_bars(uint8_t *at, const struct bar *bars, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!bars[i].size)
			continue;
		put32(at + 4 * i, bars[i].address | bar_flags(&bars[i]));
		if (bars[i].is_64bit && i + 1 < n)
			put32(at + 4 * (i + 1), bars[i].address >> 32);
	}
}

static unsigned command(const struct config *c)
{
	unsigned bits = 0;
	if (!is_enabled(c))
		return 0;
	for (size_t i = 0; i < n_bars(c->pci) && !is_vf(c); i++)
		if (c->facts->bars[i].size && c->facts->bars[i].address)
			bits |= c->facts->bars[i].io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
	if (c->pci->bridge && is_open(&c->facts->io))
		bits |= PCI_COMMAND_IO;
	if (c->pci->bridge && (is_open(&c->facts->memory) || is_open(&c->facts->prefetchable)))
		bits |= PCI_COMMAND_MEMORY;
	return bits | PCI_COMMAND_MASTER;
}

static void put_interrupt(const struct config *c)
{
	if (!c->pci->irq || is_vf(c))
		return;
	put8(c->space + PCI_INTERRUPT_LINE, c->pci->irq < 0xff ? c->pci->irq : 0xff);
	put8(c->space + PCI_INTERRUPT_PIN, 1 + BDF_FUNCTION(c->pci->address) % 4);
}

static void put_header(const struct config *c)
{
	uint8_t *s = c->space;
	/* a virtual function's own ids read as ones; the kernel takes them from its physical function */
	put16(s + PCI_VENDOR_ID, is_vf(c) ? 0xffff : c->pci->vendor);
	put16(s + PCI_DEVICE_ID, is_vf(c) ? 0xffff : c->pci->device);
	put16(s + PCI_COMMAND, command(c));
	put32(s + PCI_CLASS_REVISION, (uint64_t)c->pci->class << 8 | c->pci->revision);
	put8(s + PCI_CACHE_LINE_SIZE, is_enabled(c) && !is_vf(c) ? CACHE_LINE_DWORDS : 0);
	put8(s + PCI_HEADER_TYPE,
	     (c->pci->bridge ? PCI_HEADER_TYPE_BRIDGE : PCI_HEADER_TYPE_NORMAL) | (is_multifunction(c) ? 0x80 : 0));
	/* so do its base addresses: they follow from the SR-IOV capability of the physical function */
	if (!is_vf(c))
		put_bars(s + PCI_BASE_ADDRESS_0, c->facts->bars, n_bars(c->pci));
	put_interrupt(c);
}

static void put_device_header(const struct config *c)
{
	put16(c->space + PCI_SUBSYSTEM_VENDOR_ID, c->pci->subsystem_vendor);
	put16(c->space + PCI_SUBSYSTEM_ID, c->pci->subsystem_device);
	if (c->facts->bars[BAR_ROM].size && !is_vf(c))
		put32(c->space + PCI_ROM_ADDRESS, c->facts->bars[BAR_ROM].address & PCI_ROM_ADDRESS_MASK);
}

/* A closed window has a base above its limit. */
static void put_windows(const struct config *c)
{
	static const struct window closed = { .base = 0xfff00000, .limit = 0 },
				   closed_io = { .base = 0xf000, .limit = 0 };
	const struct window *io = is_open(&c->facts->io) ? &c->facts->io : &closed_io;
	const struct window *memory = is_open(&c->facts->memory) ? &c->facts->memory : &closed;
	const struct window *prefetchable = is_open(&c->facts->prefetchable) ? &c->facts->prefetchable : &closed;
	uint8_t *s = c->space;

	put8(s + PCI_IO_BASE, (io->base >> 8 & PCI_IO_RANGE_MASK) | PCI_IO_RANGE_TYPE_32);
	put8(s + PCI_IO_LIMIT, (io->limit >> 8 & PCI_IO_RANGE_MASK) | PCI_IO_RANGE_TYPE_32);
	put16(s + PCI_IO_BASE_UPPER16, io->base >> 16);
	put16(s + PCI_IO_LIMIT_UPPER16, io->limit >> 16);
	put16(s + PCI_MEMORY_BASE, memory->base >> 16 & PCI_MEMORY_RANGE_MASK);
	put16(s + PCI_MEMORY_LIMIT, memory->limit >> 16 & PCI_MEMORY_RANGE_MASK);
	put16(s + PCI_PREF_MEMORY_BASE, (prefetchable->base >> 16 & PCI_PREF_RANGE_MASK) | PCI_PREF_RANGE_TYPE_64);
	put16(s + PCI_PREF_MEMORY_LIMIT, (prefetchable->limit >> 16 & PCI_PREF_RANGE_MASK) | PCI_PREF_RANGE_TYPE_64);
	put32(s + PCI_PREF_BASE_UPPER32, prefetchable->base >> 32);
	put32(s + PCI_PREF_LIMIT_UPPER32, prefetchable->limit >> 32);
}

static void put_bridge_header(const struct config *c)
{
	put8(c->space + PCI_PRIMARY_BUS, BDF_BUS(c->pci->address));
	put8(c->space + PCI_SECONDARY_BUS, c->pci->secondary);
	put8(c->space + PCI_SUBORDINATE_BUS, c->pci->subordinate);
	put_windows(c);
	if (c->facts->bars[BAR_ROM].size)
		put32(c->space + PCI_ROM_ADDRESS1, c->facts->bars[BAR_ROM].address & PCI_ROM_ADDRESS_MASK);
	put16(c->space + PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_SERR);
}

/* --- capabilities ---------------------------------------------------------------------------------------- */

/* Host and ISA bridges of conventional PCI have none. */
static bool has_pm(const struct config *c)
{
	return !is_vf(c) && (is_express(c) || c->pci->bridge || c->pci->class >> 16 != 0x06);
}

static void put_pm(const struct config *c, uint8_t *at)
{
	put16(at + PCI_PM_PMC,
	      3u | (c->pci->bridge ? PCI_PM_CAP_PME_D0 | PCI_PM_CAP_PME_D3hot | PCI_PM_CAP_PME_D3cold : 0u));
	put16(at + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
}

/* The register that holds a function's MSI-X table, or -1. */
static int msix_bar(const struct config *c)
{
	for (int i = 0; i < BAR_ROM && is_express(c) && !c->pci->bridge; i++)
		if (!c->facts->bars[i].io && c->facts->bars[i].size >= 4096)
			return i;
	return -1;
}

static bool has_msix(const struct config *c)
{
	return msix_bar(c) >= 0;
}

/* 32 vectors: the table of 512 bytes, and the pending bits in the second half of the smallest page. */
static void put_msix(const struct config *c, uint8_t *at)
{
	put16(at + PCI_MSIX_FLAGS, 32 - 1);
	put32(at + PCI_MSIX_TABLE, (unsigned)msix_bar(c));
	put32(at + PCI_MSIX_PBA, 0x800 | (unsigned)msix_bar(c));
}

static bool has_msi(const struct config *c)
{
	return is_express(c) && !is_vf(c) && !has_msix(c);
}

static void put_msi(const struct config *c, uint8_t *at)
{
	(void)c;
	put16(at + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT);
}

static bool has_bridge_subsystem(const struct config *c)
{
	return c->pci->bridge && c->pci->subsystem_vendor;
}

static void put_bridge_subsystem(const struct config *c, uint8_t *at)
{
	put16(at + PCI_SSVID_VENDOR_ID, c->pci->subsystem_vendor);
	put16(at + PCI_SSVID_DEVICE_ID, c->pci->subsystem_device);
}

/* The name of the physical slot below a port, which is said of the port or of what is in it. */
static const char *slot_of(const struct config *c)
{
	if (!leads_down(c) || c->pci->slot || !c->facts->children.n)
		return leads_down(c) ? c->pci->slot : NULL;
	return c->f->topo->pci.at[c->facts->children.at[0]].slot;
}

/* Virtual functions may have numbers above 7, which a port must be told to forward. */
static bool forwards_vfs(const struct config *c)
{
	for (size_t i = 0; i < c->facts->children.n && leads_down(c); i++)
		if (c->f->pci[c->facts->children.at[i]].vfs.n)
			return true;
	return false;
}

static void put_device(const struct config *c, uint8_t *exp)
{
	put32(exp + PCI_EXP_DEVCAP,
	      1 | PCI_EXP_DEVCAP_EXT_TAG | PCI_EXP_DEVCAP_RBER | (c->pci->bridge ? 0 : PCI_EXP_DEVCAP_FLR));
	if (!is_vf(c))
		put16(exp + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_PAYLOAD_256B |
						    PCI_EXP_DEVCTL_EXT_TAG | PCI_EXP_DEVCTL_NOSNOOP_EN |
						    PCI_EXP_DEVCTL_READRQ_512B);
	put32(exp + PCI_EXP_DEVCAP2, PCI_EXP_DEVCAP2_COMP_TMOUT_DIS | (leads_down(c) ? PCI_EXP_DEVCAP2_ARI : 0));
	put16(exp + PCI_EXP_DEVCTL2, forwards_vfs(c) ? PCI_EXP_DEVCTL2_ARI : 0);
}

static void put_link(const struct config *c, uint8_t *exp)
{
	const struct link *max = &c->facts->max_link, *now = &c->facts->link;
	unsigned code = speed_code(max->speed);
	unsigned port = c->pci->bridge ? (unsigned)(c->pci->address & 0xff) : 0;

	put32(exp + PCI_EXP_LNKCAP, code | (max->width << 4 & PCI_EXP_LNKCAP_MLW) | (uint64_t)port << 24 |
					    (leads_down(c) ? PCI_EXP_LNKCAP_DLLLARC | PCI_EXP_LNKCAP_LBNC : 0));
	put16(exp + PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_CCC);
	put16(exp + PCI_EXP_LNKSTA, speed_code(now->speed) | (now->width << 4 & PCI_EXP_LNKSTA_NLW) |
					    PCI_EXP_LNKSTA_SLC |
					    (leads_down(c) && now->width ? PCI_EXP_LNKSTA_DLLLA : 0));
	/* one bit a speed, up to the highest */
	put32(exp + PCI_EXP_LNKCAP2, (2u << code) - 2);
	put16(exp + PCI_EXP_LNKCTL2, code);
}

static void put_slot(const struct config *c, uint8_t *exp)
{
	const char *slot = slot_of(c);
	if (!slot)
		return;
	uint64_t number = strtoul(slot, NULL, 10);
	put32(exp + PCI_EXP_SLTCAP, PCI_EXP_SLTCAP_NCCS | (number << 19 & PCI_EXP_SLTCAP_PSN));
	put16(exp + PCI_EXP_SLTCTL, PCI_EXP_SLTCTL_ATTN_IND_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF);
	put16(exp + PCI_EXP_SLTSTA, c->facts->children.n ? PCI_EXP_SLTSTA_PDS : 0);
}

static void put_express(const struct config *c, uint8_t *at)
{
	put16(at + PCI_EXP_FLAGS, 2u | (unsigned)c->facts->type << 4 | (slot_of(c) ? PCI_EXP_FLAGS_SLOT : 0u));
	put_device(c, at);
	if (!is_integrated(c))
		put_link(c, at);
	put_slot(c, at);
	if (c->facts->type == PCIE_ROOT_PORT) {
		put16(at + PCI_EXP_RTCTL, PCI_EXP_RTCTL_CRSSVE);
		put16(at + PCI_EXP_RTCAP, PCI_EXP_RTCAP_CRSVIS);
	}
}

/* One capability: who has it, and what stands in it behind the id and the link to the next. */
struct capability {
	unsigned id, version; /* version: of extended ones */
	size_t size;
	bool (*has)(const struct config *);
	void (*put)(const struct config *, uint8_t *at);
};

static const struct capability capabilities[] = {
	{ PCI_CAP_ID_PM, 0, PCI_PM_SIZEOF, has_pm, put_pm },
	{ PCI_CAP_ID_MSI, 0, 16, has_msi, put_msi },
	{ PCI_CAP_ID_EXP, 0, 60, is_express, put_express },
	{ PCI_CAP_ID_MSIX, 0, PCI_CAP_MSIX_SIZEOF, has_msix, put_msix },
	{ PCI_CAP_ID_SSVID, 0, 8, has_bridge_subsystem, put_bridge_subsystem },
};

static void put_capabilities(const struct config *c)
{
	uint8_t *link = c->space + PCI_CAPABILITY_LIST;
	unsigned at = FIRST_CAP;
	for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++) {
		const struct capability *cap = &capabilities[i];
		if (!cap->has(c))
			continue;
		put8(link, at);
		link = c->space + at + PCI_CAP_LIST_NEXT;
		put8(c->space + at, cap->id);
		cap->put(c, c->space + at);
		at += (unsigned)cap->size;
	}
	put16(c->space + PCI_STATUS, at > FIRST_CAP ? PCI_STATUS_CAP_LIST : 0);
}

/* --- extended capabilities ------------------------------------------------------------------------------- */

static bool has_aer(const struct config *c)
{
	return !is_vf(c) && !is_integrated(c);
}

/* The severities every device starts with: PCI Express Base Specification, 7.8.4.4. */
static void put_aer(const struct config *c, uint8_t *at)
{
	(void)c;
	put32(at + PCI_ERR_UNCOR_SEVER, PCI_ERR_UNC_DLP | PCI_ERR_UNC_SURPDN | PCI_ERR_UNC_FCP | PCI_ERR_UNC_RX_OVER |
						PCI_ERR_UNC_MALF_TLP | PCI_ERR_UNC_INTN);
	put32(at + PCI_ERR_COR_MASK, PCI_ERR_COR_ADV_NFAT | PCI_ERR_COR_INTERNAL | PCI_ERR_COR_LOG_OVER);
}

static bool has_serial(const struct config *c)
{
	return c->pci->serial && !is_vf(c);
}

static void put_serial(const struct config *c, uint8_t *at)
{
	put32(at + 4, c->pci->serial);
	put32(at + 8, c->pci->serial >> 32);
}

static bool has_acs(const struct config *c)
{
	return leads_down(c) || (!is_vf(c) && !is_integrated(c) && !c->pci->bridge && is_multifunction(c));
}

/* Functions of one device that do not talk to each other have nothing to control. */
static void put_acs(const struct config *c, uint8_t *at)
{
	unsigned isolation = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF;
	if (!leads_down(c))
		return;
	put16(at + PCI_ACS_CAP, isolation | PCI_ACS_TB);
	/* the kernel turns it on together with the IOMMU */
	put16(at + PCI_ACS_CTRL, c->pci->iommu_group >= 0 ? isolation : 0);
}

static bool has_sriov(const struct config *c)
{
	return c->pci->total_vfs && !is_vf(c);
}

static bool has_ari(const struct config *c)
{
	return has_sriov(c) || is_vf(c);
}

static void put_nothing(const struct config *c, uint8_t *at)
{
	(void)c;
	(void)at;
}

/* Routing ids of virtual functions: those there are, else every second from 128 on, as Intel's do. */
static void put_vf_places(const struct config *c, uint8_t *at)
{
	const struct pci *all = c->f->topo->pci.at;
	const uint32_t *vfs = c->facts->vfs.at;
	size_t n = c->facts->vfs.n;
	put16(at + PCI_SRIOV_VF_OFFSET, n ? all[vfs[0]].address - c->pci->address : 0x80);
	put16(at + PCI_SRIOV_VF_STRIDE, n > 1 ? all[vfs[1]].address - all[vfs[0]].address : n ? 1 : 2);
	put16(at + PCI_SRIOV_VF_DID, n ? all[vfs[0]].device : c->pci->device);
	if (n)
		put_bars(at + PCI_SRIOV_BAR, c->f->pci[vfs[0]].bars, PCI_SRIOV_NUM_BARS);
}

static void put_sriov(const struct config *c, uint8_t *at)
{
	put16(at + PCI_SRIOV_CTRL, c->facts->vfs.n ? PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE | PCI_SRIOV_CTRL_ARI : 0);
	put16(at + PCI_SRIOV_INITIAL_VF, c->pci->total_vfs);
	put16(at + PCI_SRIOV_TOTAL_VF, c->pci->total_vfs);
	put16(at + PCI_SRIOV_NUM_VF, c->facts->vfs.n);
	put8(at + PCI_SRIOV_FUNC_LINK, BDF_FUNCTION(c->pci->address));
	put32(at + PCI_SRIOV_SUP_PGSIZE, 0x553); /* 4K, 8K, 64K, 256K, 1M and 4M, which every device must support */
	put32(at + PCI_SRIOV_SYS_PGSIZE, 1);
	put_vf_places(c, at);
}

static bool has_secondary(const struct config *c)
{
	return !is_vf(c) && !is_integrated(c) && speed_code(c->facts->max_link.speed) >= PCI_EXP_LNKCAP_SLS_8_0GB;
}

static const struct capability extended_capabilities[] = {
	{ PCI_EXT_CAP_ID_ERR, 2, 0x48, has_aer, put_aer },
	{ PCI_EXT_CAP_ID_DSN, 1, PCI_EXT_CAP_DSN_SIZEOF, has_serial, put_serial },
	{ PCI_EXT_CAP_ID_ARI, 1, PCI_EXT_CAP_ARI_SIZEOF, has_ari, put_nothing },
	{ PCI_EXT_CAP_ID_ACS, 1, 8, has_acs, put_acs },
	{ PCI_EXT_CAP_ID_SRIOV, 1, PCI_EXT_CAP_SRIOV_SIZEOF, has_sriov, put_sriov },
	{ PCI_EXT_CAP_ID_SECPCI, 1, 12 + 2 * 32, has_secondary, put_nothing },
};

static void put_extended_capabilities(const struct config *c)
{
	unsigned at = FIRST_EXT_CAP, last = 0;
	for (size_t i = 0; i < sizeof extended_capabilities / sizeof *extended_capabilities; i++) {
		const struct capability *cap = &extended_capabilities[i];
		if (!cap->has(c))
			continue;
		if (last) /* the link to the next is the upper 12 bits of the header */
			put16(c->space + last + 2, at << 4 | (c->space[last + 2] & 0xf));
		put32(c->space + at, cap->id | cap->version << 16);
		cap->put(c, c->space + at);
		last = at;
		at += (unsigned)cap->size;
	}
}

/* --------------------------------------------------------------------------------------------------------- */

size_t pci_config(const struct facts *f, uint32_t pci, uint8_t space[4096])
{
	const struct config c = { f, &f->topo->pci.at[pci], &f->pci[pci], space };
	memset(space, 0, EXPRESS_SIZE);
	put_header(&c);
	(c.pci->bridge ? put_bridge_header : put_device_header)(&c);
	put_capabilities(&c);
	if (!is_express(&c))
		return CONVENTIONAL_SIZE;
	put_extended_capabilities(&c);
	return EXPRESS_SIZE;
}

/* --- the file `resource` --------------------------------------------------------------------------------- */

/* include/linux/ioport.h, which tells that programs see these. */
enum {
	IORESOURCE_IO = 0x100,
	IORESOURCE_MEM = 0x200,
	IORESOURCE_PREFETCH = 0x2000,
	IORESOURCE_READONLY = 0x4000,
	IORESOURCE_SIZEALIGN = 0x40000,
	IORESOURCE_MEM_64 = 0x100000,
	IORESOURCE_UNSET = 0x20000000
};

static void put_line(struct buf *out, uint64_t start, uint64_t end, unsigned flags)
{
	buf_printf(out, "0x%016llx 0x%016llx 0x%016x\n", (unsigned long long)start, (unsigned long long)end, flags);
}

/* A register whose size holds for `count` functions in a row. */
static void put_bar_line(struct buf *out, const struct bar *b, unsigned flags, uint64_t count)
{
	flags |= IORESOURCE_SIZEALIGN | (b->address ? 0u : IORESOURCE_UNSET);
	if (b->size)
		put_line(out, b->address, b->address + b->size * count - 1, flags);
	else
		put_line(out, 0, 0, 0);
}

static unsigned resource_flags(const struct bar *b)
{
	return bar_flags(b) | (b->io ? IORESOURCE_IO : IORESOURCE_MEM) | (b->is_64bit ? IORESOURCE_MEM_64 : 0u) |
	       (b->prefetchable ? IORESOURCE_PREFETCH : 0u);
}

static void put_window_line(struct buf *out, const struct window *w, unsigned flags)
{
	if (is_open(w))
		put_line(out, w->base, w->limit, flags);
	else
		put_line(out, 0, 0, 0);
}

/* drivers/pci/pci-sysfs.c resource_show() of a kernel with CONFIG_PCI_IOV: 6 BARs, ROM, 6 of SR-IOV, 4 windows. */
void pci_resource_text(const struct facts *f, uint32_t pci, struct buf *out)
{
	const struct pci *p = &f->topo->pci.at[pci];
	const struct pci_facts *pf = &f->pci[pci];
	static const struct bar none;

	for (size_t i = 0; i < BAR_ROM; i++)
		put_bar_line(out, i < n_bars(p) ? &pf->bars[i] : &none, resource_flags(&pf->bars[i]), 1);
	put_bar_line(out, &pf->bars[BAR_ROM], IORESOURCE_MEM | IORESOURCE_PREFETCH | IORESOURCE_READONLY, 1);
	uint64_t n_vfs = p->total_vfs > pf->vfs.n ? p->total_vfs : pf->vfs.n;
	for (size_t i = 0; i < PCI_SRIOV_NUM_BARS; i++) {
		const struct bar *b = pf->vfs.n ? &f->pci[pf->vfs.at[0]].bars[i] : &none;
		put_bar_line(out, b, resource_flags(b), n_vfs);
	}
	if (!p->bridge)
		return;
	put_window_line(out, &pf->io, IORESOURCE_IO | PCI_IO_RANGE_TYPE_32);
	put_window_line(out, &pf->memory, IORESOURCE_MEM);
	put_window_line(out, &pf->prefetchable,
			IORESOURCE_MEM | IORESOURCE_MEM_64 | IORESOURCE_PREFETCH | PCI_PREF_RANGE_TYPE_64);
	put_line(out, 0, 0, 0);
}
