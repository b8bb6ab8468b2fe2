/* SPDX-License-Identifier: Apache-2.0 */

/* -m, -numa and the memory of -object: hw/core/numa.c of QEMU. */

#include "qemu.h"
#include "topofs/size.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- sizes ----------------------------------------------------------------------------------------------- */

/* "1G", "1024" in units where it has none, as qemu_strtosz_MiB(). */
static int read_size(struct qemu_guest *g, const struct qemu_option *o, const char *key, uint64_t unit, uint64_t *kib)
{
	const char *text = qemu_value_of(o, key), *rest;
	uint64_t bytes;
	if (!text)
		return 0;
	char *upper = arena_strdup(&g->t->arena, text);
	size_t n = strlen(upper);
	if (n && strchr("kmgtpeb", upper[n - 1]))
		upper[n - 1] -= 'a' - 'A';
	bool plain = n && upper[n - 1] >= '0' && upper[n - 1] <= '9';
	if (n && upper[n - 1] == 'B')
		upper[n - 1] = '\0';
	rest = parse_size(upper, &bytes);
	if (!rest || *rest || (plain && bytes > UINT64_MAX / unit) || (plain ? bytes * unit : bytes) % 1024)
		return qemu_wrong(g, o, "%s: expected a size such as 4G, got \"%.40s\"", key, text);
	*kib = (plain ? bytes * unit : bytes) / 1024;
	return 0;
}

static int read_memory(struct qemu_guest *g, uint64_t *kib)
{
	*kib = 128 << 10;
	for (size_t i = 0; i < g->command->options.n; i++)
		if (!strcmp(g->command->options.at[i].name, "m") &&
		    read_size(g, &g->command->options.at[i], "size", 1 << 20, kib))
			return -EINVAL;
	return 0;
}

static int read_list(struct qemu_guest *g, const struct qemu_option *o, const char *key, uint32_t max,
		     struct idset *ret)
{
	for (size_t i = 0; i < o->values.n; i++) {
		if (strcmp(o->values.at[i].key, key) != 0)
			continue;
		const char *text = o->values.at[i].value, *wrong = idset_parse(&g->t->arena, text, max, ret);
		if (wrong || !*text)
			return qemu_wrong(g, o, "%s: \"%.40s\": %s", key, text, *text ? wrong : "the list is empty");
	}
	return 0;
}

/* --- nodes ----------------------------------------------------------------------------------------------- */

static bool is_numa(const struct qemu_option *o, const char *type)
{
	return !strcmp(o->name, "numa") && topo_same_text(qemu_value_of(o, "type"), type);
}

#define EACH_NUMA(g, o, kind) \
	for (const struct qemu_option *o = (g)->command->options.at; \
	     o < (g)->command->options.at + (g)->command->options.n; o++) \
		if (is_numa(o, kind))

static struct node *find_node(struct qemu_guest *g, uint64_t id)
{
	for (size_t i = 0; i < g->t->nodes.n; i++)
		if (g->t->nodes.at[i].id == id)
			return &g->t->nodes.at[i];
	return NULL;
}

/* The memory it names, and which nodes of the host that is taken from. */
static int read_backend(struct qemu_guest *g, const struct qemu_option *o, struct node *node)
{
	const char *id = qemu_value_of(o, "memdev");
	const struct qemu_option *object = id ? qemu_option_with(g, "object", "id", id) : NULL;
	struct idset host = { 0 };
	if (!id)
		return read_size(g, o, "mem", 1 << 20, &node->memory_k);
	if (!object ||
	    strncmp(qemu_value_of(object, "qom-type") ? qemu_value_of(object, "qom-type") : "", "memory-backend-", 15))
		return qemu_wrong(g, o, "memdev: there is no -object memory-backend-... with the id \"%.40s\"", id);
	if (!qemu_value_of(object, "size"))
		return qemu_wrong(g, object, "its size is missing");
	if (read_size(g, object, "size", 1, &node->memory_k) ||
	    read_list(g, object, "host-nodes", TOPO_MAX_NODE, &host))
		return -EINVAL;
	if (!idset_is_empty(&host)) {
		struct planned_nodes *planned = LIST_ADD(&g->t->arena, &g->t->plan.nodes);
		idset_add(&g->t->arena, &planned->nodes, node->id);
		planned->host = host;
	}
	return 0;
}

