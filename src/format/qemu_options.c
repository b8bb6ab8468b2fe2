/* SPDX-License-Identifier: Apache-2.0 */

/* Words into options, and their arguments into keys and values: "a,b=c" with ",," for a comma, or JSON. */

#include "qemu.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Options that say topology; the key that the first value has where it names none. */
static const struct known {
	const char *name, *first;
	bool json;
} known[] = {
	{ "machine", "type", false }, { "cpu", "model", false },     { "smp", "cpus", false },
	{ "m", "size", false },	      { "numa", "type", false },     { "object", "qom-type", true },
	{ "device", "driver", true }, { "name", "guest", false },    { "vga", "type", false },
	{ "nic", "type", false },     { "net", "type", false },	     { "netdev", "type", true },
	{ "global", NULL, false },    { "readconfig", NULL, false },
};

/* Those that take no argument. */
static const char *const flags[] = {
	"S",
	"daemonize",
	"enable-kvm",
	"full-screen",
	"h",
	"help",
	"mem-prealloc",
	"no-acpi",
	"no-fd-bootchk",
	"no-hpet",
	"no-quit",
	"no-reboot",
	"no-shutdown",
	"no-user-config",
	"nodefaults",
	"nographic",
	"only-migratable",
	"preconfig",
	"s",
	"semihosting",
	"singlestep",
	"snapshot",
	"usb",
	"version",
	"win2k-hack",
	"xen-attach",
	"xen-domid-restrict",
};

static const struct known *known_option(const char *name)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(known[i].name, name))
			return &known[i];
	return NULL;
}

static bool is_flag(const char *name)
{
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (!strcmp(flags[i], name))
			return true;
	return false;
}

/* --- values ---------------------------------------------------------------------------------------------- */

static void add_value(struct arena *a, struct qemu_option *o, const char *key, const char *value)
{
	*LIST_ADD(a, &o->values) = (struct pair){ key, value };
}

/* Up to a comma that is not doubled; returns where the next value begins, NULL at the end. */
static const char *read_part(const char *p, struct buf *part)
{
	for (; *p; p++) {
		if (*p == ',' && p[1] != ',')
			return p + 1;
		p += *p == ',';
		buf_putc(part, *p);
	}
	return NULL;
}

/* "on" is what a key without a value means, "noKEY" that it is off. */
static void parse_values(struct arena *a, const struct known *how, struct qemu_option *o)
{
	bool first = true;
	for (const char *p = *o->text ? o->text : NULL; p; first = false) {
		_cleanup_buf_ struct buf part = { 0 };
		p = read_part(p, &part);
		char *text = arena_strdup(a, buf_text(&part)), *equals = strchr(text, '=');
		if (equals)
			*equals = '\0';
		if (first && !equals && how->first)
			add_value(a, o, how->first, text);
		else
			add_value(a, o, text, equals ? equals + 1 : "on");
	}
}

static const char *json_text(struct arena *a, const json_t *value)
{
	if (json_is_string(value))
		return arena_strdup(a, json_string_value(value));
	if (json_is_integer(value))
		return arena_printf(a, "%lld", (long long)json_integer_value(value));
	if (json_is_boolean(value))
		return json_is_true(value) ? "on" : "off";
	return NULL;
}

static int parse_json(struct arena *a, struct qemu_option *o, const char *where, struct err *err)
{
	json_error_t error;
	json_t *object = json_loads(o->text, JSON_REJECT_DUPLICATES, &error);
	const char *key;
	json_t *value;
	if (!json_is_object(object)) {
		json_decref(object);
		return err_set(err, where, "it is no JSON object: %s", error.text);
	}
	json_object_foreach(object, key, value)
	{
		size_t n = json_is_array(value) ? json_array_size(value) : 1;
		for (size_t i = 0; i < n; i++) {
			const char *text = json_text(a, json_is_array(value) ? json_array_get(value, i) : value);
			if (text)
				add_value(a, o, arena_strdup(a, key), text);
		}
	}
	json_decref(object);
	return 0;
}

