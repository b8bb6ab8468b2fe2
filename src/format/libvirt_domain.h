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

/* What the guest sees as a function, and the element that tells of it; NULL: the machine brings it itself. */
struct domain_function {
	const xmlNode *element, *controller;
	const struct pci *like;
	uint32_t bus, slot, function; /* as in its <address>: bus is the index of a controller */
	bool seen;
};

struct domain_reader {
	struct topo *t; /* whose arena all is in; filled last */
	struct document doc;
	const xmlNode *root;
	const struct virtual_machine *vm; /* NULL: what its machine brings is not known */
	struct guest_cpus cpus;
	struct buf *notes;
	struct err *err;
	LIST_OF(struct domain_function) functions;
	LIST_OF(const struct domain_function *) in_order; /* as expand() puts them into the topology */
};

/* libvirt_pci_read.c: adds host bridges to the document; once that is expanded, which function of the host is which. */
int libvirt_read_devices(struct domain_reader *r);
int libvirt_read_hostdevs(struct domain_reader *r);

int libvirt_domain_read(const char *bytes, size_t len, struct topo *ret, struct err *err);

#endif
