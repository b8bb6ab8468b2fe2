/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/sysfs.h"

#include <criterion/criterion.h>
#include <linux/pci_regs.h>
#include <string.h>

#define M (1ull << 20)
#define G (1ull << 30)

static struct pci *add_function(struct topo *t, uint64_t address, uint64_t parent, uint32_t class)
{
	struct pci *p = LIST_ADD(&t->arena, &t->pci);
	*p = (struct pci){ .address = address,
			   .parent = parent,
			   .vendor = 0x8086,
			   .device = 0x1234,
			   .class = class,
			   .node = TOPO_UNKNOWN,
			   .type = PCIE_AUTO,
			   .iommu_group = TOPO_UNKNOWN,
			   .physfn = BDF_NONE };
	return p;
}

/* A conventional host bridge, a root port with a GPU that runs at half its speed, a port with a NIC and its VFs. */
static void add_machine(struct topo *t)
{
	*LIST_ADD(&t->arena, &t->roots) = (struct pci_root){ .node = TOPO_UNKNOWN, .under_function = BDF_NONE };
	add_function(t, BDF(0, 0, 0, 0), BDF_NONE, 0x060000);
	for (uint8_t i = 0; i < 2; i++) {
		struct pci *port = add_function(t, BDF(0, 0, 1, i), BDF_NONE, 0x060400);
		port->bridge = true;
		port->secondary = port->subordinate = 1 + i;
		port->subsystem_vendor = 0x15d9;
		port->irq = 30;
	}
	struct pci *gpu = add_function(t, BDF(0, 1, 0, 0), BDF(0, 0, 1, 0), 0x030200);
	gpu->subsystem_vendor = 0x10de;
	gpu->subsystem_device = 0x16c1;
	gpu->revision = 0xa1;
	gpu->bars[0] = (struct bar){ .size = 16 * M };
	gpu->bars[1] = (struct bar){ .size = 128 * G, .is_64bit = true, .prefetchable = true };
	gpu->bars[5] = (struct bar){ .size = 128, .io = true };
	gpu->bars[BAR_ROM] = (struct bar){ .size = M / 2 };
	gpu->max_link = (struct link){ 320, 16 };
	gpu->link = (struct link){ 160, 8 };
	gpu->slot = "21";
	gpu->driver = "nvidia";
	gpu->irq = 300;
	struct pci *nic = add_function(t, BDF(0, 2, 0, 0), BDF(0, 0, 1, 1), 0x020000);
	nic->max_link = nic->link = (struct link){ 160, 16 };
	nic->serial = 0x0001020304050607;
	nic->total_vfs = 8;
	for (uint8_t i = 0; i < 2; i++) {
		struct pci *vf = add_function(t, BDF(0, 2, 0, 2 + 2 * i), BDF(0, 0, 1, 1), 0x020000);
		vf->physfn = BDF(0, 2, 0, 0);
		vf->device = 0x101e;
		vf->bars[0] = (struct bar){ .size = M, .is_64bit = true, .prefetchable = true };
	}
}

/* The machine, and the configuration space of one of its functions. */
struct fixture {
	struct topo t;
	struct facts f;
	uint8_t space[4096];
	size_t size;
};

static void read_config(struct fixture *x, uint64_t address)
{
	*x = (struct fixture){ 0 };
	add_machine(&x->t);
	facts_init(&x->f, &x->t);
	memset(x->space, 0xaa, sizeof x->space);
	x->size = pci_config(&x->f, facts_pci(&x->f, address), x->space);
}

static void fixture_done(struct fixture *x)
{
	facts_done(&x->f);
	topo_done(&x->t);
}
#define _cleanup_fixture_ __attribute__((cleanup(fixture_done)))

static uint32_t get(const struct fixture *x, unsigned offset, unsigned bytes)
{
	uint32_t value = 0;
	for (unsigned i = bytes; i-- > 0;)
		value = value << 8 | x->space[offset + i];
	return value;
}

/* Where a capability stands; 0: the function lacks it. Links must lead on and stay inside. */
static unsigned find(const struct fixture *x, unsigned id)
{
	unsigned at = x->space[PCI_CAPABILITY_LIST];
	for (; at && x->space[at] != id; at = x->space[at + 1])
		cr_assert(at >= 0x40 && at % 4 == 0 && (!x->space[at + 1] || x->space[at + 1] > at));
	return at;
}