/* --- options --------------------------------------------------------------------------------------------- */

static const char *place_of(struct arena *a, const struct qemu_option *o)
{
	return arena_printf(a, "argument %zu, -%s%s%.160s", o->place, o->name, *o->text ? " " : "", o->text);
}

static int parse_option(struct arena *a, struct qemu_option *o, struct err *err)
{
	const struct known *how = known_option(o->name);
	if (how && how->json && *o->text == '{')
		return parse_json(a, o, place_of(a, o), err);
	if (how)
		parse_values(a, how, o);
	return 0;
}

int qemu_parse(const qemu_words *words, struct arena *a, struct qemu_command *ret, struct err *err)
{
	ret->program = words->at[0];
	for (size_t i = 1; i < words->n; i++) {
		const char *word = words->at[i];
		if (*word != '-' || !word[1])
			continue; /* a disk */
		struct qemu_option *o = LIST_ADD(a, &ret->options);
		*o = (struct qemu_option){ .name = word + (word[1] == '-' ? 2 : 1), .text = "", .place = i };
		if (!strcmp(o->name, "M"))
			o->name = "machine";
		bool more = i + 1 < words->n, wanted = known_option(o->name);
		if (wanted && !more)
			return err_set(err, place_of(a, o), "its argument is missing");
		/* of an option not known here, what does not look like one is the argument */
		if (more && !is_flag(o->name) && (wanted || *words->at[i + 1] != '-'))
			o->text = words->at[++i];
		if (parse_option(a, o, err))
			return -EINVAL;
	}
	return 0;
}

/* --- asking ---------------------------------------------------------------------------------------------- */

int qemu_wrong(struct qemu_guest *g, const struct qemu_option *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int ret = err_vset(g->err, o ? place_of(&g->t->arena, o) : "", fmt, ap);
	va_end(ap);
	return ret;
}

const char *qemu_value_of(const struct qemu_option *o, const char *key)
{
	const char *found = NULL;
	for (size_t i = 0; i < o->values.n; i++)
		if (!strcmp(o->values.at[i].key, key))
			found = o->values.at[i].value;
	return found;
}

const char *qemu_value(const struct qemu_guest *g, const char *name, const char *key, const struct qemu_option **at)
{
	for (size_t i = g->command->options.n; i-- > 0;) {
		const struct qemu_option *o = &g->command->options.at[i];
		const char *value = !strcmp(o->name, name) ? qemu_value_of(o, key) : NULL;
		if (!value)
			continue;
		if (at)
			*at = o;
		return value;
	}
	return NULL;
}

bool qemu_has(const struct qemu_guest *g, const char *name)
{
	for (size_t i = 0; i < g->command->options.n; i++)
		if (!strcmp(g->command->options.at[i].name, name))
			return true;
	return false;
}

const struct qemu_option *qemu_option_with(const struct qemu_guest *g, const char *name, const char *key,
					   const char *value)
{
	for (size_t i = 0; i < g->command->options.n; i++) {
		const struct qemu_option *o = &g->command->options.at[i];
		if (!strcmp(o->name, name) && topo_same_text(qemu_value_of(o, key), value))
			return o;
	}
	return NULL;
}

int qemu_number(struct qemu_guest *g, const struct qemu_option *o, const char *key, uint64_t max, uint64_t *ret)
{
	const char *text = qemu_value_of(o, key);
	char *end;
	if (!text)
		return 0;
	unsigned long long value = *text >= '0' && *text <= '9' ? strtoull(text, &end, 0) : max + 1;
	if (value > max || *end)
		return qemu_wrong(g, o, "%s: expected a number of 0 to %llu, got \"%.40s\"", key,
				  (unsigned long long)max, text);
	*ret = value;
	return 0;
}

bool qemu_is_on(const char *value)
{
	return value &&
	       (!strcmp(value, "on") || !strcmp(value, "yes") || !strcmp(value, "true") || !strcmp(value, "y"));
}
