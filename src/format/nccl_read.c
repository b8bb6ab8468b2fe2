/* SPDX-License-Identifier: Apache-2.0 */

/* What a topology file says, and what follows from it: CPUs from affinities, adapters' names from <net>. */

#include "nccl.h"
#include "types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char derived[] =
	"Made of a topology file for NCCL, which tells GPUs, network adapters, the upper ends of switches and the CPUs\n"
	"near them. Guessed: a package for each node, two threads a core where its CPUs are two equal runs; root ports,\n"
	"lower ports of switches, and their bus numbers.";

struct reader_of_nccl {
	struct arena *a;
	struct document *doc;
	struct err *err;
	struct idset cpus, nodes; /* so far */
	uint32_t mask_bits;	  /* of the widest affinity */
	nccl_parts parts;
};

/* --- CPUs ------------------------------------------------------------------------------------------------ */

/* Two runs of one length, as x86 numbers the threads of a node's cores. */
static bool is_two_threads(const struct idset *cpus)
{
	uint32_t n = idset_count(cpus), half = n / 2, at = 0;
	int64_t distance = n % 2 || !n ? 0 : idset_nth(cpus, half) - idset_next(cpus, 0), last = -1;
	if (distance <= (int64_t)half)
		return false;
	int64_t first = idset_next(cpus, 0);
	IDSET_EACH (cpu, cpus) {
		int64_t expected = at < half ? first + at : first + distance + (at - half);
		if (cpu != expected || cpu <= last)
			return false;
		last = cpu;
		at++;
	}
	return true;
}

static int read_cpus(struct reader_of_nccl *r, const struct nccl_element *e, struct idset *cpus)
{
	const char *affinity = nccl_attr(e, "affinity");
	if (!affinity || !*affinity)
		return 0;
	if (!idset_parse_mask(r->a, affinity, TOPO_MAX_CPU, cpus))
		return nccl_wrong(r->err, e,
				  "affinity: expected a mask of CPUs such as \"ffff,ffffffff\", got \"%.60s\"",
				  affinity);
	if (idset_meets(cpus, &r->cpus))
		return nccl_wrong(r->err, e, "affinity: it has CPUs of an earlier one");
	idset_add_all(r->a, &r->cpus, cpus);
	if (idset_mask_bits(affinity) > r->mask_bits)
		r->mask_bits = idset_mask_bits(affinity);
	return 0;
}

/* NCCL's arithmetic backwards; files written by hand have the family itself. */
static long family_of_nccl(long family)
{
	return family > 15 && (family - 15) % 16 == 0 ? 15 + (family - 15) / 16 : family;
}

static void add_info(struct reader_of_nccl *r, const char *key, const char *value)
{
	if (topo_map_get(&r->doc->topo.cpuinfo, key) || has_control_characters(value))
		return;
	*LIST_ADD(r->a, &r->doc->topo.cpuinfo) = (struct pair){ key, value };
}

static const struct {
	const char *name, *arch;
} archs[] = { { "x86_64", "x86_64" }, { "arm64", "aarch64" }, { "ppc64", "ppc64le" } };

static int read_processor(struct reader_of_nccl *r, const struct nccl_element *e)
{
	const char *arch = nccl_attr(e, "arch"), *vendor = nccl_attr(e, "vendor"), *family = nccl_attr(e, "familyid"),
		   *model = nccl_attr(e, "modelid");
	size_t i = 0;
	while (arch && i < sizeof archs / sizeof *archs && strcmp(archs[i].name, arch))
		i++;
	if (i == sizeof archs / sizeof *archs)
		return nccl_wrong(r->err, e, "arch: NCCL knows x86_64, arm64 and ppc64, not \"%.40s\"", arch);
	r->doc->topo.arch = archs[i].arch;
	if (vendor)
		add_info(r, "vendor_id", vendor);
	if (family)
		add_info(r, "cpu family", arena_printf(r->a, "%ld", family_of_nccl(strtol(family, NULL, 0))));
	if (model)
		add_info(r, "model", arena_printf(r->a, "%ld", strtol(model, NULL, 0)));
	return 0;
}

