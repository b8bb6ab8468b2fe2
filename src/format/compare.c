/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How two machines differ. Their things (a node, a core, a function, an interface) are laid out as the tables of
 * fields.c know them, matched by name, and compared member by member: a new member is compared without a line here.
 */

#include "compare.h"
#include "topofs/format.h"

#include <stdlib.h>
#include <string.h>

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
		say_of(c, thing,
		       change(c, arena_printf(&c->arena, "%s[%zu]", f->key, i), buf_text(&from), buf_text(&to)));
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
	for (size_t i = 0; i < n_sorts; i++) {
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
