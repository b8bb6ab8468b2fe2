/* SPDX-License-Identifier: Apache-2.0 */

/* PCI, backwards: folders of host bridges and functions become the topology's lists. */

#include "classes.h"
#include "scan.h"

#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- configuration space --------------------------------------------------------------------------------- */

static void scan_config(const struct tree *tree, uint32_t dir, struct topo *t, struct pci *pci)
{
	uint32_t e = scan_find(tree, dir, "config");
	if (e == TREE_NONE || tree->entries[e].size == 0 || tree->entries[e].size > 4096)
		return;
	uint32_t len = pci->config_size = tree->entries[e].size;
	while (len && !tree_data(tree, e)[len - 1])
		len--;
	pci->config = arena_dup(&t->arena, tree_data(tree, e), len);
	pci->config_len = len;
}

static uint8_t config_byte(const struct pci *pci, uint32_t at)
{
	return at < pci->config_len ? pci->config[at] : 0;
}

/* The kind that the PCI Express capability tells; PCIE_NONE without one, PCIE_AUTO where too little was read. */
static int32_t type_of_config(const struct pci *pci)
{
	if (pci->config_size < 256)
		return PCIE_AUTO;
	uint32_t at = config_byte(pci, PCI_STATUS) & PCI_STATUS_CAP_LIST ? config_byte(pci, PCI_CAPABILITY_LIST) : 0;
	for (int guard = 0; at >= 0x40 && guard < 48; guard++) {
		if (config_byte(pci, at) == PCI_CAP_ID_EXP)
			return config_byte(pci, at + PCI_EXP_FLAGS) >> 4;
		at = config_byte(pci, at + PCI_CAP_LIST_NEXT);
	}
	return PCIE_NONE;
}

/* --- one function ---------------------------------------------------------------------------------------- */

static bool scan_link(const struct tree *tree, uint32_t dir, const char *speed, const char *width, struct link *ret)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *text = scan_text(tree, dir, speed, &a);
	unsigned whole, tenths;
	int64_t lanes;
	if (!text || sscanf(text, "%u.%u GT/s", &whole, &tenths) != 2 || tenths > 9 ||
	    !scan_number(tree, dir, width, &lanes) || lanes < 1 || lanes > 32)
		return false;
	*ret = (struct link){ whole * 10 + tenths, (uint32_t)lanes };
	return true;
}

/* A link that runs, of which the register names neither speed nor lanes. */
static void scan_links(const struct tree *tree, uint32_t dir, struct pci *pci)
{
	_cleanup_arena_ struct arena a = { 0 };
	int64_t lanes;
	bool runs = scan_link(tree, dir, "current_link_speed", "current_link_width", &pci->link);
	if (!scan_link(tree, dir, "max_link_speed", "max_link_width", &pci->max_link) && runs &&
	    topo_same_text(scan_text(tree, dir, "max_link_speed", &a), "Unknown") &&
	    scan_number(tree, dir, "max_link_width", &lanes) && !lanes)
		pci->max_link.speed = LINK_NONE;
}

/* Bus numbers of a bridge: from its files, its configuration space, or the folder of its bus. */
static void scan_bridge(const struct tree *tree, uint32_t dir, struct pci *pci)
{
	int64_t from = -1, to = -1;
	uint32_t bus = scan_find(tree, dir, "pci_bus");
	EACH_CHILD (e, tree, bus)
		from = strtol(strrchr(tree_name(tree, e), ':') ? strrchr(tree_name(tree, e), ':') + 1 : "", NULL, 16);
	if ((config_byte(pci, PCI_HEADER_TYPE) & 0x7f) == PCI_HEADER_TYPE_BRIDGE) {
		from = config_byte(pci, PCI_SECONDARY_BUS);
		to = config_byte(pci, PCI_SUBORDINATE_BUS);
	}
	scan_number(tree, dir, "secondary_bus_number", &from);
	scan_number(tree, dir, "subordinate_bus_number", &to);
	from = from > 0xff ? -1 : from;
	to = to > 0xff ? -1 : to;
	pci->bridge = pci->class >> 8 == 0x0604 || from >= 0;
	pci->secondary = from >= 0 ? (uint8_t)from : 0;
	pci->subordinate = to >= from && to >= 0 ? (uint8_t)to : pci->secondary;
}

/* CPUs near it, where they are not those of its node. */
static void scan_local_cpus(const struct tree *tree, uint32_t dir, struct topo *t, struct pci *pci)
{
	const struct node *node = pci->node < 0 ? NULL : topo_node(t, (uint32_t)pci->node);
	struct idset near = { 0 }, usual = node ? idset_and(&t->arena, &node->cpus, &t->online) : t->online;
	if (!scan_mask(tree, dir, "local_cpus", TOPO_MAX_CPU, &t->arena, &near))
		scan_list(tree, dir, "local_cpulist", TOPO_MAX_CPU, &t->arena, &near);
	if (!idset_equal(&near, &usual))
		pci->cpus = near;
}

