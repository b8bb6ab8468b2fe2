/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What must hold in a topology. Most rules exist because some program does not survive, or does not notice,
 * that they are broken; the row says which.
 */

#include "topofs/rules.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Of what is wrong a thousand times over, a few places are enough to see why. */
enum { MAX_OF_A_RULE = 16 };

static void report(const struct inspection *in, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void report(const struct inspection *in, const char *where, const char *fmt, ...)
{
	if (++*in->n_reported > MAX_OF_A_RULE)
		return;
	_cleanup_buf_ struct buf what = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&what, fmt, ap);
	va_end(ap);
	*LIST_ADD(in->arena, in->found) = (struct finding){
		.severity = in->rule->severity, .rule = in->rule->name, .where = where,
		.what = arena_strdup(in->arena, buf_text(&what)),
	};
}

static const char *node_name(const struct inspection *in, const struct node *node)
{
	return arena_printf(in->arena, "node %u", node->id);
}

static const char *pci_name(const struct inspection *in, uint64_t address)
{
	return arena_printf(in->arena, "pci %s", bdf_text(in->arena, address));
}

static const char *list_text(const struct inspection *in, const struct idset *set)
{
	_cleanup_buf_ struct buf text = { 0 };
	idset_print_list(set, &text);
	return arena_strdup(in->arena, buf_text(&text));
}

/* Members of one set that another lacks, as a list; NULL when there are none. */
static const char *beyond(const struct inspection *in, const struct idset *part, const struct idset *whole)
{
	if (idset_within(part, whole))
		return NULL;
	struct idset rest = idset_dup(in->arena, part);
	idset_remove_all(&rest, whole);
	return list_text(in, &rest);
}

/* --- CPUs ------------------------------------------------------------------------------------------------ */

static void check_cpu_sets(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const struct {
		const char *name, *whole_name;
		const struct idset *part, *whole;
	} sets[] = { { "present", "possible", &t->present, &t->possible },
		     { "online", "present", &t->online, &t->present },
		     { "isolated", "possible", &t->isolated, &t->possible } };
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		const char *more = beyond(in, sets[i].part, sets[i].whole);
		if (more)
			report(in, "cpu", "CPUs %s are %s but not %s", more, sets[i].name, sets[i].whole_name);
	}
}

static void check_cpu_has_package(const struct inspection *in)
{
	const struct topo *t = in->topo;
	struct idset in_packages = { 0 };
	for (size_t i = 0; i < t->cpus.n; i++)
		if (t->cpus.at[i].group[LEVEL_PACKAGE] != TOPO_UNKNOWN)
			idset_add(in->arena, &in_packages, t->cpus.at[i].id);
	if (idset_is_empty(&in_packages))
		return;
	const char *bare = beyond(in, &t->online, &in_packages);
	const char *absent = beyond(in, &in_packages, &t->present);
	if (bare)
		report(in, "cpu", "CPUs %s are online but in no package", bare);
	if (absent)
		report(in, "cpu", "CPUs %s are in a package but not present", absent);
}

static void check_node_cpus_exist(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		const char *unknown = beyond(in, &node->cpus, &in->topo->possible);
		if (unknown)
			report(in, node_name(in, node), "it has CPUs %s, which no package has", unknown);
	}
}

static void check_cpu_kinds(const struct inspection *in)
{
	struct idset seen = { 0 };
	for (size_t i = 0; i < in->topo->kinds.n; i++) {
		const struct idset *cpus = &in->topo->kinds.at[i].cpus;
		const char *where = arena_printf(in->arena, "cpu.kinds[%zu]", i);
		const char *unknown = beyond(in, cpus, &in->topo->present);
		if (unknown)
			report(in, where, "it has CPUs %s, which the machine has not", unknown);
		if (idset_meets(cpus, &seen))
			report(in, where, "it has CPUs of an earlier kind");
		idset_add_all(in->arena, &seen, cpus);
	}
}

static void check_kernel_max(const struct inspection *in)
{
	int64_t last = idset_last(&in->topo->possible);
	if (last > in->topo->kernel_max)
		report(in, "cpu.kernel_max", "CPU %lld is beyond %lld: lscpu leaves it out", (long long)last,
		       (long long)in->topo->kernel_max);
}

