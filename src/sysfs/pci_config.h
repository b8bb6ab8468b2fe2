/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_PCI_CONFIG_H
#define TOPOFS_PCI_CONFIG_H

/*
 * What the files share that make a function's configuration space. Registers and their names are those of
 * <linux/pci_regs.h>.
 */

#include "topofs/sysfs.h"

#include <linux/pci_regs.h>

/* The function being written, and the space it is written into. */
struct config {
	const struct facts *f;
	const struct pci *pci;
	const struct pci_facts *facts;
	uint8_t *space;
};

static inline void put8(uint8_t *at, uint64_t value)
{
	*at = (uint8_t)value;
}

static inline void put16(uint8_t *at, uint64_t value)
{
	put8(at, value);
	put8(at + 1, value >> 8);
}

static inline void put32(uint8_t *at, uint64_t value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

static inline bool is_express(const struct config *c)
{
	return c->facts->type != PCIE_NONE;
}

static inline bool is_vf(const struct config *c)
{
	return c->pci->physfn != BDF_NONE;
}

static inline bool is_open(const struct window *w)
{
	return w->base <= w->limit;
}

/* Whether another function of its slot is there, virtual ones aside. */
bool is_multifunction(const struct config *c);

/* How many base address registers its header has. */
size_t n_bars(const struct pci *pci);
/* The low bits of a register. */
unsigned bar_flags(const struct bar *b);
void put_bars(uint8_t *at, const struct bar *bars, size_t n);

/* pci_capability.c */
void put_capabilities(const struct config *c);
void put_extended_capabilities(const struct config *c);

#endif
