/* SPDX-License-Identifier: Apache-2.0 */

/* A machine's things, each as the object that the tables of fields.c know. */

#include "compare.h"

#include <string.h>

static const struct table *table_at(const char *path)
{
	const struct table *table = &document_table;
	for (const char *end; *path; path = *end ? end + 1 : end) {
		const struct table *sub = NULL;
		end = strchrnul(path, '.');
		for (size_t i = 0; i < table->n && !sub; i++)
			if (strlen(table->fields[i].key) == (size_t)(end - path) &&
			    !strncmp(table->fields[i].key, path, (size_t)(end - path)))
				sub = table->fields[i].sub;
		table = sub;
	}
	return table;
}

/* An object with all its defaults, to be filled in. */
static void *new_thing(const struct sort *sort, struct arena *a, things *ret, const char *name)
{
	const struct table *table = table_at(sort->path);
	void *at = arena_alloc(a, table->size);
	table_init(table, at);
	*LIST_ADD(a, ret) = (struct thing){ .name = name, .table = table, .at = at, .on = BDF_NONE };
	return at;
}

/* Names the thing that was made last by its CPUs. */
static void call_by_cpus(struct arena *a, things *list, const char *noun, const struct idset *cpus)
{
	struct thing *thing = &list->at[list->n - 1];
	thing->noun = noun;
	thing->cpus = *cpus;
	thing->name = arena_printf(a, "%s %lld", noun, (long long)idset_next(cpus, 0));
}

/* What the document says of the machine itself, but for what it says of itself; its files are compared as files. */
static void list_machine(const struct topo *t, const struct sort *sort, const struct idset *common, struct arena *a,
			 things *ret)
{
	(void)common;
	struct document *doc = new_thing(sort, a, ret, *sort->path ? sort->path : "machine");
	doc->version = 1;
	doc->topo = *t;
	doc->topo.name = doc->topo.description = doc->topo.comment = doc->topo.schema = doc->topo.unlisted = NULL;
	doc->topo.confidence = CONFIDENCE_UNSAID;
	doc->topo.extras.n = doc->topo.kinds.n = 0;
}

/* Its CPUs are those of the package that are in no other. */
static bool is_first_die(const struct cpu *cpu)
{
	return cpu->group[LEVEL_DIE] == cpu->group[LEVEL_PACKAGE] && !cpu->number[LEVEL_DIE];
}

/* The CPUs of each group of a level, by the group's lowest CPU. */
static void list_groups(const struct topo *t, const struct sort *sort, const struct idset *common, struct arena *a,
			things *ret)
{
	size_t *place = arena_alloc(a, (TOPO_MAX_CPU + 1) * sizeof *place);
	for (size_t i = 0; i < t->cpus.n; i++) {
		const struct cpu *cpu = &t->cpus.at[i];
		int32_t lowest = cpu->group[sort->level], number = cpu->number[sort->level];
		if (lowest == TOPO_UNKNOWN || (sort->level != LEVEL_PACKAGE && !idset_has(common, cpu->id)) ||
		    (sort->level == LEVEL_DIE && is_first_die(cpu)))
			continue;
		if (!place[lowest]) {
			struct doc_group *group = new_thing(sort, a, ret, arena_printf(a, "package %d", number));
			group->id = number;
			place[lowest] = ret->n;
		}
		idset_add(a, &((struct doc_group *)ret->at[place[lowest] - 1].at)->cpus, cpu->id);
	}
	for (size_t i = 0; i < ret->n; i++) {
		const struct doc_group *group = ret->at[i].at;
		things last = { ret->at, i + 1 };
		if (sort->level != LEVEL_PACKAGE || group->id < 0)
			call_by_cpus(a, &last, level_names[sort->level], &group->cpus);
	}
}

static void list_caches(const struct topo *t, const struct sort *sort, const struct idset *common, struct arena *a,
			things *ret)
{
	static const char *const types[] = { " data", " instruction", "" }; /* by enum cache_type */
	for (size_t i = 0; i < t->caches.n; i++) {
		const struct cache *cache = &t->caches.at[i];
		struct idset cpus = idset_and(a, &cache->cpus, common);
		if (idset_is_empty(&cpus))
			continue;
		struct doc_cache *doc = new_thing(sort, a, ret, NULL);
		doc->cache = *cache;
		doc->cache.cpus = cpus;
		if (cache->ways && cache->line && cache->sets == cache->size_k * 1024 / cache->ways / cache->line)
			doc->cache.sets = 0;
		if (cache->id >= 0)
			idset_add(a, &doc->ids, (uint32_t)cache->id);
		call_by_cpus(a, ret, arena_printf(a, "L%u%s cache", cache->level, types[cache->type]), &cpus);
	}
}

