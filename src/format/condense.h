/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_CONDENSE_H
#define TOPOFS_CONDENSE_H

#include "document.h"

/* Nothing where it is what goes without saying. */
struct idset unless_equal(const struct idset *set, const struct idset *otherwise);

void condense_cpus(const struct topo *t, struct arena *a, struct document *doc); /* condense_cpu.c */

#endif
