/* SPDX-License-Identifier: Apache-2.0 */

/* The guest that a domain of libvirt's QEMU driver makes, as programs in it will see it. */

#include "libvirt_domain.h"
#include "types.h"

#include <errno.h>
#include <string.h>

static const char derived[] =
	"Made of a domain of libvirt: nodes, CPUs in the order in which QEMU numbers them, and PCI functions with the\n"
	"bus numbers that firmware gives them. Of the host's functions, it does not tell what they are.";

/* --- CPUs ------------------------------------------------------------------------------------------------ */

static int read_vcpus(struct domain_reader *r)
{
	const xmlNode *vcpu = xml_child(r->root, "vcpu"), *topology = xml_find(r->root, "cpu/topology");
	const char *text = vcpu ? xml_text(vcpu, &r->t->arena) : "1";
	uint64_t n, current, of[5] = { 1, 1, 1, 1, 1 }, product = 1;
	static const char *const names[5] = { "sockets", "dies", "clusters", "cores", "threads" };
	if (xml_parse_number(vcpu ? vcpu : r->root, "vcpu", text, TOPO_MAX_CPU + 1, &n, r->err))
		return -EINVAL;
	current = n;
	if (!n)
		return xml_wrong(vcpu, r->err, "a domain has at least one");
	if (vcpu && xml_number(vcpu, "current", n, &current, r->err))
		return -EINVAL;
	if (!current)
		return xml_wrong(vcpu, r->err, "current: one at least runs");
	of[0] = topology ? 1 : n;
	for (size_t i = 0; i < 5; i++) {
		if (topology && xml_number(topology, names[i], TOPO_MAX_CPU + 1, &of[i], r->err))
			return -EINVAL;
		product = product * of[i] > TOPO_MAX_CPU + 1 ? TOPO_MAX_CPU + 2 : product * of[i];
	}
	if (product != n)
		return xml_wrong(
			topology, r->err,
			"sockets, dies, clusters, cores and threads do not multiply to the domain's %llu vCPUs",
			(unsigned long long)n);
	r->cpus = (struct guest_cpus){ current, n, of[0], of[1], of[2], of[3], of[4] };
	struct topo *t = &r->doc.topo;
	idset_add_range(&r->t->arena, &t->possible, 0, (uint32_t)n - 1);
	idset_add_range(&r->t->arena, &t->present, 0, (uint32_t)current - 1);
	t->online = t->present;
	return 0;
}

/* --- nodes ----------------------------------------------------------------------------------------------- */

/* Memory modules, which the guest's kernel puts online. */
static int add_modules(struct domain_reader *r)
{
	XML_EACH (memory, xml_child(r->root, "devices"), "memory") {
		const xmlNode *target = xml_child(memory, "target"), *on = xml_child(target, "node");
		uint64_t at = 0, size_k;
		if (!xml_attr_is(memory, "model", "dimm"))
			continue;
		if ((on && xml_parse_number(on, "node", xml_text(on, &r->t->arena), TOPO_MAX_NODE, &at, r->err)) ||
		    libvirt_memory(xml_child(target, "size"), &size_k, r->err))
			return -EINVAL;
		struct node *node = (struct node *)topo_node(r->t, (uint32_t)at);
		if (!node || node->memory_k + size_k < node->memory_k)
			return xml_wrong(on ? on : memory, r->err, "there is no cell %u with room for it",
					 (unsigned)at);
		node->memory_k += size_k;
	}
	return 0;
}

/* Also with <memory> inside, as for cells of the host. */
static int read_cell_memory(struct domain_reader *r, const xmlNode *cell, uint64_t *memory_k)
{
	const char *text = xml_attr(cell, "memory", &r->t->arena);
	uint64_t bytes;
	if (!text && !xml_child(cell, "memory"))
		return xml_wrong(cell, r->err, "memory: it is missing");
	if (!text)
		return libvirt_memory(xml_child(cell, "memory"), memory_k, r->err);
	if (libvirt_scale(cell, "memory", text, xml_attr(cell, "unit", &r->t->arena), &bytes, r->err))
		return -EINVAL;
	*memory_k = bytes / 1024 + !!(bytes % 1024);
	return 0;
}

