/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_FACTS_H
#define TOPOFS_FACTS_H

/*
 * What follows from a topology: who is whose sibling, which caches and nodes a CPU has, where each PCI
 * function stands, what its link and addresses are. Computed once, before the rows of src/sysfs print it.
 *
 * Facts refer into the topology, which must stay unchanged and outlive them. Arrays run parallel to the
 * topology's lists: facts->cpus[i] is about topo->cpus.at[i].
 */

#include "topofs/topo.h"

#include <stddef.h>

struct cpu_facts {
	const struct idset *siblings[N_LEVELS]; /* online CPUs of the same core, cluster ...; never NULL */
	const struct cpu_kind *kind;		/* NULL: none covers it */
	LIST_OF(uint32_t) caches;		/* places in topo->caches: index0, index1 ... */
	LIST_OF(uint32_t) nodes;		/* places in topo->nodes; real machines have one */
};

/* What counts events of the CPUs of all kinds of a name: the folder cpu_NAME. */
struct pmu {
	const char *name;
	struct idset cpus;
};

struct window {
	uint64_t base, limit; /* inclusive; base > limit: closed */
};

struct pci_facts {
	const char *path; /* "sys/devices/pci0000:00/0000:00:01.0" */
	uint32_t parent;  /* place in topo->pci; FACTS_NONE: on its root's bus */
	uint32_t root;	  /* place in topo->roots */
	LIST_OF(uint32_t) children; /* places in topo->pci, by address */
	LIST_OF(uint32_t) vfs;	    /* places of its virtual functions, by address */
	/*
	 * Where the document does not say: a bridge on a root's bus is a root port, one below an upstream port a
	 * downstream port, any other an upstream port; any other function is an endpoint. What has no link, of its
	 * own or of its partner, is conventional PCI unless its type is said.
	 */
	enum pcie_type type;
	struct link link, max_link; /* a port without its own takes that of the function below it */
	const struct idset *cpus;   /* local_cpus */
	struct bar bars[N_BARS];    /* with addresses, unlike the topology's */
	struct window io, memory, prefetchable; /* what a bridge forwards */
};

#define FACTS_NONE UINT32_MAX

struct facts {
	struct arena arena;
	const struct topo *topo;
	uint32_t cpu_bits; /* width of every CPU mask: the kernel's nr_cpu_ids, or its NR_CPUS */
	struct idset nodes_online, has_cpu, has_memory, has_normal_memory, has_generic_initiator;
	struct cpu_facts *cpus;
	LIST_OF(struct pmu) pmus;
	struct idset *cache_cpus; /* online CPUs of each cache, parallel to topo->caches */
	struct idset *node_cpus; /* online CPUs of each node, parallel to topo->nodes */
	struct pci_facts *pci;
	const char **root_paths; /* "sys/devices/pci0000:00", parallel to topo->roots */
	uint32_t *by_address;	 /* places in topo->pci in order of address */
	uint32_t *roots_by_bus;	 /* places in topo->roots in order of domain and bus */
	LIST_OF(uint32_t) nvidia_gpus; /* places in topo->pci of those with NVIDIA's driver, by address */
};

/* Needs a topology that the errors of rules.h do not refuse. */
void facts_init(struct facts *f, const struct topo *t);
void facts_done(struct facts *f);
#define _cleanup_facts_ __attribute__((cleanup(facts_done)))

/* Place of a PCI function in topo->pci, FACTS_NONE where there is none. */
uint32_t facts_pci(const struct facts *f, uint64_t address);
/* Lanes as max_link_width has them: 255 where nobody knows. */
uint32_t facts_max_width(const struct facts *f, uint32_t pci);

/*
 * How two functions reach each other, as nvidia-smi topo -m names it, from PCI and NUMA alone:
 * within one switch or bridge, through several, through the host bridge, between host bridges of a node,
 * between nodes.
 */
enum hop { HOP_SELF, HOP_PIX, HOP_PXB, HOP_PHB, HOP_NODE, HOP_SYS };
enum hop facts_hop(const struct facts *f, uint32_t a, uint32_t b);

#endif
