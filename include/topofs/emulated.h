/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_EMULATED_H
#define TOPOFS_EMULATED_H

/*
 * PCI functions that hypervisors emulate, and the machines they make of them: what a guest sees, and what QEMU and
 * libvirt call it. As QEMU 7.2 has them: docs/pcie.txt, docs/pci_expander_bridge.txt, hw/pci-bridge/, hw/i386/pc_q35.c.
 */

#include "topofs/topo.h"

struct emulated {
	const char *qemu;    /* of -device; NULL: the machine brings it itself */
	const char *libvirt; /* model of a <controller type='pci'>; NULL: none of those */
	struct pci pci;	     /* its ids, class, registers; no place */
};

enum emulated_id {
	EMULATED_EXPANDER,   /* a host bridge of its own, which shows on the default root too */
	EMULATED_ROOT_PORT,
	EMULATED_UPSTREAM,   /* of a switch */
	EMULATED_DOWNSTREAM,
	N_PORTS,	     /* those above are ports and such, those below devices */
};

extern const struct emulated emulated[];
extern const size_t n_emulated;

/* By the name of -device, or by ids and class; NULL: there is none. */
const struct emulated *emulated_named(const char *qemu);
const struct emulated *emulated_like(const struct pci *pci);

/* Where no PCIe port is above it, virtio also answers as before version 1, with other ids: hw/virtio/virtio-pci.c. */
void emulated_become_transitional(struct pci *pci);

/* A port runs at what is below it, if it can; `below` may be NULL. */
void emulated_set_link(struct pci *port, const struct pci *below);

/* A machine as hypervisors know it by name. */
struct virtual_machine {
	const char *arch, *machine; /* "x86_64", "q35" */
	const char *emulator;	    /* "qemu-system-x86_64" */
	const char *hole64;	    /* QEMU's property for the room of 64-bit registers; NULL: it grows by itself */
	const char *product;	    /* DMI's product_name */
	bool acpi_slots;	    /* slots of the default root are those that ACPI tells of, and all are number 0 */
	struct {
		uint8_t device, function;
		struct pci pci;
	} chipset[6]; /* on the default root; the first without a vendor ends it */
};

/* NULL: none is known for the architecture. */
const struct virtual_machine *virtual_machine_of(const char *arch);
/* Whether a name is the machine's or that of a version of it: "q35" and "pc-q35-7.2", "virt" and "virt-7.2". */
bool virtual_machine_is(const struct virtual_machine *vm, const char *name);

/* Limits of QEMU: include/sysemu/numa.h, include/hw/pci/pci.h. */
enum {
	QEMU_MAX_NODES = 128,
	FIRST_FREE_SLOT = 2, /* of the default root: 0 is the host bridge, 1 where q35 puts a display */
	LAST_FREE_SLOT = 30, /* 31 is the chipset */
	MAX_BUS = 255,
	SLOTS_OF_BUS = 32,
	FUNCTIONS_OF_SLOT = 8,
};

/*
 * Bytes that a host bridge needs above 4 GiB for the 64-bit prefetchable registers of what is not emulated: their
 * sum, each aligned to itself, rounded up to a power of two; 0: there are none.
 */
uint64_t hole64_of(const struct topo *t);

#endif
