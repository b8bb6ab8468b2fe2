/* SPDX-License-Identifier: Apache-2.0 */

/* Pools of huge pages: mm/hugetlb.c, Documentation/ABI/testing/sysfs-kernel-mm-hugepages. */

#include "classes.h"
#include "scan.h"

#include <stdio.h>
#include <string.h>

size_t node_pools(const struct topo *t, const struct node *node, const struct hugepages **ret)
{
	static const struct hugepages usual[] = { { .size_k = 2048 }, { .size_k = 1048576 } };
	*ret = node->hugepages.n ? node->hugepages.at : usual;
	if (node->hugepages.n)
		return node->hugepages.n;
	bool known = !strcmp(t->arch, "x86_64") || !strcmp(t->arch, "aarch64");
	return known && node->memory_k ? 2 : 0;
}

static size_t count_pools(const struct facts *f, size_t node)
{
	const struct hugepages *pools;
	return node_pools(f->topo, &f->topo->nodes.at[node], &pools);
}

static bool at_pool(const struct facts *f, size_t node, size_t part, const void **self, struct buf *path)
{
	const struct hugepages *pools;
	node_pools(f->topo, &f->topo->nodes.at[node], &pools);
	*self = &pools[part];
	buf_printf(path, "sys/devices/system/node/node%u/hugepages/hugepages-%llukB", f->topo->nodes.at[node].id,
		   (unsigned long long)pools[part].size_k);
	return true;
}

#define PAGES(name, member, text) \
	{ name, text, show_u64, .load = load_u64, .offset = offsetof(struct hugepages, member) }

static const struct attr hugepages_attrs[] = {
	PAGES("nr_hugepages", total, "Pages there are."),
	PAGES("free_hugepages", free, "Pages that are free."),
	PAGES("surplus_hugepages", surplus, "Pages above the pool's size."),
};

/* Empty pools of the usual sizes go without saying. */
static void forget_usual_pools(const struct topo *t, struct node *node)
{
	struct node bare = *node;
	const struct hugepages *usual;
	bare.hugepages.n = 0;
	size_t n = node_pools(t, &bare, &usual);
	if (n != node->hugepages.n)
		return;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (node->hugepages.at[i].size_k == usual[k].size_k &&
			    (node->hugepages.at[i].total || node->hugepages.at[i].free ||
			     node->hugepages.at[i].surplus))
				return;
	node->hugepages.n = 0;
}

static void scan_pools(const struct class *class, const struct tree *tree, struct topo *t)
{
	for (size_t i = 0; i < t->nodes.n; i++) {
		char path[96];
		struct node *node = &t->nodes.at[i];
		snprintf(path, sizeof path, "sys/devices/system/node/node%u/hugepages", node->id);
		EACH_CHILD (e, tree, tree_find(tree, path)) {
			struct hugepages pool = { 0 };
			unsigned long long size_k;
			if (sscanf(tree_name(tree, e), "hugepages-%llukB", &size_k) != 1 || !scan_is_dir(tree, e))
				continue;
			pool.size_k = size_k;
			scan_rows(class, tree, e, t, &pool);
			*LIST_ADD(&t->arena, &node->hugepages) = pool;
		}
		forget_usual_pools(t, node);
	}
}

const struct class hugepages_class = {
	"hugepages", "A pool of huge pages of a node.", "/sys/devices/system/node/node[0-9]*/hugepages/hugepages-*kB",
	count_nodes, count_pools, at_pool, ROWS(hugepages_attrs), .scan = scan_pools,
};

/* --- /sys/kernel/mm/hugepages: the pools of all nodes together ------------------------------------------- */

/* Sum of one member over the pools of a size. */
static void show_sum(const struct attr *attr, const struct object *o, struct buf *out)
{
	unsigned long long sum = 0;
	for (size_t i = 0; i < o->topo->nodes.n; i++) {
		const struct hugepages *pools;
		size_t n = node_pools(o->topo, &o->topo->nodes.at[i], &pools);
		for (size_t k = 0; k < n; k++)
			if (pools[k].size_k == ((const struct hugepages *)o->self)->size_k)
				sum += *(const uint64_t *)((const char *)&pools[k] + attr->offset);
	}
	buf_printf(out, "%llu", sum);
}

static bool at_kernel_pool(const struct facts *f, size_t node, size_t part, const void **self, struct buf *path)
{
	const struct hugepages *pools;
	node_pools(f->topo, &f->topo->nodes.at[node], &pools);
	*self = &pools[part];
	buf_printf(path, "sys/kernel/mm/hugepages/hugepages-%llukB", (unsigned long long)pools[part].size_k);
	return true;
}

#define SUM(name, member, text) { name, text, show_sum, .offset = offsetof(struct hugepages, member) }

static const struct attr kernel_hugepages_attrs[] = {
	SUM("nr_hugepages", total, "Pages there are."),
	SUM("free_hugepages", free, "Pages that are free."),
	SUM("surplus_hugepages", surplus, "Pages above the pool's size."),
	CONSTANT("resv_hugepages", "0", "Pages promised but not yet taken."),
	CONSTANT("nr_overcommit_hugepages", "0", "Most surplus pages there may be."),
};

const struct class kernel_hugepages_class = {
	"kernel_hugepages", "The pools of all nodes together.", "/sys/kernel/mm/hugepages/hugepages-*kB",
	count_nodes, count_pools, at_kernel_pool, ROWS(kernel_hugepages_attrs),
};
