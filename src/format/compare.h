/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_COMPARE_H
#define TOPOFS_COMPARE_H

/* The things of a machine (compare_things.c), as they are compared (compare.c). */

#include "document.h"

/* Things that have no names of their own are told by their CPUs: "core of CPUs 2,10". */
struct thing {
	const char *noun; /* NULL: it is called by its name */
	struct idset cpus;
	const char *name; /* by which it is found in the other machine: "node 1" */
	const struct table *table;
	const void *at;
	uint64_t on; /* the function a device sits on, with which it comes and goes; BDF_NONE */
};
typedef LIST_OF(struct thing) things;

/* Adds a machine's things of a sort; `common` are the CPUs that run in both. */
struct sort;
typedef void list_things(const struct topo *t, const struct sort *sort, const struct idset *common, struct arena *a,
			 things *ret);
struct sort {
	const char *path; /* its table's: "cpu.packages" */
	list_things *list;
	int32_t level; /* enum topo_level */
};
extern const struct sort sorts[];
extern const size_t n_sorts;
list_things list_nodes;

#endif
