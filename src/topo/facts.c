/* SPDX-License-Identifier: Apache-2.0 */

/* What follows of CPUs and nodes; of PCI functions it is in facts_pci.c and resources.c. */

#include "finding.h"

#include <stdlib.h>
#include <string.h>

static const struct idset nobody;

/* --- CPUs ------------------------------------------------------------------------------------------------ */

/* A CPU that is the lowest of its group gets a set, the others share it. */
static void find_groups(struct facts *f, int level)
{
	const struct topo *t = f->topo;
	for (size_t i = 0; i < t->cpus.n; i++) {
		const struct cpu *lowest = topo_cpu(t, (uint32_t)t->cpus.at[i].group[level]);
		struct idset *group;
		/* a CPU that names another as the lowest of its group, which that one is not in, is in none */
		if (!lowest || lowest->group[level] != (int32_t)lowest->id)
			continue;
		if (lowest == &t->cpus.at[i])
			f->cpus[i].siblings[level] = arena_alloc(&f->arena, sizeof *group);
		group = (struct idset *)f->cpus[lowest - t->cpus.at].siblings[level];
		f->cpus[i].siblings[level] = group;
		if (idset_has(&t->online, t->cpus.at[i].id))
			idset_add(&f->arena, group, t->cpus.at[i].id);
	}
}

/* The CPUs that share a CPU's L2: what x86 calls a cluster. NULL where it has none. */
static const struct idset *sharers_of_l2(const struct facts *f, size_t cpu)
{
	for (size_t i = 0; i < f->cpus[cpu].caches.n; i++) {
		uint32_t c = f->cpus[cpu].caches.at[i];
		if (f->topo->caches.at[c].level == 2 && f->topo->caches.at[c].type != CACHE_INSTRUCTION)
			return &f->cache_cpus[c];
	}
	return NULL;
}

static const struct idset *alone(struct facts *f, size_t cpu)
{
	struct idset *self = arena_alloc(&f->arena, sizeof *self);
	if (idset_has(&f->topo->online, f->topo->cpus.at[cpu].id))
		idset_add(&f->arena, self, f->topo->cpus.at[cpu].id);
	return self;
}

/*
 * A level that nobody spoke of: x86 takes the L2 for a cluster, other kernels every CPU for one of its own. A die is as
 * large as the package around it, unless the kernel tells that it does not know.
 */
static void fill_unknown_levels(struct facts *f, size_t i)
{
	const struct cpu *cpu = &f->topo->cpus.at[i];
	struct cpu_facts *facts = &f->cpus[i];
	bool x86 = !strcmp(f->topo->arch, "x86_64");
	if (cpu->group[LEVEL_PACKAGE] == TOPO_UNKNOWN)
		return;
	const struct idset *l2 = x86 ? sharers_of_l2(f, i) : NULL;
	if (cpu->group[LEVEL_CLUSTER] == TOPO_UNKNOWN)
		facts->siblings[LEVEL_CLUSTER] = l2 ? l2 : x86 ? facts->siblings[LEVEL_CORE] : alone(f, i);
	if (cpu->group[LEVEL_DIE] == TOPO_UNKNOWN)
		facts->siblings[LEVEL_DIE] = f->topo->unknown_dies ? alone(f, i) : facts->siblings[LEVEL_PACKAGE];
}

static void find_siblings(struct facts *f)
{
	const struct topo *t = f->topo;
	for (size_t i = 0; i < t->cpus.n; i++)
		for (int l = 0; l < N_LEVELS; l++)
			f->cpus[i].siblings[l] = &nobody;
	for (int l = 0; l < N_LEVELS; l++)
		find_groups(f, l);
}

static struct cpu_facts *facts_of_cpu(struct facts *f, int64_t id)
{
	const struct cpu *cpu = topo_cpu(f->topo, (uint32_t)id);
	return cpu ? &f->cpus[cpu - f->topo->cpus.at] : NULL;
}

