/* SPDX-License-Identifier: Apache-2.0 */

/* What must be unique. */

#include "checks.h"

#include <stdlib.h>
#include <string.h>

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
			report(in, pci_name(in, drm->on.function), "another device is card%lld", (long long)drm->card);
		if (is_taken(in, &renders, drm->render))
			report(in, pci_name(in, drm->on.function), "another device is renderD%lld",
			       (long long)drm->render);
	}
}

static void check_uverbs_numbers(const struct inspection *in)
{
	struct idset seen = { 0 };
	for (size_t i = 0; i < in->topo->infinibands.n; i++) {
		const struct infiniband *device = &in->topo->infinibands.at[i];
		int64_t n = device->uverbs == TOPO_UNKNOWN ? (int64_t)i : device->uverbs;
		if (is_taken(in, &seen, n))
			report(in, pci_name(in, device->on.function), "another device is uverbs%lld", (long long)n);
	}
}

void check_names(const struct inspection *in)
{
	const struct topo *t = in->topo;
#define CHECK_UNIQUE(T) \
	if (t->T##s.n) \
		check_unique(in, #T, &t->T##s.at->name, t->T##s.n, sizeof *t->T##s.at);
	CHECK_UNIQUE(virtio)
	CHECK_UNIQUE(net)
	CHECK_UNIQUE(infiniband)
	CHECK_UNIQUE(nvme)
	CHECK_UNIQUE(block)
#undef CHECK_UNIQUE
	check_drm_numbers(in);
	check_uverbs_numbers(in);
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

void check_node_parts(const struct inspection *in)
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
				report(in, where, "its huge pages of %lluK are there twice",
				       (unsigned long long)sizes[k]);
		if (node->access.n)
			check_ids(in, where, "access class", &node->access.at->class, node->access.n,
				  sizeof *node->access.at);
		if (node->memory_side_caches.n)
			check_ids(in, where, "memory-side cache of level", &node->memory_side_caches.at->level,
				  node->memory_side_caches.n, sizeof *node->memory_side_caches.at);
	}
}

void check_device_parts(const struct inspection *in)
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