static int add_node(struct qemu_guest *g, const struct qemu_option *o, struct idset *taken)
{
	uint64_t id = g->t->nodes.n;
	struct idset both;
	if (qemu_number(g, o, "nodeid", QEMU_MAX_NODES - 1, &id))
		return -EINVAL;
	if (find_node(g, id))
		return qemu_wrong(g, o, "node %llu is there already", (unsigned long long)id);
	struct node *node = LIST_ADD(&g->t->arena, &g->t->nodes);
	*node = (struct node){ .id = (uint32_t)id, .free_k = TOPO_UNKNOWN, .device = BDF_NONE };
	if (read_list(g, o, "cpus", TOPO_MAX_CPU, &node->cpus) || read_backend(g, o, node))
		return -EINVAL;
	both = idset_and(&g->t->arena, taken, &node->cpus);
	if (!idset_is_empty(&both))
		return qemu_wrong(g, o, "CPU %u is in a node already", (unsigned)idset_next(&both, 0));
	if (!idset_within(&node->cpus, &g->t->possible))
		return qemu_wrong(g, o, "cpus: there are %u CPUs", idset_count(&g->t->possible));
	idset_add_all(&g->t->arena, taken, &node->cpus);
	return 0;
}

/* --- CPUs of nodes --------------------------------------------------------------------------------------- */

/* The CPUs of a socket, a die of it, and so on, as far as the option says. */
static int add_cpus_of(struct qemu_guest *g, const struct qemu_option *o, struct idset *taken)
{
	static const struct {
		const char *key;
		enum topo_level level;
	} keys[] = { { "socket-id", LEVEL_PACKAGE },
		     { "die-id", LEVEL_DIE },
		     { "cluster-id", LEVEL_CLUSTER },
		     { "core-id", LEVEL_CORE } };
	uint64_t id = UINT64_MAX, want[4] = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX }, thread = UINT64_MAX;
	bool any = false;
	if (qemu_number(g, o, "node-id", QEMU_MAX_NODES - 1, &id) ||
	    qemu_number(g, o, "thread-id", TOPO_MAX_CPU, &thread))
		return -EINVAL;
	for (int k = 0; k < 4; k++)
		if (qemu_number(g, o, keys[k].key, TOPO_MAX_CPU, &want[k]))
			return -EINVAL;
	struct node *node = id == UINT64_MAX ? NULL : find_node(g, id);
	if (!node)
		return qemu_wrong(g, o, "node-id: %s",
				  id == UINT64_MAX ? "it is missing" : "there is no such node before it");
	for (size_t i = 0; i < g->t->cpus.n; i++) {
		const struct cpu *cpu = &g->t->cpus.at[i];
		bool is = thread == UINT64_MAX || (int64_t)cpu->id - cpu->group[LEVEL_CORE] == (int64_t)thread;
		for (int k = 0; k < 4; k++) {
			int32_t number = cpu->number[keys[k].level];
			is &= want[k] == UINT64_MAX || want[k] == (uint64_t)(number == TOPO_UNKNOWN ? 0 : number);
		}
		if (!is)
			continue;
		if (idset_has(taken, cpu->id) && !idset_has(&node->cpus, cpu->id))
			return qemu_wrong(g, o, "CPU %u is in a node already", cpu->id);
		idset_add(&g->t->arena, &node->cpus, cpu->id);
		idset_add(&g->t->arena, taken, cpu->id);
		any = true;
	}
	return any ? 0 : qemu_wrong(g, o, "there is no such CPU");
}

/* Where no option tells, sockets go to nodes by turns; where some do, the rest is node 0's. */
static void place_rest(struct qemu_guest *g, const struct idset *taken)
{
	bool none = idset_is_empty(taken);
	for (size_t i = 0; i < g->t->cpus.n; i++) {
		const struct cpu *cpu = &g->t->cpus.at[i];
		uint64_t id = none ? (uint64_t)cpu->number[LEVEL_PACKAGE] % g->t->nodes.n : 0;
		if (!idset_has(taken, cpu->id))
			idset_add(&g->t->arena, &find_node(g, id)->cpus, cpu->id);
	}
	for (size_t i = 0; i < g->t->nodes.n; i++)
		g->t->nodes.at[i].cpus = idset_and(&g->t->arena, &g->t->nodes.at[i].cpus, &g->t->present);
}

/* --- distances ------------------------------------------------------------------------------------------- */

