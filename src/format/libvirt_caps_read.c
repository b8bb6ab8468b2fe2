/* SPDX-License-Identifier: Apache-2.0 */

/* What libvirt's capabilities tell of the host, as a machine. */

#include "libvirt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char derived[] = "Made of libvirt's capabilities, which tell nodes with their memory, huge pages, "
			      "distances and CPUs, and caches\n"
			      "from the third level on.";

/* A CPU as it stands there. */
struct caps_cpu {
	const xmlNode *element;
	struct cpu cpu;
	bool told; /* it has more than its id: it runs */
	struct idset siblings;
};

struct caps_reader {
	struct topo *t;
	struct err *err;
	LIST_OF(struct caps_cpu) cpus;
	int32_t *place; /* in the list, by id; -1: none */
	bool dies, clusters;
};

/* --- CPUs ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	enum topo_level level;
} levels[] = { { "socket_id", LEVEL_PACKAGE },
	       { "die_id", LEVEL_DIE },
	       { "cluster_id", LEVEL_CLUSTER },
	       { "core_id", LEVEL_CORE } };
enum { N_NAMED = sizeof levels / sizeof *levels };

static int read_cpu(struct caps_reader *r, const xmlNode *e, struct node *node)
{
	struct caps_cpu found = { .element = e };
	int32_t id = TOPO_UNKNOWN;
	if (xml_id(e, "id", TOPO_MAX_CPU, &id, r->err))
		return -EINVAL;
	if (id == TOPO_UNKNOWN)
		return xml_wrong(e, r->err, "id: it is missing");
	if (r->place[id] >= 0)
		return xml_wrong(e, r->err, "id: CPU %d is there already", id);
	for (int level = 0; level < N_LEVELS; level++)
		found.cpu.group[level] = found.cpu.number[level] = TOPO_UNKNOWN;
	for (size_t i = 0; i < N_NAMED; i++) {
		int32_t *number = &found.cpu.number[levels[i].level];
		if (xml_id(e, levels[i].name, INT32_MAX, number, r->err))
			return -EINVAL;
		found.told |= *number != TOPO_UNKNOWN;
	}
	if (xml_list(e, "siblings", TOPO_MAX_CPU, &r->t->arena, &found.siblings, r->err))
		return -EINVAL;
	for (size_t i = 0; i < N_NAMED && found.told; i++)
		if (found.cpu.number[levels[i].level] == TOPO_UNKNOWN)
			found.cpu.number[levels[i].level] = 0;
	found.cpu.id = (uint32_t)id;
	r->place[id] = (int32_t)r->cpus.n;
	r->dies |= found.cpu.number[LEVEL_DIE] > 0;
	r->clusters |= found.cpu.number[LEVEL_CLUSTER] > 0;
	idset_add(&r->t->arena, &node->cpus, (uint32_t)id);
	*LIST_ADD(&r->t->arena, &r->cpus) = found;
	return 0;
}

/* CPUs of a core have its id, or each one of its own in their order, as AMD's compute units. */
static int check_core_ids(struct caps_reader *r, const struct caps_cpu *self)
{
	int32_t first = self->cpu.number[LEVEL_CORE], last = first;
	bool alike = true, ascend = true;
	IDSET_EACH (id, &self->siblings) {
		int32_t number = r->cpus.at[r->place[id]].cpu.number[LEVEL_CORE];
		alike &= number == first;
		ascend &= number > last || (uint32_t)id == self->cpu.id;
		last = number;
	}
	return alike || ascend ? 0 : xml_wrong(self->element, r->err, "siblings: they have no common core_id");
}

