/* SPDX-License-Identifier: Apache-2.0 */
#include "libvirt.h"

#include <errno.h>
#include <string.h>

/* --- sizes ----------------------------------------------------------------------------------------------- */

/* 0: there is no such unit. */
static uint64_t scale_of(const char *unit)
{
	static const char letters[] = "kmgtpe";
	if (!strcasecmp(unit, "b") || !strcasecmp(unit, "byte") || !strcasecmp(unit, "bytes"))
		return 1;
	const char *letter = *unit ? strchr(letters, *unit | 0x20) : NULL;
	uint64_t base = !letter					  ? 0
			: !unit[1] || !strcasecmp(unit + 1, "iB") ? 1024
			: !strcasecmp(unit + 1, "B")		  ? 1000
								  : 0;
	uint64_t scale = base;
	for (const char *p = letters; base && p < letter; p++)
		scale *= base;
	return scale;
}

int libvirt_scale(const xmlNode *e, const char *what, const char *text, const char *unit, uint64_t *bytes,
		  struct err *err)
{
	uint64_t scale = scale_of(unit ? unit : "KiB"), n;
	if (!scale)
		return xml_wrong(e, err, "unit: \"%.40s\" is none that libvirt knows", unit);
	if (xml_parse_number(e, what, text, UINT64_MAX / scale, &n, err))
		return -EINVAL;
	*bytes = n * scale;
	return 0;
}

int libvirt_memory(const xmlNode *e, uint64_t *ret_k, struct err *err)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *size = xml_attr(e, "size", &a);
	uint64_t bytes = 0;
	if (e && libvirt_scale(e, size ? "size" : "its text", size ? size : xml_text(e, &a), xml_attr(e, "unit", &a),
			       &bytes, err))
		return -EINVAL;
	*ret_k = bytes / 1024 + !!(bytes % 1024);
	return 0;
}

/* --- distances ------------------------------------------------------------------------------------------- */

static int read_row(const xmlNode *cell, struct topo *t, int32_t from, int16_t *matrix, struct idset *others,
		    struct err *err)
{
	const struct node *node = topo_node(t, (uint32_t)from);
	XML_EACH (sibling, xml_child(cell, "distances"), "sibling") {
		int32_t id = TOPO_UNKNOWN, value = TOPO_UNKNOWN;
		if (xml_id(sibling, "id", TOPO_MAX_NODE, &id, err) ||
		    xml_id(sibling, "value", TOPO_DISTANCE_MAX, &value, err))
			return -EINVAL;
		if (id == TOPO_UNKNOWN || value == TOPO_UNKNOWN)
			return xml_wrong(sibling, err, "%s: it is missing", id == TOPO_UNKNOWN ? "id" : "value");
		const struct node *to = topo_node(t, (uint32_t)id);
		if (!to)
			idset_add(&t->arena, others, (uint32_t)id);
		else
			matrix[(size_t)(node - t->nodes.at) * t->nodes.n + (size_t)(to - t->nodes.at)] = (int16_t)value;
	}
	return 0;
}

int libvirt_distances(const xmlNode *cells, struct topo *t, struct idset *others, struct err *err)
{
	size_t n = t->nodes.n;
	int16_t *matrix = arena_alloc(&t->arena, (n * n + 1) * sizeof *matrix);
	bool any = false;
	int32_t place = 0;
	for (size_t i = 0; i < n * n; i++)
		matrix[i] = TOPO_UNKNOWN;
	XML_EACH (cell, cells, "cell") {
		int32_t id = place++;
		any |= xml_child(cell, "distances") != NULL;
		if (xml_id(cell, "id", TOPO_MAX_NODE, &id, err) || read_row(cell, t, id, matrix, others, err))
			return -EINVAL;
	}
	for (size_t i = 0; any && i < n * n; i++) {
		size_t from = i / n, to = i % n;
		int32_t value = matrix[i] >= 0 ? matrix[i] : matrix[to * n + from];
		*LIST_ADD(&t->arena, &t->nodes.at[from].distances) = value >= 0	  ? (uint32_t)value
								     : from == to ? 10
										  : 20;
	}
	return 0;
}

void libvirt_put_distances(const struct topo *t, size_t node, int indent, struct buf *out)
{
	buf_pad(out, ' ', (size_t)indent);
	buf_puts(out, "<distances>\n");
	for (size_t i = 0; i < t->nodes.n; i++) {
		buf_pad(out, ' ', (size_t)indent + 2);
		buf_printf(out, "<sibling id='%u' value='%u'/>\n", t->nodes.at[i].id, topo_distance(t, node, i));
	}
	buf_pad(out, ' ', (size_t)indent);
	buf_puts(out, "</distances>\n");
}

/* --------------------------------------------------------------------------------------------------------- */

void libvirt_put_list(const char *name, const struct idset *set, struct buf *out)
{
	buf_printf(out, " %s='", name);
	idset_print_list(set, out);
	buf_putc(out, '\'');
}
