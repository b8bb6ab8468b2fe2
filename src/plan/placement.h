/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_PLACEMENT_H
#define TOPOFS_PLACEMENT_H

/* Where functions stand in the guest, as a tree of ports, before it has addresses. */

#include "planning.h"

/* A port, or a function given. */
struct place {
	const struct emulated *port; /* NULL: a function */
	struct given *given;
	uint32_t host; /* which port of the host it stands for, by place in host->pci; FACTS_NONE: none */
	uint8_t device, function, secondary, subordinate;
	LIST_OF(struct place *) below;
};

/* A bus of a host bridge; the first is the default root. */
struct root_bus {
	int32_t node;  /* of the guest */
	uint32_t root; /* which of the host it stands for, by place; FACTS_NONE: none in particular */
	uint8_t bus, slot; /* its number, and its device on the default root */
	LIST_OF(struct place *) below;
};

struct placement {
	LIST_OF(struct root_bus *) roots;
};

/* buses.c: numbers them, adds them to the guest and tells the functions given their addresses. */
int number_buses(struct planning *p, struct placement *all);
void add_functions(struct planning *p, const struct placement *all);

#endif