/* Who has which cache, node and kind: the topology says it from the other side. */
static void turn_sets_around(struct facts *f)
{
	const struct topo *t = f->topo;
	f->cache_cpus = arena_alloc(&f->arena, t->caches.n * sizeof *f->cache_cpus);
	for (size_t c = 0; c < t->caches.n; c++)
		f->cache_cpus[c] = idset_and(&f->arena, &t->caches.at[c].cpus, &t->online);
	for (uint32_t c = 0; c < t->caches.n; c++)
		IDSET_EACH (id, &t->caches.at[c].cpus) {
			struct cpu_facts *cpu = facts_of_cpu(f, id);
			if (cpu)
				*LIST_ADD(&f->arena, &cpu->caches) = c;
		}
	for (uint32_t n = 0; n < t->nodes.n; n++)
		IDSET_EACH (id, &t->nodes.at[n].cpus) {
			struct cpu_facts *cpu = facts_of_cpu(f, id);
			if (cpu)
				*LIST_ADD(&f->arena, &cpu->nodes) = n;
		}
	for (uint32_t k = 0; k < t->kinds.n; k++)
		IDSET_EACH (id, &t->kinds.at[k].cpus) {
			struct cpu_facts *cpu = facts_of_cpu(f, id);
			if (cpu)
				cpu->kind = &t->kinds.at[k];
		}
}

static int compare_kinds(const void *x, const void *y)
{
	return strcmp((*(const struct cpu_kind *const *)x)->name, (*(const struct cpu_kind *const *)y)->name);
}

/* Kinds that differ in a frequency only may have one name. */
static void find_pmus(struct facts *f)
{
	const struct topo *t = f->topo;
	const struct cpu_kind **named = arena_alloc(&f->arena, t->kinds.n * sizeof *named);
	size_t n = 0;
	for (size_t i = 0; i < t->kinds.n; i++)
		if (t->kinds.at[i].name)
			named[n++] = &t->kinds.at[i];
	qsort(named, n, sizeof *named, compare_kinds);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || compare_kinds(&named[i - 1], &named[i]))
			LIST_ADD(&f->arena, &f->pmus)->name = named[i]->name;
		idset_add_all(&f->arena, &f->pmus.at[f->pmus.n - 1].cpus, &named[i]->cpus);
	}
}

/* --- nodes ----------------------------------------------------------------------------------------------- */

static void sort_nodes(struct facts *f)
{
	f->node_cpus = arena_alloc(&f->arena, f->topo->nodes.n * sizeof *f->node_cpus);
	for (size_t i = 0; i < f->topo->nodes.n; i++) {
		const struct node *node = &f->topo->nodes.at[i];
		f->node_cpus[i] = idset_and(&f->arena, &node->cpus, &f->topo->online);
		idset_add(&f->arena, &f->nodes_online, node->id);
		if (!idset_is_empty(&f->node_cpus[i]))
			idset_add(&f->arena, &f->has_cpu, node->id);
		if (node->memory_k)
			idset_add(&f->arena, &f->has_memory, node->id);
		/* a device's memory is onlined movable, so that the device can have it back */
		if (node->memory_k && node->device == BDF_NONE && !node->movable)
			idset_add(&f->arena, &f->has_normal_memory, node->id);
		if (node->generic_initiator)
			idset_add(&f->arena, &f->has_generic_initiator, node->id);
	}
}

/* --------------------------------------------------------------------------------------------------------- */

void facts_init(struct facts *f, const struct topo *t)
{
	*f = (struct facts){ .topo = t };
	f->cpu_bits = t->mask_bits ? t->mask_bits : (uint32_t)(idset_last(&t->possible) + 1);
	f->cpus = arena_alloc(&f->arena, t->cpus.n * sizeof *f->cpus);
	find_siblings(f);
	turn_sets_around(f);
	find_pmus(f);
	for (size_t i = 0; i < t->cpus.n; i++)
		fill_unknown_levels(f, i);
	sort_nodes(f);
	facts_find_pci(f);
	facts_place_bars(f);
}

void facts_done(struct facts *f)
{
	struct arena arena = f->arena;
	*f = (struct facts){ 0 };
	arena_done(&arena);
}