static void add_package(struct reader_of_nccl *r, const struct idset *cpus)
{
	struct doc_group *package = LIST_ADD(r->a, &r->doc->packages);
	table_init(&package_table, package);
	package->cpus = *cpus;
	if (is_two_threads(cpus))
		package->cores.count = idset_count(cpus) / 2;
}

static int read_node(struct reader_of_nccl *r, const struct nccl_element *e, int32_t *node)
{
	const char *text = nccl_attr(e, "numaid");
	char *end;
	long id = text ? strtol(text, &end, 10) : 0;
	if (text && (end == text || *end || id < -1 || id > TOPO_MAX_NODE))
		return nccl_wrong(r->err, e, "numaid: expected -1 to %d, got \"%.40s\"", TOPO_MAX_NODE, text);
	*node = (int32_t)id;
	if (id >= 0 && idset_has(&r->nodes, (uint32_t)id))
		return nccl_wrong(r->err, e, "numaid: node %ld is there already", id);
	if (id >= 0)
		idset_add(r->a, &r->nodes, (uint32_t)id);
	return 0;
}

/* --- functions ------------------------------------------------------------------------------------------- */

static uint16_t read_id(const struct nccl_element *e, const char *name)
{
	const char *text = nccl_attr(e, name);
	return text ? (uint16_t)strtoul(text, NULL, 16) : 0;
}

/* "32.0 GT/s PCIe", "32 GT/s": tenths; what NCCL does not know it takes for 8 GT/s, as "". */
static uint32_t read_speed(const char *text)
{
	static const uint32_t speeds[] = { 25, 50, 80, 160, 320, 640, 1280 };
	double speed = text ? strtod(text, NULL) * 10 : 0;
	for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
		if (speed > speeds[i] - 0.5 && speed < speeds[i] + 0.5)
			return speeds[i];
	return 0;
}

static void read_link(const struct nccl_element *e, struct nccl_part *part)
{
	const char *width = nccl_attr(e, "link_width");
	long lanes = width ? strtol(width, NULL, 0) : 0;
	/* 0 is what NCCL finds without a port above it, or without PCIe */
	part->has_width = !width || (lanes > 0 && lanes <= 32);
	const char *speed = nccl_attr(e, "link_speed");
	part->doc.pci.link.speed = read_speed(speed);
	/* the kernel's word for a link of PCIe that is none */
	if (topo_same_text(speed, "Unknown"))
		part->doc.pci.type = part->below.n ? PCIE_UPSTREAM : PCIE_ENDPOINT;
	if (part->doc.pci.link.speed)
		part->doc.pci.link.width = lanes > 0 && lanes <= 32 ? (uint32_t)lanes : 16;
}

/* The network interface that an adapter is to InfiniBand, port 1 and on, or to sockets. */
static void read_net(struct reader_of_nccl *r, const struct nccl_element *e, struct nccl_part *part)
{
	enum { RATES = 6 };
	static const struct {
		long mbps;
		const char *rate;
	} rates[RATES] = { { 40000, "40 Gb/sec (4X QDR)" },   { 56000, "56 Gb/sec (4X FDR)" },
			   { 100000, "100 Gb/sec (4X EDR)" }, { 200000, "200 Gb/sec (4X HDR)" },
			   { 400000, "400 Gb/sec (4X NDR)" }, { 800000, "800 Gb/sec (4X XDR)" } };
	const char *name = nccl_attr(e, "name"), *port = nccl_attr(e, "port"), *speed = nccl_attr(e, "speed");
	long mbps = speed ? strtol(speed, NULL, 10) : 0;
	if (!name || not_a_name(name))
		return;
	if (!port || strtol(port, NULL, 10) < 1) {
		struct net *net = LIST_ADD(r->a, &part->doc.net);
		table_init(&net_table, net);
		net->name = name;
		if (mbps > 0 && mbps <= INT32_MAX)
			net->speed_mbps = mbps;
		return;
	}
	struct infiniband *device = LIST_ADD(r->a, &part->doc.infiniband);
	table_init(&infiniband_table, device);
	device->name = name;
	struct ib_port *one = LIST_ADD(r->a, &device->ports);
	table_init(&port_table, one);
	for (size_t i = 0; i < RATES; i++)
		if (rates[i].mbps == mbps)
			one->rate = rates[i].rate;
}

