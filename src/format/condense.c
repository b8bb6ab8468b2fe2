/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Finds the short form again: guesses how a person would say it, spells the guess out with expand.c's own
 * functions where it can, and keeps it when the same comes out. What has no short form is written in full.
 */

#include "condense.h"

#include <string.h>

struct idset unless_equal(const struct idset *set, const struct idset *otherwise)
{
	return idset_equal(set, otherwise) ? (struct idset){ 0 } : *set;
}

/* --- nodes ----------------------------------------------------------------------------------------------- */

/* Nodes that stand to all others, and to each other, alike. */
struct alike {
	size_t first; /* place of one of them */
	struct idset ids;
	uint32_t n;
};
typedef LIST_OF(struct alike) alikes;

static bool are_alike(const struct topo *t, size_t i, size_t k)
{
	for (size_t j = 0; j < t->nodes.n; j++)
		if (j != i && j != k && topo_distance(t, i, j) != topo_distance(t, k, j))
			return false;
	return true;
}

static bool is_symmetric(const struct topo *t)
{
	for (size_t i = 0; i < t->nodes.n; i++) {
		if (topo_distance(t, i, i) != 10)
			return false;
		for (size_t k = 0; k < i; k++)
			if (topo_distance(t, i, k) != topo_distance(t, k, i))
				return false;
	}
	return true;
}

/* Members of one class are the same distance from each other: that of the first pair. */
static void sort_into(const struct topo *t, size_t i, struct arena *a, alikes *classes)
{
	for (size_t c = 0; c < classes->n; c++) {
		struct alike *class = &classes->at[c];
		if (are_alike(t, class->first, i)) {
			idset_add(a, &class->ids, t->nodes.at[i].id);
			class->n++;
			return;
		}
	}
	struct alike *class = LIST_ADD(a, classes);
	class->first = i;
	class->n = 1;
	idset_add(a, &class->ids, t->nodes.at[i].id);
}

static uint32_t distance_of(const struct topo *t, const struct alike *x, const struct alike *y)
{
	if (x != y)
		return topo_distance(t, x->first, y->first);
	const struct node *second = topo_node(t, (uint32_t)idset_nth(&x->ids, 1));
	return topo_distance(t, x->first, (size_t)(second - t->nodes.at));
}

/* Rules instead of rows, where they are fewer; false: rows are better. */
static bool condense_distances(const struct topo *t, struct arena *a, struct document *doc)
{
	enum { FEW = 8 };
	alikes classes = { 0 };
	if (t->nodes.n <= FEW || !is_symmetric(t))
		return false;
	for (size_t i = 0; i < t->nodes.n; i++)
		sort_into(t, i, a, &classes);
	for (size_t x = 0; x < classes.n; x++)
		for (size_t y = 0; y <= x; y++) {
			if (x == y && classes.at[x].n == 1)
				continue;
			uint32_t value = distance_of(t, &classes.at[x], &classes.at[y]);
			if (value != 20)
				*LIST_ADD(a, &doc->distances) =
					(struct doc_distance){ classes.at[y].ids, classes.at[x].ids, value };
		}
	if (doc->distances.n < t->nodes.n)
		return true;
	doc->distances.n = 0;
	return false;
}

static bool has_usual_distances(const struct topo *t)
{
	for (size_t i = 0; i < t->nodes.n; i++)
		for (size_t k = 0; k < t->nodes.n; k++)
			if (topo_distance(t, i, k) != (i == k ? 10 : 20))
				return false;
	return true;
}

/* Whether two nodes are written alike but for their ids. */
static bool same_node(const struct doc_node *x, const struct doc_node *y)
{
	struct doc_node a = *x, b = *y;
	a.ids = b.ids = (struct idset){ 0 };
	json_t *one = table_write(&node_table, &a), *other = table_write(&node_table, &b);
	bool same = one == other || json_equal(one, other);
	json_decref(one);
	json_decref(other);
	return same;
}

static void condense_nodes(const struct topo *t, struct arena *a, struct document *doc)
{
	bool rows = t->nodes.n && !has_usual_distances(t) && !condense_distances(t, a, doc);
	for (size_t i = 0; i < t->nodes.n; i++) {
		struct doc_node node = { .node = t->nodes.at[i] };
		if (!rows)
			node.node.distances.n = 0;
		for (size_t k = 0; k < t->nodes.n && rows && !node.node.distances.n; k++)
			for (size_t j = 0; j < t->nodes.n; j++)
				*LIST_ADD(a, &node.node.distances) = topo_distance(t, i, j);
		if (!doc->nodes.n || rows || !same_node(&node, &doc->nodes.at[doc->nodes.n - 1]))
			*LIST_ADD(a, &doc->nodes) = node;
		idset_add(a, &doc->nodes.at[doc->nodes.n - 1].ids, node.node.id);
	}
	struct idset usual = default_possible_nodes(t, a);
	doc->topo.possible_nodes = unless_equal(&t->possible_nodes, &usual);
}

/* --- PCI ------------------------------------------------------------------------------------------------- */