static void scan_bonds(const struct tree *tree, uint32_t dir, struct topo *t, struct pci *pci)
{
	const char *driver = scan_link_name(tree, dir, "driver"), *group = scan_link_name(tree, dir, "iommu_group");
	const char *physfn = scan_link_name(tree, dir, "physfn");
	int64_t vfs;
	pci->driver = driver ? arena_strdup(&t->arena, driver) : NULL;
	pci->iommu_group = group ? strtol(group, NULL, 10) : TOPO_UNKNOWN;
	if (!physfn || bdf_parse(physfn, 0, &pci->physfn))
		pci->physfn = BDF_NONE;
	if (scan_number(tree, dir, "sriov_totalvfs", &vfs) && vfs > 0 && vfs <= 65535)
		pci->total_vfs = (uint32_t)vfs;
}

static void scan_msi_irqs(const struct tree *tree, uint32_t dir, struct topo *t, struct pci *pci)
{
	EACH_CHILD (e, tree, scan_find(tree, dir, "msi_irqs")) {
		int64_t irq = scan_id(tree_name(tree, e), "");
		const char *kind = scan_text(tree, e, "", &t->arena);
		if (irq < 0 || irq > 1 << 20 || !kind)
			continue;
		idset_add(&t->arena, &pci->msi_irqs, (uint32_t)irq);
		pci->msi = !strcmp(kind, "msi");
	}
}

static void scan_functions(const struct tree *tree, uint32_t dir, uint64_t parent, uint64_t root, struct topo *t);

static void scan_function(const struct tree *tree, uint32_t dir, uint64_t address, uint64_t parent, uint64_t root,
			  struct topo *t)
{
	struct pci pci = {
		.address = address, .parent = parent, .root = root, .node = TOPO_UNKNOWN, .type = PCIE_AUTO
	};
	scan_rows(&pci_class, tree, dir, t, &pci);
	scan_config(tree, dir, t, &pci);
	scan_links(tree, dir, &pci);
	scan_bridge(tree, dir, &pci);
	scan_local_cpus(tree, dir, t, &pci);
	scan_bonds(tree, dir, t, &pci);
	scan_msi_irqs(tree, dir, t, &pci);
	*LIST_ADD(&t->arena, &t->pci) = pci;
	scan_functions(tree, dir, address, root, t);
}

/* Recordings put together by hand have functions twice; the second is kept as files. */
static bool is_there(const struct topo *t, uint64_t address)
{
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].address == address)
			return true;
	return false;
}

/* The functions in a folder, each with all below it. A bridge reaches as far as they do. */
static void scan_functions(const struct tree *tree, uint32_t dir, uint64_t parent, uint64_t root, struct topo *t)
{
	size_t bridge = t->pci.n - 1;
	uint32_t highest = 0;
	EACH_CHILD (e, tree, dir) {
		uint64_t address;
		if (!scan_is_dir(tree, e) || !scan_is_function(tree_name(tree, e)) ||
		    bdf_parse(tree_name(tree, e), 0, &address) || is_there(t, address))
			continue;
		size_t child = t->pci.n;
		scan_function(tree, e, address, parent, root, t);
		highest = BDF_BUS(address) > highest ? BDF_BUS(address) : highest;
		highest = t->pci.at[child].subordinate > highest ? t->pci.at[child].subordinate : highest;
	}
	if (parent == BDF_NONE || !highest)
		return;
	struct pci *above = &t->pci.at[bridge];
	if (!above->bridge || !above->secondary)
		above->secondary = (uint8_t)highest;
	above->bridge = true;
	above->subordinate = highest > above->subordinate ? (uint8_t)highest : above->subordinate;
}

/* --- what only all of them together tell ------------------------------------------------------------------ */

/* Says of each function what its place does not. */
static void say_types(struct topo *t)
{
	_cleanup_facts_ struct facts facts = { 0 };
	facts_init(&facts, t);
	for (size_t i = 0; i < t->pci.n; i++) {
		struct pci *pci = &t->pci.at[i];
		int32_t told = type_of_config(pci), usual = (int32_t)facts.pci[i].type;
		if (told != PCIE_AUTO && told != usual && (told == PCIE_NONE || told <= PCIE_RC_EVENT_COLLECTOR))
			pci->type = usual = told;
		if (pci->config_size == (usual == PCIE_NONE ? 256u : 4096u))
			pci->config_size = 0;
	}
}

