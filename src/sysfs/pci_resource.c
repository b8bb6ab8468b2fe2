/* SPDX-License-Identifier: Apache-2.0 */

/* A function's file `resource`: the regions that its registers and windows take. */

#include "pci_config.h"

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
	buf_puts(out, "0x");
	buf_hex(out, start, 16);
	buf_puts(out, " 0x");
	buf_hex(out, end, 16);
	buf_puts(out, " 0x");
	buf_hex(out, flags, 16);
	buf_putc(out, '\n');
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
