/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How two machines differ. Their things (a node, a core, a function, an interface) are laid out as the tables of
 * fields.c know them, matched by name, and compared member by member: a new member is compared without a line here.
 */

#include "document.h"
#include "topofs/format.h"

#include <stdlib.h>
#include <string.h>

/* Things that have no names of their own are told by their CPUs: "core of CPUs 2,10". */
struct thing {
	const char *noun; /* NULL: it is called by its name */
	struct idset cpus;
	const char *name; /* by which it is found in the other machine: "node 1" */
	const struct table *table;
	const void *at;
	uint64_t on; /* the function a device sits on, with which it comes and goes; BDF_NONE */
};
typedef LIST_OF(struct thing) things;

struct line {
	const struct thing *of; /* NULL: `where` says it */
	struct idset cpus;
	const char *where, *what;
};

struct comparison {
	const struct topo *a, *b;
	bool live;
	struct arena arena;
	LIST_OF(struct line) lines;
};

/* --- lines ----------------------------------------------------------------------------------------------- */

static const char *name_of(struct comparison *c, const struct thing *thing, const struct idset *cpus, bool several)
{
	_cleanup_buf_ struct buf list = { 0 };
	if (!thing->noun)
		return thing->name;
	idset_print_list(cpus, &list);
	return arena_printf(&c->arena, "%s%s of CPU%s %s", thing->noun, several ? "s" : "",
			    idset_count(cpus) > 1 ? "s" : "", buf_text(&list));
}

static void say_at(struct comparison *c, const char *where, const char *what)
{
	*LIST_ADD(&c->arena, &c->lines) = (struct line){ .where = where, .what = what };
}

/* What happened to many of a sort alike (every L2 cache is smaller) is one line. */
static void say_of(struct comparison *c, const struct thing *thing, const char *what)
{
	for (size_t i = c->lines.n; thing->noun && i-- > 0;) {
		struct line *line = &c->lines.at[i];
		if (!line->of || strcmp(line->of->noun, thing->noun) != 0)
			break;
		if (strcmp(line->what, what) != 0)
			continue;
		idset_add_all(&c->arena, &line->cpus, &thing->cpus);
		line->where = name_of(c, thing, &line->cpus, true);
		return;
	}
	struct line *line = LIST_ADD(&c->arena, &c->lines);
	line->of = thing->noun ? thing : NULL;
	line->cpus = idset_dup(&c->arena, &thing->cpus);
	line->where = name_of(c, thing, &thing->cpus, false);
	line->what = what;
}

/* --- values ---------------------------------------------------------------------------------------------- */

static void print_json(const json_t *value, struct buf *out)
{
	if (json_is_string(value))
		buf_puts(out, *json_string_value(value) ? json_string_value(value) : "\"\"");
	else if (json_is_integer(value))
		buf_printf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_true(value))
		buf_puts(out, "yes");
	else if (!json_array_size(value))
		buf_puts(out, "none");
	for (size_t i = 0; i < json_array_size(value); i++) {
		buf_puts(out, i ? ", " : "");
		print_json(json_array_get(value, i), out);
	}
}

/* What a document need not say is said here. */
static void print_value(const struct field *f, const void *at, struct buf *out)
{
	struct field spelt = *f;
	json_t *value = f->type->write(f, at);
	spelt.required = true;
	if (!value && f->def >= 0)
		value = f->type->write(&spelt, at);
	if (!value && f->type == &type_bool)
		buf_puts(out, "no");
	else if (!value && f->type == &type_choice && f->def >= 0)
		buf_puts(out, f->values[f->def]);
	else if (!value && f->def < 0)
		buf_puts(out, "unsaid");
	else
		print_json(value, out);
	json_decref(value);
}

enum { LONG = 80 };

static const char *change(struct comparison *c, const char *key, const char *from, const char *to)
{
	const char *space = *key ? " " : "";
	if (strlen(from) > LONG || strlen(to) > LONG)
		return arena_printf(&c->arena, "%s%schanged", key, space);
	return arena_printf(&c->arena, "%s%s%s -> %s", key, space, from, to);
}