static int read_distance(struct qemu_guest *g, const struct qemu_option *o, uint8_t *values, size_t n)
{
	uint64_t src = UINT64_MAX, dst = UINT64_MAX, value = UINT64_MAX;
	if (qemu_number(g, o, "src", QEMU_MAX_NODES - 1, &src) || qemu_number(g, o, "dst", QEMU_MAX_NODES - 1, &dst) ||
	    qemu_number(g, o, "val", TOPO_DISTANCE_MAX, &value))
		return -EINVAL;
	if (src == UINT64_MAX || dst == UINT64_MAX || value == UINT64_MAX)
		return qemu_wrong(g, o, "expected src, dst and val");
	if (src >= n || dst >= n)
		return qemu_wrong(g, o, "there is no node %llu", (unsigned long long)(src >= n ? src : dst));
	if (value < 10 || (src == dst && value != 10))
		return qemu_wrong(g, o, "val: a node is at 10 from itself, and at 10 or more from others");
	values[src * n + dst] = (uint8_t)value;
	return 0;
}

/* One direction speaks for both, unless a pair differs: then all have to be there. */
static int complete_distances(struct qemu_guest *g, const struct qemu_option *last, uint8_t *values, size_t n)
{
	bool asymmetric = false;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			asymmetric |= values[i * n + k] && values[k * n + i] && values[i * n + k] != values[k * n + i];
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			if (i == k || values[i * n + k])
				continue;
			if (asymmetric || !values[k * n + i])
				return qemu_wrong(g, last, "the distance from node %zu to node %zu is missing", i, k);
		}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			*LIST_ADD(&g->t->arena, &g->t->nodes.at[i].distances) = i == k		    ? 10
										: values[i * n + k] ? values[i * n + k]
												    : values[k * n + i];
	return 0;
}

static int add_distances(struct qemu_guest *g)
{
	size_t n = g->t->nodes.n;
	uint8_t *values = arena_alloc(&g->t->arena, n * n);
	const struct qemu_option *last = NULL;
	EACH_NUMA(g, o, "dist")
	{
		if (read_distance(g, o, values, n))
			return -EINVAL;
		last = o;
	}
	return last ? complete_distances(g, last, values, n) : 0;
}

/* --------------------------------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	return (int)((const struct node *)a)->id - (int)((const struct node *)b)->id;
}

static int check_nodes(struct qemu_guest *g, uint64_t memory_k)
{
	uint64_t sum = 0;
	const struct qemu_option *o = NULL;
	qemu_value(g, "m", "size", &o);
	for (size_t i = 0; i < g->t->nodes.n; i++) {
		if (g->t->nodes.at[i].id != i)
			return err_set(g->err, "", "-numa: node %zu is missing, as there is a node %u", i,
				       g->t->nodes.at[i].id);
		sum += g->t->nodes.at[i].memory_k;
	}
	if (sum != memory_k)
		return qemu_wrong(g, o, "the nodes have %lluK of memory, the machine %lluK", (unsigned long long)sum,
				  (unsigned long long)memory_k);
	return 0;
}

/* Without -numa, Linux takes all for one node. */
static void add_only_node(struct qemu_guest *g, uint64_t memory_k)
{
	*LIST_ADD(&g->t->arena, &g->t->nodes) = (struct node){
		.cpus = g->t->present, .memory_k = memory_k, .free_k = TOPO_UNKNOWN, .device = BDF_NONE
	};
}

static int check_kinds(struct qemu_guest *g)
{
	static const char *const kinds[] = { "node", "cpu", "dist", "hmat-lb", "hmat-cache" };
	for (size_t i = 0; i < g->command->options.n; i++) {
		const struct qemu_option *o = &g->command->options.at[i];
		bool known = strcmp(o->name, "numa");
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
			known |= topo_same_text(qemu_value_of(o, "type"), kinds[k]);
		if (!known)
			return qemu_wrong(g, o, "expected one of node, cpu, dist, hmat-lb, hmat-cache");
	}
	return 0;
}

int qemu_add_nodes(struct qemu_guest *g)
{
	struct idset taken = { 0 };
	uint64_t memory_k;
	if (read_memory(g, &memory_k))
		return -EINVAL;
	if (check_kinds(g))
		return -EINVAL;
	EACH_NUMA(g, o, "node")
	if (add_node(g, o, &taken))
		return -EINVAL;
	if (g->t->nodes.n) {
		qsort(g->t->nodes.at, g->t->nodes.n, sizeof *g->t->nodes.at, by_id);
		if (check_nodes(g, memory_k))
			return -EINVAL;
		EACH_NUMA(g, o, "cpu")
		if (add_cpus_of(g, o, &taken))
			return -EINVAL;
		place_rest(g, &taken);
	} else {
		add_only_node(g, memory_k);
	}
	return add_distances(g);
}
