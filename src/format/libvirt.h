/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_LIBVIRT_H
#define TOPOFS_LIBVIRT_H

/*
 * What the files of libvirt's formats share. Elements and attributes are those of docs/formatcaps.rst and
 * docs/formatdomain.rst, and of the schemas beside them.
 */

#include "document.h"
#include "xml.h"

#include "topofs/format.h"

/* As libvirt's virScaleInteger() takes it: "KiB" and "k" are 1024 bytes, "KB" 1000; without a unit, KiB. */
int libvirt_scale(const xmlNode *e, const char *what, const char *text, const char *unit, uint64_t *bytes,
		  struct err *err);
/*
 * The memory that an element tells: <memory unit='KiB'>8388608</memory>, or <memory size='8388608'/> as it was first
 * proposed in 2007; none where the element is NULL.
 */
int libvirt_memory(const xmlNode *e, uint64_t *ret_k, struct err *err);

/*
 * Rows of <distances> below elements that have each a node's id, their place where it is not said, into topo->nodes:
 * what is said in one direction only holds in both, the rest is 10 and 20. `others` gets the ids of nodes that are told
 * of but are none of the topology.
 */
int libvirt_distances(const xmlNode *cells, struct topo *t, struct idset *others, struct err *err);
void libvirt_put_distances(const struct topo *t, size_t node, int indent, struct buf *out);

/* Memory-side caches of a cell, and the best initiators of each node, of access class 0: libvirt_memory.c. */
int libvirt_side_caches(const xmlNode *cell, struct node *node, struct arena *a, struct err *err);
int libvirt_interconnects(const xmlNode *parent, struct topo *t, struct err *err);
void libvirt_put_side_caches(const struct node *node, int indent, struct buf *out);
void libvirt_put_interconnects(const struct topo *t, int indent, struct buf *out);

/* Both write and read the short list "0-3,8". */
void libvirt_put_list(const char *name, const struct idset *set, struct buf *out);

int libvirt_caps_read(const char *bytes, size_t len, struct topo *ret, struct err *err);

#endif