static void check_mask_bits(const struct inspection *in)
{
	int64_t last = idset_last(&in->topo->possible);
	if (in->topo->mask_bits && last >= in->topo->mask_bits)
		report(in, "cpu.mask_bits", "CPU %lld does not fit masks of %u bits", (long long)last, in->topo->mask_bits);
}

static void check_cpu_mask_width(const struct inspection *in)
{
	uint32_t bits = (uint32_t)idset_last(&in->topo->possible) + 1;
	if (in->limits->cpu_bits && bits > in->limits->cpu_bits)
		report(in, "cpu", "masks of %u CPUs are wider than the %u this kernel is built for: numactl prints no CPUs",
		       bits, in->limits->cpu_bits);
	if (bits > 896)
		report(in, "cpu", "masks of %u CPUs have more than 254 characters: NCCL cuts them off", bits);
}

static int compare_caches(const void *x, const void *y)
{
	const struct cache *a = *(const struct cache *const *)x, *b = *(const struct cache *const *)y;
	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static void check_caches(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const struct cache **order = arena_alloc(in->arena, (t->caches.n + 1) * sizeof *order);
	if (!t->caches.n)
		report(in, "cpu.caches", "there are none: hwloc takes those of the CPU it runs on");
	for (size_t i = 0; i < t->caches.n; i++)
		order[i] = &t->caches.at[i];
	qsort(order, t->caches.n, sizeof *order, compare_caches);
	for (size_t i = 1; i < t->caches.n; i++)
		if (!compare_caches(&order[i - 1], &order[i]) && order[i]->id != TOPO_UNKNOWN) {
			report(in, "cpu.caches", "two L%u caches have the id %lld: lscpu takes them for one",
			       order[i]->level, (long long)order[i]->id);
			return;
		}
}

static int compare_cores(const void *x, const void *y)
{
	const struct cpu *a = *(const struct cpu *const *)x, *b = *(const struct cpu *const *)y;
	if (a->group[LEVEL_PACKAGE] != b->group[LEVEL_PACKAGE])
		return a->group[LEVEL_PACKAGE] < b->group[LEVEL_PACKAGE] ? -1 : 1;
	return (a->number[LEVEL_CORE] > b->number[LEVEL_CORE]) - (a->number[LEVEL_CORE] < b->number[LEVEL_CORE]);
}

static void check_core_ids(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const struct cpu **order = arena_alloc(in->arena, (t->cpus.n + 1) * sizeof *order);
	for (size_t i = 0; i < t->cpus.n; i++)
		order[i] = &t->cpus.at[i];
	qsort(order, t->cpus.n, sizeof *order, compare_cores);
	for (size_t i = 1; i < t->cpus.n; i++) {
		const struct cpu *a = order[i - 1], *b = order[i];
		if (a->number[LEVEL_CORE] != TOPO_UNKNOWN && !compare_cores(&a, &b) &&
		    a->group[LEVEL_CORE] != b->group[LEVEL_CORE]) {
			report(in, arena_printf(in->arena, "package %d", a->number[LEVEL_PACKAGE]),
			       "CPUs %u and %u are on two cores %d: cAdvisor takes them for one", a->id, b->id,
			       a->number[LEVEL_CORE]);
			return;
		}
	}
}

/* --- nodes ----------------------------------------------------------------------------------------------- */

static void check_node_mask(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n && in->limits->node_bits; i++)
		if (in->topo->nodes.at[i].id >= in->limits->node_bits)
			report(in, node_name(in, &in->topo->nodes.at[i]),
			       "this kernel has nodes 0 to %u: programs that use libnuma would crash",
			       in->limits->node_bits - 1);
}

/*
 * hwloc allocates n / 64 words and lets the kernel write one more. What malloc(3) adds hides that unless the words
 * are an odd number of at least three.
 */
static void check_possible_nodes(const struct inspection *in)
{
	int64_t n = idset_last(&in->topo->possible_nodes) + 1, words = n / 64;
	bool crashes = words >= 3 && words % 2;
	if (n > 64 && n % 64 && crashes == (in->rule->severity == HARMFUL))
		report(in, "possible_nodes", "%lld nodes: hwloc writes past its buffer unless they are a multiple of 64",
		       (long long)n);
}

static void check_nodes_possible(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++)
		if (!idset_has(&in->topo->possible_nodes, in->topo->nodes.at[i].id))
			report(in, node_name(in, &in->topo->nodes.at[i]), "it is not among the possible nodes");
}

