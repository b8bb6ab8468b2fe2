/* SPDX-License-Identifier: Apache-2.0 */

/* Texts, names, comments and words to choose from. */

#include "types.h"

#include <errno.h>
#include <string.h>

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

bool is_utf8(const char *text)
{
	json_t *string = json_string(text);
	json_decref(string);
	return string != NULL;
}

void schema_string(json_t *into, const char *pattern)
{
	json_object_set_new(into, "type", json_string("string"));
	if (pattern)
		json_object_set_new(into, "pattern", json_string(pattern));
}

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
	return read_array(r, f, value, "an array of texts", sizeof(const char *), read_text, at);
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