/* Where we are in the topology's lists, which run in the order of the functions. */
struct cursor {
	const struct topo *t;
	struct arena *a;
	size_t pci;
#define DEVICE_CURSOR(T) size_t T;
	TOPO_DEVICES(DEVICE_CURSOR)
#undef DEVICE_CURSOR
};

/* A single port that is as any would be goes without saying, and a number that is the device's place. */
static void condense_infiniband(struct infiniband *device, size_t place)
{
	if (device->uverbs == (int64_t)place)
		device->uverbs = TOPO_UNKNOWN;
	json_t *port = device->ports.n == 1 ? table_write(&port_table, device->ports.at) : json_null();
	if (!port)
		device->ports.n = 0;
	json_decref(port);
}

static void condense_devices(struct cursor *c, uint64_t function, struct doc_pci *doc)
{
#define CONDENSE_DEVICES(T) \
	for (; c->T < c->t->T##s.n && c->t->T##s.at[c->T].on.function == function; c->T++) \
		*LIST_ADD(c->a, &doc->T) = c->t->T##s.at[c->T];
	TOPO_DEVICES(CONDENSE_DEVICES)
#undef CONDENSE_DEVICES
	for (size_t i = 0; i < doc->infiniband.n; i++)
		condense_infiniband(&doc->infiniband.at[i], c->infiniband - doc->infiniband.n + i);
}

/* Bus numbers go without saying where the devices below tell them. Returns the highest in use. */
static void condense_buses(struct cursor *c, const struct pci *bridge, uint32_t highest_below, struct doc_pci *doc)
{
	bool told = doc->devices.n && BDF_BUS(doc->devices.at[0].pci.address) == bridge->secondary;
	if (told && bridge->subordinate == highest_below)
		return;
	doc->bus = bridge->subordinate == (doc->devices.n ? highest_below : bridge->secondary)
			   ? arena_printf(c->a, "%02x", bridge->secondary)
			   : arena_printf(c->a, "%02x-%02x", bridge->secondary, bridge->subordinate);
}

/* The functions below one bridge; returns the highest bus number among them and further down. */
static uint32_t condense_functions(struct cursor *c, uint64_t parent, uint64_t root, int32_t node, struct list *ret)
{
	uint32_t highest = 0;
	while (c->pci < c->t->pci.n && c->t->pci.at[c->pci].parent == parent && c->t->pci.at[c->pci].root == root) {
		const struct pci *pci = &c->t->pci.at[c->pci++];
		struct doc_pci *doc = list_add(c->a, ret, sizeof *doc);
		*doc = (struct doc_pci){ .pci = *pci };
		uint64_t at = pci->address;
		doc->at = BDF_BUS_KEY(at) == root && parent == BDF_NONE
				  ? arena_printf(c->a, "%02x.%x", BDF_DEVICE(at), (unsigned)BDF_FUNCTION(at))
				  : arena_printf(c->a, "%02x:%02x.%x", BDF_BUS(at), BDF_DEVICE(at),
						 (unsigned)BDF_FUNCTION(at));
		if (pci->node == node)
			doc->pci.node = NODE_INHERITED;
		condense_devices(c, at, doc);
		struct list below = { 0 };
		uint32_t reached = condense_functions(c, at, root, pci->node, &below);
		memcpy(&doc->devices, &below, sizeof below);
		reached = reached > pci->secondary ? reached : pci->secondary;
		if (pci->bridge)
			condense_buses(c, pci, reached, doc);
		if (doc->devices.n && pci->class == 0x060400)
			doc->pci.class = CLASS_UNSAID;
		uint32_t last = pci->bridge ? pci->subordinate : BDF_BUS(at);
		highest = last > highest ? last : highest;
	}
	return highest;
}

static void condense_pci(const struct topo *t, struct arena *a, struct document *doc)
{
	struct cursor c = { .t = t, .a = a };
	for (size_t i = 0; i < t->roots.n; i++) {
		const struct pci_root *root = &t->roots.at[i];
		struct doc_root *said = LIST_ADD(a, &doc->pci);
		struct list devices = { 0 };
		said->root = arena_printf(a, "%04x:%02x", root->domain, root->bus);
		said->node = root->node;
		said->under = root->under_function != BDF_NONE ? bdf_text(a, root->under_function) : root->under;
		condense_functions(&c, BDF_NONE, (uint64_t)root->domain << 8 | root->bus, root->node, &devices);
		memcpy(&said->devices, &devices, sizeof devices);
	}
}

/* --------------------------------------------------------------------------------------------------------- */

/* What the document says in lists of its own is made of those, as when it is read. */
static struct topo without_lists(const struct topo *t)
{
	struct topo said = *t;
	said.arena = (struct arena){ 0 };
	said.cpus.n = said.caches.n = said.nodes.n = said.roots.n = said.pci.n = 0;
#define DROP_DEVICES(T) said.T##s.n = 0;
	TOPO_DEVICES(DROP_DEVICES)
#undef DROP_DEVICES
	return said;
}

void condense(const struct topo *t, struct arena *a, struct document *ret)
{
	ret->version = 1;
	ret->topo = without_lists(t);
	condense_cpus(t, a, ret);
	condense_nodes(t, a, ret);
	condense_pci(t, a, ret);
}
