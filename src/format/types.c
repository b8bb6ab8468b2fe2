/* SPDX-License-Identifier: Apache-2.0 */

/* Numbers, sizes and sets: each one's reader, its inverse, and its JSON Schema, side by side. */

#include "types.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

int refuse(struct reader *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int ret = err_vset(r->err, buf_text(&r->path), fmt, ap);
	va_end(ap);
	return ret;
}

const char *kind_of(const json_t *value)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a text",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number with a fraction", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false", [JSON_NULL] = "null",
	};
	return names[json_typeof(value)];
}

/* --- numbers --------------------------------------------------------------------------------------------- */

int read_integer(struct reader *r, const struct field *f, const json_t *value, int64_t *ret)
{
	if (!json_is_integer(value))
		return refuse(r, "expected a whole number, got %s", kind_of(value));
	int64_t v = json_integer_value(value);
	if (v != f->min && f->min == f->max)
		return refuse(r, "expected %lld, got %lld", (long long)f->min, (long long)v);
	if (v < f->min || v > f->max)
		return refuse(r, "expected %lld to %lld, got %lld", (long long)f->min, (long long)f->max, (long long)v);
	*ret = v;
	return 0;
}

static void schema_integer(const struct field *f, json_t *into)
{
	json_object_set_new(into, "type", json_string("integer"));
	json_object_set_new(into, "minimum", json_integer(f->min));
	json_object_set_new(into, "maximum", json_integer(f->max));
}

static void init_i32(const struct field *f, void *at)
{
	*(int32_t *)at = (int32_t)f->def;
}

static int read_i32(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	int64_t v = 0;
	int ret = read_integer(r, f, value, &v);
	if (!ret)
		*(int32_t *)at = (int32_t)v;
	return ret;
}

static json_t *write_i32(const struct field *f, const void *at)
{
	int32_t v = *(const int32_t *)at;
	return v == f->def && !f->required ? NULL : json_integer(v);
}

const struct type type_i32 = { "number", init_i32, read_i32, write_i32, schema_integer };

static void init_i64(const struct field *f, void *at)
{
	*(int64_t *)at = f->def;
}

static int read_i64(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	return read_integer(r, f, value, at);
}

static json_t *write_i64(const struct field *f, const void *at)
{
	int64_t v = *(const int64_t *)at;
	return v == f->def && !f->required ? NULL : json_integer(v);
}

const struct type type_i64 = { "number", init_i64, read_i64, write_i64, schema_integer };

static int read_bool(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	if (!json_is_boolean(value))
		return refuse(r, "expected true or false, got %s", kind_of(value));
	*(bool *)at = json_is_true(value);
	return 0;
}

static json_t *write_bool(const struct field *f, const void *at)
{
	(void)f;
	return *(const bool *)at ? json_true() : NULL;
}

static void schema_bool(const struct field *f, json_t *into)
{
	(void)f;
	json_object_set_new(into, "type", json_string("boolean"));
}

const struct type type_bool = { "true or false", NULL, read_bool, write_bool, schema_bool };

int read_array(struct reader *r, const struct field *f, const json_t *value, const char *wanted, size_t size,
	       int (*read)(struct reader *, const struct field *, const json_t *, void *at), struct list *list)
{
	if (!json_is_array(value))
		return refuse(r, "expected %s, got %s", wanted, kind_of(value));
	size_t len = r->path.len;
	for (size_t i = 0; i < json_array_size(value); i++) {
		buf_printf(&r->path, "[%zu]", i);
		if (read(r, f, json_array_get(value, i), list_add(r->arena, list, size)))
			return -EINVAL;
		buf_cut(&r->path, len);
	}
	return 0;
}

static int read_numbers(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	return read_array(r, f, value, "an array of numbers", sizeof(uint32_t), read_i32, at);
}

static json_t *write_numbers(const struct field *f, const void *at)
{
	(void)f;
	const LIST_OF(uint32_t) *list = at;
	if (!list->n)
		return NULL;
	json_t *array = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_integer(list->at[i]));
	return array;
}

static void schema_numbers(const struct field *f, json_t *into)
{
	json_t *items = json_object();
	schema_integer(f, items);
	json_object_set_new(into, "type", json_string("array"));
	json_object_set_new(into, "items", items);
}