static void check_cpu_one_node(const struct inspection *in)
{
	struct idset seen = { 0 };
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		struct idset twice = idset_and(in->arena, &node->cpus, &seen);
		if (!idset_is_empty(&twice))
			report(in, node_name(in, node), "CPUs %s are in an earlier node too: hwloc drops this one",
			       list_text(in, &twice));
		idset_add_all(in->arena, &seen, &node->cpus);
	}
	const char *homeless = in->topo->nodes.n ? beyond(in, &in->topo->online, &seen) : NULL;
	if (homeless)
		report(in, "nodes", "CPUs %s are in no node", homeless);
}

static void check_memory(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		if (node->free_k != TOPO_UNKNOWN && (uint64_t)node->free_k > node->memory_k)
			report(in, node_name(in, node), "more memory is free than there is");
		for (size_t k = 0; k < node->hugepages.n; k++)
			if (node->hugepages.at[k].free > node->hugepages.at[k].total)
				report(in, node_name(in, node), "more huge pages are free than there are");
	}
}

static void check_distance_diagonal(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++)
		if (topo_distance(in->topo, i, i) != 10)
			report(in, node_name(in, &in->topo->nodes.at[i]), "its distance to itself is %u, not 10",
			       topo_distance(in->topo, i, i));
}

static void check_distance_range(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++)
		for (size_t k = 0; k < in->topo->nodes.n; k++)
			if (i != k && topo_distance(in->topo, i, k) < 10) {
				report(in, node_name(in, &in->topo->nodes.at[i]),
				       "its distance to node %u is %u, nearer than a node to itself (10)",
				       in->topo->nodes.at[k].id, topo_distance(in->topo, i, k));
				return;
			}
}

static void check_distance_symmetry(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++)
		for (size_t k = 0; k < i; k++)
			if (topo_distance(in->topo, i, k) != topo_distance(in->topo, k, i))
				report(in, node_name(in, &in->topo->nodes.at[i]),
				       "its distance to node %u is %u there and %u back", in->topo->nodes.at[k].id,
				       topo_distance(in->topo, i, k), topo_distance(in->topo, k, i));
}

/* Whether one node with CPUs is nearer than all others. */
static bool has_nearest(const struct topo *t, size_t node)
{
	uint32_t least = UINT32_MAX, most = 0;
	for (size_t k = 0; k < t->nodes.n; k++)
		if (k != node && !idset_is_empty(&t->nodes.at[k].cpus)) {
			uint32_t d = topo_distance(t, node, k);
			least = d < least ? d : least;
			most = d > most ? d : most;
		}
	return least < most;
}

static void check_cpuless_nodes(const struct inspection *in)
{
	const struct topo *t = in->topo;
	size_t with_cpus = 0;
	for (size_t i = 0; i < t->nodes.n; i++)
		with_cpus += !idset_is_empty(&t->nodes.at[i].cpus);
	for (size_t i = 0; i < t->nodes.n && with_cpus > 1; i++) {
		const struct node *node = &t->nodes.at[i];
		if (idset_is_empty(&node->cpus) && !node->access.n && node->device == BDF_NONE && !has_nearest(t, i))
			report(in, node_name(in, node),
			       "it has no CPUs, no initiators and no nearest node: hwloc puts it beside the whole machine");
	}
}

static void check_initiators(const struct inspection *in)
{
	struct idset nodes = { 0 };
	for (size_t i = 0; i < in->topo->nodes.n; i++)
		idset_add(in->arena, &nodes, in->topo->nodes.at[i].id);
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		for (size_t k = 0; k < node->access.n; k++) {
			const char *unknown = beyond(in, &node->access.at[k].initiators, &nodes);
			if (unknown)
				report(in, node_name(in, node), "its initiators %s do not exist", unknown);
		}
	}
}

/* --- PCI ------------------------------------------------------------------------------------------------- */

static int compare_u64(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
	return (a > b) - (a < b);
}

/* All addresses in order, to search in. */
static const uint64_t *sorted_addresses(const struct inspection *in)
{
	const struct topo *t = in->topo;
	uint64_t *order = arena_alloc(in->arena, (t->pci.n + 1) * sizeof *order);
	for (size_t i = 0; i < t->pci.n; i++)
		order[i] = t->pci.at[i].address;
	qsort(order, t->pci.n, sizeof *order, compare_u64);
	return order;
}

