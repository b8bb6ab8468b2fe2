/* SPDX-License-Identifier: Apache-2.0 */

/* The kinds of value that PCI functions have. */

#include "types.h"

#include <errno.h>
#include <string.h>

static void init_bdf(const struct field *f, void *at)
{
	(void)f;
	*(uint64_t *)at = BDF_NONE;
}

static int read_bdf(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	const char *text = text_of(r, value, "a PCI address");
	if (!text)
		return -EINVAL;
	const char *why = bdf_parse(text, 0, at);
	return why ? refuse(r, "%s, got \"%.40s\"", why, text) : 0;
}

static json_t *write_bdf(const struct field *f, const void *at)
{
	(void)f;
	uint64_t address = *(const uint64_t *)at;
	if (address == BDF_NONE)
		return NULL;
	_cleanup_buf_ struct buf text = { 0 };
	bdf_print(address, &text);
	return json_string(buf_text(&text));
}

static void schema_bdf(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, "^(([0-9a-fA-F]{1,8}:)?[0-9a-fA-F]{1,2}:)?[01]?[0-9a-fA-F]\\.[0-7]$");
}

const struct type type_bdf = { "PCI address", init_bdf, read_bdf, write_bdf, schema_bdf };

static int read_hex8(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	uint64_t v;
	const char *text = text_of(r, value, "two hexadecimal digits"), *end = text ? hex_parse(text, 2, &v) : NULL;
	if (!text)
		return -EINVAL;
	if (!end || *end)
		return refuse(r, "expected two hexadecimal digits such as \"a1\", got \"%.40s\"", text);
	*(uint8_t *)at = (uint8_t)v;
	return 0;
}

static json_t *write_hex8(const struct field *f, const void *at)
{
	(void)f;
	uint8_t v = *(const uint8_t *)at;
	return v ? json_sprintf("%02x", v) : NULL;
}

static void schema_hex8(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, "^[0-9a-fA-F]{1,2}$");
}

const struct type type_hex8 = { "hexadecimal", NULL, read_hex8, write_hex8, schema_hex8 };

static int read_hex64(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	uint64_t v;
	const char *text = text_of(r, value, "a hexadecimal number"), *end = NULL;
	if (!text)
		return -EINVAL;
	if (!strncmp(text, "0x", 2))
		end = hex_parse(text + 2, 16, &v);
	if (!end || *end)
		return refuse(r, "expected a hexadecimal number such as \"0x40000000000\", got \"%.40s\"", text);
	*(uint64_t *)at = v;
	return 0;
}

static json_t *write_hex64(const struct field *f, const void *at)
{
	(void)f;
	uint64_t v = *(const uint64_t *)at;
	return v ? json_sprintf("0x%llx", (unsigned long long)v) : NULL;
}

static void schema_hex64(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, "^0x[0-9a-fA-F]{1,16}$");
}

const struct type type_hex64 = { "hexadecimal", NULL, read_hex64, write_hex64, schema_hex64 };

static int read_ids(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	uint64_t vendor, device;
	const char *text = text_of(r, value, "a vendor and device id"), *p;
	if (!text)
		return -EINVAL;
	p = hex_parse(text, 4, &vendor);
	p = p && *p == ':' ? hex_parse(p + 1, 4, &device) : NULL;
	if (!p || *p)
		return refuse(r, "expected a vendor and device id such as \"10de:2330\", got \"%.40s\"", text);
	((uint16_t *)at)[0] = (uint16_t)vendor;
	((uint16_t *)at)[1] = (uint16_t)device;
	return 0;
}

static json_t *write_ids(const struct field *f, const void *at)
{
	const uint16_t *ids = at;
	return ids[0] || ids[1] || f->required ? json_sprintf("%04x:%04x", ids[0], ids[1]) : NULL;
}

static void schema_ids(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, "^[0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4}$");
}

const struct type type_ids = { "ids", NULL, read_ids, write_ids, schema_ids };

static void init_class(const struct field *f, void *at)
{
	(void)f;
	*(uint32_t *)at = CLASS_UNSAID;
}

static int read_class(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	uint64_t class;
	const char *text = text_of(r, value, "a PCI class"), *end = text ? hex_parse(text, 6, &class) : NULL;
	if (!text)
		return -EINVAL;
	if (!end || *end || (end - text != 4 && end - text != 6))
		return refuse(r, "expected a PCI class such as \"0302\" or \"030200\", got \"%.40s\"", text);
	*(uint32_t *)at = (uint32_t)(end - text == 4 ? class << 8 : class);
	return 0;
}

static json_t *write_class(const struct field *f, const void *at)
{
	(void)f;
	uint32_t class = *(const uint32_t *)at;
	if (class == CLASS_UNSAID)
		return NULL;
	return class & 0xff ? json_sprintf("%06x", class) : json_sprintf("%04x", class >> 8);
}

