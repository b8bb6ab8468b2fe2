/* SPDX-License-Identifier: Apache-2.0 */

/* How well memory is reached: what ACPI's HMAT tells, as <cache> of a cell and <interconnects> of all. */

#include "libvirt.h"

#include <errno.h>
#include <string.h>

/* In the order of enum cache_indexing and enum cache_write_policy of include/linux/node.h. */
static const char *const indexings[] = { "direct", "full", "none", NULL };
static const char *const policies[] = { "writeback", "writethrough", "none", NULL };

/* --- writing --------------------------------------------------------------------------------------------- */

static void put_bytes(const char *name, uint64_t bytes, int indent, struct buf *out)
{
	bool whole = bytes && bytes % 1024 == 0;
	buf_pad(out, ' ', (size_t)indent);
	buf_printf(out, "<%s value='%llu' unit='%s'/>\n", name, (unsigned long long)(whole ? bytes / 1024 : bytes),
		   whole ? "KiB" : "B");
}

void libvirt_put_side_caches(const struct node *node, int indent, struct buf *out)
{
	for (size_t i = 0; i < node->memory_side_caches.n; i++) {
		const struct memory_side_cache *cache = &node->memory_side_caches.at[i];
		buf_pad(out, ' ', (size_t)indent);
		buf_printf(out, "<cache level='%u' associativity='%s' policy='%s'>\n", cache->level,
			   indexings[cache->indexing], policies[cache->write_policy]);
		put_bytes("size", cache->size, indent + 2, out);
		put_bytes("line", cache->line, indent + 2, out);
		buf_pad(out, ' ', (size_t)indent);
		buf_puts(out, "</cache>\n");
	}
}

struct pair_of_nodes {
	unsigned initiator, target;
	int indent;
	struct buf *out;
};

/* Reading and writing alike are one line. */
static void put_values(const struct pair_of_nodes *p, const char *name, const char *rest, uint64_t read, uint64_t write)
{
	const struct {
		const char *type;
		uint64_t value;
	} lines[] = { { read == write ? "access" : "read", read }, { "write", read == write ? 0 : write } };
	for (size_t i = 0; i < 2; i++) {
		if (!lines[i].value)
			continue;
		buf_pad(p->out, ' ', (size_t)p->indent);
		buf_printf(p->out, "<%s initiator='%u' target='%u' type='%s' value='%llu'%s/>\n", name, p->initiator,
			   p->target, lines[i].type, (unsigned long long)lines[i].value, rest);
	}
}

/* libvirt tells of the best initiators of any kind. */
static const struct node_access *access_of(const struct node *node)
{
	for (size_t i = 0; i < node->access.n; i++)
		if (!node->access.at[i].class)
			return &node->access.at[i];
	return NULL;
}

void libvirt_put_interconnects(const struct topo *t, int indent, struct buf *out)
{
	bool opened = false;
	for (int bandwidths = 0; bandwidths < 2; bandwidths++)
		for (size_t i = 0; i < t->nodes.n; i++) {
			const struct node_access *access = access_of(&t->nodes.at[i]);
			IDSET_EACH (initiator, access ? &access->initiators : &(struct idset){ 0 }) {
				struct pair_of_nodes p = { (unsigned)initiator, t->nodes.at[i].id, indent + 2, out };
				if (!opened)
					buf_pad(out, ' ', (size_t)indent), buf_puts(out, "<interconnects>\n");
				opened = true;
				if (bandwidths)
					put_values(&p, "bandwidth", " unit='KiB'", access->read_bandwidth * 1024,
						   access->write_bandwidth * 1024);
				else
					put_values(&p, "latency", "", access->read_latency, access->write_latency);
			}
		}
	if (opened)
		buf_pad(out, ' ', (size_t)indent), buf_puts(out, "</interconnects>\n");
}

/* --- reading --------------------------------------------------------------------------------------------- */

static int read_choice(const xmlNode *e, const char *name, const char *const *names, uint32_t *ret, struct arena *a,
		       struct err *err)
{
	const char *text = xml_attr(e, name, a);
	for (*ret = 0; names[*ret]; ++*ret)
		if (text && !strcmp(names[*ret], text))
			return 0;
	return xml_wrong(e, err, "%s: expected one of %s, %s, %s, got \"%.40s\"", name, names[0], names[1], names[2],
			 text ? text : "");
}

static int read_bytes(const xmlNode *e, uint64_t *ret, struct arena *a, struct err *err)
{
	const char *value = xml_attr(e, "value", a);
	return value ? libvirt_scale(e, "value", value, xml_attr(e, "unit", a), ret, err) : 0;
}

