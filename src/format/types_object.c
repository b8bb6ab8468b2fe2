/* SPDX-License-Identifier: Apache-2.0 */

/* Values that are objects of their own, by their tables. */

#include "types.h"

#include <errno.h>
#include <string.h>

json_t *reference_to(const struct table *table)
{
	return json_pack("{so}", "$ref", json_sprintf("#/$defs/%s", table->name));
}

/* An object, or the text that stands for one with only that member. */
static int read_element(struct reader *r, const struct table *table, const json_t *value, void *at)
{
	if (!json_is_string(value) || !table->shorthand)
		return table_read(r, table, value, at);
	json_t *object = json_pack("{sO}", table->shorthand, value);
	int ret = table_read(r, table, object, at);
	json_decref(object);
	return ret;
}

int read_objects(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	if (!json_is_array(value))
		return f->sub->shorthand || json_is_object(value)
			       ? read_element(r, f->sub, value, list_add(r->arena, at, f->sub->size))
			       : refuse(r, "expected an array, got %s", kind_of(value));
	struct list *list = at;
	size_t len = r->path.len;
	for (size_t i = 0; i < json_array_size(value); i++) {
		size_t before = list->n;
		buf_printf(&r->path, "[%zu]", i);
		if (read_element(r, f->sub, json_array_get(value, i), list_add(r->arena, list, f->sub->size))) {
			if (!r->lenient)
				return -EINVAL;
			list->n = before;
		}
		buf_cut(&r->path, len);
	}
	return 0;
}

static json_t *write_element(const struct table *table, const void *at)
{
	json_t *object = table_write(table, at);
	if (!object)
		return json_object();
	json_t *only = table->shorthand ? json_object_get(object, table->shorthand) : NULL;
	if (!only || json_object_size(object) > 1)
		return object;
	json_incref(only);
	json_decref(object);
	return only;
}

json_t *write_objects(const struct field *f, const void *at)
{
	const struct list *list = at;
	if (!list->n)
		return NULL;
	if (list->n == 1 && f->sub->shorthand)
		return write_element(f->sub, list->at);
	json_t *array = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, write_element(f->sub, (const char *)list->at + i * f->sub->size));
	return array;
}

static void schema_objects(const struct field *f, json_t *into)
{
	json_t *one = reference_to(f->sub);
	if (f->sub->shorthand)
		one = json_pack("{s[o{ss}]}", "anyOf", one, "type", "string");
	json_object_set_new(into, "anyOf",
			    json_pack("[o{sssO}]", one, "type", "array", "items", one));
}

const struct type type_objects = { "array of objects", NULL, read_objects, write_objects, schema_objects };

/* An object whose members lie in the struct that the object around it fills. */
static void init_object(const struct field *f, void *at)
{
	table_init_members(f->sub, at);
}

static int read_object(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	return table_read_members(r, f->sub, value, at);
}

static json_t *write_object(const struct field *f, const void *at)
{
	return table_write(f->sub, at);
}

static void schema_object(const struct field *f, json_t *into)
{
	json_t *reference = reference_to(f->sub);
	json_object_update(into, reference);
	json_decref(reference);
}

const struct type type_object = { "object", init_object, read_object, write_object, schema_object };

static void init_cores(const struct field *f, void *at)
{
	(void)f;
	((struct doc_cores *)at)->count = TOPO_UNKNOWN;
}

static int read_cores(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	static const struct field count = { .min = 1, .max = TOPO_MAX_CPU };
	struct doc_cores *cores = at;
	if (json_is_array(value))
		return read_objects(r, f, value, &cores->runs);
	return read_integer(r, &count, value, &cores->count);
}

static json_t *write_cores(const struct field *f, const void *at)
{
	const struct doc_cores *cores = at;
	if (cores->runs.n)
		return write_objects(f, &cores->runs);
	return cores->count == TOPO_UNKNOWN ? NULL : json_integer(cores->count);
}

static void schema_cores(const struct field *f, json_t *into)
{
	json_object_set_new(into, "anyOf", json_pack("[{sssi}{ssso}]", "type", "integer", "minimum", 1, "type",
						     "array", "items", reference_to(f->sub)));
}

const struct type type_cores = { "number or array of objects", init_cores, read_cores, write_cores, schema_cores };
