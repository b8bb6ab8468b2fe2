/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include "input_limits.h"

#include "topofs/format.h"

#include <errno.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- parsing --------------------------------------------------------------------------------------------- */

/* What the parser is not to go on with. */
struct guard {
	size_t values; /* elements and attributes so far */
	const char *refused;
	int line;
};

static void stop(xmlParserCtxt *parser, const char *why)
{
	struct guard *guard = parser->_private;
	if (!guard->refused) {
		guard->refused = why;
		guard->line = parser->input ? parser->input->line : 0;
	}
	xmlStopParser(parser);
}

/* Entities make much of little, or tell of other files. */
static void refuse_entity(void *ctx, const xmlChar *name, int type, const xmlChar *public_id, const xmlChar *system_id,
			  xmlChar *content)
{
	(void)name, (void)type, (void)public_id, (void)system_id, (void)content;
	stop(ctx, "it declares an entity");
}

/* A node takes 100 bytes and more, so that many of four bytes would take all memory. */
static void count_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
			  const xmlChar **namespaces, int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	xmlParserCtxt *parser = ctx;
	struct guard *guard = parser->_private;
	guard->values += 1 + (size_t)n_attributes;
	if (guard->values > VALUES_MAX)
		stop(parser, "it has more elements and attributes than any machine needs");
	else
		xmlSAX2StartElementNs(ctx, name, prefix, uri, n_namespaces, namespaces, n_attributes, n_defaulted,
				      attributes);
}

static int say_why(xmlParserCtxt *parser, const struct guard *guard, struct err *err)
{
	const xmlError *why = xmlCtxtGetLastError(parser);
	const char *text = guard->refused ? guard->refused : why && why->message ? why->message : "it is no XML";
	int line = guard->refused ? guard->line : why ? why->line : 0;
	char where[32] = "";
	if (line > 0)
		snprintf(where, sizeof where, "line %d", line);
	return err_set(err, where, "%.*s", (int)strcspn(text, "\n"), text);
}

int xml_parse(const char *bytes, size_t len, xmlDoc **ret, struct err *err)
{
	struct guard guard = { 0 };
	*ret = NULL;
	if (len > DOCUMENT_MAX)
		return err_set(err, "", "larger than %d MiB", DOCUMENT_MAX >> 20);
	if (!len)
		return err_set(err, "", "the file is empty");
	xmlParserCtxt *parser = xmlNewParserCtxt();
	if (!parser)
		out_of_memory();
	parser->_private = &guard;
	parser->sax->entityDecl = refuse_entity;
	parser->sax->startElementNs = count_element;
	xmlDoc *doc = xmlCtxtReadMemory(parser, bytes, (int)len, NULL, NULL,
					XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
						XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA);
	int failed = !doc || guard.refused ? say_why(parser, &guard, err) : 0;
	if (failed)
		xmlFreeDoc(doc);
	else
		*ret = doc;
	xmlFreeParserCtxt(parser);
	return failed;
}

void xml_done(xmlDoc **doc)
{
	xmlFreeDoc(*doc);
	*doc = NULL;
}

/* --- elements -------------------------------------------------------------------------------------------- */

static bool is_named(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && !strcmp((const char *)node->name, name) &&
	       !(node->ns && node->ns->prefix);
}

static const xmlNode *first_named(const xmlNode *node, const char *name)
{
	while (node && !is_named(node, name))
		node = node->next;
	return node;
}

const xmlNode *xml_child(const xmlNode *parent, const char *name)
{
	return parent ? first_named(parent->children, name) : NULL;
}

const xmlNode *xml_next(const xmlNode *element)
{
	return first_named(element->next, (const char *)element->name);
}

const xmlNode *xml_find(const xmlNode *parent, const char *path)
{
	char name[64];
	for (const char *end; parent && *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, '/');
		snprintf(name, sizeof name, "%.*s", (int)(end - path), path);
		parent = xml_child(parent, name);
	}
	return parent;
}

static const char *keep(xmlChar *text, struct arena *a)
{
	const char *ret = text ? arena_strdup(a, (const char *)text) : NULL;
	xmlFree(text);
	return ret;
}

