/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_HWLOC_LOAD_H
#define TOPOFS_HWLOC_LOAD_H

/* What the files that read libhwloc's objects share. */

#include "hwloc_format.h"

#include <hwloc.h>

struct hw_reader {
	hwloc_topology_t h;
	enum hw_kind kind;
	struct arena *a;
	struct document *doc;
	struct idset cpus; /* those with a PU: the ones that are online */
	LIST_OF(hwloc_obj_t) nodes; /* in the order of their ids, as doc->nodes */
	LIST_OF(hwloc_obj_t) caches; /* one for each of doc->caches */
	bool has_ports, has_other_ports; /* of RDMA devices; that are not active */
	struct err *err;
};

/* The set's CPUs that are online. */
struct idset hw_cpus(const struct hw_reader *r, hwloc_const_bitmap_t set);
/* A copy of an info's value; NULL where there is none, or what is no line. */
const char *hw_info(const struct hw_reader *r, hwloc_obj_t obj, const char *name);
/* The same of a number in decimal, from 0 to INT32_MAX; -1 where there is none. */
int64_t hw_number(const char *text);

/* CPUs, and what the machine says of itself: hwloc_cpu.c. */
int hw_read_cpus(struct hw_reader *r);
void hw_read_kinds(struct hw_reader *r);
/* What expand() counts by itself, said as the objects say it: cores, clusters, dies and ids. */
void hw_name_groups(const struct hw_reader *r, struct topo *t);

/* Nodes: hwloc_node.c. */
int hw_read_nodes(struct hw_reader *r);
/* The node whose CPUs are those of an object; TOPO_UNKNOWN: there is none. */
int32_t hw_node_at(const struct hw_reader *r, hwloc_obj_t obj);

/* PCI functions and their devices: hwloc_pci.c, hwloc_device.c. */
void hw_read_pci(struct hw_reader *r);
void hw_read_devices(struct hw_reader *r, hwloc_obj_t function, struct doc_pci *doc);

#endif
