/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_FINDING_H
#define TOPOFS_FINDING_H

/* What facts_init() is made of, beside CPUs and nodes, which come first. */

#include "topofs/facts.h"

/* facts_pci.c: all that is told of functions but their addresses. */
void facts_find_pci(struct facts *f);
/* resources.c: gives every base address register a place and every bridge its windows. */
void facts_place_bars(struct facts *f);

#endif
