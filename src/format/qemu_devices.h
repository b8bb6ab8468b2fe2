/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_QEMU_DEVICES_H
#define TOPOFS_QEMU_DEVICES_H

#include "qemu.h"

/* A function of the guest; of pcie.0 itself `kind` and `option` are NULL. */
struct qemu_device {
	const struct qemu_option *option;
	const struct emulated *kind; /* NULL: one of the host */
	struct pci pci;
	uint64_t host; /* its address there; BDF_NONE */
	struct qemu_device *bus;
	uint8_t devfn;	   /* on that bus */
	uint8_t secondary; /* of an expander and what leads down */
	uint32_t slot;	   /* number of that of a port */
	bool has_slot;
	LIST_OF(struct qemu_device *) below; /* in the order of the command until they are numbered */
};

struct qemu_devices {
	struct qemu_device *root; /* pcie.0 */
	LIST_OF(struct qemu_device *) list;
};

/* qemu_buses.c: what a machine has on pcie.0 anyway. */
void qemu_add_chipset(struct qemu_guest *g, struct qemu_device *root);
/* Finds its slot and function: as said, or the first slot that is free. */
int qemu_place(struct qemu_guest *g, struct qemu_device *d);
/* Numbers buses as SeaBIOS does, and adds host bridges and functions to the guest. */
int qemu_number_buses(struct qemu_guest *g, struct qemu_devices *all);
/* acpi-generic-initiator: which nodes are memory of which function. */
int qemu_tie_memory(struct qemu_guest *g, const struct qemu_devices *all);

#endif
