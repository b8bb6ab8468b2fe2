/* SPDX-License-Identifier: Apache-2.0 */

/* What of the real /sys is to be seen beside the machine's: kept as one text, with a comma between its words. */

#include "topofs/policy.h"
#include "types.h"

#include <errno.h>

#define WORD "(host|hide|!?/sys/[^, ]+)"

/* A text, which may have several words. */
static int read_words(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	struct policy_word word;
	struct err err = { 0 };
	int n = 0, rc;
	const char *text = text_of(r, value, "a text or an array of texts");
	if (!text)
		return -EINVAL;
	const char *rest = text;
	while ((rc = policy_next(&rest, &word, &err)) > 0)
		n++;
	if (rc < 0)
		return refuse(r, "%s", err.what);
	if (n == 0)
		return refuse(r, "expected host, hide, /sys/PATH or !/sys/PATH, got nothing");
	*(const char **)at = arena_strdup(r->arena, text);
	return 0;
}

static int read_policy(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	_cleanup_buf_ struct buf all = { 0 };
	LIST_OF(const char *) texts = { 0 };
	void *list = &texts;
	struct policy_word word;
	struct err ignored;
	int rc = json_is_array(value)
			 ? read_array(r, f, value, "an array of texts", sizeof(const char *), read_words, list)
			 : read_words(r, f, value, LIST_ADD(r->arena, &texts));
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < texts.n; i++)
		for (const char *rest = texts.at[i]; policy_next(&rest, &word, &ignored) > 0;)
			buf_printf(&all, "%s%.*s", all.len ? "," : "", (int)word.len, word.text);
	if (all.len > POLICY_MAX)
		return refuse(r, "more than %d bytes", POLICY_MAX);
	*(const char **)at = all.len ? arena_strdup(r->arena, buf_text(&all)) : NULL;
	return 0;
}

static json_t *write_policy(const struct field *f, const void *at)
{
	(void)f;
	const char *rest = *(const char *const *)at;
	struct policy_word word;
	struct err ignored;
	json_t *words = json_array();
	while (rest && policy_next(&rest, &word, &ignored) > 0)
		json_array_append_new(words, json_stringn(word.text, word.len));
	json_t *only = json_array_size(words) == 1 ? json_incref(json_array_get(words, 0)) : NULL;
	if (json_array_size(words) > 1)
		return words;
	json_decref(words);
	return only;
}

static void schema_policy(const struct field *f, json_t *into)
{
	(void)f;
	json_t *items = json_object();
	schema_string(into, "^" WORD "(," WORD ")*$");
	schema_string(items, "^" WORD "(," WORD ")*$");
	json_object_set_new(into, "type", json_pack("[ss]", "string", "array"));
	json_object_set_new(into, "items", items);
}

const struct type type_policy = { "policy", NULL, read_policy, write_policy, schema_policy };
