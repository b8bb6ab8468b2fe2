/* SPDX-License-Identifier: Apache-2.0 */

/* NUMA nodes: drivers/base/node.c, Documentation/ABI/stable/sysfs-devices-node. */

#include "classes.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- /sys/devices/system/node ---------------------------------------------------------------------------- */

/* hwloc aborts on a folder without nodes; kernels without NUMA have none. */
static size_t count_if_numa(const struct facts *f)
{
	return f->topo->nodes.n > 0;
}

static const struct idset *facts_set(const struct attr *attr, const struct object *o)
{
	return (const struct idset *)((const char *)o->facts + attr->param);
}

static const struct idset *possible_nodes(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return &o->topo->possible_nodes;
}

#define SET(name, member, text) LIST(name, facts_set, offsetof(struct facts, member), text)

static const struct attr nodes_attrs[] = {
	LIST("possible", possible_nodes, 0, "Nodes there may ever be."),
	SET("online", nodes_online, "Nodes there are."),
	SET("has_cpu", has_cpu, "Nodes with CPUs."),
	SET("has_memory", has_memory, "Nodes with memory."),
	SET("has_normal_memory", has_normal_memory, "Nodes with memory that the kernel itself may use."),
	SET("has_generic_initiator", has_generic_initiator, "Nodes with an initiator that is no CPU."),
	{ "uevent", "Empty.", show_nothing, .raw = true, .mode = 0644 },
};

AT_FIXED("sys/devices/system/node")

static int compare_nodes(const void *x, const void *y)
{
	uint32_t a = ((const struct node *)x)->id, b = ((const struct node *)y)->id;
	return (a > b) - (a < b);
}

static void scan_nodes(const struct class *class, const struct tree *tree, struct topo *t)
{
	uint32_t dir = tree_find(tree, "sys/devices/system/node");
	struct idset initiators = { 0 };
	(void)class;
	scan_list(tree, dir, "has_generic_initiator", TOPO_MAX_NODE, &t->arena, &initiators);
	EACH_CHILD (e, tree, dir) {
		int64_t id = scan_id(tree_name(tree, e), "node");
		if (id < 0 || id > TOPO_MAX_NODE || !scan_is_dir(tree, e))
			continue;
		*LIST_ADD(&t->arena, &t->nodes) = (struct node){
			.id = (uint32_t)id, .free_k = TOPO_UNKNOWN, .device = BDF_NONE,
			.generic_initiator = idset_has(&initiators, (uint32_t)id),
		};
	}
	if (t->nodes.n)
		qsort(t->nodes.at, t->nodes.n, sizeof *t->nodes.at, compare_nodes);
	if (!scan_list(tree, dir, "possible", TOPO_MAX_NODE, &t->arena, &t->possible_nodes))
		for (size_t i = 0; i < t->nodes.n; i++)
			idset_add(&t->arena, &t->possible_nodes, t->nodes.at[i].id);
}

const struct class nodes_class = {
	"nodes", "The NUMA nodes together.", "/sys/devices/system/node", count_if_numa, NULL, at_fixed,
	ROWS(nodes_attrs), .scan = scan_nodes,
};

/* --- /sys/devices/system/node/nodeN ---------------------------------------------------------------------- */

static const struct idset *cpus_of_node(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return &o->facts->node_cpus[o->index];
}

static void show_distance(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	for (size_t to = 0; to < o->topo->nodes.n; to++)
		buf_printf(out, "%s%u", to ? " " : "", topo_distance(o->topo, o->index, to));
}

static void load_distance(const struct attr *attr, const struct loading *l, const char *text)
{
	struct node *node = l->self;
	char *end;
	(void)attr;
	for (; *text; text = end) {
		unsigned long value = strtoul(text, &end, 10);
		if (end == text || value > TOPO_DISTANCE_MAX)
			break;
		*LIST_ADD(&l->topo->arena, &node->distances) = (uint32_t)value;
	}
	/* a row of another length fits no matrix */
	if (node->distances.n != l->topo->nodes.n)
		node->distances.n = 0;
}

static void show_meminfo(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	node_meminfo_text(o->topo, o->self, out);
}