static bool is_there(const struct inspection *in, const uint64_t *order, uint64_t address)
{
	return bsearch(&address, order, in->topo->pci.n, sizeof *order, compare_u64) != NULL;
}

static void check_pci_unique(const struct inspection *in)
{
	const uint64_t *order = sorted_addresses(in);
	for (size_t i = 1; i < in->topo->pci.n; i++)
		if (order[i] == order[i - 1])
			report(in, pci_name(in, order[i]), "it is there twice");
}

static uint64_t bus_key(const struct pci_root *root)
{
	return (uint64_t)root->domain << 8 | root->bus;
}

/* Something with the place it has in its list, to search for. */
struct placed {
	uint64_t key;
	size_t place;
};

static int compare_placed(const void *x, const void *y)
{
	const struct placed *a = x, *b = y;
	return a->key != b->key ? (a->key < b->key ? -1 : 1) : (a->place > b->place) - (a->place < b->place);
}

static const struct placed *sorted_roots(const struct inspection *in)
{
	const struct topo *t = in->topo;
	struct placed *order = arena_alloc(in->arena, (t->roots.n + 1) * sizeof *order);
	for (size_t i = 0; i < t->roots.n; i++)
		order[i] = (struct placed){ bus_key(&t->roots.at[i]), i };
	qsort(order, t->roots.n, sizeof *order, compare_placed);
	return order;
}

static void check_roots(const struct inspection *in)
{
	const struct placed *order = sorted_roots(in);
	for (size_t i = 1; i < in->topo->roots.n; i++)
		if (order[i].key == order[i - 1].key)
			report(in, arena_printf(in->arena, "pci[%zu].root", order[i].place), "%04x:%02x is there twice",
			       (unsigned)(order[i].key >> 8), (unsigned)(order[i].key & 0xff));
}