static int read_cell(struct domain_reader *r, const xmlNode *cell, int32_t place, struct idset *nodes,
		     struct idset *seen)
{
	struct doc_node *node = LIST_ADD(&r->t->arena, &r->doc.nodes);
	int32_t id = place;
	table_init(&node_table, node);
	if (xml_id(cell, "id", TOPO_MAX_NODE, &id, r->err) || read_cell_memory(r, cell, &node->node.memory_k) ||
	    xml_list(cell, "cpus", TOPO_MAX_CPU, &r->t->arena, &node->node.cpus, r->err) ||
	    libvirt_side_caches(cell, &node->node, &r->t->arena, r->err))
		return -EINVAL;
	if (idset_has(nodes, (uint32_t)id))
		return xml_wrong(cell, r->err, "id: cell %d is there already", id);
	if (idset_meets(seen, &node->node.cpus))
		return xml_wrong(cell, r->err, "cpus: it has vCPUs of an earlier cell");
	if (!idset_within(&node->node.cpus, &r->doc.topo.possible))
		return xml_wrong(cell, r->err, "cpus: the domain has %zu vCPUs", r->cpus.max);
	idset_add(&r->t->arena, &node->ids, (uint32_t)id);
	idset_add(&r->t->arena, nodes, (uint32_t)id);
	idset_add_all(&r->t->arena, seen, &node->node.cpus);
	return 0;
}

/* Without cells, the guest's kernel makes one node of all. */
static int read_only_cell(struct domain_reader *r)
{
	struct doc_node *node = LIST_ADD(&r->t->arena, &r->doc.nodes);
	const xmlNode *memory = xml_child(r->root, "memory");
	table_init(&node_table, node);
	node->node.cpus = r->doc.topo.possible;
	if (!memory)
		return xml_wrong(r->root, r->err, "it has no <memory>");
	return libvirt_memory(memory, &node->node.memory_k, r->err);
}

/* What is in no cell is on the first one. */
static int read_cells(struct domain_reader *r, const xmlNode *numa)
{
	struct idset seen = { 0 }, nodes = { 0 };
	int32_t place = 0;
	XML_EACH (cell, numa, "cell")
		if (read_cell(r, cell, place++, &nodes, &seen))
			return -EINVAL;
	if (!place)
		return read_only_cell(r);
	struct idset rest = idset_dup(&r->t->arena, &r->doc.topo.possible);
	idset_remove_all(&rest, &seen);
	for (size_t i = 0; i < r->doc.nodes.n; i++)
		if (idset_has(&r->doc.nodes.at[i].ids, 0))
			idset_add_all(&r->t->arena, &r->doc.nodes.at[i].node.cpus, &rest);
	return 0;
}

/* --- the host -------------------------------------------------------------------------------------------- */

static int read_pins(struct domain_reader *r, struct idset *pins)
{
	struct idset otherwise = { 0 };
	const xmlNode *vcpu = xml_child(r->root, "vcpu");
	if (vcpu && xml_list(vcpu, "cpuset", TOPO_MAX_CPU, &r->t->arena, &otherwise, r->err))
		return -EINVAL;
	for (size_t i = 0; i < r->cpus.max; i++)
		pins[i] = otherwise;
	XML_EACH (pin, xml_child(r->root, "cputune"), "vcpupin") {
		int32_t id = TOPO_UNKNOWN;
		if (xml_id(pin, "vcpu", TOPO_MAX_CPU, &id, r->err))
			return -EINVAL;
		if (id == TOPO_UNKNOWN)
			return xml_wrong(pin, r->err, "vcpu: it is missing");
		struct idset unused = { 0 }, *to = (size_t)id < r->cpus.max ? &pins[id] : &unused;
		if (xml_list(pin, "cpuset", TOPO_MAX_CPU, &r->t->arena, to, r->err))
			return -EINVAL;
	}
	return 0;
}

/* A line for all of a node that run on the same CPUs. */
static void add_pins(struct domain_reader *r, const struct node *node, struct idset *pins)
{
	IDSET_EACH (first, &node->cpus) {
		struct idset host = pins[first], cpus = { 0 };
		if (idset_is_empty(&host) || !idset_has(&r->t->present, (uint32_t)first))
			continue;
		IDSET_EACH (id, &node->cpus) {
			if (!idset_equal(&pins[id], &host) || !idset_has(&r->t->present, (uint32_t)id))
				continue;
			idset_add(&r->t->arena, &cpus, (uint32_t)id);
			pins[id] = (struct idset){ 0 };
		}
		*LIST_ADD(&r->t->arena, &r->t->plan.cpus) = (struct planned_cpus){ cpus, host };
	}
}

static int read_cputune(struct domain_reader *r)
{
	struct idset *pins = arena_alloc(&r->t->arena, r->cpus.max * sizeof *pins);
	if (read_pins(r, pins))
		return -EINVAL;
	for (size_t i = 0; i < r->t->nodes.n; i++)
		add_pins(r, &r->t->nodes.at[i], pins);
	return 0;
}

