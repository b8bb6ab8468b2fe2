/* SPDX-License-Identifier: Apache-2.0 */

/* JSON: the document's tables, walked by reader, writer, schema and list of members. Knows no machine. */

#include "document.h"
#include "input_limits.h"
#include "layout.h"
#include "topofs/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- one object, by its table ---------------------------------------------------------------------------- */

static const struct field *find_field(const struct table *table, const char *key)
{
	for (size_t i = 0; i < table->n; i++)
		if (!strcmp(table->fields[i].key, key))
			return &table->fields[i];
	return NULL;
}

static int refuse_unknown(struct reader *r, const struct table *table, const char *key)
{
	const char *nearest = nearest_name(key, &table->fields->key, table->n, sizeof *table->fields);
	if (nearest)
		return refuse(r, "unknown member \"%.60s\", did you mean \"%s\"?", key, nearest);
	return refuse(r, "unknown member \"%.60s\" of a %s", key, table->name);
}

void table_init_members(const struct table *table, void *at)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->fields[i].type->init)
			table->fields[i].type->init(&table->fields[i], (char *)at + table->fields[i].offset);
}

void table_init(const struct table *table, void *at)
{
	memset(at, 0, table->size);
	table_init_members(table, at);
}

static int read_member(struct reader *r, const struct table *table, const char *key, const json_t *value, void *at)
{
	const struct field *field = find_field(table, key);
	if (!field)
		return strcmp(key, "comment") ? refuse_unknown(r, table, key) : 0;
	char before[table->size];
	if (r->lenient)
		memcpy(before, at, table->size);
	size_t len = r->path.len;
	buf_printf(&r->path, "%s%s", len ? "." : "", key);
	int ret = field->type->read(r, field, value, (char *)at + field->offset);
	if (ret && r->lenient && !field->required) {
		/* with what of it was read before it went wrong */
		memcpy(at, before, table->size);
		ret = 0;
	}
	if (!ret)
		buf_cut(&r->path, len);
	return ret;
}

int table_read_members(struct reader *r, const struct table *table, const json_t *value, void *at)
{
	if (!json_is_object(value))
		return refuse(r, "expected an object, got %s", kind_of(value));
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)value, key, member) {
		int ret = read_member(r, table, key, member, at);
		if (ret)
			return ret;
	}
	for (size_t i = 0; i < table->n; i++)
		if (table->fields[i].required && !json_object_get(value, table->fields[i].key))
			return refuse(r, "\"%s\" is missing", table->fields[i].key);
	return 0;
}

int table_read(struct reader *r, const struct table *table, const json_t *value, void *at)
{
	table_init(table, at);
	return table_read_members(r, table, value, at);
}

json_t *table_write(const struct table *table, const void *at)
{
	json_t *object = json_object();
	for (size_t i = 0; i < table->n; i++) {
		const struct field *field = &table->fields[i];
		json_t *value = field->type->write(field, (const char *)at + field->offset);
		if (value)
			json_object_set_new(object, field->key, value);
	}
	if (json_object_size(object))
		return object;
	json_decref(object);
	return NULL;
}

/* --- the document ---------------------------------------------------------------------------------------- */

static int parse(const char *bytes, size_t len, json_t **ret, struct err *err)
{
	if (len > DOCUMENT_MAX)
		return err_set(err, "", "larger than %d MiB", DOCUMENT_MAX >> 20);
	if (len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
		return err_set(err, "line 1", "the file begins with a byte order mark: JSON has none");
	if (check_limits(bytes, len, err))
		return -EINVAL;
	json_error_t why;
	*ret = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);
	if (*ret)
		return 0;
	char where[64];
	snprintf(where, sizeof where, "line %d column %d", why.line, why.column);
	return err_set(err, where, "%s", len ? why.text : "the file is empty");
}