static void list_kinds(const struct topo *t, const struct sort *sort, const struct idset *common, struct arena *a,
		       things *ret)
{
	(void)common;
	for (size_t i = 0; i < t->kinds.n; i++) {
		const struct cpu_kind *kind = &t->kinds.at[i];
		*(struct cpu_kind *)new_thing(sort, a, ret, NULL) = *kind;
		ret->at[i].name = kind->name ? arena_printf(a, "CPUs of kind %s", kind->name) : "CPUs";
		if (!kind->name)
			call_by_cpus(a, ret, "kind", &kind->cpus);
	}
}

void list_nodes(const struct topo *t, const struct sort *sort, const struct idset *common, struct arena *a, things *ret)
{
	(void)common;
	for (size_t i = 0; i < t->nodes.n; i++) {
		struct doc_node *doc = new_thing(sort, a, ret, arena_printf(a, "node %u", t->nodes.at[i].id));
		doc->node = t->nodes.at[i];
		doc->node.distances.n = 0;
	}
}

static void list_roots(const struct topo *t, const struct sort *sort, const struct idset *common, struct arena *a,
		       things *ret)
{
	(void)common;
	for (size_t i = 0; i < t->roots.n; i++) {
		const struct pci_root *root = &t->roots.at[i];
		const char *name = arena_printf(a, "host bridge %04x:%02x", root->domain, root->bus);
		struct doc_root *doc = new_thing(sort, a, ret, name);
		doc->node = root->node;
		doc->under = root->under_function != BDF_NONE ? bdf_text(a, root->under_function) : root->under;
	}
}

static void list_functions(const struct topo *t, const struct sort *sort, const struct idset *common, struct arena *a,
			   things *ret)
{
	(void)common;
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		const char *address = bdf_text(a, pci->address);
		struct doc_pci *doc = new_thing(sort, a, ret, arena_printf(a, "pci %s", address));
		doc->pci = *pci;
		if (pci->bridge)
			doc->bus = arena_printf(a, "%02x-%02x", pci->secondary, pci->subordinate);
	}
}

static const char *drm_name(const struct drm *drm, struct arena *a)
{
	return drm->card >= 0 ? arena_printf(a, "drm card%lld", (long long)drm->card)
			      : arena_printf(a, "drm renderD%lld", (long long)drm->render);
}

/* Devices by their classes: what comes first in each struct is the function it sits on. */
#define LIST_DEVICES(class, T, device_name) \
	static void list_##class(const struct topo *t, const struct sort *sort, const struct idset *common, \
				 struct arena *a, things *ret) \
	{ \
		(void)common; \
		for (size_t i = 0; i < t->class.n; i++) { \
			const struct T *device = &t->class.at[i]; \
			*(struct T *)new_thing(sort, a, ret, device_name) = *device; \
			ret->at[i].on = device->on.function; \
		} \
	}
LIST_DEVICES(virtios, virtio, arena_printf(a, "virtio %s", device->name))
LIST_DEVICES(nets, net, arena_printf(a, "net %s", device->name))
LIST_DEVICES(infinibands, infiniband, arena_printf(a, "infiniband %s", device->name))
LIST_DEVICES(drms, drm, drm_name(device, a))
LIST_DEVICES(nvmes, nvme, arena_printf(a, "nvme %s", device->name))
LIST_DEVICES(blocks, block, arena_printf(a, "block %s", device->name))

const struct sort sorts[] = {
	{ "", list_machine, 0 },
	{ "cpu", list_machine, 0 },
	{ "cpu.packages", list_groups, LEVEL_PACKAGE },
	{ "cpu.packages", list_groups, LEVEL_DRAWER },
	{ "cpu.packages", list_groups, LEVEL_BOOK },
	{ "cpu.packages", list_groups, LEVEL_DIE },
	{ "cpu.packages", list_groups, LEVEL_CLUSTER },
	{ "cpu.packages", list_groups, LEVEL_CORE },
	{ "cpu.caches", list_caches, 0 },
	{ "cpu.kinds", list_kinds, 0 },
	{ "nodes", list_nodes, 0 },
	{ "pci", list_roots, 0 },
	{ "pci.devices", list_functions, 0 },
	{ "pci.devices.virtio", list_virtios, 0 },
	{ "pci.devices.net", list_nets, 0 },
	{ "pci.devices.infiniband", list_infinibands, 0 },
	{ "pci.devices.drm", list_drms, 0 },
	{ "pci.devices.nvme", list_nvmes, 0 },
	{ "pci.devices.block", list_blocks, 0 },
	{ "plan", list_machine, 0 },
};
const size_t n_sorts = sizeof sorts / sizeof *sorts;