/* Every line is kept, as kernels do not agree on which there are. */
static void load_meminfo(const struct attr *attr, const struct loading *l, const char *text)
{
	struct node *node = l->self;
	(void)attr;
	for (const char *line = text, *end; line; line = end ? end + 1 : NULL) {
		char key[64];
		unsigned id;
		unsigned long long value;
		end = strchr(line, '\n');
		if (sscanf(line, "Node %u %63[^: ]: %llu", &id, key, &value) != 3)
			continue;
		*LIST_ADD(&l->topo->arena, &node->meminfo) =
			(struct count){ arena_strdup(&l->topo->arena, key), value };
		if (!strcmp(key, "MemTotal"))
			node->memory_k = value;
		if (!strcmp(key, "MemFree"))
			node->free_k = (int64_t)value;
	}
	if (*text == '\n')
		l->topo->meminfo_style = strstr(text, "MemTotal:       ") ? MEMINFO_SPACED : MEMINFO_NARROW;
	if (node->free_k != TOPO_UNKNOWN && (uint64_t)node->free_k == node->memory_k)
		node->free_k = TOPO_UNKNOWN;
}

static uint64_t said_or_zero(const topo_counts *counts, const char *key)
{
	for (size_t i = 0; i < counts->n; i++)
		if (!strcmp(counts->at[i].key, key))
			return counts->at[i].value;
	return 0;
}

static void show_numastat(const struct attr *attr, const struct object *o, struct buf *out)
{
	static const char *const keys[] = { "numa_hit", "numa_miss", "numa_foreign", "interleave_hit", "local_node",
					    "other_node" };
	(void)attr;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		buf_printf(out, "%s %llu\n", keys[i],
			   (unsigned long long)said_or_zero(&((const struct node *)o->self)->numastat, keys[i]));
}

static void load_numastat(const struct attr *attr, const struct loading *l, const char *text)
{
	struct node *node = l->self;
	(void)attr;
	for (const char *line = text, *end; line; line = end ? end + 1 : NULL) {
		char key[64];
		unsigned long long value;
		end = strchr(line, '\n');
		if (sscanf(line, "%63s %llu", key, &value) == 2 && value)
			*LIST_ADD(&l->topo->arena, &node->numastat) =
				(struct count){ arena_strdup(&l->topo->arena, key), value };
	}
}

/* Pages of 4 KiB; what is not known to be free is in use by nobody in particular. */
static void show_vmstat(const struct attr *attr, const struct object *o, struct buf *out)
{
	static const char *const zeros[] = {
		"nr_zone_inactive_anon", "nr_zone_active_anon", "nr_zone_inactive_file", "nr_zone_active_file",
		"nr_zone_unevictable", "nr_zone_write_pending", "nr_mlock", "nr_free_cma", "numa_hit", "numa_miss",
		"numa_foreign", "numa_interleave", "numa_local", "numa_other", "nr_inactive_anon", "nr_active_anon",
		"nr_inactive_file", "nr_active_file", "nr_unevictable", "nr_slab_reclaimable", "nr_slab_unreclaimable",
		"nr_anon_pages", "nr_mapped", "nr_file_pages", "nr_dirty", "nr_writeback", "nr_shmem",
		"nr_anon_transparent_hugepages", "nr_kernel_stack", "nr_page_table_pages",
	};
	const struct node *node = o->self;
	uint64_t free_k = node->free_k == TOPO_UNKNOWN ? node->memory_k : (uint64_t)node->free_k;
	(void)attr;
	buf_printf(out, "nr_free_pages %llu\n", (unsigned long long)free_k / 4);
	for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
		buf_printf(out, "%s 0\n", zeros[i]);
}

static bool link_cpus(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *place)
{
	(void)attr;
	const struct idset *cpus = &((const struct node *)o->self)->cpus;
	int64_t id = idset_nth(cpus, (uint32_t)i);
	if (id == IDSET_NONE)
		return false;
	buf_printf(name, "cpu%u", (unsigned)id);
	buf_printf(place, "sys/devices/system/cpu/cpu%u", (unsigned)id);
	return true;
}

/* The n-th node whose best initiator this one is: access_class, seen from the other side. */
static bool link_targets(const struct attr *attr, const struct object *o, size_t n, struct buf *name,
			 struct buf *place)
{
	(void)attr;
	const struct node *self = o->self;
	for (size_t i = 0; i < o->topo->nodes.n; i++)
		for (size_t k = 0; k < o->topo->nodes.at[i].access.n; k++) {
			const struct node_access *access = &o->topo->nodes.at[i].access.at[k];
			if (!idset_has(&access->initiators, self->id) || n--)
				continue;
			buf_printf(name, "access%u/targets/node%u", access->class, o->topo->nodes.at[i].id);
			buf_printf(place, "sys/devices/system/node/node%u", o->topo->nodes.at[i].id);
			return true;
		}
	return false;
}

