/* SPDX-License-Identifier: Apache-2.0 */

/* Caches: drivers/base/cacheinfo.c. */

#include "classes.h"

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

static void show_size(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%lluK", (unsigned long long)((const struct cache *)o->self)->size_k);
}

static const struct idset *sharers(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return &((const struct cache *)o->self)->cpus;
}

// clang-format off
static const struct attr cache_attrs[] = {
	{ "id", "Number of the cache among those of its level and type.", show_u64, has_id, .offset = offsetof(struct cache, id) },
	INT("level", struct cache, level, "1 for L1."),
	{ "type", "Data, Instruction or Unified.", show_type },
	{ "size", "Size in KiB, with a K.", show_size },
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

const struct class cache_class = {
	"cache", "A cache of a CPU.", "/sys/devices/system/cpu/cpu[0-9]*/cache/index[0-9]*", count_cpus,
	count_caches_of_cpu, at_cache, ROWS(cache_attrs),
};
