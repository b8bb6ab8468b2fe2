/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_NCCL_H
#define TOPOFS_NCCL_H

/*
 * NCCL's topology files (NCCL_TOPO_FILE), as src/graph/xml.cc of NCCL reads and writes them: XML by its looks only.
 *
 *     text  -- nccl_scan.c -->  elements  -- nccl_read.c, nccl_number.c -->  struct document  -- expand.c -->  topology
 */

#include "document.h"

#include "topofs/format.h"

enum {
	NCCL_MAX_TEXT = 255,	/* bytes of a name or a value */
	NCCL_MAX_ATTRS = 16,	/* of an element; what is beyond is not looked at */
	NCCL_MAX_CHILDREN = 640,
	NCCL_MAX_ELEMENTS = 256 /* of a file that NCCL loads */
};

struct nccl_element {
	const char *name;
	unsigned line;
	struct pair attrs[NCCL_MAX_ATTRS];
	size_t n_attrs;
	LIST_OF(struct nccl_element *) children; /* those that have a meaning where they stand */
};

/* The format's: nccl_read.c. */
int nccl_read(const char *bytes, size_t len, struct topo *ret, struct err *err);

/* Finds <system>. */
int nccl_scan(const char *bytes, size_t len, struct arena *a, const struct nccl_element **ret, struct err *err);
/* NULL where it has none. */
const char *nccl_attr(const struct nccl_element *e, const char *name);
/* Fails at the element. */
int nccl_wrong(struct err *err, const struct nccl_element *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct nccl_part;
typedef LIST_OF(struct nccl_part *) nccl_parts;

/*
 * A function that a file tells of. NCCL knows of a switch no more than its upper end: the ports below it and root ports
 * are not in its files.
 */
struct nccl_part {
	const struct nccl_element *element;
	struct doc_pci doc;
	uint64_t address;
	int32_t node;
	nccl_parts below;	/* of a switch */
	uint32_t inner;		/* the bus of its lower ports, once numbered */
	bool has_width;		/* NCCL found a port above it */
};

/*
 * Finds bus numbers for what is not in the file, and adds host bridges with all that is below them to the document. A
 * switch that no PCI tree can have, such as one with devices of several domains, is left out: `notes` tells.
 */
int nccl_number(nccl_parts *parts, struct arena *a, struct document *doc, struct buf *notes, struct err *err);

#endif