const struct type type_numbers = { "array of numbers", NULL, read_numbers, write_numbers, schema_numbers };

/* --- sizes ----------------------------------------------------------------------------------------------- */

static int read_size(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	uint64_t v = 0;
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*(uint64_t *)at = (uint64_t)json_integer_value(value);
		return 0;
	}
	if (json_is_integer(value))
		return refuse(r, "expected a size of 0 or more, got %lld", (long long)json_integer_value(value));
	const char *text = json_string_value(value), *end = text ? parse_size(text, &v) : NULL;
	if (!end || *end || v > INT64_MAX)
		return refuse(r, "expected a size such as \"48K\" or \"1024G\", got %s%.40s%s", text ? "\"" : "",
			      text ? text : kind_of(value), text ? "\"" : "");
	*(uint64_t *)at = v;
	return 0;
}

static json_t *write_size(const struct field *f, const void *at)
{
	uint64_t v = *(const uint64_t *)at;
	if (v == (uint64_t)f->def && !f->required)
		return NULL;
	_cleanup_buf_ struct buf text = { 0 };
	print_size(v, &text);
	return json_string(buf_text(&text));
}

static void schema_size(const struct field *f, json_t *into)
{
	(void)f;
	json_object_set_new(into, "type", json_pack("[ss]", "string", "integer"));
	json_object_set_new(into, "pattern", json_string("^[0-9]+[KMGTPE]?$"));
	json_object_set_new(into, "minimum", json_integer(0));
}

const struct type type_size = { "size", init_i64, read_size, write_size, schema_size };

static int read_size_k(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	uint64_t bytes;
	int ret = read_size(r, f, value, &bytes);
	if (ret)
		return ret;
	if (bytes % 1024)
		return refuse(r, "expected a multiple of 1K, got %llu bytes", (unsigned long long)bytes);
	*(uint64_t *)at = bytes / 1024;
	return 0;
}

static json_t *write_size_k(const struct field *f, const void *at)
{
	uint64_t k = *(const uint64_t *)at;
	if (k == (uint64_t)f->def && !f->required)
		return NULL;
	_cleanup_buf_ struct buf text = { 0 };
	print_size(k * 1024, &text);
	return json_string(buf_text(&text));
}

const struct type type_size_k = { "size", init_i64, read_size_k, write_size_k, schema_size };

/* --- sets ------------------------------------------------------------------------------------------------ */

/* A list takes a bit for each id up to its last: a few bytes of text can ask for megabytes. */
enum { MAX_ID_WORDS = 1 << 26 };

static int count_id_words(struct reader *r, const struct idset *set)
{
	r->id_words += set->n_words;
	return r->id_words <= MAX_ID_WORDS ? 0 : refuse(r, "this and all lists before it have too many ids");
}

static int read_idset(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	struct idset *set = at;
	if (json_is_integer(value)) {
		int64_t id = json_integer_value(value);
		if (id < 0 || id > f->max)
			return refuse(r, "expected 0 to %lld, got %lld", (long long)f->max, (long long)id);
		idset_add(r->arena, set, (uint32_t)id);
		return count_id_words(r, set);
	}
	const char *text = text_of(r, value, "a list such as \"0-3,8\"");
	if (!text)
		return -EINVAL;
	const char *why = idset_parse(r->arena, text, (uint32_t)f->max, set);
	return why ? refuse(r, "%s", why) : count_id_words(r, set);
}

static json_t *write_idset(const struct field *f, const void *at)
{
	(void)f;
	const struct idset *set = at;
	if (idset_is_empty(set))
		return NULL;
	if (idset_count(set) == 1)
		return json_integer(idset_next(set, 0));
	_cleanup_buf_ struct buf text = { 0 };
	idset_print_list(set, &text);
	return json_string(buf_text(&text));
}

static void schema_idset(const struct field *f, json_t *into)
{
	json_object_set_new(into, "type", json_pack("[ss]", "string", "integer"));
	json_object_set_new(into, "pattern", json_string("^([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?$"));
	json_object_set_new(into, "minimum", json_integer(0));
	json_object_set_new(into, "maximum", json_integer(f->max));
}

const struct type type_idset = { "list", NULL, read_idset, write_idset, schema_idset };
