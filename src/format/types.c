/* SPDX-License-Identifier: Apache-2.0 */

/* The plain kinds of value: each one's reader, its inverse, and its JSON Schema, side by side. */

#include "types.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

int refuse(struct reader *r, const char *fmt, ...)
{
	_cleanup_buf_ struct buf what = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&what, fmt, ap);
	va_end(ap);
	return err_set(r->err, buf_text(&r->path), "%s", buf_text(&what));
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

/* The text of a string, or NULL after refusing: what is wanted, and an example of it. */
const char *text_of(struct reader *r, const json_t *value, const char *wanted)
{
	if (json_is_string(value))
		return json_string_value(value);
	refuse(r, "expected %s, got %s", wanted, kind_of(value));
	return NULL;
}

bool has_control_characters(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

void schema_string(json_t *into, const char *pattern)
{
	json_object_set_new(into, "type", json_string("string"));
	if (pattern)
		json_object_set_new(into, "pattern", json_string(pattern));
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

static int read_numbers(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	LIST_OF(uint32_t) *list = at;
	if (!json_is_array(value))
		return refuse(r, "expected an array of numbers, got %s", kind_of(value));
	size_t len = r->path.len;
	for (size_t i = 0; i < json_array_size(value); i++) {
		int64_t v = 0;
		buf_printf(&r->path, "[%zu]", i);
		if (read_integer(r, f, json_array_get(value, i), &v))
			return -EINVAL;
		buf_cut(&r->path, len);
		*LIST_ADD(r->arena, list) = (uint32_t)v;
	}
	return 0;
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

/* --- texts ----------------------------------------------------------------------------------------------- */

static void init_text(const struct field *f, void *at)
{
	*(const char **)at = f->text;
}

/* What is served as a line must be one. */
static int read_text(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	const char *text = text_of(r, value, "a text");
	if (!text)
		return -EINVAL;
	if (has_control_characters(text))
		return refuse(r, "a line end or other control character in \"%.40s\"", text);
	*(const char **)at = arena_strdup(r->arena, text);
	return 0;
}

static json_t *write_text(const struct field *f, const void *at)
{
	const char *text = *(const char *const *)at;
	if (!text || (f->text && !strcmp(text, f->text) && !f->required))
		return NULL;
	return json_string(text);
}

static void schema_text(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, NULL);
}

const struct type type_text = { "text", init_text, read_text, write_text, schema_text };

/* Why a text cannot name a file, or NULL. */
const char *not_a_name(const char *text)
{
	if (!*text)
		return "an empty name";
	if (strlen(text) > 255)
		return "a name of more than 255 bytes";
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return "\".\" and \"..\" cannot name a file";
	if (strchr(text, '/'))
		return "a '/' in a name";
	return has_control_characters(text) ? "a line end or other control character in a name" : NULL;
}

static int read_name(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	const char *text = text_of(r, value, "a name");
	const char *why = text ? not_a_name(text) : NULL;
	if (why)
		return refuse(r, "%s: \"%.40s\"", why, text);
	if (!text)
		return -EINVAL;
	*(const char **)at = arena_strdup(r->arena, text);
	return 0;
}

static void schema_name(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, "^[^/\\x00-\\x1f]{1,255}$");
}

const struct type type_name = { "name", init_text, read_name, write_text, schema_name };

static int read_texts(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	LIST_OF(const char *) *list = at;
	if (!json_is_array(value))
		return refuse(r, "expected an array of texts, got %s", kind_of(value));
	size_t len = r->path.len;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *text;
		buf_printf(&r->path, "[%zu]", i);
		if (read_text(r, f, json_array_get(value, i), &text))
			return -EINVAL;
		buf_cut(&r->path, len);
		*LIST_ADD(r->arena, list) = text;
	}
	return 0;
}

static json_t *write_texts(const struct field *f, const void *at)
{
	(void)f;
	const LIST_OF(const char *) *list = at;
	if (!list->n)
		return NULL;
	json_t *array = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(list->at[i]));
	return array;
}

