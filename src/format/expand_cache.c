/* SPDX-License-Identifier: Apache-2.0 */

/* "L2, 2 MiB, per core" into caches. */

#include "expand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* CPUs with equal keys share an instance. */
struct sharer {
	uint32_t cpu;
	int64_t key[N_LEVELS];
};

static int compare_keys(const struct sharer *a, const struct sharer *b)
{
	for (int i = 0; i < N_LEVELS; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	return 0;
}

static int compare_sharers(const void *x, const void *y)
{
	const struct sharer *a = x, *b = y;
	int keys = compare_keys(a, b);
	return keys ? keys : (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

static int compare_caches(const void *x, const void *y)
{
	int64_t a = idset_next(&((const struct cache *)x)->cpus, 0), b = idset_next(&((const struct cache *)y)->cpus, 0);
	return (a > b) - (a < b);
}

static int64_t node_of(const struct topo *t, uint32_t cpu)
{
	for (size_t i = 0; i < t->nodes.n; i++)
		if (idset_has(&t->nodes.at[i].cpus, cpu))
			return t->nodes.at[i].id;
	return TOPO_UNKNOWN;
}

/* The innermost level that tells sharers apart, by enum per. */
static const int level_of_per[] = {
	[PER_CORE] = LEVEL_CORE, [PER_CLUSTER] = LEVEL_CLUSTER, [PER_DIE] = LEVEL_DIE, [PER_PACKAGE] = LEVEL_PACKAGE,
};

static void set_key(struct sharer *sharer, const struct topo *t, const struct cpu *cpu, int32_t per)
{
	sharer->cpu = cpu->id;
	switch (per) {
	case PER_CPU:
		sharer->key[0] = cpu->id;
		return;
	case PER_NODE:
		sharer->key[0] = node_of(t, cpu->id);
		return;
	case PER_MACHINE:
	case PER_UNSAID:
		return;
	default:
		for (int l = level_of_per[per]; l < N_LEVELS; l++)
			sharer->key[N_LEVELS - 1 - l] = cpu->level[l];
	}
}

/* Replaces the core in the keys by the number of the group of neighbouring cores it falls into. */
static void group_cores(struct sharer *sharers, size_t n, uint32_t cores)
{
	enum { CORE = N_LEVELS - 1 - LEVEL_CORE, PACKAGE = N_LEVELS - 1 - LEVEL_PACKAGE };
	int64_t rank = -1;
	struct sharer before = { 0 };
	for (size_t i = 0; i < n; i++) {
		struct sharer now = sharers[i];
		bool same_package = i && !memcmp(now.key, before.key, (PACKAGE + 1) * sizeof *now.key);
		if (!same_package)
			rank = 0;
		else if (compare_keys(&now, &before))
			rank++;
		for (int k = PACKAGE + 1; k < CORE; k++)
			sharers[i].key[k] = 0;
		sharers[i].key[CORE] = rank / cores;
		before = now;
	}
	qsort(sharers, n, sizeof *sharers, compare_sharers);
}

static struct cache instance_of(const struct doc_cache *doc, const struct topo *t)
{
	struct cache cache = doc->cache;
	cache.cpus = (struct idset){ 0 };
	if ((int64_t)cache.partition == PARTITION_BY_ARCH)
		cache.partition = !strcmp(t->arch, "x86_64");
	if (!cache.sets && cache.ways && cache.line)
		cache.sets = cache.size_k * 1024 / cache.ways / cache.line;
	return cache;
}

void expand_cache(const struct topo *t, const struct doc_cache *doc, struct arena *a, struct topo *into)
{
	struct sharer *sharers = arena_alloc(a, t->cpus.n * sizeof *sharers);
	size_t n = 0, first = into->caches.n;
	bool all = idset_is_empty(&doc->cache.cpus);
	for (size_t i = 0; i < t->cpus.n; i++)
		if (all ? idset_has(&t->online, t->cpus.at[i].id) : idset_has(&doc->cache.cpus, t->cpus.at[i].id))
			set_key(&sharers[n++], t, &t->cpus.at[i], doc->cores ? PER_CORE : doc->per);
	qsort(sharers, n, sizeof *sharers, compare_sharers);
	if (doc->cores)
		group_cores(sharers, n, doc->cores);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || compare_keys(&sharers[i], &sharers[i - 1]))
			*LIST_ADD(a, &into->caches) = instance_of(doc, t);
		idset_add(a, &into->caches.at[into->caches.n - 1].cpus, sharers[i].cpu);
	}
	qsort(into->caches.at + first, into->caches.n - first, sizeof *into->caches.at, compare_caches);
}

/* Ids are unique among level and type: lscpu takes caches with equal ones for one cache. */
int64_t default_cache_id(const struct topo *t, const struct cache *like, size_t before)
{
	int64_t next = 0;
	for (size_t i = 0; i < before; i++)
		if (t->caches.at[i].level == like->level && t->caches.at[i].type == like->type &&
		    t->caches.at[i].id >= next)
			next = t->caches.at[i].id + 1;
	return next;
}

static int number_caches(struct expander *x, const struct doc_cache *doc, size_t first)
{
	struct topo *t = x->topo;
	int64_t said = idset_next(&doc->ids, 0), next = default_cache_id(t, &doc->cache, first);
	if (said != IDSET_NONE && idset_count(&doc->ids) != t->caches.n - first)
		return wrong(x, "has %zu instances, but %u ids", t->caches.n - first, idset_count(&doc->ids));
	for (size_t i = first; i < t->caches.n; i++) {
		t->caches.at[i].id = said != IDSET_NONE ? said : next++;
		said = said != IDSET_NONE ? idset_next(&doc->ids, (uint32_t)said + 1) : said;
	}
	return 0;
}

int expand_caches(struct expander *x, const struct doc_cpu *doc)
{
	for (size_t i = 0; i < doc->caches.n; i++) {
		const struct doc_cache *cache = &doc->caches.at[i];
		size_t first = x->topo->caches.n;
		buf_cut(&x->path, 0);
		buf_printf(&x->path, "cpu.caches[%zu]", i);
		if (cache->per != PER_UNSAID && cache->cores)
			return wrong(x, "only one of per and cores can tell who shares it");
		if (cache->per == PER_UNSAID && !cache->cores && idset_is_empty(&cache->cache.cpus))
			return wrong(x, "say who shares it: per, cores or cpus");
		if (!idset_within(&cache->cache.cpus, &x->topo->present))
			return wrong(x, "has CPUs that the machine has not");
		expand_cache(x->topo, cache, &x->topo->arena, x->topo);
		if (number_caches(x, cache, first))
			return -EINVAL;
	}
	return 0;
}