/* The place of a key among n sorted ones; SIZE_MAX: it is not there. */
static size_t find_placed(const struct placed *order, size_t n, uint64_t key)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (order[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && order[low].key == key ? order[low].place : SIZE_MAX;
}

/* For each function, how many folders below its host bridge's it is. Bridges stand before what is below them. */
static uint32_t *function_depths(const struct inspection *in)
{
	const struct topo *t = in->topo;
	uint32_t *depths = arena_alloc(in->arena, (t->pci.n + 1) * sizeof *depths);
	LIST_OF(size_t) above = { 0 };
	for (size_t i = 0; i < t->pci.n; i++) {
		while (above.n && t->pci.at[above.at[above.n - 1]].address != t->pci.at[i].parent)
			above.n--;
		depths[i] = above.n ? depths[above.at[above.n - 1]] + 1 : 1;
		if (t->pci.at[i].bridge)
			*LIST_ADD(in->arena, &above) = i;
	}
	return depths;
}

/* Where host bridges are and how deep their functions, to walk up from one to the next. */
struct ways_up {
	const struct placed *roots, *functions;
	const uint32_t *depths;
};

/* Paths end at 4095 bytes; a domain's 256 buses fit, one behind the other. */
enum { MAX_DEPTH = 260 };

/* Walks from a host bridge to those it stands behind; returns how deep that is, and reports what is wrong with it. */
static size_t climb(const struct inspection *in, const struct ways_up *ways, size_t start)
{
	const struct topo *t = in->topo;
	const char *where = arena_printf(in->arena, "pci[%zu].under", start);
	size_t depth = 1, lowest = start;
	for (size_t root = start; root != SIZE_MAX && t->roots.at[root].under_function != BDF_NONE && depth <= MAX_DEPTH;) {
		size_t bearer = find_placed(ways->functions, t->pci.n, t->roots.at[root].under_function);
		if (bearer == SIZE_MAX) {
			if (root == start)
				report(in, where, "there is no function %s",
				       bdf_text(in->arena, t->roots.at[root].under_function));
			return 0;
		}
		depth += 1 + ways->depths[bearer];
		root = find_placed(ways->roots, t->roots.n, t->pci.at[bearer].root);
		lowest = root < lowest ? root : lowest;
		if (root == start) {
			/* the others of the loop need not say so too */
			if (lowest == start)
				report(in, where, "it is below itself");
			return 0;
		}
	}
	return depth;
}

static void check_root_under(const struct inspection *in)
{
	const struct topo *t = in->topo;
	struct placed *functions = arena_alloc(in->arena, (t->pci.n + 1) * sizeof *functions);
	for (size_t i = 0; i < t->pci.n; i++)
		functions[i] = (struct placed){ t->pci.at[i].address, i };
	qsort(functions, t->pci.n, sizeof *functions, compare_placed);
	const struct ways_up ways = { sorted_roots(in), functions, function_depths(in) };
	uint32_t *deepest = arena_alloc(in->arena, (t->roots.n + 1) * sizeof *deepest);
	for (size_t i = 0; i < t->pci.n; i++) {
		size_t root = find_placed(ways.roots, t->roots.n, t->pci.at[i].root);
		if (root != SIZE_MAX && deepest[root] < ways.depths[i])
			deepest[root] = ways.depths[i];
	}
	for (size_t i = 0; i < t->roots.n; i++)
		if (climb(in, &ways, i) + deepest[i] > MAX_DEPTH)
			report(in, arena_printf(in->arena, "pci[%zu]", i), "it has functions more than %d folders deep", MAX_DEPTH);
}

static bool in_range(const struct pci *bridge, uint32_t bus)
{
	return bus >= bridge->secondary && bus <= bridge->subordinate;
}

/* A virtual function may be on a later bus of its port; any other is on the bus next to its bridge. */
static void check_function_bus(const struct inspection *in, const struct pci *pci, const struct pci *bridge)
{
	uint32_t bus = BDF_BUS(pci->address);
	const char *where = pci_name(in, pci->address);
	if (!bridge) {
		if (BDF_BUS_KEY(pci->address) != pci->root && pci->physfn == BDF_NONE)
			report(in, where, "it is not on the bus %04x:%02x of its host bridge", (unsigned)(pci->root >> 8),
			       (unsigned)(pci->root & 0xff));
	} else if (BDF_DOMAIN(pci->address) != BDF_DOMAIN(bridge->address) || !in_range(bridge, bus)) {
		report(in, where, "its bus is outside %02x-%02x of the bridge above it", bridge->secondary,
		       bridge->subordinate);
	} else if (bus != bridge->secondary && pci->physfn == BDF_NONE) {
		report(in, where, "it is not on the bus %02x below its bridge", bridge->secondary);
	}
	/* a bridge that firmware left alone has no bus below it: 0 */
	if (pci->bridge && !pci->secondary && !pci->subordinate)
		return;
	if (pci->bridge && pci->secondary == bus)
		report(in, where, "it is a bridge to its own bus: a loop");
	else if (pci->bridge && bridge && !in_range(bridge, pci->secondary))
		report(in, where, "its bus %02x is outside %02x-%02x of the bridge above it", pci->secondary,
		       bridge->secondary, bridge->subordinate);
}

/* Bridges stand before what is below them, so the way up is a stack. */
static void check_pci_bus(const struct inspection *in)
{
	const struct topo *t = in->topo;
	LIST_OF(const struct pci *) above = { 0 };
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		while (above.n && above.at[above.n - 1]->address != pci->parent)
			above.n--;
		check_function_bus(in, pci, above.n ? above.at[above.n - 1] : NULL);
		if (pci->bridge)
			*LIST_ADD(in->arena, &above) = pci;
	}
}

struct range {
	uint64_t first, last;
	const struct pci *bridge;
};

static int compare_ranges(const void *x, const void *y)
{
	const struct range *a = x, *b = y;
	return a->first != b->first ? (a->first < b->first ? -1 : 1) : (a->last < b->last) - (a->last > b->last);
}

/* In order of their first bus, a bridge's buses either lie inside those before or begin behind them. */
static void check_bus_ranges(const struct inspection *in)
{
	const struct topo *t = in->topo;
	struct range *ranges = arena_alloc(in->arena, (t->pci.n + 1) * sizeof *ranges);
	LIST_OF(struct range) open = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].bridge) {
			uint64_t domain = (uint64_t)BDF_DOMAIN(t->pci.at[i].address) << 8;
			ranges[n++] = (struct range){ domain | t->pci.at[i].secondary, domain | t->pci.at[i].subordinate,
						      &t->pci.at[i] };
		}
	qsort(ranges, n, sizeof *ranges, compare_ranges);
	for (size_t i = 0; i < n; i++) {
		while (open.n && open.at[open.n - 1].last < ranges[i].first)
			open.n--;
		if (open.n && (open.at[open.n - 1].first == ranges[i].first || open.at[open.n - 1].last < ranges[i].last))
			report(in, pci_name(in, ranges[i].bridge->address), "its buses %02x-%02x overlap %02x-%02x of %s",
			       ranges[i].bridge->secondary, ranges[i].bridge->subordinate,
			       open.at[open.n - 1].bridge->secondary, open.at[open.n - 1].bridge->subordinate,
			       bdf_text(in->arena, open.at[open.n - 1].bridge->address));
		*LIST_ADD(in->arena, &open) = ranges[i];
	}
}

