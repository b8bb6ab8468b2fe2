/* SPDX-License-Identifier: Apache-2.0 */

/* Objects whose members the document names: keys and their texts or numbers, in a list that keeps their order. */

#include "types.h"

#include <errno.h>
#include <string.h>

/* Adds nothing where it fails. */
static int read_one(struct reader *r, const struct field *f, const char *key, const json_t *value,
		    const struct members *kind, struct list *list)
{
	if (kind->enter(r, key))
		return -EINVAL;
	const char **element = list_add(r->arena, list, kind->size);
	memset(element, 0, kind->size);
	*element = arena_strdup(r->arena, key);
	int ret = kind->read(r, f, value, element);
	list->n -= ret != 0;
	return ret;
}

int read_members(struct reader *r, const struct field *f, const json_t *value, const struct members *kind,
		 struct list *list)
{
	if (!json_is_object(value))
		return refuse(r, "expected %s, got %s", kind->wanted, kind_of(value));
	const char *key;
	json_t *member;
	size_t len = r->path.len;
	json_object_foreach((json_t *)value, key, member)
	{
		if (read_one(r, f, key, member, kind, list) && !r->lenient)
			return -EINVAL;
		buf_cut(&r->path, len);
	}
	return 0;
}

json_t *write_members(const struct members *kind, const struct list *list)
{
	if (!list->n)
		return NULL;
	json_t *object = json_object();
	for (size_t i = 0; i < list->n; i++) {
		const char *const *element = (const void *)((const char *)list->at + i * kind->size);
		json_object_set_new(object, *element, kind->write(element));
	}
	return object;
}

void schema_members(json_t *into, json_t *value)
{
	json_object_set_new(into, "type", json_string("object"));
	json_object_set_new(into, "additionalProperties", value);
}

static int enter_unless(struct reader *r, const char *key, const char *why)
{
	if (why)
		return refuse(r, "%s: \"%.40s\"", why, key);
	buf_printf(&r->path, ".%s", key);
	return 0;
}

/* --- texts ----------------------------------------------------------------------------------------------- */

static int read_pair(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	int32_t ignored;
	if (f->values && type_choice.read(r, f, value, &ignored))
		return -EINVAL;
	return type_text.read(r, f, value, &((struct pair *)at)->value);
}

static json_t *write_pair(const void *at)
{
	return json_string(((const struct pair *)at)->value);
}

static void schema_map(const struct field *f, json_t *into)
{
	json_t *value = json_pack("{ss}", "type", "string");
	if (f->values)
		type_choice.schema(f, value);
	schema_members(into, value);
}

static bool is_cpuinfo_key(const char *key)
{
	return *key && !strchr(key, ':') && !has_control_characters(key);
}

static int enter_cpuinfo_key(struct reader *r, const char *key)
{
	return enter_unless(r, key, is_cpuinfo_key(key) ? NULL : "not the name of a line of /proc/cpuinfo");
}

static const struct members pairs = { "an object", sizeof(struct pair), enter_cpuinfo_key, read_pair, write_pair };

static int read_map(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	return read_members(r, f, value, &pairs, at);
}

static json_t *write_map(const struct field *f, const void *at)
{
	(void)f;
	return write_members(&pairs, at);
}

const struct type type_map = { "object of texts", NULL, read_map, write_map, schema_map };

static int enter_name(struct reader *r, const char *key)
{
	return enter_unless(r, key, not_a_name(key));
}

static int read_files_map(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	static const struct members named = { "an object", sizeof(struct pair), enter_name, read_pair, write_pair };
	return read_members(r, f, value, &named, at);
}

const struct type type_files_map = { "object of texts", NULL, read_files_map, write_map, schema_map };

/* --- numbers --------------------------------------------------------------------------------------------- */

static int enter_counter(struct reader *r, const char *key)
{
	return enter_unless(r, key, is_cpuinfo_key(key) && !strchr(key, ' ') ? NULL : "not the name of a counter");
}

static int read_count(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	static const struct field any = { .min = 0, .max = INT64_MAX };
	(void)f;
	return type_i64.read(r, &any, value, &((struct count *)at)->value);
}

static json_t *write_count(const void *at)
{
	return json_integer((json_int_t)((const struct count *)at)->value);
}

static const struct members counts = {
	"an object of numbers", sizeof(struct count), enter_counter, read_count, write_count,
};

static int read_counts(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	return read_members(r, f, value, &counts, at);
}

static json_t *write_counts(const struct field *f, const void *at)
{
	(void)f;
	return write_members(&counts, at);
}

static void schema_counts(const struct field *f, json_t *into)
{
	(void)f;
	schema_members(into, json_pack("{sssi}", "type", "integer", "minimum", 0));
}

const struct type type_counts = { "object of numbers", NULL, read_counts, write_counts, schema_counts };
