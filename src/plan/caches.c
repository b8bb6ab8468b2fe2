/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The guest's caches, as hypervisors pass the host's through: what the threads of one core share in the host those of
 * one core have in the guest, what more share a package has.
 */

#include "planning.h"

static const struct cpu_facts *first_cpu(const struct planning *p, const struct cell *cell)
{
	const struct cpu *cpu = topo_cpu(p->host, (uint32_t)idset_next(&cell->host_cpus, 0));
	return cpu ? &p->facts.cpus[cpu - p->host->cpus.at] : NULL;
}

static const struct cell *cell_of(const struct planning *p, uint32_t cpu)
{
	const struct cell *cell = p->cells.at;
	while (!idset_has(&cell->cpus, cpu))
		cell++;
	return cell;
}

/* One for the core or package whose lowest CPU this is. */
static void add_instance(struct planning *p, const struct cache *like, enum topo_level level, uint32_t lowest,
			 int64_t *next)
{
	struct topo *guest = p->guest;
	struct cache *cache = LIST_ADD(&guest->arena, &guest->caches);
	*cache = *like;
	cache->id = like->id == TOPO_UNKNOWN ? TOPO_UNKNOWN : (*next)++;
	cache->cpus = (struct idset){ 0 };
	for (size_t i = 0; i < guest->cpus.n; i++)
		if (guest->cpus.at[i].group[level] == (int32_t)lowest)
			idset_add(&guest->arena, &cache->cpus, guest->cpus.at[i].id);
}

/* The k-th cache of every CPU, in the order of their lowest CPUs; false: nobody has one. */
static bool add_index(struct planning *p, size_t k)
{
	bool any = false;
	int64_t next = 0;
	for (uint32_t id = 0; id < p->guest->cpus.n; id++) {
		const struct cpu_facts *cpu = first_cpu(p, cell_of(p, id));
		if (!cpu || k >= cpu->caches.n)
			continue;
		uint32_t place = cpu->caches.at[k];
		bool of_core = idset_within(&p->facts.cache_cpus[place], cpu->siblings[LEVEL_CORE]);
		enum topo_level level = of_core ? LEVEL_CORE : LEVEL_PACKAGE;
		if (p->guest->cpus.at[id].group[level] == (int32_t)id)
			add_instance(p, &p->host->caches.at[place], level, id, &next);
		any = true;
	}
	return any;
}

void add_caches(struct planning *p)
{
	for (size_t k = 0; add_index(p, k); k++)
		;
}