static void check_named_nodes(const struct inspection *in)
{
	const struct topo *t = in->topo;
	for (size_t i = 0; i < t->roots.n; i++)
		if (t->roots.at[i].node >= 0 && !topo_node(t, (uint32_t)t->roots.at[i].node))
			report(in, arena_printf(in->arena, "pci[%zu].node", i), "there is no node %d",
			       t->roots.at[i].node);
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		if (pci->node >= 0 && pci->node != (i ? t->pci.at[i - 1].node : TOPO_UNKNOWN) &&
		    !topo_node(t, (uint32_t)pci->node))
			report(in, pci_name(in, pci->address), "there is no node %d", pci->node);
	}
}

static void check_named_functions(const struct inspection *in)
{
	const uint64_t *order = sorted_addresses(in);
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		if (node->device != BDF_NONE && !is_there(in, order, node->device))
			report(in, node_name(in, node), "its device %s does not exist",
			       bdf_text(in->arena, node->device));
	}
}

/* A physical function is not a virtual one of another. */
static void check_physfns(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const uint64_t *all = sorted_addresses(in);
	uint64_t *virtual = arena_alloc(in->arena, (t->pci.n + 1) * sizeof *virtual);
	size_t n = 0;
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].physfn != BDF_NONE)
			virtual[n++] = t->pci.at[i].address;
	qsort(virtual, n, sizeof *virtual, compare_u64);
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		if (pci->physfn == BDF_NONE)
			continue;
		const char *where = pci_name(in, pci->address), *physfn = bdf_text(in->arena, pci->physfn);
		if (pci->physfn == pci->address)
			report(in, where, "it is its own physical function");
		else if (!is_there(in, all, pci->physfn))
			report(in, where, "its physical function %s does not exist", physfn);
		else if (bsearch(&pci->physfn, virtual, n, sizeof *virtual, compare_u64))
			report(in, where, "its physical function %s is a virtual one", physfn);
	}
}

/* GPUs, network adapters and what else NCCL looks for by a 12-character address. */
static bool is_for_nccl(const struct pci *pci)
{
	uint32_t base = pci->class >> 16;
	return base == 0x02 || base == 0x03 || base == 0x12;
}

static void check_nccl(const struct inspection *in)
{
	const uint64_t *order = sorted_addresses(in);
	for (size_t i = 0; i < in->topo->pci.n; i++) {
		const struct pci *pci = &in->topo->pci.at[i];
		if (!is_for_nccl(pci))
			continue;
		if (BDF_DOMAIN(pci->address) > 0xffff)
			report(in, pci_name(in, pci->address), "NCCL knows domains of four digits only");
		if (pci->class >> 16 == 0x02 && pci->physfn == BDF_NONE && !is_there(in, order, pci->address & ~7ull))
			report(in, pci_name(in, pci->address), "its function 0 is missing: NCCL looks there for network adapters");
	}
}

/* NCCL steps over two folders for each switch: a switch is an upstream port with downstream ports below it. */
static void check_switches(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const struct pci *above = NULL;
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		if (pci->bridge && pci->parent != BDF_NONE && pci->link.speed &&
		    (pci->type == PCIE_UPSTREAM || (pci->type == PCIE_AUTO && above && above->parent == BDF_NONE)))
			if (i + 1 < t->pci.n && t->pci.at[i + 1].parent == pci->address && !t->pci.at[i + 1].bridge)
				report(in, pci_name(in, t->pci.at[i + 1].address),
				       "it is right below an upstream port, not below a downstream port: NCCL skips the switch");
		above = pci->bridge ? pci : above;
	}
}

/* --- names ----------------------------------------------------------------------------------------------- */

static int compare_texts(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Reports a name that occurs twice among n of them, found `stride` bytes apart. */
static void check_unique(const struct inspection *in, const char *what, const void *first, size_t n, size_t stride)
{
	const char **names = arena_alloc(in->arena, (n + 1) * sizeof *names);
	for (size_t i = 0; i < n; i++)
		names[i] = *(const char *const *)((const char *)first + i * stride);
	qsort(names, n, sizeof *names, compare_texts);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(names[i], names[i - 1]))
			report(in, arena_printf(in->arena, "%s %s", what, names[i]), "it is there twice");
}