static void schema_class(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, "^[0-9a-fA-F]{4}([0-9a-fA-F]{2})?$");
}

const struct type type_class = { "class", init_class, read_class, write_class, schema_class };

/* The speeds PCIe has (PCI Express Base Specification 6.0, 7.5.3.18), in tenths of GT/s. */
static const uint32_t speeds[] = { 25, 50, 80, 160, 320, 640 };

static const char *parse_speed(const char *p, uint32_t *ret)
{
	uint32_t tenths = 0, digits = 0;
	for (; *p >= '0' && *p <= '9' && digits < 4; p++, digits++)
		tenths = tenths * 10 + (uint32_t)(*p - '0');
	tenths *= 10;
	if (*p == '.' && p[1] >= '0' && p[1] <= '9') {
		tenths += (uint32_t)(p[1] - '0');
		p += 2;
	}
	for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
		if (digits && speeds[i] == tenths) {
			*ret = tenths;
			return p;
		}
	return NULL;
}

static int read_link(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	struct link link = { 0 };
	const char *text = text_of(r, value, "a PCIe link"), *p;
	(void)f;
	if (!text)
		return -EINVAL;
	p = parse_speed(text, &link.speed);
	if (p && *p == 'x')
		for (p++; *p >= '0' && *p <= '9' && link.width <= 32; p++)
			link.width = link.width * 10 + (uint32_t)(*p - '0');
	if (!p || *p || link.width < 1 || link.width > 32)
		return refuse(r, "expected a PCIe link such as \"32.0x16\" (GT/s 2.5, 5.0, 8.0, 16.0, 32.0 or 64.0), "
				 "got \"%.40s\"", text);
	*(struct link *)at = link;
	return 0;
}

static json_t *write_link(const struct field *f, const void *at)
{
	(void)f;
	const struct link *link = at;
	if (link->speed == LINK_NONE)
		return json_string("unknown");
	return link->speed ? json_sprintf("%u.%ux%u", link->speed / 10, link->speed % 10, link->width) : NULL;
}

#define LINK_PATTERN "(2\\.5|5(\\.0)?|8(\\.0)?|16(\\.0)?|32(\\.0)?|64(\\.0)?)x[0-9]{1,2}"

static void schema_link(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, "^" LINK_PATTERN "$");
}

const struct type type_link = { "link", NULL, read_link, write_link, schema_link };

/* As the kernel prints it of a register that names no speed. */
static int read_max_link(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	if (!json_is_string(value) || strcmp(json_string_value(value), "unknown"))
		return read_link(r, f, value, at);
	*(struct link *)at = (struct link){ .speed = LINK_NONE };
	return 0;
}

static void schema_max_link(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, "^(unknown|" LINK_PATTERN ")$");
}

const struct type type_max_link = { "link", NULL, read_max_link, write_link, schema_max_link };

static int read_serial(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	uint64_t serial = 0, byte;
	const char *text = text_of(r, value, "a serial number"), *p = text;
	if (!text)
		return -EINVAL;
	for (int i = 0; i < 8 && p; i++) {
		if (i > 0 && *p++ != '-')
			break;
		const char *end = hex_parse(p, 2, &byte);
		serial = serial << 8 | byte;
		p = end == p + 2 ? end : NULL;
	}
	if (!p || *p || p - text != 23)
		return refuse(r, "expected a serial number of eight bytes such as \"b8-3f-d2-03-00-00-00-01\", "
				 "got \"%.40s\"", text);
	*(uint64_t *)at = serial;
	return 0;
}

static json_t *write_serial(const struct field *f, const void *at)
{
	(void)f;
	uint64_t serial = *(const uint64_t *)at;
	if (!serial)
		return NULL;
	_cleanup_buf_ struct buf text = { 0 };
	for (int shift = 56; shift >= 0; shift -= 8)
		buf_printf(&text, "%02x%s", (unsigned)(serial >> shift & 0xff), shift ? "-" : "");
	return json_string(buf_text(&text));
}

static void schema_serial(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, "^[0-9a-fA-F]{2}(-[0-9a-fA-F]{2}){7}$");
}

const struct type type_serial = { "serial number", NULL, read_serial, write_serial, schema_serial };

/* Reads the words behind a BAR's size; NULL when one is unknown. */
static const char *parse_bar_words(const char *p, struct bar *bar)
{
	while (*p) {
		if (!strncmp(p, " io", 3) && (bar->io = true))
			p += 3;
		else if (!strncmp(p, " prefetchable", 13) && (bar->prefetchable = true))
			p += 13;
		else if (!strncmp(p, " 64-bit", 7) && (bar->is_64bit = true))
			p += 7;
		else if (strncmp(p, " at 0x", 6) || !(p = hex_parse(p + 6, 16, &bar->address)))
			return NULL;
		if (*p && *p != ' ')
			return NULL;
	}
	return p;
}