static void schema_texts(const struct field *f, json_t *into)
{
	(void)f;
	json_object_set_new(into, "type", json_string("array"));
	json_object_set_new(into, "items", json_pack("{ss}", "type", "string"));
}

const struct type type_texts = { "array of texts", NULL, read_texts, write_texts, schema_texts };

/* Kept as one text, a line for each of a list's. */
static int read_comment(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	_cleanup_buf_ struct buf text = { 0 };
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *line = json_string_value(json_array_get(value, i));
		buf_printf(&text, "%s%s", i ? "\n" : "", line ? line : "");
	}
	const char *whole = json_is_array(value) ? buf_text(&text) : json_string_value(value);
	*(const char **)at = whole ? arena_strdup(r->arena, whole) : NULL;
	return 0;
}

static json_t *write_comment(const struct field *f, const void *at)
{
	(void)f;
	const char *text = *(const char *const *)at;
	if (!text || !strchr(text, '\n'))
		return text ? json_string(text) : NULL;
	json_t *lines = json_array();
	for (const char *end; text; text = end ? end + 1 : NULL) {
		end = strchr(text, '\n');
		json_array_append_new(lines, json_stringn(text, end ? (size_t)(end - text) : strlen(text)));
	}
	return lines;
}

static void schema_anything(const struct field *f, json_t *into)
{
	(void)f;
	(void)into;
}

const struct type type_comment = { "anything", NULL, read_comment, write_comment, schema_anything };

static void init_choice(const struct field *f, void *at)
{
	*(int32_t *)at = (int32_t)f->def;
}

static int read_choice(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	const char *text = text_of(r, value, "a text");
	if (!text)
		return -EINVAL;
	_cleanup_buf_ struct buf names = { 0 };
	for (int32_t i = 0; f->values[i]; i++) {
		if (*f->values[i] && !strcmp(f->values[i], text)) {
			*(int32_t *)at = i;
			return 0;
		}
		if (*f->values[i])
			buf_printf(&names, "%s%s", names.len ? ", " : "", f->values[i]);
	}
	return refuse(r, "\"%.40s\" is none of %s", text, buf_text(&names));
}

static json_t *write_choice(const struct field *f, const void *at)
{
	int32_t v = *(const int32_t *)at;
	return v == f->def ? NULL : json_string(f->values[v]);
}

static void schema_choice(const struct field *f, json_t *into)
{
	json_t *choices = json_array();
	for (int32_t i = 0; f->values[i]; i++)
		if (*f->values[i])
			json_array_append_new(choices, json_string(f->values[i]));
	json_object_set_new(into, "enum", choices);
}

const struct type type_choice = { "choice", init_choice, read_choice, write_choice, schema_choice };

/* --- sizes ----------------------------------------------------------------------------------------------- */

static const char size_suffixes[] = "KMGTPE";

/* Reads "48K" or "4096" to bytes; returns what follows, NULL when it is no size. */
const char *parse_size(const char *text, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return NULL;
	if (p == text)
		return NULL;
	const char *suffix = *p ? strchr(size_suffixes, *p) : NULL;
	if (suffix) {
		int shift = 10 * (int)(suffix - size_suffixes + 1);
		if (v > UINT64_MAX >> shift)
			return NULL;
		v <<= shift;
		p++;
	}
	*ret = v;
	return p;
}

void print_size(uint64_t bytes, struct buf *out)
{
	size_t unit = 0;
	while (bytes && bytes % 1024 == 0 && unit < strlen(size_suffixes)) {
		bytes /= 1024;
		unit++;
	}
	buf_printf(out, "%llu", (unsigned long long)bytes);
	if (unit)
		buf_putc(out, size_suffixes[unit - 1]);
}

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

/* --- maps ------------------------------------------------------------------------------------------------ */