/* Old versions tell a core by its id alone. The lowest of a core looks at all of them, and each other one at it. */
static int check_siblings(struct caps_reader *r, const struct caps_cpu *self)
{
	if (idset_is_empty(&self->siblings))
		return 0;
	if (!idset_has(&self->siblings, self->cpu.id))
		return xml_wrong(self->element, r->err, "siblings: CPU %u itself is missing", self->cpu.id);
	int64_t lowest = idset_next(&self->siblings, 0);
	IDSET_EACH (id, &self->siblings) {
		if (id > lowest && self->cpu.id != (uint32_t)lowest)
			break;
		if (r->place[id] < 0)
			return xml_wrong(self->element, r->err, "siblings: there is no CPU %u", (unsigned)id);
		const struct caps_cpu *other = &r->cpus.at[r->place[id]];
		if (!idset_equal(&self->siblings, &other->siblings))
			return xml_wrong(self->element, r->err, "siblings: CPU %u has others", (unsigned)id);
		for (size_t i = 0; i < N_NAMED - 1; i++)
			if (self->cpu.number[levels[i].level] != other->cpu.number[levels[i].level])
				return xml_wrong(self->element, r->err, "siblings: CPU %u has another %s", (unsigned)id,
						 levels[i].name);
	}
	return self->cpu.id == (uint32_t)lowest ? check_core_ids(r, self) : 0;
}

/* Whether two are in one group of a level: that of all levels around it, too. */
static bool are_together(const struct caps_cpu *a, const struct caps_cpu *b, enum topo_level level)
{
	if (level == LEVEL_CORE && (!idset_is_empty(&a->siblings) || !idset_is_empty(&b->siblings)))
		return idset_equal(&a->siblings, &b->siblings);
	for (size_t i = 0; i < N_NAMED; i++) {
		if (a->cpu.number[levels[i].level] != b->cpu.number[levels[i].level])
			return false;
		if (levels[i].level == level)
			return true;
	}
	return false;
}

/* In id order the first one that is in the same group is its lowest. */
static int32_t lowest_of(const struct caps_reader *r, const struct caps_cpu *self, enum topo_level level)
{
	for (size_t i = 0; i < r->cpus.n; i++)
		if (r->cpus.at[i].told && are_together(self, &r->cpus.at[i], level))
			return (int32_t)r->cpus.at[i].cpu.id;
	return (int32_t)self->cpu.id;
}

static int compare_cpus(const void *x, const void *y)
{
	uint32_t a = ((const struct caps_cpu *)x)->cpu.id, b = ((const struct caps_cpu *)y)->cpu.id;
	return (a > b) - (a < b);
}

/* libvirt writes 0 where the kernel knows no dies and clusters. x86 kernels know a die for each package at least. */
static bool is_known(const struct caps_reader *r, enum topo_level level)
{
	return level == LEVEL_DIE	? r->dies || !strcmp(r->t->arch, "x86_64")
	       : level == LEVEL_CLUSTER ? r->clusters
					: true;
}

static int group_cpus(struct caps_reader *r)
{
	bool any_told = false;
	qsort(r->cpus.at, r->cpus.n, sizeof *r->cpus.at, compare_cpus);
	for (size_t i = 0; i < r->cpus.n; i++) {
		r->place[r->cpus.at[i].cpu.id] = (int32_t)i;
		any_told |= r->cpus.at[i].told;
	}
	for (size_t i = 0; i < r->cpus.n; i++) {
		struct caps_cpu *self = &r->cpus.at[i];
		if (check_siblings(r, self))
			return -EINVAL;
		struct cpu *cpu = LIST_ADD(&r->t->arena, &r->t->cpus);
		*cpu = self->cpu;
		idset_add(&r->t->arena, &r->t->present, cpu->id);
		if (self->told || !any_told)
			idset_add(&r->t->arena, &r->t->online, cpu->id);
		for (size_t k = 0; k < N_NAMED; k++) {
			enum topo_level level = levels[k].level;
			bool known = self->told && is_known(r, level);
			cpu->group[level] = known ? lowest_of(r, self, level) : TOPO_UNKNOWN;
			if (!known)
				cpu->number[level] = TOPO_UNKNOWN;
		}
	}
	r->t->possible = r->t->present;
	r->t->kernel_max = default_kernel_max(r->t);
	return 0;
}

/* --- nodes ----------------------------------------------------------------------------------------------- */