const char *xml_attr(const xmlNode *e, const char *name, struct arena *a)
{
	return e ? keep(xmlGetNoNsProp((xmlNode *)e, (const xmlChar *)name), a) : NULL;
}

bool xml_attr_is(const xmlNode *e, const char *name, const char *value)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *text = xml_attr(e, name, &a);
	return text && !strcmp(text, value);
}

const char *xml_text(const xmlNode *e, struct arena *a)
{
	static const char blanks[] = " \t\r\n";
	const char *text = e ? keep(xmlNodeGetContent((xmlNode *)e), a) : NULL;
	if (!text)
		return NULL;
	text += strspn(text, blanks);
	size_t len = strlen(text);
	while (len && strchr(blanks, text[len - 1]))
		len--;
	return arena_strndup(a, text, len);
}

/* --- values ---------------------------------------------------------------------------------------------- */

int xml_parse_number(const xmlNode *e, const char *what, const char *text, uint64_t max, uint64_t *ret, struct err *err)
{
	bool hex = !strncmp(text, "0x", 2);
	char *end;
	errno = 0;
	unsigned long long n = strtoull(text, &end, hex ? 16 : 10);
	if (*text < '0' || *text > '9' || *end || (hex && !text[2]) || errno || n > max)
		return xml_wrong(e, err, "%s: expected a number of 0 to %llu, got \"%.40s\"", what,
				 (unsigned long long)max, text);
	*ret = n;
	return 0;
}

int xml_number(const xmlNode *e, const char *name, uint64_t max, uint64_t *ret, struct err *err)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *text = xml_attr(e, name, &a);
	return text ? xml_parse_number(e, name, text, max, ret, err) : 0;
}

int xml_id(const xmlNode *e, const char *name, uint32_t max, int32_t *ret, struct err *err)
{
	uint64_t n = (uint64_t)*ret;
	int failed = xml_number(e, name, max, &n, err);
	*ret = (int32_t)n;
	return failed;
}

/* In libvirt's lists, what has a "^" before it is taken out again. */
int xml_parse_list(const xmlNode *e, const char *what, const char *text, uint32_t max, struct arena *a,
		   struct idset *ret, struct err *err)
{
	enum { LIST_TEXT_MAX = 65536 };
	_cleanup_arena_ struct arena scratch = { 0 };
	struct idset found = { 0 };
	if (strlen(text) > LIST_TEXT_MAX)
		return xml_wrong(e, err, "%s: a list of more than %d characters", what, LIST_TEXT_MAX);
	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, ',');
		bool out = *text == '^';
		const char *part = arena_strndup(&scratch, text + out, (size_t)(end - text) - out);
		struct idset some = { 0 };
		const char *wrong = *part ? idset_parse(&scratch, part, max, &some) : "a number is missing";
		if (wrong)
			return xml_wrong(e, err, "%s: %s", what, wrong);
		if (out)
			idset_remove_all(&found, &some);
		else
			idset_add_all(a, &found, &some);
	}
	*ret = found;
	return 0;
}

int xml_list(const xmlNode *e, const char *name, uint32_t max, struct arena *a, struct idset *ret, struct err *err)
{
	const char *text = xml_attr(e, name, a);
	return text ? xml_parse_list(e, name, text, max, a, ret, err) : 0;
}

/* --------------------------------------------------------------------------------------------------------- */

int xml_wrong(const xmlNode *e, struct err *err, const char *fmt, ...)
{
	_cleanup_buf_ struct buf where = { 0 };
	va_list ap;
	xmlChar *path = xmlGetNodePath(e);
	buf_printf(&where, "line %ld: %s", xmlGetLineNo(e), path ? (const char *)path : "");
	xmlFree(path);
	va_start(ap, fmt);
	err_vset(err, buf_text(&where), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void xml_put_text(struct buf *out, const char *text)
{
	static const struct {
		char c;
		const char *escape;
	} escapes[] = { { '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" }, { '\'', "&apos;" }, { '"', "&quot;" } };
	for (; *text; text++) {
		const char *escape = NULL;
		for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
			if (escapes[i].c == *text)
				escape = escapes[i].escape;
		if (escape)
			buf_puts(out, escape);
		else
			buf_putc(out, (unsigned char)*text < 0x20 ? '?' : *text);
	}
}
