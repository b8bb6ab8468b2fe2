/* SPDX-License-Identifier: Apache-2.0 */

/* What rows share: one function for many attributes, the row says which member or set. */

#include "scan.h"

#include <stdlib.h>
#include <string.h>

static const void *member(const struct attr *attr, const struct object *o)
{
	return (const char *)o->self + attr->offset;
}

void show_int(const struct attr *attr, const struct object *o, struct buf *out)
{
	int32_t v = *(const int32_t *)member(attr, o);
	if (v < 0)
		buf_putc(out, '-');
	buf_dec(out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void load_int(const struct attr *attr, const struct loading *l, const char *text)
{
	*(int32_t *)((char *)l->self + attr->offset) = (int32_t)strtol(text, NULL, 0);
}

void show_flag(const struct attr *attr, const struct object *o, struct buf *out)
{
	buf_putc(out, *(const bool *)member(attr, o) ? '1' : '0');
}

void load_flag(const struct attr *attr, const struct loading *l, const char *text)
{
	*(bool *)((char *)l->self + attr->offset) = strcmp(text, "0") != 0;
}

void show_u64(const struct attr *attr, const struct object *o, struct buf *out)
{
	buf_dec(out, *(const uint64_t *)member(attr, o));
}

void load_u64(const struct attr *attr, const struct loading *l, const char *text)
{
	*(uint64_t *)((char *)l->self + attr->offset) = strtoull(text, NULL, 0);
}

bool has_u64(const struct attr *attr, const struct object *o)
{
	return *(const uint64_t *)member(attr, o) != 0;
}

void show_text(const struct attr *attr, const struct object *o, struct buf *out)
{
	buf_puts(out, *(const char *const *)member(attr, o));
}

void load_text(const struct attr *attr, const struct loading *l, const char *text)
{
	if (scan_is_line(text))
		*(const char **)((char *)l->self + attr->offset) = arena_strdup(&l->topo->arena, text);
}

bool has_text(const struct attr *attr, const struct object *o)
{
	return *(const char *const *)member(attr, o) != NULL;
}

void show_list(const struct attr *attr, const struct object *o, struct buf *out)
{
	idset_print_list(attr->ids(attr, o), out);
}

void show_mask(const struct attr *attr, const struct object *o, struct buf *out)
{
	idset_print_mask(attr->ids(attr, o), o->facts->cpu_bits, out);
}

void show_constant(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)o;
	buf_puts(out, attr->constant);
}

void show_nothing(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	(void)o;
	(void)out;
}

size_t count_one(const struct facts *f)
{
	(void)f;
	return 1;
}

size_t count_cpus(const struct facts *f)
{
	return f->topo->cpus.n;
}

size_t count_nodes(const struct facts *f)
{
	return f->topo->nodes.n;
}

size_t count_pci(const struct facts *f)
{
	return f->topo->pci.n;
}

bool link_to_function(const struct facts *f, uint64_t function, struct buf *place)
{
	uint32_t pci = function == BDF_NONE ? FACTS_NONE : facts_pci(f, function);
	if (pci == FACTS_NONE)
		return false;
	buf_puts(place, f->pci[pci].path);
	return true;
}

bool link_to_parent(const struct facts *f, const struct site *on, struct buf *place)
{
	if (!link_to_function(f, on->function, place))
		return false;
	if (on->parent)
		buf_printf(place, "/%s", on->parent);
	return true;
}

bool link_parent(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *place)
{
	(void)name;
	return i == 0 && link_to_parent(o->facts, member(attr, o), place);
}
