/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_GUEST_H
#define TOPOFS_GUEST_H

/* What those who write a hypervisor's configuration ask of a guest. */

#include "topofs/emulated.h"
#include "topofs/err.h"

/* How CPUs nest: each number is of one of the next larger things; of dies and clusters 1 where none are told. */
struct guest_cpus {
	size_t n, max; /* that run; that there can be, of which the parts are */
	size_t packages, dies, clusters, cores, threads;
};

/* Fails where CPUs are not 0, 1, 2 ..., or do not all run, or where not all packages, dies ... are alike. */
int guest_cpus(const struct topo *t, struct guest_cpus *ret, struct err *err);
/* Puts a CPU, by its id, where hypervisors do: core after core, package after package, as kernels of the arch tell it. */
void guest_place_cpu(struct cpu *cpu, const struct guest_cpus *cpus, const char *arch);
/* The first CPU that hypervisors would put elsewhere, as they number core after core and package after package;
 * t->cpus.n. */
size_t guest_out_of_order(const struct topo *t, const struct guest_cpus *cpus);

/* Memory that the hypervisor provides: that of devices comes with them. */
bool guest_has_memory(const struct node *node);
uint64_t guest_memory_k(const struct topo *t);
/* The function whose memory, or whose partitions', a node is: by place. BDF_NONE: none. */
uint64_t guest_initiator(const struct topo *t, size_t node);

/* What the plan says of the host. NULL and BDF_NONE: nothing. */
const struct idset *guest_host_cpus(const struct topo *t, uint32_t cpu);
const struct idset *guest_host_nodes(const struct topo *t, uint32_t node);
uint64_t guest_host_function(const struct topo *t, uint64_t address);

/* A function that the hypervisor's machine brings itself. */
bool guest_is_chipset(const struct virtual_machine *vm, const struct pci *pci);
/* Whether it is function 0 and there are more: they show only if it says that there may be some. */
bool guest_has_others(const struct topo *t, const struct pci *pci);

#endif