static void read_switch_link(struct reader_of_nccl *r, const struct nccl_element *e, const struct nccl_part *part)
{
	const char *target = nccl_attr(e, "target");
	uint64_t address;
	if (!target || bdf_parse(target, 0, &address))
		return;
	*LIST_ADD(r->a, &r->doc->topo.extras) = (struct extra){
		.kind = EXTRA_DIR, .data = "",
		.path = arena_printf(r->a, "/sys/kernel/pci_switch_link/virtual_switch_links/%s/%s",
				     bdf_text(r->a, part->address), bdf_text(r->a, address)),
	};
}

static int read_class(struct reader_of_nccl *r, const struct nccl_element *e, struct nccl_part *part)
{
	const char *text = nccl_attr(e, "class");
	uint64_t class = 0;
	if (part->below.n)
		class = 0x060400;
	else if (text && (strncmp(text, "0x", 2) || !hex_parse(text + 2, 6, &class)))
		return nccl_wrong(r->err, e, "class: expected one such as \"0x030200\", got \"%.40s\"", text);
	for (size_t i = 0; i < e->children.n && !text && !class; i++)
		class = !strcmp(e->children.at[i]->name, "gpu") ? 0x030200 : 0x020000;
	if (!text && !class)
		return nccl_wrong(r->err, e, "class: it is missing");
	/* "0x03" is a class to NCCL, which compares how it begins */
	size_t digits = text && !part->below.n ? strspn(text + 2, "0123456789abcdefABCDEF") : 6;
	part->doc.pci.class = (uint32_t)class << (digits < 6 ? 4 * (6 - digits) : 0);
	return 0;
}

static int read_function(struct reader_of_nccl *r, const struct nccl_element *e, int32_t node, struct nccl_part **ret);

static int read_below(struct reader_of_nccl *r, const struct nccl_element *e, struct nccl_part *part)
{
	for (size_t i = 0; i < e->children.n; i++) {
		const struct nccl_element *child = e->children.at[i];
		struct nccl_part *below = NULL;
		if (!strcmp(child->name, "pci") && read_function(r, child, part->node, &below))
			return -EINVAL;
		if (below)
			*LIST_ADD(r->a, &part->below) = below;
		if (!strcmp(child->name, "pcilink"))
			read_switch_link(r, child, part);
		for (size_t k = 0; !strcmp(child->name, "nic") && k < child->children.n; k++)
			read_net(r, child->children.at[k], part);
	}
	return 0;
}

