/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_CHECKS_H
#define TOPOFS_CHECKS_H

/* What the files of rules share. A rule is a function in the file of its subject and a row in rules.c. */

#include "topofs/rules.h"

/* Notes what does not hold, and where in the user's terms; of one rule only the first few are kept. */
void report(const struct inspection *in, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "node 1", "pci 0000:3b:00.0", "0-3,8" */
const char *node_name(const struct inspection *in, const struct node *node);
const char *pci_name(const struct inspection *in, uint64_t address);
const char *list_text(const struct inspection *in, const struct idset *set);
/* Members of one set that another lacks, as a list; NULL when there are none. */
const char *beyond(const struct inspection *in, const struct idset *part, const struct idset *whole);

/* For qsort(3): numbers of 64 bits, ascending. */
int compare_u64(const void *x, const void *y);

/* rules_cpu.c */
void check_cpu_sets(const struct inspection *in);
void check_cpu_has_package(const struct inspection *in);
void check_node_cpus_exist(const struct inspection *in);
void check_cpu_kinds(const struct inspection *in);
void check_kernel_max(const struct inspection *in);
void check_mask_bits(const struct inspection *in);
void check_cpu_mask_width(const struct inspection *in);
void check_caches(const struct inspection *in);
void check_core_ids(const struct inspection *in);
void check_package_ids(const struct inspection *in);
void check_cache_levels(const struct inspection *in);
void check_frequencies(const struct inspection *in);

/* rules_node.c */
void check_node_mask(const struct inspection *in);
void check_possible_nodes(const struct inspection *in);
void check_nodes_possible(const struct inspection *in);
void check_cpu_one_node(const struct inspection *in);
void check_memory(const struct inspection *in);
void check_distance_diagonal(const struct inspection *in);
void check_distance_range(const struct inspection *in);
void check_distance_symmetry(const struct inspection *in);
void check_cpuless_nodes(const struct inspection *in);
void check_initiators(const struct inspection *in);

/* rules_pci.c */
void check_pci_unique(const struct inspection *in);
void check_roots(const struct inspection *in);
void check_root_under(const struct inspection *in);
void check_pci_bus(const struct inspection *in);
void check_bus_ranges(const struct inspection *in);
void check_named_nodes(const struct inspection *in);
void check_named_functions(const struct inspection *in);
void check_physfns(const struct inspection *in);
void check_vectors(const struct inspection *in);
void check_link_widths(const struct inspection *in);
void check_bridge_classes(const struct inspection *in);
void check_nccl(const struct inspection *in);
void check_switches(const struct inspection *in);

/* rules_plan.c */
void check_plan(const struct inspection *in);

/* rules_name.c */
void check_names(const struct inspection *in);
void check_node_parts(const struct inspection *in);
void check_device_parts(const struct inspection *in);

#endif
