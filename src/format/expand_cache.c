/* SPDX-License-Identifier: Apache-2.0 */

/* "L2, 2 MiB, per core" into caches. */

#include "expand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* CPUs with equal keys share an instance. */
struct sharer {
	uint32_t cpu;
	int64_t key;
};

static int compare_sharers(const void *x, const void *y)
{
	const struct sharer *a = x, *b = y;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

static int compare_caches(const void *x, const void *y)
{
	int64_t a = idset_next(&((const struct cache *)x)->cpus, 0),
		b = idset_next(&((const struct cache *)y)->cpus, 0);
	return (a > b) - (a < b);
}

static int64_t node_of(const struct topo *t, uint32_t cpu)
{
	for (size_t i = 0; i < t->nodes.n; i++)
		if (idset_has(&t->nodes.at[i].cpus, cpu))
			return t->nodes.at[i].id;
	return TOPO_UNKNOWN;
}

static int64_t key_of(const struct topo *t, const struct cpu *cpu, int32_t per)
{
	switch (per) {
	case PER_CPU:
		return cpu->id;
	case PER_CORE:
		return cpu->group[LEVEL_CORE];
	case PER_CLUSTER:
		return cpu->group[LEVEL_CLUSTER];
	case PER_DIE:
		return cpu->group[LEVEL_DIE];
	case PER_PACKAGE:
		return cpu->group[LEVEL_PACKAGE];
	case PER_NODE:
		return node_of(t, cpu->id);
	default:
		return 0;
	}
}

/* Sets the keys so that every `cores` cores of a package, in the order of their lowest CPUs, have one. */
static void group_cores(const struct topo *t, struct sharer *sharers, size_t n, uint32_t cores, struct arena *a)
{
	size_t room = (size_t)t->cpus.at[t->cpus.n - 1].id + 1;
	uint32_t *rank = arena_alloc(a, room * sizeof *rank);	 /* of a core, by its lowest CPU */
	uint32_t *so_far = arena_alloc(a, room * sizeof *so_far); /* cores of a package, by its lowest CPU */
	for (size_t i = 0; i < n; i++) {
		const struct cpu *cpu = topo_cpu(t, sharers[i].cpu);
		int32_t core = cpu->group[LEVEL_CORE], package = cpu->group[LEVEL_PACKAGE];
		if (core == TOPO_UNKNOWN || package == TOPO_UNKNOWN)
			continue;
		/* counted from 1, so that 0 tells a core not met yet */
		if (!rank[core])
			rank[core] = ++so_far[package];
		sharers[i].key = (int64_t)package << 32 | (rank[core] - 1) / cores;
	}
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
	struct sharer *sharers = arena_alloc(a, (t->cpus.n + 1) * sizeof *sharers);
	size_t n = 0, first = into->caches.n;
	const struct idset *who = idset_is_empty(&doc->cache.cpus) ? &t->online : &doc->cache.cpus;
	for (size_t i = 0; i < t->cpus.n; i++)
		if (idset_has(who, t->cpus.at[i].id))
			sharers[n++] = (struct sharer){ t->cpus.at[i].id, key_of(t, &t->cpus.at[i], doc->per) };
	if (!n)
		return;
	if (doc->cores)
		group_cores(t, sharers, n, doc->cores, a);
	qsort(sharers, n, sizeof *sharers, compare_sharers);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || sharers[i].key != sharers[i - 1].key)
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

/* A CPU has four or five; each of 65536 may have them for itself. */
enum { MAX_CACHES = 16 };

int expand_caches(struct expander *x, const struct document *doc)
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
		if (first > (size_t)MAX_CACHES * idset_count(&x->topo->present))
			return wrong(x, "there are more than %d caches for each CPU", MAX_CACHES);
		expand_cache(x->topo, cache, &x->topo->arena, x->topo);
		if (number_caches(x, cache, first))
			return -EINVAL;
	}
	return 0;
}