static int read_numatune(struct domain_reader *r)
{
	const xmlNode *tune = xml_child(r->root, "numatune"), *memory = xml_child(tune, "memory");
	struct idset all = { 0 }, *hosts = arena_alloc(&r->t->arena, r->t->nodes.n * sizeof *hosts);
	if (memory && xml_list(memory, "nodeset", TOPO_MAX_NODE, &r->t->arena, &all, r->err))
		return -EINVAL;
	for (size_t i = 0; i < r->t->nodes.n; i++)
		hosts[i] = all;
	XML_EACH (memnode, tune, "memnode") {
		int32_t id = TOPO_UNKNOWN;
		if (xml_id(memnode, "cellid", TOPO_MAX_NODE, &id, r->err))
			return -EINVAL;
		const struct node *node = id < 0 ? NULL : topo_node(r->t, (uint32_t)id);
		if (!node)
			return xml_wrong(memnode, r->err, "cellid: there is no such cell");
		if (xml_list(memnode, "nodeset", TOPO_MAX_NODE, &r->t->arena, &hosts[node - r->t->nodes.at], r->err))
			return -EINVAL;
	}
	for (size_t i = 0; i < r->t->nodes.n; i++) {
		struct planned_nodes planned = { .host = hosts[i] };
		if (idset_is_empty(&planned.host) || !r->t->nodes.at[i].memory_k)
			continue;
		idset_add(&r->t->arena, &planned.nodes, r->t->nodes.at[i].id);
		*LIST_ADD(&r->t->arena, &r->t->plan.nodes) = planned;
	}
	return 0;
}

/* topofs plan calls the guest of a host HOST-guest. */
static void name_host(struct domain_reader *r)
{
	static const char ending[] = "-guest";
	const char *name = r->t->name;
	size_t len = name ? strlen(name) : 0, n = strlen(ending);
	if (!r->t->plan.cpus.n && !r->t->plan.nodes.n && !r->t->plan.devices.n)
		return;
	r->t->plan.host =
		len > n && !strcmp(name + len - n, ending) ? arena_strndup(&r->t->arena, name, len - n) : "host";
}

/* --- the domain ------------------------------------------------------------------------------------------ */

static void read_machine(struct domain_reader *r)
{
	const xmlNode *type = xml_find(r->root, "os/type");
	const char *arch = xml_attr(type, "arch", &r->t->arena), *machine = xml_attr(type, "machine", &r->t->arena);
	const char *name = xml_text(xml_child(r->root, "name"), &r->t->arena);
	struct topo *t = &r->doc.topo;
	if (arch && !not_a_name(arch))
		t->arch = arch;
	if (name && !not_a_name(name))
		t->name = name;
	r->vm = virtual_machine_of(t->arch);
	if (!r->vm || (machine && !virtual_machine_is(r->vm, machine))) {
		buf_printf(r->notes, "\nNot known: what the machine %.60s brings of its own.",
			   machine ? machine : t->arch);
		r->vm = NULL;
		return;
	}
	*LIST_ADD(&r->t->arena, &t->dmi) = (struct pair){ "sys_vendor", "QEMU" };
	*LIST_ADD(&r->t->arena, &t->dmi) = (struct pair){ "product_name", r->vm->product };
}

static int read_domain(struct domain_reader *r)
{
	const xmlNode *numa = xml_find(r->root, "cpu/numa");
	struct idset others = { 0 };
	if (strcmp((const char *)r->root->name, "domain"))
		return xml_wrong(r->root, r->err, "expected <domain>");
	read_machine(r);
	if (read_vcpus(r) || read_cells(r, numa) || libvirt_read_devices(r) || expand(&r->doc, r->t, r->err))
		return -EINVAL;
	for (size_t i = 0; i < r->t->cpus.n; i++)
		guest_place_cpu(&r->t->cpus.at[i], &r->cpus, r->t->arch);
	if (add_modules(r) || libvirt_distances(numa, r->t, &others, r->err) ||
	    libvirt_interconnects(numa, r->t, r->err) || read_cputune(r) || read_numatune(r) ||
	    libvirt_read_hostdevs(r))
		return -EINVAL;
	int64_t other = idset_next(&others, 0);
	if (other != IDSET_NONE)
		return xml_wrong(numa, r->err, "distances: there is no cell %d", (int)other);
	name_host(r);
	r->t->comment = arena_strdup(&r->t->arena, buf_text(r->notes));
	return 0;
}

int libvirt_domain_read(const char *bytes, size_t len, struct topo *ret, struct err *err)
{
	_cleanup_xml_ xmlDoc *xml = NULL;
	_cleanup_buf_ struct buf notes = { 0 };
	_cleanup_topo_ struct topo topo = { 0 };
	if (xml_parse(bytes, len, &xml, err))
		return -EINVAL;
	struct domain_reader r = { .t = &topo, .root = xmlDocGetRootElement(xml), .notes = &notes, .err = err };
	table_init(&document_table, &r.doc);
	buf_puts(&notes, derived);
	if (read_domain(&r))
		return -EINVAL;
	*ret = topo;
	topo = (struct topo){ 0 };
	return 0;
}
