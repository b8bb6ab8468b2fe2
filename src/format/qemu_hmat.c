/* SPDX-License-Identifier: Apache-2.0 */

/*
 * -numa hmat-lb and hmat-cache, and what Linux makes of the ACPI table they become: drivers/acpi/numa/hmat.c keeps of a
 * node what is true from its initiator, of any kind (access class 0) and of CPUs (1), which are the same in QEMU.
 */

#include "qemu.h"
#include "topofs/size.h"

#include <errno.h>
#include <string.h>

enum { READ = 1, WRITE = 2, LATENCY = 4 };

static const struct {
	const char *name;
	unsigned what;
} data_types[] = {
	{ "access-latency", LATENCY | READ | WRITE },
	{ "read-latency", LATENCY | READ },
	{ "write-latency", LATENCY | WRITE },
	{ "access-bandwidth", READ | WRITE },
	{ "read-bandwidth", READ },
	{ "write-bandwidth", WRITE },
};

static bool is_hmat(const struct qemu_option *o, const char *type)
{
	return !strcmp(o->name, "numa") && topo_same_text(qemu_value_of(o, "type"), type);
}

/* The place of a word among some; fails at the option. */
static int read_word(struct qemu_guest *g, const struct qemu_option *o, const char *key, const char *const *words,
		     uint32_t *ret)
{
	const char *text = qemu_value_of(o, key);
	_cleanup_buf_ struct buf list = { 0 };
	for (uint32_t i = 0; words[i]; i++) {
		if (topo_same_text(text, words[i])) {
			*ret = i;
			return 0;
		}
		buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
	}
	return qemu_wrong(g, o, "%s: expected one of %s", key, buf_text(&list));
}

static int read_node(struct qemu_guest *g, const struct qemu_option *o, const char *key, struct node **ret)
{
	uint64_t id = UINT64_MAX;
	if (qemu_number(g, o, key, QEMU_MAX_NODES - 1, &id))
		return -EINVAL;
	if (id >= g->t->nodes.n)
		return qemu_wrong(g, o, "%s: %s", key, id == UINT64_MAX ? "it is missing" : "there is no such node");
	*ret = &g->t->nodes.at[id];
	return 0;
}

/* --- initiators ------------------------------------------------------------------------------------------ */

static int add_initiator(struct qemu_guest *g, const struct qemu_option *o)
{
	struct node *node, *from;
	uint64_t id = 0;
	for (const struct qemu_option *p = g->command->options.at; p < o; p++)
		id += is_hmat(p, "node");
	if (qemu_number(g, o, "nodeid", QEMU_MAX_NODES - 1, &id))
		return -EINVAL;
	node = from = &g->t->nodes.at[id];
	if (qemu_value_of(o, "initiator") && read_node(g, o, "initiator", &from))
		return -EINVAL;
	if (idset_is_empty(&from->cpus))
		return qemu_wrong(g, o, "initiator: %s",
				  from == node ? "it is missing, and the node has no CPUs" : "it has no CPUs");
	for (uint32_t class = 0; class < 2 && node->memory_k; class ++) {
		struct node_access *access = LIST_ADD(&g->t->arena, &node->access);
		access->class = class;
		idset_add(&g->t->arena, &access->initiators, from->id);
	}
	return 0;
}

/* --- latencies and bandwidths ---------------------------------------------------------------------------- */

/* MiB/s of "200G", or ns. */
static int read_value(struct qemu_guest *g, const struct qemu_option *o, bool latency, uint64_t *value)
{
	enum { MAX_NS = 1 << 30 };
	const char *text = qemu_value_of(o, latency ? "latency" : "bandwidth"), *rest;
	if (!text)
		return qemu_wrong(g, o, "%s: it is missing", latency ? "latency" : "bandwidth");
	if (latency)
		return qemu_number(g, o, "latency", MAX_NS, value);
	rest = parse_size(text, value);
	if (!rest || *rest || *value % (1 << 20))
		return qemu_wrong(g, o, "bandwidth: expected one of whole MiB/s such as 200G, got \"%.40s\"", text);
	*value >>= 20;
	return 0;
}