static unsigned find_extended(const struct fixture *x, unsigned id)
{
	for (unsigned at = 0x100; at;) {
		uint32_t header = get(x, at, 4);
		if (PCI_EXT_CAP_ID(header) == id)
			return at;
		cr_assert(PCI_EXT_CAP_NEXT(header) == 0 || PCI_EXT_CAP_NEXT(header) > at);
		at = PCI_EXT_CAP_NEXT(header);
	}
	return 0;
}

Test(pci_config, conventional)
{
	_cleanup_fixture_ struct fixture x;
	read_config(&x, BDF(0, 0, 0, 0));
	cr_assert_eq(x.size, 256);
	cr_assert_eq(get(&x, PCI_VENDOR_ID, 4), 0x12348086);
	cr_assert_eq(get(&x, PCI_CLASS_DEVICE, 2), 0x0600);
	cr_assert_eq(get(&x, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST, 0);
	cr_assert_eq(x.space[PCI_HEADER_TYPE], PCI_HEADER_TYPE_NORMAL);
}

Test(pci_config, bridge)
{
	_cleanup_fixture_ struct fixture x;
	read_config(&x, BDF(0, 0, 1, 0));
	cr_assert_eq(x.size, 4096);
	cr_assert_eq(x.space[PCI_HEADER_TYPE], PCI_HEADER_TYPE_BRIDGE | 0x80, "the slot has two functions");
	cr_assert_eq(get(&x, PCI_PRIMARY_BUS, 3), 0x010100);
	cr_assert_eq(get(&x, PCI_COMMAND, 2), PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	cr_assert_eq(get(&x, PCI_IO_BASE, 2), 0x1111);
	cr_assert_eq(get(&x, PCI_MEMORY_BASE, 4), 0x81008000);
	cr_assert_eq(get(&x, PCI_PREF_MEMORY_BASE, 4), 0xfff10001);
	cr_assert_eq(get(&x, PCI_PREF_BASE_UPPER32, 4), 0x2000);
	cr_assert_eq(get(&x, PCI_PREF_LIMIT_UPPER32, 4), 0x201f);
	cr_assert_eq(get(&x, find(&x, PCI_CAP_ID_SSVID) + PCI_SSVID_VENDOR_ID, 2), 0x15d9);
	cr_assert_neq(find_extended(&x, PCI_EXT_CAP_ID_ACS), 0);
}

/* hwloc takes the speed of a link from here, and the port tells the same as what is below it. */
Test(pci_config, link)
{
	for (int port = 0; port < 2; port++) {
		_cleanup_fixture_ struct fixture x;
		read_config(&x, port ? BDF(0, 0, 1, 0) : BDF(0, 1, 0, 0));
		unsigned exp = find(&x, PCI_CAP_ID_EXP);
		cr_assert_eq(get(&x, exp + PCI_EXP_FLAGS, 2), port ? 0x142 : 2, "a port of a named slot");
		cr_assert_eq(get(&x, exp + PCI_EXP_LNKCAP, 2) & 0x3ff, 0x105);
		cr_assert_eq(get(&x, exp + PCI_EXP_LNKSTA, 2) & 0x3ff, 0x084);
		cr_assert_eq(!(get(&x, exp + PCI_EXP_LNKSTA, 2) & PCI_EXP_LNKSTA_DLLLA), !port);
		cr_assert_eq(get(&x, exp + PCI_EXP_LNKCAP2, 4), 0x3e);
		cr_assert_eq(get(&x, exp + PCI_EXP_SLTCAP, 4) >> 19, port ? 21 : 0);
	}
}

Test(pci_config, device)
{
	_cleanup_fixture_ struct fixture x;
	read_config(&x, BDF(0, 1, 0, 0));
	cr_assert_eq(x.space[PCI_HEADER_TYPE], PCI_HEADER_TYPE_NORMAL);
	cr_assert_eq(get(&x, PCI_CLASS_REVISION, 4), 0x030200a1);
	cr_assert_eq(get(&x, PCI_SUBSYSTEM_VENDOR_ID, 4), 0x16c110de);
	cr_assert_eq(get(&x, PCI_BASE_ADDRESS_0, 4), 0x80000000);
	cr_assert_eq(get(&x, PCI_BASE_ADDRESS_1, 4), 0x0000000c);
	cr_assert_eq(get(&x, PCI_BASE_ADDRESS_2, 4), 0x2000);
	cr_assert_eq(get(&x, PCI_BASE_ADDRESS_5, 4), 0x1001);
	cr_assert_eq(get(&x, PCI_ROM_ADDRESS, 4), 0x81000000);
	cr_assert_eq(get(&x, PCI_INTERRUPT_LINE, 2), 0x01ff, "an interrupt too high for the register");
	cr_assert_eq(get(&x, find(&x, PCI_CAP_ID_MSIX) + PCI_MSIX_TABLE, 4), 0);
	cr_assert_eq(find(&x, PCI_CAP_ID_MSI), 0);
}

Test(pci_config, physical_function)
{
	_cleanup_fixture_ struct fixture x;
	read_config(&x, BDF(0, 2, 0, 0));
	unsigned serial = find_extended(&x, PCI_EXT_CAP_ID_DSN), iov = find_extended(&x, PCI_EXT_CAP_ID_SRIOV);
	cr_assert_eq(get(&x, serial + 4, 4), 0x04050607);
	cr_assert_eq(get(&x, serial + 8, 4), 0x00010203);
	cr_assert_neq(find_extended(&x, PCI_EXT_CAP_ID_ARI), 0);
	cr_assert_eq(get(&x, iov + PCI_SRIOV_TOTAL_VF, 2), 8);
	cr_assert_eq(get(&x, iov + PCI_SRIOV_NUM_VF, 2), 2);
	cr_assert_eq(get(&x, iov + PCI_SRIOV_VF_OFFSET, 2), 2);
	cr_assert_eq(get(&x, iov + PCI_SRIOV_VF_STRIDE, 2), 2);
	cr_assert_eq(get(&x, iov + PCI_SRIOV_VF_DID, 2), 0x101e);
	cr_assert_eq(get(&x, iov + PCI_SRIOV_BAR + 4, 4), 0x2020, "behind the 128 GiB of the GPU");
	cr_assert_eq(x.space[PCI_HEADER_TYPE], 0, "virtual functions do not make a slot multifunction");
}

/* Ids and addresses of a virtual function are the physical one's affair. */
Test(pci_config, virtual_function)
{
	_cleanup_fixture_ struct fixture x;
	read_config(&x, BDF(0, 2, 0, 4));
	cr_assert_eq(get(&x, PCI_VENDOR_ID, 4), 0xffffffff);
	cr_assert_eq(get(&x, PCI_BASE_ADDRESS_0, 4), 0);
	cr_assert_eq(find_extended(&x, PCI_EXT_CAP_ID_SRIOV), 0);
}

static void assert_resource(const struct fixture *x, uint64_t address, size_t n_lines, size_t line, const char *text)
{
	_cleanup_buf_ struct buf b = { 0 };
	pci_resource_text(&x->f, facts_pci(&x->f, address), &b);
	const size_t width = sizeof "0x0000000080000000 0x0000000080ffffff 0x0000000000040200";
	cr_assert_eq(b.len, n_lines * width);
	cr_assert(strncmp(b.data + line * width, text, width - 1) == 0, "%.*s", (int)width - 1, b.data + line * width);
}

static const struct {
	uint64_t address;
	size_t n_lines, line;
	const char *text;
} resources[] = {
	{ BDF(0, 1, 0, 0), 13, 0, "0x0000000080000000 0x0000000080ffffff 0x0000000000040200" },
	{ BDF(0, 1, 0, 0), 13, 1, "0x0000200000000000 0x0000201fffffffff 0x000000000014220c" },
	{ BDF(0, 1, 0, 0), 13, 2, "0x0000000000000000 0x0000000000000000 0x0000000000000000" },
	{ BDF(0, 1, 0, 0), 13, 5, "0x0000000000001000 0x000000000000107f 0x0000000000040101" },
	{ BDF(0, 1, 0, 0), 13, 6, "0x0000000081000000 0x000000008107ffff 0x0000000000046200" },
	{ BDF(0, 0, 1, 0), 17, 13, "0x0000000000001000 0x0000000000001fff 0x0000000000000101" },
	{ BDF(0, 0, 1, 0), 17, 14, "0x0000000080000000 0x00000000810fffff 0x0000000000000200" },
	{ BDF(0, 0, 1, 0), 17, 15, "0x0000200000000000 0x0000201fffffffff 0x0000000000102201" },
	{ BDF(0, 0, 1, 1), 17, 14, "0x0000000000000000 0x0000000000000000 0x0000000000000000" },
	{ BDF(0, 2, 0, 0), 13, 7, "0x0000202000000000 0x00002020007fffff 0x000000000014220c" },
	{ BDF(0, 2, 0, 4), 13, 0, "0x0000202000100000 0x00002020001fffff 0x000000000014220c" },
};

Test(pci_config, resource)
{
	_cleanup_fixture_ struct fixture x;
	read_config(&x, BDF(0, 0, 0, 0));
	for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
		assert_resource(&x, resources[i].address, resources[i].n_lines, resources[i].line, resources[i].text);
}
