/* SPDX-License-Identifier: Apache-2.0 */

/* The dialect of NCCL's files: what its parser takes is taken, what it fails on is told with its line. */

#include "nccl.h"
#include "types.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

struct scanner {
	const char *at, *end;
	unsigned line;
	struct arena *a;
	struct err *err;
};

/* What a tag says. */
enum tag { TAG_NONE, TAG_OPEN, TAG_SINGLE, TAG_CLOSE };

/* What has a meaning in what. */
static const struct {
	const char *parent, *child;
} places[] = {
	{ "", "system" },  { "system", "cpu" }, { "cpu", "pci" },  { "cpu", "nic" },	 { "pci", "pci" },
	{ "pci", "gpu" },  { "pci", "nic" },	{ "nic", "net" },  { "pci", "pcilink" },
};

static int wrong(const struct scanner *s, const char *what)
{
	char where[32];
	snprintf(where, sizeof where, "line %u", s->line);
	return err_set(s->err, where, "%s", what);
}

int nccl_wrong(struct err *err, const struct nccl_element *e, const char *fmt, ...)
{
	char where[32];
	va_list ap;
	snprintf(where, sizeof where, "line %u: %.12s", e->line, e->name);
	va_start(ap, fmt);
	err_vset(err, where, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

const char *nccl_attr(const struct nccl_element *e, const char *name)
{
	for (size_t i = 0; i < e->n_attrs; i++)
		if (!strcmp(e->attrs[i].key, name))
			return e->attrs[i].value;
	return NULL;
}

/* The next byte, not taken; -1 at the end. A NUL would end NCCL's texts. */
static int peek(const struct scanner *s)
{
	return s->at < s->end ? (unsigned char)*s->at : -1;
}

static int take(struct scanner *s)
{
	int c = peek(s);
	if (c == '\n')
		s->line++;
	if (c >= 0)
		s->at++;
	return c;
}

/* A name, up to what ends it, which is not taken. */
static int scan_name(struct scanner *s, const char **ret)
{
	const char *from = s->at;
	while (peek(s) > 0 && !strchr(" =>/\n\r\t<", peek(s)))
		take(s);
	if (peek(s) < 0)
		return wrong(s, "the file ends within a tag");
	if (!peek(s))
		return wrong(s, "it has a NUL");
	if (s->at - from > NCCL_MAX_TEXT)
		return wrong(s, "a name has more than 255 characters");
	*ret = arena_strndup(s->a, from, (size_t)(s->at - from));
	return 0;
}

static int scan_value(struct scanner *s, const char **ret)
{
	int quote = take(s);
	if (quote != '"' && quote != '\'')
		return wrong(s, "a value stands in quotes");
	const char *from = s->at;
	while (peek(s) > 0 && peek(s) != quote)
		take(s);
	if (peek(s) <= 0)
		return wrong(s, peek(s) ? "the file ends within a value" : "it has a NUL");
	if (s->at - from > NCCL_MAX_TEXT)
		return wrong(s, "a value has more than 255 characters");
	*ret = arena_strndup(s->a, from, (size_t)(s->at - from));
	if (!is_utf8(*ret))
		return wrong(s, "a value is not UTF-8");
	take(s);
	return 0;
}

/* NAME="VALUE", each behind one space; more spaces are attributes without a name to NCCL. */
static int scan_attributes(struct scanner *s, struct nccl_element *e)
{
	while (peek(s) == ' ') {
		struct pair attr = { 0 };
		take(s);
		if (scan_name(s, &attr.key))
			return -EINVAL;
		if (peek(s) != '=' && *attr.key)
			return wrong(s, "expected NAME=\"VALUE\" in a tag");
		if (peek(s) != '=')
			continue;
		take(s);
		if (scan_value(s, &attr.value))
			return -EINVAL;
		if (e->n_attrs < NCCL_MAX_ATTRS)
			e->attrs[e->n_attrs++] = attr;
	}
	return 0;
}

static int scan_tag_end(struct scanner *s, enum tag *tag)
{
	if (peek(s) == '/') {
		take(s);
		*tag = TAG_SINGLE;
	}
	int c = peek(s);
	if (c == '>') {
		take(s);
		return 0;
	}
	if (c == '?')
		return wrong(s, "NCCL takes no <?xml ...?>");
	return wrong(s, c < 0 ? "the file ends within a tag"
				  : "attributes stand on one line, with one space before each and nothing else");
}

static int scan_comment(struct scanner *s)
{
	while (s->end - s->at >= 3) {
		if (!memcmp(s->at, "-->", 3)) {
			s->at += 3;
			return 0;
		}
		take(s);
	}
	return wrong(s, "the file ends within a comment");
}

static int scan_close(struct scanner *s, struct nccl_element *e)
{
	take(s);
	if (scan_name(s, &e->name))
		return -EINVAL;
	return take(s) == '>' ? 0 : wrong(s, "a closing tag has its name alone");
}

/* The next tag, TAG_NONE at the end of the file. */
static int scan_tag(struct scanner *s, struct nccl_element *e, enum tag *tag)
{
	for (;;) {
		while (peek(s) == ' ' || peek(s) == '\n' || peek(s) == '\r')
			take(s);
		*e = (struct nccl_element){ .line = s->line };
		*tag = TAG_NONE;
		if (peek(s) < 0)
			return 0;
		if (peek(s) != '<')
			return wrong(s, peek(s) == '\t' ? "NCCL takes no tabs between elements" : "expected \"<\"");
		take(s);
		if (s->end - s->at < 3 || memcmp(s->at, "!--", 3))
			break;
		s->at += 3;
		if (scan_comment(s))
			return -EINVAL;
	}
	*tag = peek(s) == '/' ? TAG_CLOSE : TAG_OPEN;
	if (*tag == TAG_CLOSE)
		return scan_close(s, e);
	if (scan_name(s, &e->name))
		return -EINVAL;
	if (*e->name == '!')
		return wrong(s, "NCCL takes no document type");
	return scan_attributes(s, e) ? -EINVAL : scan_tag_end(s, tag);
}

static bool has_place(const char *parent, const char *child)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (!strcmp(places[i].parent, parent) && !strcmp(places[i].child, child))
			return true;
	return false;
}

/* What is in an element, up to its closing tag. What has no meaning there is passed over with all that is in it. */
static int scan_children(struct scanner *s, struct nccl_element *parent, int depth)
{
	enum tag tag;
	for (;;) {
		struct nccl_element e;
		if (scan_tag(s, &e, &tag))
			return -EINVAL;
		if (tag == TAG_NONE)
			return depth ? nccl_wrong(s->err, parent, "it is not closed") : 0;
		if (tag == TAG_CLOSE)
			return depth && !strcmp(e.name, parent->name)
				       ? 0 : wrong(s, "a closing tag closes what is not open");
		if (depth >= MAX_DEPTH)
			return wrong(s, "elements are nested too deep");
		struct nccl_element *child = arena_dup(s->a, &e, sizeof e);
		bool kept = has_place(parent->name, child->name);
		if (kept && parent->children.n >= NCCL_MAX_CHILDREN)
			return nccl_wrong(s->err, child, "its parent has more than %d elements", NCCL_MAX_CHILDREN);
		if (kept)
			*LIST_ADD(s->a, &parent->children) = child;
		if (tag == TAG_OPEN && scan_children(s, child, depth + 1))
			return -EINVAL;
	}
}

int nccl_scan(const char *bytes, size_t len, struct arena *a, const struct nccl_element **ret, struct err *err)
{
	struct scanner s = { bytes, bytes + len, 1, a, err };
	struct nccl_element file = { .name = "", .line = 1 };
	if (len > DOCUMENT_MAX)
		return err_set(err, "", "larger than %d MiB", DOCUMENT_MAX >> 20);
	if (scan_children(&s, &file, 0))
		return -EINVAL;
	if (!file.children.n)
		return err_set(err, "", "it has no <system>");
	*ret = file.children.at[0];
	const char *version = nccl_attr(*ret, "version");
	if (!version || (strcmp(version, "1") && strcmp(version, "2")))
		return nccl_wrong(err, *ret, "expected version 1, or RCCL's 2, got \"%.40s\"", version ? version : "");
	return 0;
}