/* The regions of a resource file, as the document says them. */
static void scan_bars(const char *text, struct bar bars[N_BARS])
{
	enum { IO = 0x100, MEMORY = 0x200, PREFETCHABLE = 0x2000, IS_64BIT = 0x100000 }; /* linux/ioport.h */
	for (int b = 0; b < N_BARS && text; b++) {
		unsigned long long start, end, flags;
		if (sscanf(text, "0x%llx 0x%llx 0x%llx", &start, &end, &flags) == 3 && end > start &&
		    flags & (IO | MEMORY) && !((end - start + 1) & (end - start)) && !(start & (end - start)))
			bars[b] = (struct bar){ .size = end - start + 1, .address = start, .io = flags & IO,
						.is_64bit = b < BAR_ROM - 1 && flags & IS_64BIT,
						.prefetchable = b < BAR_ROM && flags & PREFETCHABLE };
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	/* a register that is the upper half of another's address has no region of its own */
	for (int b = 0; b + 1 < BAR_ROM; b++)
		if (bars[b].is_64bit)
			bars[b + 1] = (struct bar){ 0 };
}

static void keep_resource(struct topo *t, struct pci *pci, const char *text)
{
	memset(pci->bars, 0, sizeof pci->bars);
	for (const char *line = text, *end; line && *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		*LIST_ADD(&t->arena, &pci->resource) = arena_strndup(&t->arena, line, (size_t)(end - line));
	}
}

/* Regions where they tell the whole file, its lines where they do not. */
static void scan_resources(const struct tree *tree, struct topo *t)
{
	_cleanup_facts_ struct facts places = { 0 }, facts = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	const char **texts = arena_alloc(&a, (t->pci.n + 1) * sizeof *texts);
	facts_init(&places, t);
	for (uint32_t i = 0; i < t->pci.n; i++) {
		texts[i] = scan_text(tree, tree_find(tree, places.pci[i].path), "resource", &a);
		if (texts[i])
			scan_bars(texts[i], t->pci.at[i].bars);
	}
	facts_init(&facts, t);
	for (uint32_t i = 0; i < t->pci.n; i++) {
		_cleanup_buf_ struct buf made = { 0 };
		pci_resource_text(&facts, i, &made);
		if (made.len)
			buf_cut(&made, made.len - 1);
		if (texts[i] && strcmp(buf_text(&made), texts[i]))
			keep_resource(t, &t->pci.at[i], texts[i]);
	}
}

/* --- host bridges ---------------------------------------------------------------------------------------- */

static bool parse_root_name(const char *name, struct pci_root *root)
{
	char rest;
	unsigned domain, bus;
	if (sscanf(name, "pci%x:%x%c", &domain, &bus, &rest) != 2 || bus > 0xff)
		return false;
	root->domain = domain;
	root->bus = bus;
	return true;
}

static void note_place(const struct tree *tree, uint32_t above, struct topo *t, struct pci_root *root)
{
	_cleanup_buf_ struct buf path = { 0 };
	root->under_function = BDF_NONE;
	/* only behind a function that is known, so never behind one of its own */
	if (scan_is_function(tree_name(tree, above)) && !bdf_parse(tree_name(tree, above), 0, &root->under_function) &&
	    is_there(t, root->under_function))
		return;
	root->under_function = BDF_NONE;
	tree_path(tree, above, &path);
	if (path.len > strlen("sys/devices/"))
		root->under = arena_strdup(&t->arena, buf_text(&path) + strlen("sys/devices/"));
}

/* The node that most of what is below names, so that only the others need to say theirs. */
static void note_node(struct topo *t, struct pci_root *root, size_t first)
{
	size_t most = 0;
	root->node = TOPO_UNKNOWN;
	for (size_t i = 0; i < t->nodes.n; i++) {
		size_t n = 0;
		for (size_t k = first; k < t->pci.n; k++)
			n += t->pci.at[k].node == (int32_t)t->nodes.at[i].id;
		if (n > most) {
			most = n;
			root->node = (int32_t)t->nodes.at[i].id;
		}
	}
}

static bool is_root_there(const struct topo *t, const struct pci_root *root)
{
	for (size_t i = 0; i < t->roots.n; i++)
		if (t->roots.at[i].domain == root->domain && t->roots.at[i].bus == root->bus)
			return true;
	return false;
}

void scan_host_bridges(const struct class *class, const struct tree *tree, struct topo *t)
{
	uint32_t devices = tree_find(tree, "sys/devices");
	(void)class;
	for (uint32_t e = devices; e != TREE_NONE && e < tree->entries[devices].end; e++) {
		struct pci_root root = { 0 };
		if (!scan_is_dir(tree, e) || !parse_root_name(tree_name(tree, e), &root))
			continue;
		size_t first = t->pci.n;
		note_place(tree, tree->entries[e].parent, t, &root);
		if (is_root_there(t, &root))
			continue;
		scan_functions(tree, e, BDF_NONE, (uint64_t)root.domain << 8 | root.bus, t);
		note_node(t, &root, first);
		*LIST_ADD(&t->arena, &t->roots) = root;
	}
	say_types(t);
	scan_resources(tree, t);
}

/* A slot is that of the first function of the device in it. */
void scan_slots(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	EACH_CHILD (e, tree, tree_find(tree, "sys/bus/pci/slots")) {
		const char *address = scan_text(tree, e, "address", &t->arena);
		unsigned domain, bus, device;
		if (!address || sscanf(address, "%x:%x:%x", &domain, &bus, &device) != 3)
			continue;
		for (size_t i = 0; i < t->pci.n; i++)
			if (t->pci.at[i].address >> 3 == BDF(domain, bus, device, 0) >> 3) {
				t->pci.at[i].slot = arena_strdup(&t->arena, tree_name(tree, e));
				break;
			}
	}
}
