/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/format.h"
#include "xml.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char machine[] = "<?xml version='1.0'?>\n"
			      "<!DOCTYPE capabilities SYSTEM \"/etc/hostname\">\n"
			      "<capabilities xmlns:x='http://example.org/x'>\n"
			      "  <x:host id='9'/><host id='0x10' x:cpus='7'/>\n"
			      "  <host id='two' cpus='0-5,^2'> a &lt; b <!-- c --></host>\n"
			      "</capabilities>\n";

Test(xml, what_is_there)
{
	_cleanup_xml_ xmlDoc *doc = NULL;
	_cleanup_arena_ struct arena a = { 0 };
	struct err err = { 0 };
	cr_assert(xml_parse(machine, strlen(machine), &doc, &err) == 0, "%s: %s", err.where, err.what);
	const xmlNode *root = xmlDocGetRootElement(doc), *host = xml_child(root, "host");
	uint64_t n = 5;
	cr_expect(!xml_number(host, "id", 255, &n, &err) && n == 16, "hexadecimal, and not that of the namespace");
	cr_expect(!xml_number(host, "missing", 255, &n, &err) && n == 16, "what is not there is left alone");
	cr_expect(!xml_attr(host, "cpus", &a), "an attribute of a namespace is another one");
	host = xml_next(host);
	cr_expect_str_eq(xml_text(host, &a), "a < b");
	cr_expect(!xml_next(host) && !xml_child(NULL, "host") && !xml_find(root, "host/cpu"));

	struct idset cpus = { 0 };
	_cleanup_buf_ struct buf list = { 0 };
	cr_expect(!xml_list(host, "cpus", 255, &a, &cpus, &err));
	idset_print_list(&cpus, &list);
	cr_expect_str_eq(buf_text(&list), "0-1,3-5");
	cr_expect(xml_number(host, "id", 255, &n, &err));
	cr_expect_str_eq(err.where, "line 5: /capabilities/host[2]");
	cr_expect_str_eq(err.what, "id: expected a number of 0 to 255, got \"two\"");
	cr_expect(xml_list(host, "cpus", 3, &a, &cpus, &err));
	cr_expect_str_eq(err.what, "cpus: expected a list such as \"0-3,8\" of ids up to 3, got \"0-5\"");
}

/* What is refused, at which line, and how the reason begins; NULL: in libxml2's words. */
static const struct {
	const char *bytes, *where, *what;
} refused[] = {
	{ "", "", "the file is empty" },
	{ "  \n ", "line 2", NULL },
	{ "text", "line 1", NULL },
	{ "<a>\n<b>\n</a>", "line 3", NULL },
	{ "<a>\n<b>", "line 2", NULL },
	{ "<a/>\n<b/>", "line 2", NULL },
	{ "<a>\n&b;</a>", "line 2", NULL },
	{ "<a>\n\x01</a>", "line 2", NULL },
	{ "<a>\n\xff</a>", "line 2", NULL },
	{ "<a x='1' x='2'/>", "line 1", NULL },
	{ "<!DOCTYPE a [\n<!ENTITY b 'c'>]>\n<a>&b;</a>", "line 2", "it declares an entity" },
	{ "<!DOCTYPE a [\n<!ENTITY b SYSTEM '/etc/passwd'>]>\n<a>&b;</a>", "line 2", "it declares an entity" },
	{ "<!DOCTYPE a [<!ENTITY % b SYSTEM 'http://127.0.0.1/'> %b;]><a/>", "line 1", "it declares an entity" },
};

Test(xml, what_is_refused)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		_cleanup_xml_ xmlDoc *doc = NULL;
		struct err err = { 0 };
		/* exactly so many bytes, so that a sanitizer sees who reads on */
		size_t len = strlen(refused[i].bytes);
		char *bytes = memcpy(malloc(len + 1), refused[i].bytes, len);
		cr_expect(xml_parse(bytes, len, &doc, &err) == -EINVAL && !doc, "%s", refused[i].bytes);
		cr_expect_str_eq(err.where, refused[i].where, "%s: %s: %s", refused[i].bytes, err.where, err.what);
		cr_expect(*err.what && (!refused[i].what || !strcmp(err.what, refused[i].what)), "%s: %s", refused[i].bytes,
			  err.what);
		free(bytes);
	}
}

static void expect_too_large(const char *before, const char *unit, size_t n, const char *what)
{
	_cleanup_xml_ xmlDoc *doc = NULL;
	_cleanup_buf_ struct buf text = { 0 };
	struct err err = { 0 };
	buf_puts(&text, before);
	for (size_t i = 0; i < n; i++)
		buf_puts(&text, unit);
	cr_expect(xml_parse(buf_text(&text), text.len, &doc, &err) == -EINVAL && !doc);
	cr_expect(!what || !strcmp(err.what, what), "%s", err.what);
}

Test(xml, what_would_take_all_memory)
{
	expect_too_large("<a>", "<a/>", 2000001, "it has more elements and attributes than any machine needs");
	expect_too_large("", "<a>", 100000, NULL);
	expect_too_large("<a>", "                ", (DOCUMENT_MAX >> 4) + 1, "larger than 32 MiB");
	/* what an attribute is by default, many times over */
	expect_too_large("<!DOCTYPE a [<!ATTLIST b c CDATA '1' d CDATA '2' e CDATA '3'>]><a>", "<b/>", 500001,
			 "it has more elements and attributes than any machine needs");
}

Test(xml, text_that_is_no_markup)
{
	_cleanup_buf_ struct buf out = { 0 };
	xml_put_text(&out, "a<b>'c'&\"d\"\n");
	cr_expect_str_eq(buf_text(&out), "a&lt;b&gt;&apos;c&apos;&amp;&quot;d&quot;?");
}

Test(xml, what_is_wrong_is_invalid)
{
	static const struct {
		const struct format *format;
		const char *text;
	} rows[] = {
		{ &libvirt_domain_format, "<domain/>" },
		{ &libvirt_domain_format, "<domain" },
		{ &libvirt_caps_format, "<capabilities/>" },
		{ &qemu_format, "qemu-system-x86_64 -device '" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		_cleanup_topo_ struct topo t = { 0 };
		struct err err = { 0 };
		cr_expect(rows[i].format->read(rows[i].text, strlen(rows[i].text), &t, &err) == -EINVAL, "%s",
			  rows[i].text);
	}
}