static const struct attr node_attrs[] = {
	MASK("cpumap", cpus_of_node, 0, "Its CPUs that are online, as a mask."),
	LIST("cpulist", cpus_of_node, 0, "Its CPUs that are online, as a list."),
	{ "distance", "Distance to every node, in the order of their ids.", show_distance, .load = load_distance },
	{ "meminfo", "Its memory.", show_meminfo, .load = load_meminfo, .raw = true, .secret = SECRET_MEMORY },
	{ "numastat", "Where allocations went.", show_numastat, .load = load_numastat, .raw = true },
	{ "vmstat", "Its pages by use.", show_vmstat, .raw = true, .secret = SECRET_MEMORY },
	{ "cpu*", "Its CPUs.", .link = link_cpus },
	{ "access*/targets/node*", "The nodes to which it has the best access.", .link = link_targets },
	{ "uevent", "Empty.", show_nothing, .raw = true, .mode = 0644 },
};

static bool at_node(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct node *node = &f->topo->nodes.at[i];
	*self = node;
	buf_printf(path, "sys/devices/system/node/node%u", node->id);
	return true;
}

/* Its links tell all its CPUs, its mask those that are online. */
static void scan_cpus_of_node(const struct tree *tree, uint32_t dir, struct topo *t, struct node *node)
{
	struct idset mask = { 0 };
	EACH_CHILD (e, tree, dir) {
		int64_t id = scan_id(tree_name(tree, e), "cpu");
		if (id >= 0 && id <= TOPO_MAX_CPU && scan_is_link(tree, e))
			idset_add(&t->arena, &node->cpus, (uint32_t)id);
	}
	if (scan_mask(tree, dir, "cpumap", TOPO_MAX_CPU, &t->arena, &mask) ||
	    scan_list(tree, dir, "cpulist", TOPO_MAX_CPU, &t->arena, &mask))
		idset_add_all(&t->arena, &node->cpus, &mask);
}

static void scan_movable(const struct tree *tree, struct topo *t)
{
	struct idset normal = { 0 };
	if (!scan_list(tree, tree_find(tree, "sys/devices/system/node"), "has_normal_memory", TOPO_MAX_NODE, &t->arena,
		       &normal))
		return;
	for (size_t i = 0; i < t->nodes.n; i++)
		t->nodes.at[i].movable = t->nodes.at[i].memory_k && !idset_has(&normal, t->nodes.at[i].id);
}

static void scan_node(const struct class *class, const struct tree *tree, struct topo *t)
{
	for (size_t i = 0; i < t->nodes.n; i++) {
		char path[64];
		snprintf(path, sizeof path, "sys/devices/system/node/node%u", t->nodes.at[i].id);
		uint32_t dir = tree_find(tree, path);
		scan_rows(class, tree, dir, t, &t->nodes.at[i]);
		scan_cpus_of_node(tree, dir, t, &t->nodes.at[i]);
	}
	scan_movable(tree, t);
	/* a matrix has a row for every node, or none */
	bool whole = true;
	for (size_t i = 0; i < t->nodes.n; i++)
		whole &= t->nodes.at[i].distances.n > 0;
	for (size_t i = 0; i < t->nodes.n && !whole; i++)
		t->nodes.at[i].distances.n = 0;
}

const struct class node_class = {
	"node", "One NUMA node.", "/sys/devices/system/node/node[0-9]*", count_nodes, NULL, at_node, ROWS(node_attrs),
	.scan = scan_node,
	.subsystem = "bus/node", .listed = { "bus/node/devices" },
};

/* --- nodeN/accessC/initiators ---------------------------------------------------------------------------- */

static size_t count_access(const struct facts *f, size_t node)
{
	return f->topo->nodes.at[node].access.n;
}

static bool at_access(const struct facts *f, size_t node, size_t part, const void **self, struct buf *path)
{
	const struct node_access *access = &f->topo->nodes.at[node].access.at[part];
	*self = access;
	buf_printf(path, "sys/devices/system/node/node%u/access%u/initiators", f->topo->nodes.at[node].id,
		   access->class);
	return true;
}