static int add_locality(struct qemu_guest *g, const struct qemu_option *o)
{
	static const char *const hierarchies[] = { "memory", "first-level", "second-level", "third-level", NULL };
	struct node *from, *to;
	uint32_t hierarchy;
	uint64_t value;
	const char *type = qemu_value_of(o, "data-type");
	size_t i = 0, n = sizeof data_types / sizeof *data_types;
	while (i < n && !topo_same_text(type, data_types[i].name))
		i++;
	if (i == n)
		return qemu_wrong(g, o, "data-type: expected access-, read- or write-, and latency or bandwidth");
	unsigned what = data_types[i].what;
	if (read_node(g, o, "initiator", &from) || read_node(g, o, "target", &to) ||
	    read_word(g, o, "hierarchy", hierarchies, &hierarchy) || read_value(g, o, what & LATENCY, &value))
		return -EINVAL;
	for (size_t k = 0; k < to->access.n && !hierarchy; k++) {
		struct node_access *access = &to->access.at[k];
		if (!idset_has(&access->initiators, from->id))
			continue;
		if (what & READ)
			*(what & LATENCY ? &access->read_latency : &access->read_bandwidth) = value;
		if (what & WRITE)
			*(what & LATENCY ? &access->write_latency : &access->write_bandwidth) = value;
	}
	return 0;
}

/* --- caches before memory -------------------------------------------------------------------------------- */

static int add_cache(struct qemu_guest *g, const struct qemu_option *o)
{
	enum { MAX_LINE = 65535, MAX_LEVEL = 3, INDEXED = 1 };
	static const char *const ways[] = { "direct", "complex", "none", NULL };
	static const char *const policies[] = { "write-back", "write-through", "none", NULL };
	struct node *node;
	struct memory_side_cache cache = { 0 };
	uint64_t level = 0, line = 0;
	const char *size = qemu_value_of(o, "size"), *rest = size ? parse_size(size, &cache.size) : NULL;
	if (read_node(g, o, "node-id", &node) || qemu_number(g, o, "level", MAX_LEVEL, &level) ||
	    qemu_number(g, o, "line", MAX_LINE, &line) || read_word(g, o, "associativity", ways, &cache.indexing) ||
	    read_word(g, o, "policy", policies, &cache.write_policy))
		return -EINVAL;
	if (!rest || *rest)
		return qemu_wrong(g, o, "size: expected a size such as 10G");
	if (!level)
		return qemu_wrong(g, o, "level: expected 1 to %d", MAX_LEVEL);
	cache.level = (uint32_t)level;
	cache.line = line;
	cache.indexing = cache.indexing > INDEXED ? INDEXED : cache.indexing;
	*LIST_ADD(&g->t->arena, &node->memory_side_caches) = cache;
	return 0;
}

/* --------------------------------------------------------------------------------------------------------- */

int qemu_add_hmat(struct qemu_guest *g)
{
	static const struct {
		const char *type;
		int (*add)(struct qemu_guest *g, const struct qemu_option *o);
	} kinds[] = { { "node", add_initiator }, { "hmat-lb", add_locality }, { "hmat-cache", add_cache } };
	const char *hmat = qemu_value(g, "machine", "hmat", NULL);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (size_t i = 0; i < g->command->options.n; i++) {
			const struct qemu_option *o = &g->command->options.at[i];
			if (!is_hmat(o, kinds[k].type))
				continue;
			if (!qemu_is_on(hmat) && (k || qemu_value_of(o, "initiator")))
				return qemu_wrong(g, o, "it needs -machine hmat=on");
			if (qemu_is_on(hmat) && kinds[k].add(g, o))
				return -EINVAL;
		}
	return 0;
}
