/* SPDX-License-Identifier: Apache-2.0 */

/* The capabilities of a function: PCI Local Bus Specification 6.7, PCI Express Base Specification 7.5 to 7.9. */

#include "pci_config.h"

#include <stdlib.h>

enum { FIRST_CAP = 0x40, FIRST_EXT_CAP = 0x100 };

/* One capability: who has it, and what stands in it behind the id and the link to the next. */
struct capability {
	unsigned id, version; /* version: of extended ones */
	size_t size;
	bool (*has)(const struct config *);
	void (*put)(const struct config *, uint8_t *at);
};

/* --- what a function is ---------------------------------------------------------------------------------- */

/* A port with a link below it. */
static bool leads_down(const struct config *c)
{
	return c->facts->type == PCIE_ROOT_PORT || c->facts->type == PCIE_DOWNSTREAM;
}

static bool is_integrated(const struct config *c)
{
	return c->facts->type == PCIE_RC_ENDPOINT || c->facts->type == PCIE_RC_EVENT_COLLECTOR;
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

/* The table of 16 bytes a vector, and the pending bits in the second half of the smallest page. */
static void put_msix(const struct config *c, uint8_t *at)
{
	enum { USUAL = 32, MOST = 0x800 / PCI_MSIX_ENTRY_SIZE };
	uint32_t used = c->pci->msi ? 0 : idset_count(&c->pci->msi_irqs);
	uint32_t vectors = used < USUAL ? USUAL : used > MOST ? MOST : used;
	put16(at + PCI_MSIX_FLAGS, (vectors - 1) | (used ? PCI_MSIX_FLAGS_ENABLE : 0u));
	put32(at + PCI_MSIX_TABLE, (unsigned)msix_bar(c));
	put32(at + PCI_MSIX_PBA, 0x800 | (unsigned)msix_bar(c));
}

static bool has_msi(const struct config *c)
{
	return is_express(c) && !is_vf(c) && !has_msix(c);
}

static void put_msi(const struct config *c, uint8_t *at)
{
	put16(at + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT | (c->pci->msi ? PCI_MSI_FLAGS_ENABLE : 0u));
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

/* Virtual functions may have numbers above 7, which the kernel tells a port to forward as soon as there may be some. */
static bool forwards_vfs(const struct config *c)
{
	for (size_t i = 0; i < c->facts->children.n && leads_down(c); i++) {
		uint32_t child = c->facts->children.at[i];
		if (c->f->pci[child].vfs.n || c->f->topo->pci.at[child].total_vfs)
			return true;
	}
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

static const struct capability capabilities[] = {
	{ PCI_CAP_ID_PM, 0, PCI_PM_SIZEOF, has_pm, put_pm },
	{ PCI_CAP_ID_MSI, 0, 16, has_msi, put_msi },
	{ PCI_CAP_ID_EXP, 0, 60, is_express, put_express },
	{ PCI_CAP_ID_MSIX, 0, PCI_CAP_MSIX_SIZEOF, has_msix, put_msix },
	{ PCI_CAP_ID_SSVID, 0, 8, has_bridge_subsystem, put_bridge_subsystem },
};

void put_capabilities(const struct config *c)
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

void put_extended_capabilities(const struct config *c)
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
