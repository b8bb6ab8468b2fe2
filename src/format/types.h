/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_TYPES_H
#define TOPOFS_TYPES_H

/* What the files of value types share. Each type is a row of functions; document.h lists them. */

#include "document.h"
#include "topofs/size.h"

/* The text of a string, or NULL after refusing: what is wanted. */
const char *text_of(struct reader *r, const json_t *value, const char *wanted);
bool has_control_characters(const char *text);
/* What no document can say is not. */
bool is_utf8(const char *text);
/* Why a text cannot name a file, or NULL. */
const char *not_a_name(const char *text);
/* A whole number in the field's range. */
int read_integer(struct reader *r, const struct field *f, const json_t *value, int64_t *ret);
/* An array into a list of structs of that size, each read by the field; one that is refused refuses all. */
int read_array(struct reader *r, const struct field *f, const json_t *value, const char *wanted, size_t size,
	       int (*read)(struct reader *, const struct field *, const json_t *, void *at), struct list *list);
/* An array of objects by the field's table. */
int read_objects(struct reader *r, const struct field *f, const json_t *value, void *at);
json_t *write_objects(const struct field *f, const void *at);
json_t *reference_to(const struct table *table);

/* An object of any members as a list of structs, each of which begins with its member's key, a const char *. */
struct members {
	const char *wanted; /* "an object of numbers" */
	size_t size;	    /* of the struct */
	int (*enter)(struct reader *r, const char *key); /* refuses a bad key, or appends it to the path */
	int (*read)(struct reader *r, const struct field *f, const json_t *value, void *at); /* the key is there */
	json_t *(*write)(const void *at);
};
int read_members(struct reader *r, const struct field *f, const json_t *value, const struct members *kind,
		 struct list *list);
json_t *write_members(const struct members *kind, const struct list *list);
/* Takes the schema of a member's value. */
void schema_members(json_t *into, json_t *value);

void schema_string(json_t *into, const char *pattern);

#endif
