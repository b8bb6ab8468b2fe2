/* SPDX-License-Identifier: Apache-2.0 */

/* Leaving out what a part of a machine lacks. */

#include "cut.h"

#include "topofs/facts.h"

enum { HWLOC_NODES = 64 };

static void narrow(const struct cut *cut, struct idset *set, const struct idset *to)
{
	*set = idset_and(&cut->t->arena, set, to);
}

/* A group goes by its lowest CPU: of those that stay. */
static void rename_groups(struct topo *t, int level)
{
	_cleanup_arena_ struct arena a = { 0 };
	int32_t *lowest = arena_alloc(&a, (TOPO_MAX_CPU + 1) * sizeof *lowest);
	for (size_t i = t->cpus.n; i-- > 0;)
		if (t->cpus.at[i].group[level] != TOPO_UNKNOWN)
			lowest[t->cpus.at[i].group[level]] = (int32_t)t->cpus.at[i].id;
	for (size_t i = 0; i < t->cpus.n; i++)
		if (t->cpus.at[i].group[level] != TOPO_UNKNOWN)
			t->cpus.at[i].group[level] = lowest[t->cpus.at[i].group[level]];
}

void cut_cpus(const struct cut *cut)
{
	struct topo *t = cut->t;
	struct idset *const sets[] = { &t->possible, &t->present, &t->online, &t->isolated };
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		narrow(cut, sets[i], &cut->cpus);
	KEEP(&t->cpus, idset_has(&cut->cpus, it->id));
	for (int level = 0; level < N_LEVELS; level++)
		rename_groups(t, level);
	for (size_t i = 0; i < t->kinds.n; i++)
		narrow(cut, &t->kinds.at[i].cpus, &cut->cpus);
	for (size_t i = 0; i < t->caches.n; i++)
		narrow(cut, &t->caches.at[i].cpus, &cut->cpus);
	for (size_t i = 0; i < t->nodes.n; i++)
		narrow(cut, &t->nodes.at[i].cpus, &cut->cpus);
	for (size_t i = 0; i < t->pci.n; i++)
		narrow(cut, &t->pci.at[i].cpus, &cut->cpus);
	KEEP(&t->kinds, !idset_is_empty(&it->cpus));
	KEEP(&t->caches, !idset_is_empty(&it->cpus));
}

static void cut_distances(const struct cut *cut, struct node *node)
{
	size_t kept = 0;
	for (size_t i = 0; i < node->distances.n; i++)
		if (idset_has(&cut->nodes, cut->t->nodes.at[i].id))
			node->distances.at[kept++] = node->distances.at[i];
	node->distances.n = kept;
}

static bool has_node(const struct cut *cut, int32_t node)
{
	return node >= 0 && idset_has(&cut->nodes, (uint32_t)node);
}

void cut_nodes(const struct cut *cut)
{
	struct topo *t = cut->t;
	for (size_t i = 0; i < t->nodes.n; i++) {
		struct node *node = &t->nodes.at[i];
		cut_distances(cut, node);
		for (size_t k = 0; k < node->access.n; k++)
			narrow(cut, &node->access.at[k].initiators, &cut->nodes);
		KEEP(&node->access, !idset_is_empty(&it->initiators));
	}
	KEEP(&t->nodes, idset_has(&cut->nodes, it->id));
	/* hwloc copes with more than these only where they are a multiple of that */
	if (idset_last(&cut->nodes) < HWLOC_NODES)
		narrow(cut, &t->possible_nodes, &cut->nodes);
	for (size_t i = 0; i < t->roots.n; i++)
		if (!has_node(cut, t->roots.at[i].node))
			t->roots.at[i].node = TOPO_UNKNOWN;
	for (size_t i = 0; i < t->pci.n; i++)
		if (!has_node(cut, t->pci.at[i].node))
			t->pci.at[i].node = TOPO_UNKNOWN;
}

static bool has_functions(const struct topo *t, const struct pci_root *root)
{
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].root == ((uint64_t)root->domain << 8 | root->bus))
			return true;
	return false;
}

/* A port that loses the function whose link it took says it itself from now on. */
static void say_links(const struct cut *cut, const struct facts *f)
{
	for (size_t i = 0; i < cut->t->pci.n; i++) {
		uint32_t parent = f->pci[i].parent;
		if (cut->functions[i] || parent == FACTS_NONE || !cut->functions[parent])
			continue;
		struct pci *bridge = &cut->t->pci.at[parent];
		bridge->link = f->pci[parent].link;
		bridge->max_link = f->pci[parent].max_link;
	}
}

/* Numbers that count devices stay what they are when some of these go. */
static void say_uverbs(struct topo *t)
{
	for (size_t i = 0; i < t->infinibands.n; i++)
		if (t->infinibands.at[i].uverbs == TOPO_UNKNOWN)
			t->infinibands.at[i].uverbs = (int64_t)i;
}

void cut_pci(const struct cut *cut)
{
	struct topo *t = cut->t;
	_cleanup_facts_ struct facts f = { 0 };
	facts_init(&f, t);
	say_links(cut, &f);
	say_uverbs(t);
	KEEP(&t->pci, cut_has_function(cut, it->address));
	for (size_t i = 0; i < t->pci.n; i++)
		if (!cut_has_function(cut, t->pci.at[i].physfn))
			t->pci.at[i].physfn = BDF_NONE;
	for (size_t i = 0; i < t->nodes.n; i++)
		if (!cut_has_function(cut, t->nodes.at[i].device)) {
			t->nodes.at[i].device = BDF_NONE;
			t->nodes.at[i].address = 0;
		}
	KEEP(&t->roots, has_functions(t, it));
#define KEEP_DEVICES(T) KEEP(&t->T##s, it->on.function == BDF_NONE || cut_has_function(cut, it->on.function));
	TOPO_DEVICES(KEEP_DEVICES)
#undef KEEP_DEVICES
}