/* Why a BAR cannot be, or NULL (PCI Local Bus Specification 3.0, 6.2.5.1). */
static const char *bar_is_wrong(const struct bar *bar)
{
	if (bar->size & (bar->size - 1))
		return "its size is not a power of two";
	if (bar->io ? bar->size < 4 || bar->size > 65536 : bar->size < 16 || bar->size > 1ull << 48)
		return bar->io ? "an I/O region has 4 to 64K bytes" : "a memory region has 16 bytes to 256T";
	if (bar->io && (bar->prefetchable || bar->is_64bit))
		return "an I/O region is neither prefetchable nor 64-bit";
	if (!bar->is_64bit && bar->size > 1ull << 31)
		return "more than 2G needs a 64-bit register";
	if (bar->address & (bar->size - 1))
		return "its address is not a multiple of its size";
	if (!bar->is_64bit && bar->address > UINT32_MAX)
		return "its address needs a 64-bit register";
	return NULL;
}

static int read_bar(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	(void)f;
	struct bar bar = { 0 };
	const char *text = text_of(r, value, "a region such as \"16M\" or \"128G prefetchable 64-bit\"");
	if (!text)
		return -EINVAL;
	const char *p = parse_size(text, &bar.size);
	if (!p || !parse_bar_words(p, &bar))
		return refuse(r, "expected a region such as \"16M\", \"128G prefetchable 64-bit\" or \"256 io\", "
				 "got \"%.60s\"", text);
	const char *why = bar_is_wrong(&bar);
	if (why)
		return refuse(r, "\"%.60s\": %s", text, why);
	*(struct bar *)at = bar;
	return 0;
}

static json_t *write_bar(const struct field *f, const void *at)
{
	(void)f;
	const struct bar *bar = at;
	if (!bar->size)
		return NULL;
	_cleanup_buf_ struct buf text = { 0 };
	print_size(bar->size, &text);
	buf_printf(&text, "%s%s%s", bar->io ? " io" : "", bar->prefetchable ? " prefetchable" : "",
		   bar->is_64bit ? " 64-bit" : "");
	if (bar->address)
		buf_printf(&text, " at 0x%llx", (unsigned long long)bar->address);
	return json_string(buf_text(&text));
}

static const char bar_pattern[] = "^[0-9]+[KMGTPE]?( io| prefetchable| 64-bit| at 0x[0-9a-fA-F]{1,16})*$";

static void schema_bar(const struct field *f, json_t *into)
{
	(void)f;
	schema_string(into, bar_pattern);
}

const struct type type_bar = { "region", NULL, read_bar, write_bar, schema_bar };

static int read_bars(struct reader *r, const struct field *f, const json_t *value, void *at)
{
	struct bar *bars = at;
	if (!json_is_array(value))
		return refuse(r, "expected an array of regions, got %s", kind_of(value));
	size_t len = r->path.len, reg = 0;
	for (size_t i = 0; i < json_array_size(value); i++, reg++) {
		const json_t *element = json_array_get(value, i);
		buf_printf(&r->path, "[%zu]", i);
		if (reg >= BAR_ROM)
			return refuse(r, "a function has only %d base address registers", BAR_ROM);
		if (!json_is_null(element) && read_bar(r, f, element, &bars[reg]))
			return -EINVAL;
		reg += bars[reg].is_64bit;
		if (reg >= BAR_ROM)
			return refuse(r, "no register is left for the upper half of its address");
		buf_cut(&r->path, len);
	}
	return 0;
}

static json_t *write_bars(const struct field *f, const void *at)
{
	const struct bar *bars = at;
	size_t used = 0;
	for (size_t i = 0; i < BAR_ROM; i++)
		if (bars[i].size)
			used = i + 1;
	if (!used)
		return NULL;
	json_t *array = json_array();
	for (size_t i = 0; i < used; i += 1 + bars[i].is_64bit) {
		json_t *bar = write_bar(f, &bars[i]);
		json_array_append_new(array, bar ? bar : json_null());
	}
	return array;
}

static void schema_bars(const struct field *f, json_t *into)
{
	(void)f;
	json_object_set_new(into, "type", json_string("array"));
	json_object_set_new(into, "maxItems", json_integer(BAR_ROM));
	json_object_set_new(into, "items", json_pack("{s[ss]ss}", "type", "string", "null", "pattern", bar_pattern));
}

const struct type type_bars = { "array of regions", NULL, read_bars, write_bars, schema_bars };
