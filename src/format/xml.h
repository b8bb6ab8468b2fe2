/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_XML_H
#define TOPOFS_XML_H

/*
 * XML, read by libxml2: formats that only look like it (NCCL's) have their own reader. Nothing is fetched, document
 * types are not read, and a document that declares entities is refused, so that what is read is what is in the bytes.
 *
 *     _cleanup_xml_ xmlDoc *doc = NULL;
 *     if (xml_parse(bytes, len, &doc, err))
 *         return -EINVAL;
 *     XML_EACH (cell, xml_child(xmlDocGetRootElement(doc), "cells"), "cell")
 *         ...
 *
 * Elements and attributes of a namespace (<qemu:commandline>) are others than those without that have their names.
 */

#include "topofs/arena.h"
#include "topofs/buf.h"
#include "topofs/err.h"
#include "topofs/idset.h"

#include <libxml/tree.h>

/* On failure err->where is "line 12". */
int xml_parse(const char *bytes, size_t len, xmlDoc **ret, struct err *err);
void xml_done(xmlDoc **doc);
#define _cleanup_xml_ __attribute__((cleanup(xml_done)))

/* The first element of that name in another, which may be NULL, and the next one beside it; NULL: there is none. */
const xmlNode *xml_child(const xmlNode *parent, const char *name);
const xmlNode *xml_next(const xmlNode *element);
#define XML_EACH(e, parent, name) for (const xmlNode *e = xml_child((parent), (name)); e; e = xml_next(e))
/* The first one down a path, "host/topology/cells". */
const xmlNode *xml_find(const xmlNode *parent, const char *path);

/* Texts lie in the arena. NULL: there is no such attribute, or no such element. */
const char *xml_attr(const xmlNode *e, const char *name, struct arena *a);
bool xml_attr_is(const xmlNode *e, const char *name, const char *value);
/* All that stands in an element, less blanks around it. */
const char *xml_text(const xmlNode *e, struct arena *a);

/*
 * Values of attributes; where there is none, *ret is left alone. Numbers are decimal, or hexadecimal with 0x. A list of
 * CPUs is libvirt's: "0-3,^2,8".
 */
int xml_number(const xmlNode *e, const char *name, uint64_t max, uint64_t *ret, struct err *err);
int xml_id(const xmlNode *e, const char *name, uint32_t max, int32_t *ret, struct err *err);
int xml_list(const xmlNode *e, const char *name, uint32_t max, struct arena *a, struct idset *ret, struct err *err);
/* The same of a text that somebody took from the element: the number or the list of `what`. */
int xml_parse_number(const xmlNode *e, const char *what, const char *text, uint64_t max, uint64_t *ret,
		     struct err *err);
int xml_parse_list(const xmlNode *e, const char *what, const char *text, uint32_t max, struct arena *a,
		   struct idset *ret, struct err *err);

/* Fails at the element: err->where is "line 12: /capabilities/host/topology/cells/cell[2]". */
int xml_wrong(const xmlNode *e, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Appends a text in which nothing is markup; what XML cannot say at all becomes "?". */
void xml_put_text(struct buf *out, const char *text);

#endif
