/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include "topofs/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 118 };

static void print_scalar(const json_t *value, struct buf *out)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);
	if (!text)
		out_of_memory();
	buf_puts(out, text);
	free(text);
}

static void print_key(const char *key, struct buf *out)
{
	json_t *text = json_string(key);
	print_scalar(text, out);
	json_decref(text);
	buf_puts(out, ": ");
}

/* All on one line. */
static void print_flat(const json_t *value, struct buf *out)
{
	const char *key, *comma = " ";
	json_t *element;
	size_t i;
	if (json_is_object(value)) {
		buf_puts(out, "{");
		json_object_foreach((json_t *)value, key, element) {
			buf_puts(out, comma);
			print_key(key, out);
			print_flat(element, out);
			comma = ", ";
		}
		buf_puts(out, *comma == ' ' ? "}" : " }");
	} else if (json_is_array(value)) {
		buf_puts(out, "[");
		json_array_foreach(value, i, element) {
			buf_puts(out, comma);
			print_flat(element, out);
			comma = ", ";
		}
		buf_puts(out, *comma == ' ' ? "]" : " ]");
	} else {
		print_scalar(value, out);
	}
}

static size_t column(const struct buf *out)
{
	const char *text = buf_text(out), *line = memrchr(text, '\n', out->len);
	return line ? out->len - (size_t)(line + 1 - text) : out->len;
}

static void new_line(struct buf *out, size_t indent)
{
	while (out->len && out->data[out->len - 1] == ' ')
		buf_cut(out, out->len - 1);
	buf_putc(out, '\n');
	buf_pad(out, ' ', indent);
}

static void print(const json_t *value, size_t indent, size_t behind, struct buf *out);

/* Prints flat and returns true where that fits on the rest of the line, before `behind` closing characters. */
static bool fits(const json_t *value, size_t behind, struct buf *out)
{
	size_t len = out->len;
	print_flat(value, out);
	if (column(out) + behind <= WIDTH)
		return true;
	buf_cut(out, len);
	return false;
}

/* An array of objects opens on the line of its key, as people write the devices below a bridge. */
static bool opens_here(const json_t *member, size_t behind, const struct buf *out)
{
	return json_is_array(member) && json_is_object(json_array_get(member, 0)) && column(out) + 1 + behind <= WIDTH;
}

/* Members fill lines; one that needs several starts a line of its own and so does the next. */
static void print_object(const json_t *value, size_t indent, size_t behind, struct buf *out)
{
	const char *key;
	json_t *member;
	size_t left = json_object_size(value);
	bool fresh = true;
	buf_puts(out, "{ ");
	json_object_foreach((json_t *)value, key, member) {
		size_t after = --left ? 1 : 2 + behind, len = out->len;
		print_key(key, out);
		bool flat = fits(member, after, out), here = !flat && opens_here(member, after, out);
		if (!flat && !fresh && !here) {
			buf_cut(out, len);
			new_line(out, indent + 2);
			print_key(key, out);
			flat = fits(member, after, out);
		}
		if (!flat)
			print(member, here ? indent : indent + 2, after, out);
		fresh = false;
		buf_puts(out, left ? ", " : " }");
		if (!flat && left) {
			new_line(out, indent + 2);
			fresh = true;
		}
	}
}

/* A sentence is read better on a line of its own. */
static bool is_small(const json_t *value)
{
	enum { SMALL = 60 };
	return json_is_number(value) || (json_is_string(value) && json_string_length(value) < SMALL &&
					 !strchr(json_string_value(value), ' '));
}

/* Numbers and short texts fill lines, other elements have a line each. */
static void print_array(const json_t *value, size_t indent, size_t behind, struct buf *out)
{
	json_t *element;
	size_t i, left = json_array_size(value);
	buf_puts(out, "[");
	new_line(out, indent + 2);
	json_array_foreach(value, i, element) {
		size_t after = --left ? 1 : 2 + behind;
		bool flat = fits(element, after, out), fills = is_small(element);
		if (!flat && fills) {
			new_line(out, indent + 2);
			print_flat(element, out);
		} else if (!flat) {
			print(element, indent + 2, after, out);
		}
		if (left)
			buf_puts(out, fills ? ", " : ",");
		if (left && !fills)
			new_line(out, indent + 2);
	}
	buf_puts(out, " ]");
}

static void print(const json_t *value, size_t indent, size_t behind, struct buf *out)
{
	if (fits(value, behind, out))
		return;
	if (json_is_object(value) && json_object_size(value))
		print_object(value, indent, behind, out);
	else if (json_is_array(value) && json_array_size(value))
		print_array(value, indent, behind, out);
	else
		print_flat(value, out);
}

void layout(const json_t *value, struct buf *out)
{
	size_t start = out->len;
	if (json_is_object(value) && json_object_size(value))
		print_object(value, 0, 0, out);
	else
		print(value, 0, 0, out);
	if (out->len > start)
		buf_putc(out, '\n');
}
