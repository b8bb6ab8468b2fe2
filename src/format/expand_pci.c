/* SPDX-License-Identifier: Apache-2.0 */

/* Nested bridges into a list of functions, with every bus number settled. */

#include "expand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A bus, as its functions see it. */
struct bus {
	uint64_t base;	  /* address of function 0 of device 0 on it */
	uint64_t bridge;  /* address of the bridge it is behind; BDF_NONE */
	uint64_t root;
	int32_t node;
	uint32_t *last;	  /* highest bus number in use below the host bridge */
};

/* Reads "16" or "16-1b"; *to is left alone where it is not said. */
static int parse_bus_range(struct expander *x, const char *text, uint32_t *from, uint32_t *to)
{
	uint64_t first, last = 0;
	const char *p = hex_parse(text, 8, &first);
	bool range = p && *p == '-';
	if (range)
		p = hex_parse(p + 1, 8, &last);
	if (!p || *p || first > 0xff || last > 0xff)
		return wrong(x, "expected a bus such as \"16\" or buses such as \"16-1b\", got \"%.40s\"", text);
	if (range && last < first)
		return wrong(x, "the buses \"%.40s\" run backwards", text);
	*from = (uint32_t)first;
	if (range)
		*to = (uint32_t)last;
	return 0;
}

/* The bus that the first of a bridge's devices names, or the next that is free. */
static int find_secondary(struct expander *x, const struct doc_pci *bridge, const struct bus *above, uint32_t *ret)
{
	for (size_t i = 0; i < bridge->devices.n; i++) {
		uint64_t address;
		if (strchr(bridge->devices.at[i].at, ':') &&
		    !bdf_parse(bridge->devices.at[i].at, above->base, &address)) {
			*ret = BDF_BUS(address);
			return 0;
		}
	}
	*ret = *above->last + 1;
	return *ret <= 0xff ? 0 : wrong(x, "no bus number is left for what is below it");
}

static int add_functions(struct expander *x, const struct doc_pci *docs, size_t n, const struct bus *bus);

static int add_below(struct expander *x, const struct doc_pci *doc, size_t place, const struct bus *above)
{
	struct topo *t = x->topo;
	uint32_t from = 0, to = UINT32_MAX;
	if (doc->bus ? parse_bus_range(x, doc->bus, &from, &to) : find_secondary(x, doc, above, &from))
		return -EINVAL;
	if (from > *above->last)
		*above->last = from;
	struct pci *bridge = &t->pci.at[place];
	bridge->secondary = (uint8_t)from;
	uint64_t address = bridge->address;
	uint32_t last = from;
	struct bus below = { .base = BDF(BDF_DOMAIN(above->base), from, 0, 0), .bridge = address, .root = above->root,
			     .node = bridge->node, .last = &last };
	int ret = add_functions(x, doc->devices.at, doc->devices.n, &below);
	t->pci.at[place].subordinate = (uint8_t)(to != UINT32_MAX ? to : last);
	if (t->pci.at[place].subordinate > *above->last)
		*above->last = t->pci.at[place].subordinate;
	return ret;
}

/* Whether a path leads from a folder to one below it, and nowhere else. */
static bool leads_down(const char *path)
{
	if (strlen(path) > 255)
		return false;
	for (const char *p = path;; p++) {
		size_t len = strcspn(p, "/");
		if (!len || (len == 1 && *p == '.') || (len == 2 && !strncmp(p, "..", 2)))
			return false;
		p += len;
		if (!*p)
			return true;
	}
}

static int check_parent(struct expander *x, const char *kind, size_t i, const struct site *on)
{
	if (!on->parent || leads_down(on->parent))
		return 0;
	buf_printf(&x->path, ".%s[%zu].parent", kind, i);
	return wrong(x, "expected a folder below that of the function, such as \"virtio0\", got \"%.60s\"", on->parent);
}