/* Lines of /proc/cpuinfo that move by themselves: x86, s390, POWER. */
static bool is_live_key(const char *key)
{
	static const char *const keys[] = { "cpu MHz", "cpu MHz dynamic", "clock" };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

static void compare_key(struct comparison *c, const char *where, const char *key, const json_t *a, const json_t *b)
{
	_cleanup_buf_ struct buf from = { 0 };
	_cleanup_buf_ struct buf to = { 0 };
	if ((a && b && json_equal(a, b)) || (!c->live && is_live_key(key)))
		return;
	print_json(a, &from);
	print_json(b, &to);
	say_at(c, arena_printf(&c->arena, "%s %s", where, key),
	       !a ? "new" : !b ? "gone" : change(c, "", buf_text(&from), buf_text(&to)));
}

/* Texts or numbers by their keys. */
static void compare_maps(struct comparison *c, const char *where, json_t *a, json_t *b)
{
	const char *key;
	json_t *value;
	json_object_foreach(a, key, value)
		compare_key(c, where, key, value, json_object_get(b, key));
	json_object_foreach(b, key, value)
		if (!json_object_get(a, key))
			compare_key(c, where, key, NULL, value);
}

/* --- things ---------------------------------------------------------------------------------------------- */

static int by_name(const void *x, const void *y)
{
	const struct thing *const *a = x, *const *b = y;
	int order = strcmp((*a)->name, (*b)->name);
	return order ? order : (*a > *b) - (*a < *b);
}

static const struct thing **sorted(struct comparison *c, const things *list)
{
	const struct thing **ret = arena_alloc(&c->arena, (list->n + 1) * sizeof *ret);
	for (size_t i = 0; i < list->n; i++)
		ret[i] = &list->at[i];
	qsort(ret, list->n, sizeof *ret, by_name);
	return ret;
}

static bool has_function(const struct topo *t, uint64_t address)
{
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].address == address)
			return true;
	return false;
}

/* What sits on a function goes without saying where that has gone, or come. */
static void say_alone(struct comparison *c, const struct thing *thing, const struct topo *other, const char *what)
{
	if (thing->on == BDF_NONE || has_function(other, thing->on))
		say_of(c, thing, what);
}

static void compare_pair(struct comparison *c, const struct thing *a, const struct thing *b);

/* Both sorted by name; the lines come in the order of a's list, then of b's. */
static void compare_things(struct comparison *c, const things *a, const things *b)
{
	const struct thing **as = sorted(c, a), **bs = sorted(c, b);
	const struct thing **partner = arena_alloc(&c->arena, (a->n + 1) * sizeof *partner);
	bool *met = arena_alloc(&c->arena, b->n + 1);
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		int order = strcmp(as[i]->name, bs[k]->name);
		if (!order) {
			partner[as[i] - a->at] = bs[k];
			met[bs[k] - b->at] = true;
		}
		i += order <= 0;
		k += order >= 0;
	}
	for (size_t i = 0; i < a->n; i++)
		if (partner[i])
			compare_pair(c, &a->at[i], partner[i]);
		else
			say_alone(c, &a->at[i], c->b, "gone");
	for (size_t k = 0; k < b->n; k++)
		if (!met[k])
			say_alone(c, &b->at[k], c->a, "new");
}

/* Objects within a thing, by their first member: "node 0 hugepages 2M". */
static things things_within(struct comparison *c, const char *where, const struct field *f, const struct list *list)
{
	things ret = { 0 };
	for (size_t i = 0; i < list->n; i++) {
		_cleanup_buf_ struct buf id = { 0 };
		const char *at = (const char *)list->at + i * f->sub->size;
		print_value(f->sub->fields, at + f->sub->fields->offset, &id);
		*LIST_ADD(&c->arena, &ret) = (struct thing){
			.name = arena_printf(&c->arena, "%s %s %s", where, f->key, buf_text(&id)),
			.table = f->sub, .at = at, .on = BDF_NONE,
		};
	}
	return ret;
}

/* Of the machine's texts each counts by itself. */
static json_t *write_value(const struct table *table, const struct field *f, const void *at)
{
	json_t *value = f->type->write(f, at);
	if (table != &document_table || !json_is_array(value))
		return value;
	json_t *each = json_object();
	for (size_t i = 0; i < json_array_size(value); i++)
		json_object_set_new(each, json_string_value(json_array_get(value, i)), json_null());
	json_decref(value);
	return each;
}

/* Arrays of one length differ at places: "bars[4] 32 io -> 64 io". */
static void compare_places(struct comparison *c, const struct thing *thing, const struct field *f, const json_t *a,
			   const json_t *b)
{
	for (size_t i = 0; i < json_array_size(a); i++) {
		_cleanup_buf_ struct buf from = { 0 };
		_cleanup_buf_ struct buf to = { 0 };
		if (json_equal(json_array_get(a, i), json_array_get(b, i)))
			continue;
		print_json(json_array_get(a, i), &from);
		print_json(json_array_get(b, i), &to);
		say_of(c, thing, change(c, arena_printf(&c->arena, "%s[%zu]", f->key, i), buf_text(&from), buf_text(&to)));
	}
}

