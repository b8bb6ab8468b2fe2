/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_CLASSES_H
#define TOPOFS_CLASSES_H

#include "topofs/sysfs.h"

/* In the order in which they are built; one file each, close relatives together. */
extern const struct class system_class;					     /* system.c */
extern const struct class cpus_class;					     /* cpus.c */
extern const struct class cpu_class;					     /* cpu.c */
extern const struct class cpufreq_class, cpu_kind_class;			     /* cpu_kind.c */
extern const struct class cache_class;					     /* cache.c */
extern const struct class nodes_class, node_class, access_class, memory_side_cache_class; /* node.c */
extern const struct class hugepages_class, kernel_hugepages_class;	     /* hugepages.c */
extern const struct class host_bridge_class, pci_class;			     /* pci.c */
extern const struct class pci_bus_class, pci_driver_class, pci_slot_class, iommu_group_class; /* pci_bus.c */
extern const struct class virtio_class, virtio_driver_class;		     /* virtio.c */
extern const struct class net_class;					     /* net.c */
extern const struct class infiniband_class, ib_port_class, uverbs_class;     /* infiniband.c */
extern const struct class drm_class;					     /* drm.c */
extern const struct class nvme_class, namespace_class;			     /* nvme.c */
extern const struct class block_class, scsi_class;			     /* block.c */
extern const struct class dmi_class, module_class;			     /* system.c */
extern const struct class proc_class, nvidia_class, nvidia_gpu_class;	     /* proc.c */

/* Rows of a disk that does nothing, and is like most. */
// clang-format off
#define DISK_ROWS \
	CONSTANT("hidden", "0", "Whether it has no device file."), \
	CONSTANT("queue/scheduler", "[none] mq-deadline", "I/O scheduler.")
// clang-format on

/* Text of /proc/cpuinfo and of the two meminfo files. */
void cpuinfo_text(const struct facts *f, struct buf *out);	     /* cpuinfo.c */
void node_meminfo_text(const struct topo *t, const struct node *node, struct buf *out); /* meminfo.c */
void machine_meminfo_text(const struct topo *t, struct buf *out);    /* meminfo.c */

/* scan() of PCI's classes: pci_scan.c. The first takes the functions too. */
void scan_host_bridges(const struct class *class, const struct tree *tree, struct topo *t);
void scan_slots(const struct class *class, const struct tree *tree, struct topo *t);

/* The architecture that captured files speak of, as uname -m names it; x86_64 where nothing tells. */
const char *guess_arch(const struct tree *captured, struct arena *a); /* cpuinfo.c */

/* Takes what /proc/cpuinfo says of all CPUs alike. */
void scan_cpuinfo(const struct tree *tree, struct topo *t); /* cpuinfo.c */

/* The pools of a node: those the document tells, or empty ones of the architecture's usual sizes. */
size_t node_pools(const struct topo *t, const struct node *node, const struct hugepages **ret); /* hugepages.c */

#endif
