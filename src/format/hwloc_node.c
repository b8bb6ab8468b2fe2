/* SPDX-License-Identifier: Apache-2.0 */

/* NUMA nodes: memory, caches in front of it, distances, and how well it is reached. */

#include "hwloc_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_ids(const void *x, const void *y)
{
	unsigned a = (*(hwloc_obj_t const *)x)->os_index, b = (*(hwloc_obj_t const *)y)->os_index;
	return (a > b) - (a < b);
}

static int find_nodes(struct hw_reader *r)
{
	for (hwloc_obj_t n = NULL; (n = hwloc_get_next_obj_by_type(r->h, HWLOC_OBJ_NUMANODE, n));) {
		if (n->os_index > TOPO_MAX_NODE)
			return err_set(r->err, "", "a NUMA node has the id %u, and nodes end at %d", n->os_index,
				       TOPO_MAX_NODE);
		*LIST_ADD(r->a, &r->nodes) = n;
	}
	if (r->nodes.n)
		qsort(r->nodes.at, r->nodes.n, sizeof *r->nodes.at, compare_ids);
	return 0;
}

/* --- CPUs ------------------------------------------------------------------------------------------------ */

/* A node, by how many CPUs it is near. */
struct near {
	int n;
	size_t node;
};

static int compare_near(const void *x, const void *y)
{
	const struct near *a = x, *b = y;
	return a->n != b->n ? b->n - a->n : (a->node < b->node) - (a->node > b->node);
}

/*
 * A node without CPUs has, for hwloc, those it is near: a CPU is of the node that has the fewest, and then of the
 * first. So these come last, and have the last word.
 */
static void share_cpus(struct hw_reader *r)
{
	struct near *near = arena_alloc(r->a, (r->nodes.n + 1) * sizeof *near);
	size_t *owner = arena_alloc(r->a, (TOPO_MAX_CPU + 1) * sizeof *owner); /* place + 1 */
	struct idset *near_cpus = arena_alloc(r->a, (r->nodes.n + 1) * sizeof *near_cpus);
	for (size_t i = 0; i < r->nodes.n; i++) {
		near_cpus[i] = hw_cpus(r, r->nodes.at[i]->cpuset);
		near[i] = (struct near){ (int)idset_count(&near_cpus[i]), i };
	}
	qsort(near, r->nodes.n, sizeof *near, compare_near);
	for (size_t i = 0; i < r->nodes.n; i++)
		IDSET_EACH (cpu, &near_cpus[near[i].node])
			owner[cpu] = near[i].node + 1;
	IDSET_EACH (cpu, &r->cpus)
		if (owner[cpu])
			idset_add(r->a, &r->doc->nodes.at[owner[cpu] - 1].node.cpus, (uint32_t)cpu);
}

int32_t hw_node_at(const struct hw_reader *r, hwloc_obj_t obj)
{
	struct idset cpus = hw_cpus(r, obj->cpuset);
	for (size_t i = 0; i < r->nodes.n; i++)
		if (!idset_is_empty(&cpus) && idset_equal(&cpus, &r->doc->nodes.at[i].node.cpus))
			return (int32_t)r->nodes.at[i]->os_index;
	return TOPO_UNKNOWN;
}

/* --- memory ---------------------------------------------------------------------------------------------- */

/* The first size is that of ordinary pages. */
static void read_pages(struct hw_reader *r, const struct hwloc_numanode_attr_s *attr, struct node *node)
{
	for (unsigned i = 1; i < attr->page_types_len; i++)
		if (attr->page_types[i].size >= 1024 && attr->page_types[i].count <= INT64_MAX)
			*LIST_ADD(r->a, &node->hugepages) = (struct hugepages){
				.size_k = attr->page_types[i].size / 1024, .total = attr->page_types[i].count,
				.free = attr->page_types[i].count,
			};
}

static void read_side_caches(struct hw_reader *r, hwloc_obj_t obj, struct node *node)
{
	for (hwloc_obj_t c = obj->parent; c && c->type == HWLOC_OBJ_MEMCACHE; c = c->parent) {
		struct memory_side_cache *cache = LIST_ADD(r->a, &node->memory_side_caches);
		*cache = (struct memory_side_cache){ .level = c->attr->cache.depth, .size = c->attr->cache.size,
						     .line = c->attr->cache.linesize,
						     .indexing = c->attr->cache.associativity != 1 };
	}
}

static void read_device(struct hw_reader *r, hwloc_obj_t obj, struct node *node)
{
	const char *busid = hw_info(r, obj, "PCIBusID");
	uint64_t address;
	if (busid && !bdf_parse(busid, 0, &address) && hwloc_get_pcidev_by_busidstring(r->h, busid))
		node->device = address;
}

static void read_node(struct hw_reader *r, hwloc_obj_t obj)
{
	struct doc_node *doc = LIST_ADD(r->a, &r->doc->nodes);
	table_init(&node_table, doc);
	idset_add(r->a, &doc->ids, obj->os_index);
	doc->node.memory_k = obj->attr->numanode.local_memory / 1024;
	read_pages(r, &obj->attr->numanode, &doc->node);
	read_side_caches(r, obj, &doc->node);
	read_device(r, obj, &doc->node);
}

/* --- distances ------------------------------------------------------------------------------------------- */