static int read_document(const char *bytes, size_t len, bool lenient, struct topo *ret, struct err *err)
{
	json_t *root;
	if (parse(bytes, len, &root, err))
		return -EINVAL;
	_cleanup_topo_ struct topo topo = { 0 };
	struct reader reader = { .arena = &topo.arena, .err = err, .lenient = lenient };
	struct document doc;
	int failed = table_read(&reader, &document_table, root, &doc);
	buf_done(&reader.path);
	json_decref(root);
	if (failed || expand(&doc, &topo, err))
		return -EINVAL;
	*ret = topo;
	topo = (struct topo){ 0 };
	return 0;
}

static int json_read(const char *bytes, size_t len, struct topo *ret, struct err *err)
{
	return read_document(bytes, len, false, ret, err);
}

int json_read_captured(const char *bytes, size_t len, struct topo *ret, struct err *err)
{
	return read_document(bytes, len, true, ret, err);
}

static int json_write(const struct topo *t, struct buf *out, struct err *err)
{
	(void)err;
	_cleanup_arena_ struct arena arena = { 0 };
	struct document doc;
	table_init(&document_table, &doc);
	condense(t, &arena, &doc);
	json_t *root = table_write(&document_table, &doc);
	layout(root, out);
	json_decref(root);
	return 0;
}

const struct format json_format = {
	.name = "json",
	.doc = "topofs' own, see topofs.json(5).",
	.ending = ".json",
	.read = json_read,
	.write = json_write,
};

/* --- the schema ------------------------------------------------------------------------------------------ */

static void define_table(const struct table *table, json_t *defs);

static json_t *describe_field(const struct field *field, json_t *defs)
{
	json_t *property = json_object();
	json_object_set_new(property, "description", json_string(field->doc));
	field->type->schema(field, property);
	if (field->sub)
		define_table(field->sub, defs);
	return property;
}

static void define_table(const struct table *table, json_t *defs)
{
	if (json_object_get(defs, table->name))
		return;
	json_t *def = json_object(), *properties = json_object(), *required = json_array();
	json_object_set_new(defs, table->name, def);
	for (size_t i = 0; i < table->n; i++) {
		json_object_set_new(properties, table->fields[i].key, describe_field(&table->fields[i], defs));
		if (table->fields[i].required)
			json_array_append_new(required, json_string(table->fields[i].key));
	}
	if (!json_object_get(properties, "comment"))
		json_object_set_new(properties, "comment", json_object());
	json_object_set_new(def, "description", json_string(table->doc));
	json_object_set_new(def, "type", json_string("object"));
	json_object_set_new(def, "properties", properties);
	json_object_set_new(def, "required", required);
	json_object_set_new(def, "additionalProperties", json_false());
}

void json_schema(struct buf *out)
{
	json_t *defs = json_object();
	define_table(&document_table, defs);
	json_t *root = json_pack("{ss,ss,ss,so}", "$schema", "https://json-schema.org/draft/2020-12/schema", "title",
				 "topofs machine description", "$ref", "#/$defs/document", "$defs", defs);
	layout(root, out);
	json_decref(root);
}

/* A table that stands in itself (a function's devices) or in several is told once, where it is met first. */
static void visit_table(const struct table *table, struct buf *path, const struct table **seen, size_t *n_seen,
			void (*visit)(void *, const char *, const char *, const char *), void *ctx)
{
	for (size_t i = 0; i < *n_seen; i++)
		if (seen[i] == table)
			return;
	seen[(*n_seen)++] = table;
	size_t len = path->len;
	for (size_t i = 0; i < table->n; i++) {
		const struct field *field = &table->fields[i];
		buf_printf(path, "%s%s", len ? "." : "", field->key);
		visit(ctx, buf_text(path), field->type->name, field->doc);
		if (field->sub) {
			buf_puts(path, field->type == &type_object ? "" : "[]");
			visit_table(field->sub, path, seen, n_seen, visit, ctx);
		}
		buf_cut(path, len);
	}
}

void json_members(void (*visit)(void *ctx, const char *path, const char *type, const char *doc), void *ctx)
{
	const struct table *seen[64];
	size_t n_seen = 0;
	_cleanup_buf_ struct buf path = { 0 };
	visit_table(&document_table, &path, seen, &n_seen, visit, ctx);
}
