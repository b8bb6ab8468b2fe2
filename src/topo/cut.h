/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_CUT_H
#define TOPOFS_CUT_H

/* A part of a machine: scope.c finds out what stays, cut.c and cut_extras.c leave the rest out. */

#include "topofs/scope.h"

enum limit { LIMIT_CPUS = 1, LIMIT_NODES = 2, LIMIT_PCI = 4 };

/* What stays. Sets and arrays lie in the topology's arena. */
struct cut {
	struct topo *t;
	unsigned limits; /* enum limit: of what there is less than before */
	struct idset cpus, nodes;
	bool *functions;     /* by place in topo->pci */
	uint64_t *addresses; /* of these, in order */
	size_t n_addresses;
};

/* By its address; BDF_NONE always stays. */
bool cut_has_function(const struct cut *cut, uint64_t address);

void cut_cpus(const struct cut *cut);
void cut_nodes(const struct cut *cut);
void cut_pci(const struct cut *cut);
/* Captured files that are of what is gone, lead there, or tell of the machine as a whole. */
void cut_extras(const struct cut *cut);

/* Keeps the elements of a list for which the condition on `it` holds. */
#define KEEP(list, condition) \
	do { \
		size_t kept_ = 0; \
		for (size_t i_ = 0; i_ < (list)->n; i_++) { \
			__typeof__((list)->at) it = &(list)->at[i_]; \
			if (condition) \
				(list)->at[kept_++] = *it; \
		} \
		(list)->n = kept_; \
	} while (0)

#endif
