/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_PLANNING_H
#define TOPOFS_PLANNING_H

/* What the files of a plan share: each adds its part to the guest, in the order of the prototypes below. */

#include "topofs/emulated.h"
#include "topofs/facts.h"
#include "topofs/plan.h"

/* A node of the guest that stands for one of the host, and its share. Its id is its place. */
struct cell {
	const struct node *host; /* NULL: the host has no nodes */
	struct idset host_cpus;	 /* on which its CPUs run; empty: it has none */
	uint64_t host_memory_k, memory_k;
	struct idset cpus;
};

/* A function of the host that the guest is given. */
struct given {
	const struct pci *host;
	uint32_t place;	  /* in host->pci */
	int32_t node;	  /* of the guest; TOPO_UNKNOWN: the host tells none */
	uint64_t address; /* in the guest, once it is placed */
	LIST_OF(const struct node *) memory; /* the host's nodes that are memory of the device, or its partitions */
};

struct planning {
	const struct topo *host;
	const struct plan_request *ask;
	struct facts facts; /* of the host */
	struct topo *guest;
	decisions *made;
	struct err *err;
	LIST_OF(struct cell) cells;
	LIST_OF(struct given) given; /* in the order of the host's functions */
	uint32_t cores, threads;
	uint32_t cpu_cells; /* how many cells have CPUs */
	bool even;	    /* they have as many cores each, and are packages; otherwise every core is one */
};

int choose_cells(struct planning *p);	/* cells.c */
int choose_cores(struct planning *p);	/* cells.c */
int share_memory(struct planning *p);	/* cells.c */
int choose_devices(struct planning *p); /* devices.c */
void add_cpus(struct planning *p);	/* cpus.c */
void add_caches(struct planning *p);	/* caches.c */
int place_devices(struct planning *p);	/* placement.c */
int add_nodes(struct planning *p);	/* nodes.c */

/* The host's CPUs of `set` that run and that the request lets be used. */
int usable_cpus(struct planning *p, struct idset *ret);
/* The host's nodes that the request names. */
int asked_nodes(struct planning *p, struct idset *ret);

/* What the guest sees of a function of the host, and of the devices on it. */
void give_function(struct planning *p, const struct given *given, struct pci *ret);
void give_devices(struct planning *p, uint64_t host, uint64_t address);
/* Numbers that every machine counts for itself are left to be counted. */
void count_devices(struct planning *p);

/* A line of the explanation. */
void decide(struct planning *p, const char *what, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const char *node_text(struct planning *p, uint32_t id); /* "node 3" */
const char *ids_text(struct planning *p, const struct idset *set);
const char *size_text(struct planning *p, uint64_t size_k); /* "64G" */

#endif
