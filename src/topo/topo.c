/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/topo.h"

#include <stdlib.h>
#include <string.h>

const char *const level_names[N_LEVELS] = { "core", "cluster", "die", "package", "book", "drawer" };
const char *const cache_type_names[] = { "Data", "Instruction", "Unified", NULL };
const char *const confidence_names[] = { "", "high", "medium", "low", NULL };

void topo_done(struct topo *t)
{
	struct arena arena = t->arena;
	*t = (struct topo){ 0 };
	arena_done(&arena);
}

static int compare_cpu(const void *key, const void *element)
{
	uint32_t id = *(const uint32_t *)key, other = ((const struct cpu *)element)->id;
	return (id > other) - (id < other);
}

static int compare_node(const void *key, const void *element)
{
	uint32_t id = *(const uint32_t *)key, other = ((const struct node *)element)->id;
	return (id > other) - (id < other);
}

const struct cpu *topo_cpu(const struct topo *t, uint32_t id)
{
	return t->cpus.n ? bsearch(&id, t->cpus.at, t->cpus.n, sizeof *t->cpus.at, compare_cpu) : NULL;
}

const struct node *topo_node(const struct topo *t, uint32_t id)
{
	return t->nodes.n ? bsearch(&id, t->nodes.at, t->nodes.n, sizeof *t->nodes.at, compare_node) : NULL;
}

uint32_t topo_distance(const struct topo *t, size_t from, size_t to)
{
	const struct node *node = &t->nodes.at[from];
	if (to < node->distances.n)
		return node->distances.at[to];
	return from == to ? 10 : 20;
}

const char *topo_map_get(const topo_map *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (!strcmp(map->at[i].key, key))
			return map->at[i].value;
	return NULL;
}

bool topo_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

void bdf_print(uint64_t address, struct buf *out)
{
	buf_hex(out, BDF_DOMAIN(address), 4);
	buf_putc(out, ':');
	buf_hex(out, BDF_BUS(address), 2);
	buf_putc(out, ':');
	buf_hex(out, BDF_DEVICE(address), 2);
	buf_putc(out, '.');
	buf_hex(out, BDF_FUNCTION(address), 1);
}

const char *bdf_text(struct arena *a, uint64_t address)
{
	_cleanup_buf_ struct buf text = { 0 };
	bdf_print(address, &text);
	return arena_strndup(a, buf_text(&text), text.len);
}

const char *hex_parse(const char *text, int digits, uint64_t *ret)
{
	static const char hex[] = "0123456789abcdef";
	const char *p = text, *digit;
	*ret = 0;
	for (; *p > ' ' && p - text < digits && (digit = strchr(hex, *p | 0x20)); p++)
		*ret = *ret << 4 | (uint64_t)(digit - hex);
	return p > text ? p : NULL;
}

const char *bdf_parse(const char *text, uint64_t base, uint64_t *ret)
{
	static const char wrong[] = "expected a PCI address such as \"0000:3b:00.0\"";
	uint64_t part[3], fn;
	size_t n = 0;
	const char *p = hex_parse(text, 8, &part[n++]);
	while (p && *p == ':' && n < 3)
		p = hex_parse(p + 1, 8, &part[n++]);
	if (!p || *p != '.' || !(p = hex_parse(p + 1, 1, &fn)) || *p)
		return wrong;
	uint64_t dev = part[n - 1];
	uint64_t bus = n >= 2 ? part[n - 2] : BDF_BUS(base);
	uint64_t domain = n == 3 ? part[0] : BDF_DOMAIN(base);
	if (bus > 0xff || dev > 0x1f || fn > 7)
		return "a PCI address has a bus up to ff, a slot up to 1f and a function up to 7";
	*ret = BDF(domain, bus, dev, fn);
	return NULL;
}