static void compare_values(struct comparison *c, const struct thing *thing, const struct field *f, const void *a,
			   const void *b)
{
	json_t *one = write_value(thing->table, f, a), *other = write_value(thing->table, f, b);
	if (json_is_object(one) || json_is_object(other)) {
		bool machine = thing->table == &document_table;
		const char *where = name_of(c, thing, &thing->cpus, false);
		compare_maps(c, machine ? f->key : arena_printf(&c->arena, "%s %s", where, f->key), one, other);
	} else if (json_array_size(one) && json_array_size(one) == json_array_size(other)) {
		compare_places(c, thing, f, one, other);
	} else if (one != other && !(one && other && json_equal(one, other))) {
		_cleanup_buf_ struct buf from = { 0 };
		_cleanup_buf_ struct buf to = { 0 };
		print_value(f, a, &from);
		print_value(f, b, &to);
		say_of(c, thing, change(c, f->key, buf_text(&from), buf_text(&to)));
	}
	json_decref(one);
	json_decref(other);
}

static void compare_field(struct comparison *c, const struct thing *thing, const struct field *f, const void *a,
			  const void *b)
{
	/* an object that is not one of many is a sort of its own */
	if ((f->live && !c->live) || f->type == &type_object)
		return;
	if (f->type != &type_objects) {
		compare_values(c, thing, f, a, b);
		return;
	}
	const char *where = name_of(c, thing, &thing->cpus, false);
	things in_a = things_within(c, where, f, a), in_b = things_within(c, where, f, b);
	compare_things(c, &in_a, &in_b);
}

static void compare_pair(struct comparison *c, const struct thing *a, const struct thing *b)
{
	size_t before = c->lines.n;
	if (a->on != b->on) {
		const char *from = a->on == BDF_NONE ? "none" : bdf_text(&c->arena, a->on);
		say_of(c, a, change(c, "pci", from, b->on == BDF_NONE ? "none" : bdf_text(&c->arena, b->on)));
	}
	for (size_t i = 0; i < a->table->n; i++) {
		const struct field *f = &a->table->fields[i];
		if (!f->raw || c->lines.n == before)
			compare_field(c, a, f, (const char *)a->at + f->offset, (const char *)b->at + f->offset);
	}
}

/* --- a machine's things ---------------------------------------------------------------------------------- */

/* Both machines' things of a sort; `common` are the CPUs that run in both. */
struct sort {
	const char *path; /* its table's: "cpu.packages" */
	void (*list)(const struct topo *t, const struct sort *sort, const struct idset *common, struct arena *a, things *ret);
	int32_t level; /* enum topo_level */
};

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
	doc->topo.name = doc->topo.comment = doc->topo.schema = NULL;
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

static void list_nodes(const struct topo *t, const struct sort *sort, const struct idset *common, struct arena *a,
		       things *ret)
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

static const struct sort sorts[] = {
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
};

/* --- distances ------------------------------------------------------------------------------------------- */

static uint32_t distance(const struct topo *t, uint32_t from, uint32_t to)
{
	return topo_distance(t, (size_t)(topo_node(t, from) - t->nodes.at), (size_t)(topo_node(t, to) - t->nodes.at));
}

/* Both directions are one line where they changed alike. */
static void compare_distance(struct comparison *c, uint32_t from, uint32_t to)
{
	uint32_t in_a = distance(c->a, from, to), in_b = distance(c->b, from, to);
	bool alike = in_a == distance(c->a, to, from) && in_b == distance(c->b, to, from);
	if (in_a != in_b && !(alike && to < from))
		say_at(c, arena_printf(&c->arena, "node %u", from),
		       arena_printf(&c->arena, "distance to node %u %u -> %u", to, in_a, in_b));
}

static void compare_distances(struct comparison *c)
{
	struct idset both = { 0 };
	for (size_t i = 0; i < c->a->nodes.n; i++)
		if (topo_node(c->b, c->a->nodes.at[i].id))
			idset_add(&c->arena, &both, c->a->nodes.at[i].id);
	IDSET_EACH(from, &both)
		IDSET_EACH(to, &both)
			compare_distance(c, (uint32_t)from, (uint32_t)to);
}

/* --------------------------------------------------------------------------------------------------------- */

size_t compare(const struct topo *a, const struct topo *b, bool live, void (*say)(void *ctx, const char *line),
	       void *ctx)
{
	struct comparison c = { .a = a, .b = b, .live = live };
	/* only of CPUs that run the kernel tells caches and who shares a core */
	struct idset common = idset_and(&c.arena, &a->online, &b->online);
	for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
		things in_a = { 0 }, in_b = { 0 };
		sorts[i].list(a, &sorts[i], &common, &c.arena, &in_a);
		sorts[i].list(b, &sorts[i], &common, &c.arena, &in_b);
		compare_things(&c, &in_a, &in_b);
		if (sorts[i].list == list_nodes)
			compare_distances(&c);
	}
	for (size_t i = 0; i < c.lines.n; i++)
		say(ctx, arena_printf(&c.arena, "%s: %s", c.lines.at[i].where, c.lines.at[i].what));
	size_t n = c.lines.n;
	arena_done(&c.arena);
	return n;
}
