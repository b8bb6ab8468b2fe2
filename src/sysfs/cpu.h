/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_CPU_H
#define TOPOFS_CPU_H

/* What cpu.c shares with cpu_kind.c. The object is a struct cpu. */

#include "classes.h"

bool cpu_is_online(const struct object *o);

/* A member of its kind, where it is online and the member is told: a number above 0, or a text. */
bool has_kind_number(const struct attr *attr, const struct object *o);
void show_kind_number(const struct attr *attr, const struct object *o, struct buf *out);
bool has_kind_text(const struct attr *attr, const struct object *o);
void show_kind_text(const struct attr *attr, const struct object *o, struct buf *out);
#define KIND(name, member, text) \
	{ name, text, show_kind_number, has_kind_number, .offset = offsetof(struct cpu_kind, member) }

/* Leads to its frequency policy, where its kind tells a frequency. */
bool link_policy(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *place);

#endif