int libvirt_side_caches(const xmlNode *cell, struct node *node, struct arena *a, struct err *err)
{
	XML_EACH (e, cell, "cache") {
		struct memory_side_cache *cache = LIST_ADD(a, &node->memory_side_caches);
		int32_t level = 1;
		if (xml_id(e, "level", 9, &level, err) ||
		    read_choice(e, "associativity", indexings, &cache->indexing, a, err) ||
		    read_choice(e, "policy", policies, &cache->write_policy, a, err) ||
		    read_bytes(xml_child(e, "size"), &cache->size, a, err) ||
		    read_bytes(xml_child(e, "line"), &cache->line, a, err))
			return -EINVAL;
		cache->level = (uint32_t)level;
	}
	return 0;
}

/* What an initiator gets of a target; 0: not said. */
struct connection {
	uint64_t values[4]; /* latency of reading and writing in ns, bandwidth of both in MiB/s */
};

/* Of every target from every initiator, by their places in the list of nodes. */
struct connections {
	struct topo *t;
	struct connection *at;
};

static int read_node(const xmlNode *e, const char *name, const struct topo *t, size_t *place, struct err *err)
{
	int32_t id = TOPO_UNKNOWN;
	if (xml_id(e, name, TOPO_MAX_NODE, &id, err))
		return -EINVAL;
	const struct node *node = id < 0 ? NULL : topo_node(t, (uint32_t)id);
	if (!node)
		return id < 0 ? xml_wrong(e, err, "%s: it is missing", name)
			      : xml_wrong(e, err, "%s: there is no cell %d", name, id);
	*place = (size_t)(node - t->nodes.at);
	return 0;
}

static int read_connection(const struct connections *all, const xmlNode *e, bool bandwidth, struct err *err)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *value = xml_attr(e, "value", &a), *unit = xml_attr(e, "unit", &a);
	size_t initiator, target;
	uint64_t n = 0;
	if (read_node(e, "initiator", all->t, &initiator, err) || read_node(e, "target", all->t, &target, err))
		return -EINVAL;
	if (!value)
		return xml_wrong(e, err, "value: it is missing");
	if (bandwidth ? libvirt_scale(e, "value", value, unit, &n, err)
		      : xml_parse_number(e, "value", value, INT32_MAX, &n, err))
		return -EINVAL;
	/* that of a cache in front of the memory is not the memory's */
	if (xml_attr(e, "cache", &a))
		return 0;
	uint64_t *values = all->at[target * all->t->nodes.n + initiator].values;
	for (int write = 0; write < 2; write++)
		if (!xml_attr_is(e, "type", write ? "read" : "write"))
			values[bandwidth * 2 + write] = bandwidth ? n >> 20 : n;
	return 0;
}

static bool is_better(size_t value, uint64_t a, uint64_t b)
{
	return value < 2 ? a && (!b || a < b) : a > b;
}

/* As the kernel does: of all that is told of a target, one value after the other, the best ones stay. */
static void keep_best(const struct connections *all, size_t target)
{
	static const struct connection nothing;
	struct topo *t = all->t;
	const struct connection *row = &all->at[target * t->nodes.n], *best = &nothing;
	for (size_t value = 0; value < 4; value++)
		for (size_t i = 0; i < t->nodes.n; i++)
			if (!memcmp(row[i].values, best->values, value * sizeof *best->values) &&
			    is_better(value, row[i].values[value], best->values[value]))
				best = &row[i];
	if (best == &nothing)
		return;
	struct node_access *access = LIST_ADD(&t->arena, &t->nodes.at[target].access);
	*access = (struct node_access){ .read_latency = best->values[0],
					.write_latency = best->values[1],
					.read_bandwidth = best->values[2],
					.write_bandwidth = best->values[3] };
	for (size_t i = 0; i < t->nodes.n; i++)
		if (!memcmp(row[i].values, best->values, sizeof best->values))
			idset_add(&t->arena, &access->initiators, t->nodes.at[i].id);
}

int libvirt_interconnects(const xmlNode *parent, struct topo *t, struct err *err)
{
	const xmlNode *e = xml_child(parent, "interconnects");
	struct connections all = { .t = t };
	if (!e)
		return 0;
	all.at = arena_alloc(&t->arena, t->nodes.n * t->nodes.n * sizeof *all.at);
	XML_EACH (latency, e, "latency")
		if (read_connection(&all, latency, false, err))
			return -EINVAL;
	XML_EACH (bandwidth, e, "bandwidth")
		if (read_connection(&all, bandwidth, true, err))
			return -EINVAL;
	for (size_t i = 0; i < t->nodes.n; i++)
		keep_best(&all, i);
	return 0;
}