/* Whether a minor number is taken; takes it. */
static bool is_taken(const struct inspection *in, struct idset *seen, int64_t number)
{
	bool taken = number != TOPO_UNKNOWN && idset_has(seen, (uint32_t)number);
	if (number != TOPO_UNKNOWN)
		idset_add(in->arena, seen, (uint32_t)number);
	return taken;
}

static void check_drm_numbers(const struct inspection *in)
{
	struct idset cards = { 0 }, renders = { 0 };
	for (size_t i = 0; i < in->topo->drms.n; i++) {
		const struct drm *drm = &in->topo->drms.at[i];
		if (is_taken(in, &cards, drm->card))
			report(in, pci_name(in, drm->function), "another device is card%lld", (long long)drm->card);
		if (is_taken(in, &renders, drm->render))
			report(in, pci_name(in, drm->function), "another device is renderD%lld", (long long)drm->render);
	}
}

static void check_names(const struct inspection *in)
{
	const struct topo *t = in->topo;
	if (t->nets.n)
		check_unique(in, "net", &t->nets.at->name, t->nets.n, sizeof *t->nets.at);
	if (t->infinibands.n)
		check_unique(in, "infiniband", &t->infinibands.at->name, t->infinibands.n, sizeof *t->infinibands.at);
	if (t->nvmes.n)
		check_unique(in, "nvme", &t->nvmes.at->name, t->nvmes.n, sizeof *t->nvmes.at);
	check_drm_numbers(in);
}

/* Reports an id that occurs twice among n of them, found `stride` bytes apart. */
static void check_ids(const struct inspection *in, const char *where, const char *what, const uint32_t *first, size_t n,
		      size_t stride)
{
	uint64_t *ids = arena_alloc(in->arena, (n + 1) * sizeof *ids);
	for (size_t i = 0; i < n; i++)
		ids[i] = *(const uint32_t *)(const void *)((const char *)first + i * stride);
	qsort(ids, n, sizeof *ids, compare_u64);
	for (size_t i = 1; i < n; i++)
		if (ids[i] == ids[i - 1])
			report(in, where, "its %s %llu is there twice", what, (unsigned long long)ids[i]);
}

static void check_node_parts(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		const char *where = node_name(in, node);
		uint64_t *sizes = arena_alloc(in->arena, (node->hugepages.n + 1) * sizeof *sizes);
		for (size_t k = 0; k < node->hugepages.n; k++)
			sizes[k] = node->hugepages.at[k].size_k;
		qsort(sizes, node->hugepages.n, sizeof *sizes, compare_u64);
		for (size_t k = 1; k < node->hugepages.n; k++)
			if (sizes[k] == sizes[k - 1])
				report(in, where, "its huge pages of %lluK are there twice", (unsigned long long)sizes[k]);
		if (node->access.n)
			check_ids(in, where, "access class", &node->access.at->class, node->access.n,
				  sizeof *node->access.at);
		if (node->memory_side_caches.n)
			check_ids(in, where, "memory-side cache of level", &node->memory_side_caches.at->level,
				  node->memory_side_caches.n, sizeof *node->memory_side_caches.at);
	}
}

static void check_device_parts(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->infinibands.n; i++) {
		const struct infiniband *infiniband = &in->topo->infinibands.at[i];
		if (infiniband->ports.n)
			check_ids(in, arena_printf(in->arena, "infiniband %s", infiniband->name), "port",
				  &infiniband->ports.at->id, infiniband->ports.n, sizeof *infiniband->ports.at);
	}
	for (size_t i = 0; i < in->topo->nvmes.n; i++) {
		const struct nvme *nvme = &in->topo->nvmes.at[i];
		if (nvme->namespaces.n)
			check_ids(in, arena_printf(in->arena, "nvme %s", nvme->name), "namespace",
				  &nvme->namespaces.at->id, nvme->namespaces.n, sizeof *nvme->namespaces.at);
	}
}

/* --------------------------------------------------------------------------------------------------------- */