/* Whether a matrix is one of the kernel's, between all nodes; then where in it each of these is. */
static bool is_kernels(const struct hw_reader *r, struct hwloc_distances_s *d, int *places)
{
	if (d->nbobjs != r->nodes.n)
		return false;
	for (size_t i = 0; i < (size_t)d->nbobjs * d->nbobjs; i++)
		if (d->values[i] > TOPO_DISTANCE_MAX)
			return false;
	for (size_t i = 0; i < r->nodes.n; i++)
		if ((places[i] = hwloc_distances_obj_index(d, r->nodes.at[i])) < 0)
			return false;
	return true;
}

static void take_distances(struct hw_reader *r, const struct hwloc_distances_s *d, const int *places)
{
	for (size_t i = 0; i < r->nodes.n; i++)
		for (size_t k = 0; k < r->nodes.n; k++)
			*LIST_ADD(r->a, &r->doc->nodes.at[i].node.distances) =
				(uint32_t)d->values[(size_t)places[i] * d->nbobjs + (size_t)places[k]];
}

static void read_distances(struct hw_reader *r)
{
	enum { MAX_MATRICES = 16 };
	struct hwloc_distances_s *found[MAX_MATRICES];
	unsigned n = MAX_MATRICES;
	bool taken = false;
	int *places = arena_alloc(r->a, (r->nodes.n + 1) * sizeof *places);
	if (hwloc_distances_get_by_type(r->h, HWLOC_OBJ_NUMANODE, &n, found, HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0))
		return;
	for (unsigned i = 0; i < n && i < MAX_MATRICES; i++) {
		if (!taken && is_kernels(r, found[i], places)) {
			take_distances(r, found[i], places);
			taken = true;
		}
		hwloc_distances_release(r->h, found[i]);
	}
}

/* --- access ---------------------------------------------------------------------------------------------- */

/* The nodes with these CPUs. */
static void add_initiators(struct hw_reader *r, const struct hwloc_location *from, struct idset *nodes)
{
	if (from->type != HWLOC_LOCATION_TYPE_CPUSET)
		return;
	struct idset cpus = hw_cpus(r, from->location.cpuset);
	for (size_t i = 0; i < r->nodes.n; i++)
		if (!idset_is_empty(&r->doc->nodes.at[i].node.cpus) &&
		    idset_within(&r->doc->nodes.at[i].node.cpus, &cpus))
			idset_add(r->a, nodes, r->nodes.at[i]->os_index);
}

/* The best value, and from where it is reached; 0: nothing is known. */
static uint64_t read_attribute(struct hw_reader *r, hwloc_memattr_id_t id, bool most, hwloc_obj_t node,
			       struct idset *initiators)
{
	enum { MAX_INITIATORS = 256 };
	struct hwloc_location from[MAX_INITIATORS];
	hwloc_uint64_t values[MAX_INITIATORS], best = 0;
	unsigned n = MAX_INITIATORS;
	if (hwloc_memattr_get_initiators(r->h, id, node, 0, &n, from, values))
		return 0;
	n = n < MAX_INITIATORS ? n : MAX_INITIATORS;
	for (unsigned i = 0; i < n; i++)
		if (values[i] && (!best || (most ? values[i] > best : values[i] < best)))
			best = values[i];
	if (best > INT32_MAX)
		return 0;
	for (unsigned i = 0; i < n; i++)
		if (best && values[i] == best)
			add_initiators(r, &from[i], initiators);
	return best;
}

static const struct {
	hwloc_memattr_id_t id;
	bool most;
	size_t offset[2]; /* in struct node_access */
} memory_attributes[] = {
#define TO(member) offsetof(struct node_access, member)
	{ HWLOC_MEMATTR_ID_BANDWIDTH, true, { TO(read_bandwidth), TO(write_bandwidth) } },
	{ HWLOC_MEMATTR_ID_READ_BANDWIDTH, true, { TO(read_bandwidth), TO(read_bandwidth) } },
	{ HWLOC_MEMATTR_ID_WRITE_BANDWIDTH, true, { TO(write_bandwidth), TO(write_bandwidth) } },
	{ HWLOC_MEMATTR_ID_LATENCY, false, { TO(read_latency), TO(write_latency) } },
	{ HWLOC_MEMATTR_ID_READ_LATENCY, false, { TO(read_latency), TO(read_latency) } },
	{ HWLOC_MEMATTR_ID_WRITE_LATENCY, false, { TO(write_latency), TO(write_latency) } },
#undef TO
};

static void read_access(struct hw_reader *r, size_t i)
{
	struct node_access access = { .class = 0 };
	bool any = false;
	for (size_t k = 0; k < sizeof memory_attributes / sizeof *memory_attributes; k++) {
		uint64_t value = read_attribute(r, memory_attributes[k].id, memory_attributes[k].most, r->nodes.at[i],
						&access.initiators);
		for (int end = 0; end < 2 && value; end++)
			*(uint64_t *)((char *)&access + memory_attributes[k].offset[end]) = value;
		any |= value != 0;
	}
	if (any && !idset_is_empty(&access.initiators))
		*LIST_ADD(r->a, &r->doc->nodes.at[i].node.access) = access;
}

/* --------------------------------------------------------------------------------------------------------- */

int hw_read_nodes(struct hw_reader *r)
{
	if (find_nodes(r))
		return -EINVAL;
	for (size_t i = 0; i < r->nodes.n; i++)
		read_node(r, r->nodes.at[i]);
	share_cpus(r);
	read_distances(r);
	for (size_t i = 0; i < r->nodes.n; i++)
		read_access(r, i);
	return 0;
}
