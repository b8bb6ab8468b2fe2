/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_LIBVIRT_DOMAIN_H
#define TOPOFS_LIBVIRT_DOMAIN_H

/*
 * Domains of libvirt. A device's address in them is not that of the guest: its bus is the index of the controller it is
 * on, and firmware numbers buses as it finds them.
 */

#include "guest.h"
#include "libvirt.h"

struct domain_writer {
	const struct topo *t;
	const struct virtual_machine *vm;
	struct guest_cpus cpus;
	struct buf *out;
	struct err *err;
	struct arena a;
};

/* libvirt_pci_write.c: controllers and functions. */
int libvirt_put_devices(struct domain_writer *w);

#endif
