/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The configuration space of a function: what lspci, hwloc and libpci read to learn of bridges, buses, links and
 * addresses, so it tells the same as the paths and the other attributes.
 */

#include "pci_config.h"

#include <string.h>

enum { CONVENTIONAL_SIZE = 256, EXPRESS_SIZE = 4096, CACHE_LINE_DWORDS = 16 };

/* Bridges work without a driver: the kernel enables them for what is below. */
static bool is_enabled(const struct config *c)
{
	return c->pci->driver || c->pci->bridge;
}

bool is_multifunction(const struct config *c)
{
	for (unsigned fn = 0; fn < 8; fn++) {
		uint64_t address = (c->pci->address & ~7ull) | fn;
		uint32_t other = address == c->pci->address ? FACTS_NONE : facts_pci(c->f, address);
		if (other != FACTS_NONE && c->f->topo->pci.at[other].physfn == BDF_NONE)
			return true;
	}
	return false;
}

size_t n_bars(const struct pci *pci)
{
	return pci->bridge ? 2 : BAR_ROM;
}

unsigned bar_flags(const struct bar *b)
{
	if (b->io)
		return PCI_BASE_ADDRESS_SPACE_IO;
	return (b->is_64bit ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0u) |
	       (b->prefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0u);
}

void put_bars(uint8_t *at, const struct bar *bars, size_t n)
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