/* The smallest are no huge pages. Empty pools of the usual sizes go without saying. */
static int read_pages(struct caps_reader *r, const xmlNode *cell, struct node *node)
{
	uint64_t smallest = UINT64_MAX, total = 0;
	bool usual = node->memory_k && (!strcmp(r->t->arch, "x86_64") || !strcmp(r->t->arch, "aarch64"));
	XML_EACH (pages, cell, "pages") {
		struct hugepages *pool = LIST_ADD(&r->t->arena, &node->hugepages);
		const char *size = xml_attr(pages, "size", &r->t->arena), *unit = xml_attr(pages, "unit", &r->t->arena);
		uint64_t bytes;
		if (!size)
			return xml_wrong(pages, r->err, "size: it is missing");
		if (libvirt_scale(pages, "size", size, unit, &bytes, r->err) ||
		    xml_parse_number(pages, "its text", xml_text(pages, &r->t->arena), INT64_MAX, &pool->total, r->err))
			return -EINVAL;
		pool->size_k = bytes / 1024;
		pool->free = pool->total;
		for (size_t i = 0; i + 1 < node->hugepages.n; i++)
			if (node->hugepages.at[i].size_k == pool->size_k)
				return xml_wrong(pages, r->err, "size: pages of this size are there already");
		smallest = pool->size_k < smallest ? pool->size_k : smallest;
	}
	size_t n = 0;
	for (size_t i = 0; i < node->hugepages.n; i++) {
		struct hugepages *pool = &node->hugepages.at[i];
		if (pool->size_k == smallest)
			continue;
		usual &= pool->size_k == 2048 || pool->size_k == 1048576;
		total += !!pool->total;
		node->hugepages.at[n++] = *pool;
	}
	node->hugepages.n = usual && !total && n == 2 ? 0 : n;
	return 0;
}

static int read_cell(struct caps_reader *r, const xmlNode *cell, struct doc_node *doc)
{
	int32_t id = TOPO_UNKNOWN;
	table_init(&node_table, doc);
	if (xml_id(cell, "id", TOPO_MAX_NODE, &id, r->err))
		return -EINVAL;
	if (id == TOPO_UNKNOWN)
		return xml_wrong(cell, r->err, "id: it is missing");
	doc->node.id = (uint32_t)id;
	for (size_t i = 0; i < r->t->nodes.n; i++)
		if (r->t->nodes.at[i].id == doc->node.id)
			return xml_wrong(cell, r->err, "id: cell %d is there already", id);
	if (libvirt_memory(xml_child(cell, "memory"), &doc->node.memory_k, r->err) || read_pages(r, cell, &doc->node) ||
	    libvirt_side_caches(cell, &doc->node, &r->t->arena, r->err))
		return -EINVAL;
	XML_EACH (cpu, xml_child(cell, "cpus"), "cpu")
		if (read_cpu(r, cpu, &doc->node))
			return -EINVAL;
	return 0;
}

static int compare_nodes(const void *x, const void *y)
{
	uint32_t a = ((const struct node *)x)->id, b = ((const struct node *)y)->id;
	return (a > b) - (a < b);
}

static int read_cells(struct caps_reader *r, const xmlNode *cells, struct idset *others)
{
	XML_EACH (cell, cells, "cell") {
		struct doc_node doc;
		if (read_cell(r, cell, &doc))
			return -EINVAL;
		*LIST_ADD(&r->t->arena, &r->t->nodes) = doc.node;
	}
	if (!r->t->nodes.n)
		return xml_wrong(cells, r->err, "it has no <cell>");
	qsort(r->t->nodes.at, r->t->nodes.n, sizeof *r->t->nodes.at, compare_nodes);
	r->t->possible_nodes = default_possible_nodes(r->t, &r->t->arena);
	if (!r->cpus.n)
		return xml_wrong(cells, r->err, "none of its cells has CPUs");
	return libvirt_distances(cells, r->t, others, r->err) || libvirt_interconnects(cells->parent, r->t, r->err) ? -1
														    : 0;
}

/* A host without nodes is to libvirt a cell without distances. */
static void forget_only_cell(struct topo *t)
{
	const struct node *node = &t->nodes.at[0];
	if (t->nodes.n > 1 || node->id || node->distances.n || node->hugepages.n)
		return;
	t->memory_k = node->memory_k;
	t->nodes.n = 0;
	t->possible_nodes = (struct idset){ 0 };
}

/* --- caches ---------------------------------------------------------------------------------------------- */

