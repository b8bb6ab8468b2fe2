/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_PLAN_H
#define TOPOFS_PLAN_H

/*
 * Which guest a host should have: how many nodes with which CPUs, memory and distances, and where the PCI functions
 * given to it stand. topofs-plan(7) states the rules.
 *
 * The partition is that of the libvirt RFC "auto partition NUMA guest domains" (2018), the placement of functions that
 * of KubeVirt's PCINUMAAwareTopology, device memory that of QEMU's acpi-generic-initiator. A plan depends on host and
 * request alone.
 */

#include "topofs/err.h"
#include "topofs/topo.h"

/* What keeps together, so that functions reach each other in the guest as they do in the host. */
enum plan_group { GROUP_NODE, GROUP_ROOT, GROUP_SWITCH };
extern const char *const plan_groups[]; /* their names, NULL-terminated */

/* Which number a CPU has: one cell after the other by turns, as the RFC has it, or all of a cell, as QEMU counts. */
enum plan_numbering { NUMBERING_SPREAD, NUMBERING_PACKED };
extern const char *const plan_numberings[];

struct plan_request {
	uint32_t vcpus;
	uint64_t memory_k;   /* of a sandbox 0: all that its nodes have */
	uint32_t threads;    /* of a core; 0: as many as the host's, where they come out even */
	const char *nodes;   /* list of the host's; NULL: all that have CPUs */
	const char *cpus;    /* list of the host's that may be used; NULL: all */
	const char *devices; /* "gpu,0000:3b:00.0"; NULL: none */
	enum plan_group group;
	enum plan_numbering numbering;
	bool best_effort; /* where functions cannot be placed as asked, put all of them on the default root */
};

struct decision {
	const char *what; /* "node 3" */
	const char *why;
};
typedef LIST_OF(struct decision) decisions;

/* What is wrong with the words of `devices`, whatever the host has. */
int plan_devices_check(const char *devices, struct err *err);

/*
 * Fills an empty topology, which refers into the host and goes before it, and adds to the decisions, whose texts
 * are the topology's. On failure err->where is the option that asks for too much, and the topology empty.
 */
int plan_guest(const struct topo *host, const struct plan_request *ask, struct topo *ret, decisions *made,
	       struct err *err);
/*
 * Makes of a machine what a process that is kept to some CPUs and functions of it should see: one node, CPUs numbered
 * anew, of PCI the functions given and what is above them. On failure it is not to be used.
 */
int plan_sandbox(struct topo *t, const struct plan_request *ask, decisions *made, struct err *err);

#endif
