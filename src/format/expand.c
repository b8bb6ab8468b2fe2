/* SPDX-License-Identifier: Apache-2.0 */

/* The document's short forms, spelt out; here the nodes and what holds it together. */

#include "expand.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int wrong(struct expander *x, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int ret = err_vset(x->err, buf_text(&x->path), fmt, ap);
	va_end(ap);
	return ret;
}

/* --- nodes ----------------------------------------------------------------------------------------------- */

static int compare_nodes(const void *x, const void *y)
{
	uint32_t a = ((const struct node *)x)->id, b = ((const struct node *)y)->id;
	return (a > b) - (a < b);
}

static int add_node(struct expander *x, const struct doc_node *doc, uint32_t id, struct idset *seen)
{
	if (id > TOPO_MAX_NODE)
		return wrong(x, "expected node ids of 0 to %d, got %u", TOPO_MAX_NODE, id);
	if (idset_has(seen, id))
		return wrong(x, "node %u is there already", id);
	idset_add(&x->topo->arena, seen, id);
	struct node *node = LIST_ADD(&x->topo->arena, &x->topo->nodes);
	*node = doc->node;
	node->id = id;
	return 0;
}

static int expand_distance_rules(struct expander *x, const struct document *doc);

static int check_rows(struct expander *x, const struct document *doc)
{
	size_t with_row = 0;
	for (size_t i = 0; i < doc->nodes.n; i++) {
		size_t n = doc->nodes.at[i].node.distances.n;
		buf_cut(&x->path, 0);
		buf_printf(&x->path, "nodes[%zu].distances", i);
		if (n && n != x->topo->nodes.n)
			return wrong(x, "expected %zu entries, got %zu", x->topo->nodes.n, n);
		with_row += !!n;
		if (with_row && with_row != i + 1)
			return wrong(x, "either every node has distances or none");
		if (n && idset_count(&doc->nodes.at[i].ids) > 1)
			return wrong(x, "several nodes cannot share a row: use the document's own distances");
	}
	return with_row ? 1 : 0;
}

/* Those up to the last there is; beyond 63 a power of two, as kernels have it and hwloc needs it. */
struct idset default_possible_nodes(const struct topo *t, struct arena *a)
{
	struct idset nodes = { 0 };
	uint32_t last = t->nodes.n ? t->nodes.at[t->nodes.n - 1].id : 0, round = 64;
	while (round <= last)
		round *= 2;
	if (t->nodes.n)
		idset_add_range(a, &nodes, 0, last > 63 ? round - 1 : last);
	return nodes;
}

static int expand_nodes(struct expander *x, const struct document *doc)
{
	struct topo *t = x->topo;
	struct idset seen = { 0 };
	for (size_t i = 0; i < doc->nodes.n; i++) {
		const struct doc_node *node = &doc->nodes.at[i];
		int ret = 0;
		buf_cut(&x->path, 0);
		buf_printf(&x->path, "nodes[%zu]", i);
		if (idset_is_empty(&node->ids))
			ret = add_node(x, node, (uint32_t)i, &seen);
		IDSET_EACH (id, &node->ids)
			if (!ret)
				ret = add_node(x, node, (uint32_t)id, &seen);
		if (ret)
			return ret;
	}
	if (t->nodes.n)
		qsort(t->nodes.at, t->nodes.n, sizeof *t->nodes.at, compare_nodes);
	if (idset_is_empty(&t->possible_nodes))
		t->possible_nodes = default_possible_nodes(t, &t->arena);
	return expand_distance_rules(x, doc);
}

static uint32_t *distance_between(struct topo *t, int64_t from, int64_t to)
{
	const struct node *a = topo_node(t, (uint32_t)from), *b = topo_node(t, (uint32_t)to);
	return &a->distances.at[b - t->nodes.at];
}

/* Sets of nodes meet, but only who names one node alone says how far it is from itself. */
static void set_distances(struct topo *t, const struct doc_distance *rule)
{
	bool of_one = idset_count(&rule->from) == 1 && idset_count(&rule->to) == 1;
	IDSET_EACH (from, &rule->from)
		IDSET_EACH (to, &rule->to)
			if (from != to || of_one)
				*distance_between(t, from, to) = *distance_between(t, to, from) = rule->value;
}

/* Rules may set what earlier ones have set, but not without end. */
enum { MAX_OVERLAP = 16 };

static int names_no_node(struct expander *x, const struct idset *ids)
{
	IDSET_EACH (id, ids)
		if (!topo_node(x->topo, (uint32_t)id))
			return wrong(x, "there is no node %lld", (long long)id);
	return 0;
}

static int expand_distance_rules(struct expander *x, const struct document *doc)
{
	struct topo *t = x->topo;
	int rows = check_rows(x, doc);
	buf_cut(&x->path, 0);
	buf_puts(&x->path, "distances");
	if (rows < 0 || !doc->distances.n)
		return rows < 0 ? rows : 0;
	if (rows)
		return wrong(x, "the nodes have distances of their own");
	for (size_t i = 0; i < t->nodes.n; i++) {
		t->nodes.at[i].distances.n = 0;
		for (size_t k = 0; k < t->nodes.n; k++)
			*LIST_ADD(&t->arena, &t->nodes.at[i].distances) = i == k ? 10 : 20;
	}
	size_t n_set = 0;
	for (size_t i = 0; i < doc->distances.n; i++) {
		const struct doc_distance *rule = &doc->distances.at[i];
		buf_cut(&x->path, strlen("distances"));
		buf_printf(&x->path, "[%zu]", i);
		if (names_no_node(x, &rule->from) || names_no_node(x, &rule->to))
			return -EINVAL;
		n_set += (size_t)idset_count(&rule->from) * idset_count(&rule->to);
		if (n_set > MAX_OVERLAP * t->nodes.n * t->nodes.n)
			return wrong(x, "the distances are set more than %d times over", MAX_OVERLAP);
		set_distances(t, rule);
	}
	return 0;
}

/* Who says nothing of ports has one. */
static void add_default_ports(struct topo *t)
{
	for (size_t i = 0; i < t->infinibands.n; i++)
		if (!t->infinibands.at[i].ports.n)
			table_init(&port_table, LIST_ADD(&t->arena, &t->infinibands.at[i].ports));
}

/* --- the document ---------------------------------------------------------------------------------------- */

int expand(const struct document *doc, struct topo *ret, struct err *err)
{
	struct expander x = { .topo = ret, .err = err };
	struct arena arena = ret->arena;
	*ret = doc->topo;
	ret->arena = arena;
	int failed = expand_cpus(&x, doc) || expand_nodes(&x, doc) || expand_caches(&x, doc) ||
		     expand_pci(&x, doc);
	buf_done(&x.path);
	if (failed)
		return -EINVAL;
	add_default_ports(ret);
	return 0;
}