/* A switch with nothing below has no meaning for NCCL, and none here. */
static int read_function(struct reader_of_nccl *r, const struct nccl_element *e, int32_t node, struct nccl_part **ret)
{
	enum { NVIDIA = 0x10de, AMD = 0x1002 };
	const char *busid = nccl_attr(e, "busid");
	struct nccl_part *part = arena_alloc(r->a, sizeof *part);
	table_init(&function_table, &part->doc);
	part->element = e;
	part->node = node;
	if (!busid)
		return nccl_wrong(r->err, e, "busid: it is missing");
	if (strlen(busid) != 12 || bdf_parse(busid, 0, &part->address))
		return nccl_wrong(r->err, e,
				  "busid: expected an address of 12 characters such as \"0000:3b:00.0\", got \"%.40s\"",
				  busid);
	if (read_below(r, e, part) || read_class(r, e, part))
		return -EINVAL;
	struct pci *pci = &part->doc.pci;
	pci->vendor = read_id(e, "vendor");
	pci->device = read_id(e, "device");
	pci->subsystem_vendor = read_id(e, "subsystem_vendor");
	pci->subsystem_device = read_id(e, "subsystem_device");
	if (!pci->vendor && pci->class >> 16 == 0x03)
		pci->vendor = NVIDIA;
	if (!pci->vendor && pci->class >> 16 == 0x12)
		pci->vendor = AMD;
	read_link(e, part);
	*ret = pci->class >> 8 == 0x0604 && !part->below.n ? NULL : part;
	return 0;
}

/* --- the document ---------------------------------------------------------------------------------------- */

static int read_cpu(struct reader_of_nccl *r, const struct nccl_element *e)
{
	struct idset cpus = { 0 };
	int32_t id = TOPO_UNKNOWN;
	if (read_node(r, e, &id) || read_cpus(r, e, &cpus) || read_processor(r, e))
		return -EINVAL;
	if (!idset_is_empty(&cpus))
		add_package(r, &cpus);
	if (id >= 0) {
		struct doc_node *node = LIST_ADD(r->a, &r->doc->nodes);
		table_init(&node_table, node);
		idset_add(r->a, &node->ids, (uint32_t)id);
		node->node.cpus = cpus;
	}
	for (size_t i = 0; i < e->children.n; i++) {
		struct nccl_part *part = NULL;
		if (!strcmp(e->children.at[i]->name, "pci") && read_function(r, e->children.at[i], id, &part))
			return -EINVAL;
		if (part)
			*LIST_ADD(r->a, &r->parts) = part;
	}
	return 0;
}

/* NCCL takes the affinity from /sys where its file has none: then there is one CPU for each node. */
static void add_unknown_cpus(struct reader_of_nccl *r)
{
	if (r->doc->packages.n)
		return;
	for (size_t i = 0; i < r->doc->nodes.n || !i; i++) {
		struct idset cpu = { 0 };
		idset_add(r->a, &cpu, (uint32_t)i);
		add_package(r, &cpu);
		if (i < r->doc->nodes.n)
			r->doc->nodes.at[i].node.cpus = cpu;
	}
}

static int read_system(struct reader_of_nccl *r, const struct nccl_element *system, struct buf *notes)
{
	buf_puts(notes, derived);
	for (size_t i = 0; i < system->children.n; i++)
		if (read_cpu(r, system->children.at[i]))
			return -EINVAL;
	add_unknown_cpus(r);
	/* wider than these CPUs need: there are others, or may be */
	if (r->mask_bits >= idset_last(&r->cpus) + 5)
		r->doc->topo.mask_bits = r->mask_bits;
	const char *name = nccl_attr(system, "name");
	if (name && !not_a_name(name))
		r->doc->topo.name = name;
	if (nccl_number(&r->parts, r->a, r->doc, notes, r->err))
		return -EINVAL;
	r->doc->topo.comment = arena_strdup(r->a, buf_text(notes));
	return 0;
}

int nccl_read(const char *bytes, size_t len, struct topo *ret, struct err *err)
{
	_cleanup_topo_ struct topo topo = { 0 };
	_cleanup_buf_ struct buf notes = { 0 };
	const struct nccl_element *system;
	struct document doc;
	table_init(&document_table, &doc);
	struct reader_of_nccl r = { .a = &topo.arena, .doc = &doc, .err = err };
	if (nccl_scan(bytes, len, &topo.arena, &system, err) || read_system(&r, system, &notes) ||
	    expand(&doc, &topo, err))
		return -EINVAL;
	*ret = topo;
	topo = (struct topo){ 0 };
	return 0;
}