static int read_pair(struct reader *r, const struct field *f, const char *key, const json_t *value, struct pair *ret)
{
	int32_t ignored;
	if (f->values && read_choice(r, f, value, &ignored))
		return -EINVAL;
	const char *text = text_of(r, value, "a text");
	if (!text)
		return -EINVAL;
	if (has_control_characters(text))
		return refuse(r, "a line end or other control character in \"%.40s\"", text);
	*ret = (struct pair){ arena_strdup(r->arena, key), arena_strdup(r->arena, text) };
	return 0;
}

static int read_pairs(struct reader *r, const struct field *f, const json_t *value, topo_map *map,
		      const char *(*wrong)(const char *key))
{
	if (!json_is_object(value))
		return refuse(r, "expected an object, got %s", kind_of(value));
	const char *key;
	json_t *member;
	size_t len = r->path.len;
	json_object_foreach((json_t *)value, key, member) {
		const char *why = wrong(key);
		if (why)
			return refuse(r, "%s: \"%.40s\"", why, key);
		buf_printf(&r->path, ".%s", key);
		if (read_pair(r, f, key, member, LIST_ADD(r->arena, map)))
			return -EINVAL;
		buf_cut(&r->path, len);
	}
	return 0;
}

static json_t *write_map(const struct field *f, const void *at)
{
	(void)f;
	const topo_map *map = at;
	if (!map->n)
		return NULL;
	json_t *object = json_object();
	for (size_t i = 0; i < map->n; i++)
		json_object_set_new(object, map->at[i].key, json_string(map->at[i].value));
	return object;
}

static void schema_map(const struct field *f, json_t *into)
{
	json_t *value = json_pack("{ss}", "type", "string");
	if (f->values)
		schema_choice(f, value);
	json_object_set_new(into, "type", json_string("object"));
	json_object_set_new(into, "additionalProperties", value);
}

static const char *not_a_cpuinfo_key(const char *key)
{
	return !*key || strchr(key, ':') || has_control_characters(key)
		       ? "not the name of a line of /proc/cpuinfo" : NULL;
}

static int read_map(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	return read_pairs(r, f, value, at, not_a_cpuinfo_key);
}

const struct type type_map = { "object of texts", NULL, read_map, write_map, schema_map };

static int read_files_map(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	return read_pairs(r, f, value, at, not_a_name);
}

const struct type type_files_map = { "object of texts", NULL, read_files_map, write_map, schema_map };

static int read_counts(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	static const struct field any = { .min = 0, .max = INT64_MAX };
	topo_counts *counts = at;
	if (!json_is_object(value))
		return refuse(r, "expected an object of numbers, got %s", kind_of(value));
	const char *key;
	json_t *member;
	size_t len = r->path.len;
	json_object_foreach((json_t *)value, key, member) {
		int64_t v = 0;
		if (not_a_cpuinfo_key(key) || strchr(key, ' '))
			return refuse(r, "not the name of a counter: \"%.40s\"", key);
		buf_printf(&r->path, ".%s", key);
		if (read_integer(r, &any, member, &v))
			return -EINVAL;
		buf_cut(&r->path, len);
		*LIST_ADD(r->arena, counts) = (struct count){ arena_strdup(r->arena, key), (uint64_t)v };
	}
	return 0;
}

static json_t *write_counts(const struct field *f, const void *at)
{
	(void)f;
	const topo_counts *counts = at;
	if (!counts->n)
		return NULL;
	json_t *object = json_object();
	for (size_t i = 0; i < counts->n; i++)
		json_object_set_new(object, counts->at[i].key, json_integer((json_int_t)counts->at[i].value));
	return object;
}

static void schema_counts(const struct field *f, json_t *into)
{
	(void)f;
	json_object_set_new(into, "type", json_string("object"));
	json_object_set_new(into, "additionalProperties", json_pack("{sssi}", "type", "integer", "minimum", 0));
}

const struct type type_counts = { "object of numbers", NULL, read_counts, write_counts, schema_counts };