static int add_devices(struct expander *x, const struct doc_pci *doc, uint64_t function)
{
	struct topo *t = x->topo;
#define ADD_DEVICES(T) \
	for (size_t i = 0; i < doc->T.n; i++) { \
		struct T *device = LIST_ADD(&t->arena, &t->T##s); \
		*device = doc->T.at[i]; \
		device->on.function = function; \
		if (check_parent(x, #T, i, &device->on)) \
			return -EINVAL; \
	}
	TOPO_DEVICES(ADD_DEVICES)
#undef ADD_DEVICES
	return 0;
}

static int add_function(struct expander *x, const struct doc_pci *doc, const struct bus *bus)
{
	struct topo *t = x->topo;
	struct pci pci = doc->pci;
	const char *why = bdf_parse(doc->at, bus->base, &pci.address);
	if (why) {
		buf_puts(&x->path, ".at");
		return wrong(x, "%s, got \"%.40s\"", why, doc->at);
	}
	pci.parent = bus->bridge;
	pci.root = bus->root;
	pci.node = pci.node == NODE_INHERITED ? bus->node : pci.node;
	if (pci.class == CLASS_UNSAID && !doc->devices.n)
		return wrong(x, "\"class\" is missing");
	pci.class = pci.class == CLASS_UNSAID ? 0x060400 : pci.class;
	pci.bridge = doc->devices.n || doc->bus || pci.class >> 8 == 0x0604;
	if (BDF_BUS(pci.address) > *bus->last)
		*bus->last = BDF_BUS(pci.address);
	size_t place = t->pci.n;
	*LIST_ADD(&t->arena, &t->pci) = pci;
	if (add_devices(x, doc, pci.address))
		return -EINVAL;
	return pci.bridge ? add_below(x, doc, place, bus) : 0;
}

static int add_functions(struct expander *x, const struct doc_pci *docs, size_t n, const struct bus *bus)
{
	size_t len = x->path.len;
	for (size_t i = 0; i < n; i++) {
		buf_printf(&x->path, ".devices[%zu]", i);
		if (add_function(x, &docs[i], bus))
			return -EINVAL;
		buf_cut(&x->path, len);
	}
	return 0;
}

static int parse_root(struct expander *x, const char *text, struct pci_root *root)
{
	uint64_t domain = 0, bus;
	const char *p = hex_parse(text, 8, &bus);
	if (p && *p == ':') {
		domain = bus;
		p = hex_parse(p + 1, 8, &bus);
	}
	if (!p || *p || bus > 0xff)
		return wrong(x, "expected a domain and bus such as \"0000:15\", got \"%.40s\"", text);
	root->domain = (uint32_t)domain;
	root->bus = (uint32_t)bus;
	return 0;
}

/* "platform/x" or a PCI address; nothing that would leave /sys/devices. */
static int parse_under(struct expander *x, const char *text, struct pci_root *root)
{
	root->under_function = BDF_NONE;
	if (!text || !bdf_parse(text, 0, &root->under_function))
		return 0;
	if (*text && !leads_down(text))
		return wrong(x, "expected a folder below /sys/devices or a PCI address, got \"%.60s\"", text);
	root->under = *text ? text : NULL;
	return 0;
}

int expand_pci(struct expander *x, const struct document *doc)
{
	for (size_t i = 0; i < doc->pci.n; i++) {
		const struct doc_root *said = &doc->pci.at[i];
		struct pci_root *root = LIST_ADD(&x->topo->arena, &x->topo->roots);
		root->node = said->node;
		buf_cut(&x->path, 0);
		buf_printf(&x->path, "pci[%zu].root", i);
		if (parse_root(x, said->root, root))
			return -EINVAL;
		buf_cut(&x->path, 0);
		buf_printf(&x->path, "pci[%zu].under", i);
		if (parse_under(x, said->under, root))
			return -EINVAL;
		buf_cut(&x->path, 0);
		buf_printf(&x->path, "pci[%zu]", i);
		uint32_t last = root->bus;
		uint64_t base = BDF(root->domain, root->bus, 0, 0);
		struct bus bus = { .base = base, .bridge = BDF_NONE, .root = BDF_BUS_KEY(base), .node = root->node,
				   .last = &last };
		if (add_functions(x, said->devices.at, said->devices.n, &bus))
			return -EINVAL;
	}
	return 0;
}
