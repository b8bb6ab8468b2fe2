/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_SCOPE_H
#define TOPOFS_SCOPE_H

/*
 * A part of a machine: what is left out is left out everywhere, in sets, lists, links and class devices. Ids stay
 * what they were.
 */

#include "topofs/err.h"
#include "topofs/topo.h"

/* As on the command line; NULL: no limit. */
struct scope {
	const char *pci;     /* classes: "gpu,nic" */
	const char *devices; /* addresses: "0000:3b:00.0,5e:00.0"; adds to the classes */
	bool no_pci;	     /* none but those of `devices` */
	const char *cpus;    /* list; without it the CPUs of `nodes` */
	const char *nodes;   /* list; without it those whose device is left out are left out too */
};

/* Kinds of functions, by name: "gpu", "nic", "bridge" ... */
struct pci_kind {
	const char *name;
	bool (*is)(const struct pci *);
};
extern const struct pci_kind pci_kinds[];
extern const size_t n_pci_kinds;

/* What is wrong with the words of a scope, whatever the machine has; err->where is the option. */
int scope_check(const struct scope *scope, struct err *err);

/*
 * Cuts a topology down. Of PCI the functions that are asked for stay, and what is above them. Of its extras those
 * stay that are below a folder which stays, and whose text tells of nothing that is left out. On failure err->where
 * is the option and the topology as it was.
 */
int scope_apply(struct topo *t, const struct scope *scope, struct err *err);

#endif
