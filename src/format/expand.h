/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_EXPAND_H
#define TOPOFS_EXPAND_H

#include "document.h"

/* Where in the document we are, and what we make. */
struct expander {
	struct topo *topo;
	struct buf path; /* "cpu.packages[1]" */
	struct err *err;
};

/* Fails at the path. */
int wrong(struct expander *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* In this order: caches ask for nodes. */
int expand_cpus(struct expander *x, const struct document *doc);	  /* expand_cpu.c */
int expand_caches(struct expander *x, const struct document *doc); /* expand_cache.c */
int expand_pci(struct expander *x, const struct document *doc);	  /* expand_pci.c */

#endif
