/* SPDX-License-Identifier: Apache-2.0 */

/* Caches: drivers/base/cacheinfo.c. */

#include "classes.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t count_caches_of_cpu(const struct facts *f, size_t cpu)
{
	return idset_has(&f->topo->online, f->topo->cpus.at[cpu].id) ? f->cpus[cpu].caches.n : 0;
}

static bool at_cache(const struct facts *f, size_t cpu, size_t index, const void **self, struct buf *path)
{
	*self = &f->topo->caches.at[f->cpus[cpu].caches.at[index]];
	buf_printf(path, "sys/devices/system/cpu/cpu%u/cache/index%zu", f->topo->cpus.at[cpu].id, index);
	return true;
}

static bool has_id(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return ((const struct cache *)o->self)->id != TOPO_UNKNOWN;
}

static void show_type(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_puts(out, cache_type_names[((const struct cache *)o->self)->type]);
}

static void load_type(const struct attr *attr, const struct loading *l, const char *text)
{
	(void)attr;
	for (int32_t i = 0; cache_type_names[i]; i++)
		if (!strcmp(cache_type_names[i], text))
			((struct cache *)l->self)->type = i;
}

static void show_size(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%lluK", (unsigned long long)((const struct cache *)o->self)->size_k);
}

static void load_size(const struct attr *attr, const struct loading *l, const char *text)
{
	(void)attr;
	char *end;
	uint64_t size = strtoull(text, &end, 10);
	((struct cache *)l->self)->size_k = *end == 'M' ? size * 1024 : size;
}

static const struct idset *sharers(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return &o->facts->cache_cpus[(const struct cache *)o->self - o->topo->caches.at];
}

// clang-format off
static const struct attr cache_attrs[] = {
	{ "id", "Number of the cache among those of its level and type.", show_u64, has_id, .load = load_u64, .offset = offsetof(struct cache, id) },
	INT("level", struct cache, level, "1 for L1."),
	{ "type", "Data, Instruction or Unified.", show_type, .load = load_type },
	{ "size", "Size in KiB, with a K.", show_size, .load = load_size },
	U64("coherency_line_size", struct cache, line, "Line size in bytes."),
	U64("number_of_sets", struct cache, sets, "Sets."),
	U64("ways_of_associativity", struct cache, ways, "Ways."),
	U64("physical_line_partition", struct cache, partition, "Lines that share a tag."),
	TEXT("write_policy", struct cache, write_policy, "WriteThrough or WriteBack."),
	TEXT("allocation_policy", struct cache, allocation_policy, "ReadAllocate, WriteAllocate or ReadWriteAllocate."),
	MASK("shared_cpu_map", sharers, 0, "CPUs that share it, as a mask."),
	LIST("shared_cpu_list", sharers, 0, "CPUs that share it, as a list."),
	{ "uevent", "Empty.", show_nothing, .raw = true, .mode = 0644 },
};
// clang-format on

/* Reads one index folder; false where it is none. Old kernels left the mask of some empty: shared with nobody. */
static bool scan_one(const struct class *class, const struct tree *tree, uint32_t dir, struct topo *t, uint32_t cpu,
		     struct cache *cache)
{
	*cache = (struct cache){ .id = TOPO_UNKNOWN, .type = CACHE_UNIFIED };
	scan_rows(class, tree, dir, t, cache);
	if (!scan_mask(tree, dir, "shared_cpu_map", TOPO_MAX_CPU, &t->arena, &cache->cpus) &&
	    !scan_list(tree, dir, "shared_cpu_list", TOPO_MAX_CPU, &t->arena, &cache->cpus))
		idset_add(&t->arena, &cache->cpus, cpu);
	if (!idset_has(&cache->cpus, cpu)) {
		cache->cpus = (struct idset){ 0 };
		idset_add(&t->arena, &cache->cpus, cpu);
	}
	return cache->level > 0 && idset_within(&cache->cpus, &t->present);
}

static bool same_cache(const struct cache *a, const struct cache *b)
{
	return a->level == b->level && a->type == b->type && a->id == b->id && a->size_k == b->size_k &&
	       a->line == b->line && a->ways == b->ways && a->sets == b->sets && a->partition == b->partition &&
	       topo_same_text(a->write_policy, b->write_policy) &&
	       topo_same_text(a->allocation_policy, b->allocation_policy) && idset_equal(&a->cpus, &b->cpus);
}

/* Kernels before 4.11 and firmware without ids: they are counted, and the files are not there. */
static void number_caches(struct topo *t, size_t first)
{
	for (size_t i = first; i < t->caches.n; i++) {
		struct cache *cache = &t->caches.at[i];
		if (cache->id != TOPO_UNKNOWN)
			continue;
		cache->id = 0;
		for (size_t k = 0; k < i; k++)
			if (t->caches.at[k].level == cache->level && t->caches.at[k].type == cache->type &&
			    t->caches.at[k].id >= cache->id)
				cache->id = t->caches.at[k].id + 1;
	}
}

/* All index0, then all index1 ...: the list's order is that of every CPU's own caches. */
static void scan_index(const struct class *class, const struct tree *tree, struct topo *t, size_t index)
{
	size_t first = t->caches.n;
	for (size_t i = 0; i < t->cpus.n; i++) {
		struct cache cache;
		char path[96];
		size_t c = first;
		snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%u/cache/index%zu", t->cpus.at[i].id, index);
		uint32_t dir = tree_find(tree, path);
		if (!scan_is_dir(tree, dir) || !scan_one(class, tree, dir, t, t->cpus.at[i].id, &cache))
			continue;
		while (c < t->caches.n && !same_cache(&t->caches.at[c], &cache))
			c++;
		if (c == t->caches.n)
			*LIST_ADD(&t->arena, &t->caches) = cache;
	}
	number_caches(t, first);
}

static void scan_caches(const struct class *class, const struct tree *tree, struct topo *t)
{
	enum { MAX_INDEX = 10 }; /* as hwloc reads */
	for (size_t index = 0; index < MAX_INDEX; index++)
		scan_index(class, tree, t, index);
}

const struct class cache_class = {
	"cache", "A cache of a CPU.", "/sys/devices/system/cpu/cpu[0-9]*/cache/index[0-9]*", count_cpus,
	count_caches_of_cpu, at_cache, ROWS(cache_attrs), .scan = scan_caches,
};
