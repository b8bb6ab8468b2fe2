/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_HWLOC_FORMAT_H
#define TOPOFS_HWLOC_FORMAT_H

/*
 * What libhwloc reads: its XML files and its synthetic descriptions. It is optional: without it hwloc_none.c stands
 * for all of these.
 *
 *     text  -- libhwloc, hwloc_load.c -->  its objects  -- hwloc_cpu.c, hwloc_node.c, hwloc_pci.c -->  struct document
 *                                                                                  -- expand.c -->  topology
 *
 * Names begin with hw_, as libhwloc has hwloc_ for its own.
 */

#include "document.h"

#include "topofs/format.h"

enum hw_kind { HW_XML, HW_SYNTHETIC };

/* The read() of both formats. */
int hw_read(enum hw_kind kind, const char *bytes, size_t len, struct topo *ret, struct err *err);

#endif