static int read_type(struct caps_reader *r, const xmlNode *bank, int32_t *ret)
{
	static const char *const types[] = {
		[CACHE_DATA] = "data", [CACHE_INSTRUCTION] = "code", [CACHE_UNIFIED] = "both"
	};
	const char *type = xml_attr(bank, "type", &r->t->arena);
	for (*ret = 0; *ret <= CACHE_UNIFIED; ++*ret)
		if (type && !strcmp(types[*ret], type))
			return 0;
	return xml_wrong(bank, r->err, "type: expected one of both, code, data, got \"%.40s\"", type ? type : "");
}

static int read_bank(struct caps_reader *r, const xmlNode *bank)
{
	const char *size = xml_attr(bank, "size", &r->t->arena), *unit = xml_attr(bank, "unit", &r->t->arena);
	struct cache *cache = LIST_ADD(&r->t->arena, &r->t->caches);
	uint64_t level = 0, id = UINT64_MAX, bytes = 0;
	if (xml_number(bank, "level", 9, &level, r->err) || xml_number(bank, "id", INT32_MAX, &id, r->err) ||
	    read_type(r, bank, &cache->type) ||
	    xml_list(bank, "cpus", TOPO_MAX_CPU, &r->t->arena, &cache->cpus, r->err) ||
	    (size && libvirt_scale(bank, "size", size, unit ? unit : "B", &bytes, r->err)))
		return -EINVAL;
	const char *missing = !level ? "level" : id == UINT64_MAX ? "id" : idset_is_empty(&cache->cpus) ? "cpus" : NULL;
	if (missing)
		return xml_wrong(bank, r->err, "%s: it is missing", missing);
	if (!idset_within(&cache->cpus, &r->t->present))
		return xml_wrong(bank, r->err, "cpus: it has CPUs that no cell has");
	if (!bytes || bytes % 1024)
		return xml_wrong(bank, r->err, "size: expected whole KiB");
	cache->level = (uint32_t)level;
	cache->id = (int64_t)id;
	cache->size_k = bytes / 1024;
	cache->partition = !strcmp(r->t->arch, "x86_64");
	return 0;
}

/* --------------------------------------------------------------------------------------------------------- */

static int read_host(struct caps_reader *r, const xmlNode *root, struct buf *notes)
{
	const xmlNode *cells = xml_find(root, "host/topology/cells");
	const char *arch = xml_text(xml_find(root, "host/cpu/arch"), &r->t->arena);
	struct idset others = { 0 };
	if (strcmp((const char *)root->name, "capabilities"))
		return xml_wrong(root, r->err, "expected <capabilities>");
	if (!cells)
		return xml_wrong(root, r->err, "it has no <host><topology><cells>");
	if (arch && *arch && !strchr(arch, '/'))
		r->t->arch = arch;
	r->place = arena_alloc(&r->t->arena, (TOPO_MAX_CPU + 1) * sizeof *r->place);
	memset(r->place, 0xff, (TOPO_MAX_CPU + 1) * sizeof *r->place);
	if (read_cells(r, cells, &others) || group_cpus(r))
		return -EINVAL;
	forget_only_cell(r->t);
	XML_EACH (bank, xml_find(root, "host/cache"), "bank")
		if (read_bank(r, bank))
			return -EINVAL;
	buf_puts(notes, derived);
	if (!idset_is_empty(&others)) {
		buf_puts(notes, "\nLeft out: distances to nodes without a cell: ");
		idset_print_list(&others, notes);
		buf_putc(notes, '.');
	}
	r->t->comment = arena_strdup(&r->t->arena, buf_text(notes));
	return 0;
}

int libvirt_caps_read(const char *bytes, size_t len, struct topo *ret, struct err *err)
{
	_cleanup_xml_ xmlDoc *doc = NULL;
	_cleanup_buf_ struct buf notes = { 0 };
	_cleanup_topo_ struct topo topo = { 0 };
	struct document blank;
	if (xml_parse(bytes, len, &doc, err))
		return -EINVAL;
	table_init(&document_table, &blank);
	topo = blank.topo;
	struct caps_reader r = { .t = &topo, .err = err };
	if (read_host(&r, xmlDocGetRootElement(doc), &notes))
		return -EINVAL;
	*ret = topo;
	topo = (struct topo){ 0 };
	return 0;
}