// clang-format off
const struct rule rules[] = {
	{ "cpu-sets", BROKEN, "Online CPUs are present, present CPUs are possible.", check_cpu_sets },
	{ "cpu-mask-bits", BROKEN, "CPU masks have a bit for every possible CPU.", check_mask_bits },
	{ "cpu-has-package", BROKEN, "Where there are packages, every CPU that is online is in one.", check_cpu_has_package },
	{ "cpu-kinds", BROKEN, "A CPU is of one kind at most.", check_cpu_kinds },
	{ "node-cpus-exist", BROKEN, "A node's CPUs exist.", check_node_cpus_exist },
	{ "node-possible", BROKEN, "Every node is among the possible ones.", check_nodes_possible },
	{ "memory", BROKEN, "No more memory or huge pages are free than there are.", check_memory },
	{ "initiators", BROKEN, "Initiators of an access class exist.", check_initiators },
	{ "pci-unique", BROKEN, "No function is there twice.", check_pci_unique },
	{ "host-bridge-unique", BROKEN, "No host bridge is there twice.", check_roots },
	{ "host-bridge-under", BROKEN, "What a host bridge stands behind exists, is not below it, and is not too deep for a path.", check_root_under },
	{ "pci-bus", BROKEN, "A function is on the bus that its bridge leads to, and no bridge leads back.", check_pci_bus },
	{ "nodes-exist", BROKEN, "Every node that is named exists.", check_named_nodes },
	{ "functions-exist", BROKEN, "Every function that is named exists.", check_named_functions },
	{ "physical-functions", BROKEN, "The physical function of a virtual one exists, and is none itself.", check_physfns },
	{ "names-unique", BROKEN, "No two devices of a class have one name.", check_names },
	{ "node-parts-unique", BROKEN, "A node has nothing twice: huge pages of a size, access classes, memory-side caches of a level.", check_node_parts },
	{ "device-parts-unique", BROKEN, "A device has no port or namespace twice.", check_device_parts },

	{ "node-mask", HARMFUL, "Node ids fit the kernel's node mask: libnuma writes past its tables otherwise.", check_node_mask },
	{ "possible-nodes", HARMFUL, "The number of possible nodes is up to 64 or a multiple of 64: hwloc writes past its buffer otherwise.", check_possible_nodes },

	{ "possible-nodes-padded", ODD, "As possible-nodes, where the allocator's padding saves hwloc.", check_possible_nodes },
	{ "kernel-max", ODD, "kernel_max reaches every possible CPU: lscpu leaves out those beyond.", check_kernel_max },
	{ "cpu-mask-width", ODD, "CPU masks fit the kernel's and NCCL's buffers.", check_cpu_mask_width },
	{ "caches", ODD, "There are caches, and ids tell those of one level and type apart.", check_caches },
	{ "core-ids", ODD, "Core ids are unique in a package: cAdvisor merges cores otherwise.", check_core_ids },
	{ "cpu-one-node", ODD, "Every CPU is in one node.", check_cpu_one_node },
	{ "distance-diagonal", ODD, "A node is 10 from itself.", check_distance_diagonal },
	{ "distance-range", ODD, "No other node is nearer than 10.", check_distance_range },
	{ "distance-symmetry", ODD, "Distances are the same there and back.", check_distance_symmetry },
	{ "cpuless-node", ODD, "A node without CPUs has initiators, a device, or a nearest node: hwloc cannot place it otherwise.", check_cpuless_nodes },
	{ "bus-ranges", ODD, "Bus ranges of bridges are nested or apart.", check_bus_ranges },
	{ "nccl", ODD, "Network adapters have a function 0, domains have four digits: NCCL finds devices so.", check_nccl },
	{ "switch-ports", ODD, "Devices hang below a switch's downstream ports: NCCL skips the switch otherwise.", check_switches },
};
// clang-format on
const size_t n_rules = sizeof rules / sizeof *rules;

void rules_check(const struct topo *t, const struct host_limits *limits, struct arena *a, findings *found)
{
	size_t before = found->n;
	for (size_t i = 0; i < n_rules; i++) {
		size_t n = 0;
		struct inspection in = { t, limits, a, found, &rules[i], &n };
		if (rules[i].severity == BROKEN || found->n == before || found->at[found->n - 1].severity != BROKEN)
			rules[i].check(&in);
		if (n > MAX_OF_A_RULE)
			found->at[found->n - 1].what = arena_printf(a, "%s; and %zu more like it",
								    found->at[found->n - 1].what, n - MAX_OF_A_RULE);
	}
}