static bool link_initiators(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			    struct buf *place)
{
	(void)attr;
	const struct idset *nodes = &((const struct node_access *)o->self)->initiators;
	int64_t id = idset_nth(nodes, (uint32_t)i);
	if (id == IDSET_NONE)
		return false;
	buf_printf(name, "node%u", (unsigned)id);
	buf_printf(place, "sys/devices/system/node/node%u", (unsigned)id);
	return true;
}

// clang-format off
static const struct attr access_attrs[] = {
	{ "node*", "A node with the best access to this one.", .link = link_initiators },
	U64("read_bandwidth", struct node_access, read_bandwidth, "From those, MiB/s."),
	U64("write_bandwidth", struct node_access, write_bandwidth, "From those, MiB/s."),
	U64("read_latency", struct node_access, read_latency, "From those, ns."),
	U64("write_latency", struct node_access, write_latency, "From those, ns."),
};
// clang-format on

static void scan_access_of_node(const struct class *class, const struct tree *tree, uint32_t dir, struct topo *t,
				struct node *node)
{
	EACH_CHILD (e, tree, dir) {
		int64_t number = scan_id(tree_name(tree, e), "access");
		uint32_t initiators = scan_find(tree, e, "initiators");
		if (number < 0 || number > 9 || !scan_is_dir(tree, initiators))
			continue;
		struct node_access *access = LIST_ADD(&t->arena, &node->access);
		access->class = (uint32_t)number;
		scan_rows(class, tree, initiators, t, access);
		EACH_CHILD (link, tree, initiators) {
			int64_t id = scan_id(tree_name(tree, link), "node");
			if (id >= 0 && id <= TOPO_MAX_NODE)
				idset_add(&t->arena, &access->initiators, (uint32_t)id);
		}
	}
}

static void scan_access(const struct class *class, const struct tree *tree, struct topo *t)
{
	for (size_t i = 0; i < t->nodes.n; i++) {
		char path[64];
		snprintf(path, sizeof path, "sys/devices/system/node/node%u", t->nodes.at[i].id);
		scan_access_of_node(class, tree, tree_find(tree, path), t, &t->nodes.at[i]);
	}
}

const struct class access_class = {
	"access", "An access class of a node.", "/sys/devices/system/node/node[0-9]*/access[0-9]*/initiators",
	count_nodes, count_access, at_access, ROWS(access_attrs), .scan = scan_access,
};

/* --- nodeN/memory_side_cache ----------------------------------------------------------------------------- */

static size_t count_memory_side_caches(const struct facts *f, size_t node)
{
	return f->topo->nodes.at[node].memory_side_caches.n;
}

static bool at_memory_side_cache(const struct facts *f, size_t node, size_t part, const void **self, struct buf *path)
{
	const struct memory_side_cache *cache = &f->topo->nodes.at[node].memory_side_caches.at[part];
	*self = cache;
	buf_printf(path, "sys/devices/system/node/node%u/memory_side_cache/index%u", f->topo->nodes.at[node].id,
		   cache->level);
	return true;
}

static const struct attr memory_side_cache_attrs[] = {
	{ "size", "Its size in bytes.", show_u64, .load = load_u64,
	  .offset = offsetof(struct memory_side_cache, size) },
	{ "line_size", "Line size in bytes.", show_u64, .load = load_u64,
	  .offset = offsetof(struct memory_side_cache, line) },
	INT("indexing", struct memory_side_cache, indexing, "0: direct mapped; 1: other."),
	INT("write_policy", struct memory_side_cache, write_policy, "0: write back; 1: write through."),
};

static void scan_memory_side_caches(const struct class *class, const struct tree *tree, struct topo *t)
{
	for (size_t i = 0; i < t->nodes.n; i++) {
		char path[96];
		snprintf(path, sizeof path, "sys/devices/system/node/node%u/memory_side_cache", t->nodes.at[i].id);
		EACH_CHILD (e, tree, tree_find(tree, path)) {
			int64_t level = scan_id(tree_name(tree, e), "index");
			if (level < 1 || level > 9)
				continue;
			struct memory_side_cache *cache = LIST_ADD(&t->arena, &t->nodes.at[i].memory_side_caches);
			cache->level = (uint32_t)level;
			scan_rows(class, tree, e, t, cache);
		}
	}
}

const struct class memory_side_cache_class = {
	"memory_side_cache", "A cache in front of a node's memory.",
	"/sys/devices/system/node/node[0-9]*/memory_side_cache/index[0-9]*", count_nodes, count_memory_side_caches,
	at_memory_side_cache, ROWS(memory_side_cache_attrs), .scan = scan_memory_side_caches,
};
