/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The command line of a Cloud Hypervisor that makes a planned guest: docs/cpu.md, docs/memory.md and docs/vfio.md of
 * Cloud Hypervisor. It has no ports and no switches: each host bridge is a PCI segment with one bus, on which the
 * functions are side by side, so that they have other addresses than in the plan, but are on the same nodes.
 */

#include "guest.h"

#include "topofs/format.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	MAX_SEGMENTS = 96,
	PLACES_OF_SEGMENT = 31, /* the first is the host bridge */
	PLACES_TAKEN = 2,	/* of segment 0: a console, a random number generator */
};

struct command {
	const struct topo *t;
	struct guest_cpus cpus;
	struct buf *out;
	struct err *err;
	struct arena a;
	LIST_OF(const struct pci *) given; /* functions of the host */
};

#define ARGUMENT " \\\n    "

/* --- what cannot be -------------------------------------------------------------------------------------- */

static int cannot_node(struct command *c, uint32_t node, const char *why)
{
	return err_set(c->err, arena_printf(&c->a, "node %u", node), "%s", why);
}

static int cannot_function(struct command *c, const struct pci *pci, const char *why)
{
	return err_set(c->err, arena_printf(&c->a, "pci %s", bdf_text(&c->a, pci->address)), "%s", why);
}

static int check_cpus(struct command *c)
{
	if (guest_cpus(c->t, &c->cpus, c->err))
		return -EINVAL;
	size_t other = guest_out_of_order(c->t, &c->cpus);
	if (other < c->t->cpus.n)
		return err_set(c->err, arena_printf(&c->a, "cpu %zu", other),
			       "Cloud Hypervisor numbers CPUs core after core and package after package: plan with "
			       "--numbering packed");
	return c->cpus.clusters == 1 ? 0 : err_set(c->err, "cpu", "Cloud Hypervisor has no clusters");
}

static int check_nodes(struct command *c)
{
	for (size_t i = 0; i < c->t->nodes.n; i++) {
		const struct node *node = &c->t->nodes.at[i];
		const struct idset *host = guest_host_nodes(c->t, node->id);
		if (guest_has_memory(node) && host && idset_count(host) != 1)
			return cannot_node(
				c, node->id,
				"Cloud Hypervisor binds memory to one node of the host, and this is of several");
		if (!guest_has_memory(node) && idset_is_empty(&node->cpus) && guest_initiator(c->t, i) == BDF_NONE)
			return cannot_node(
				c, node->id,
				"Cloud Hypervisor has nodes with CPUs, memory or a device, and this has none");
		if (node->memory_side_caches.n || node->access.n)
			return cannot_node(c, node->id,
					   "Cloud Hypervisor does not tell how well memory is reached (HMAT)");
		for (size_t k = 0; k < c->t->nodes.n; k++)
			if (i == k ? topo_distance(c->t, i, k) != 10 : topo_distance(c->t, i, k) < 10)
				return cannot_node(c, node->id, "a distance to itself is 10, and to others 10 to 255");
	}
	return guest_memory_k(c->t) ? 0 : err_set(c->err, "memory", "a guest has some");
}

/* --- functions ------------------------------------------------------------------------------------------- */

/* The place of the host bridge that a function is below: its segment. */
static size_t segment_of(const struct topo *t, const struct pci *pci)
{
	size_t i = 0;
	while (i < t->roots.n && ((uint64_t)t->roots.at[i].domain << 8 | t->roots.at[i].bus) != pci->root)
		i++;
	return i;
}

static int find_function(struct command *c, const struct pci *pci, const struct virtual_machine *vm)
{
	const struct emulated *like = emulated_like(pci);
	if ((vm && guest_is_chipset(vm, pci)) || like == &emulated[EMULATED_EXPANDER] ||
	    like == &emulated[EMULATED_ROOT_PORT])
		return 0;
	if (like == &emulated[EMULATED_UPSTREAM] || like == &emulated[EMULATED_DOWNSTREAM])
		return cannot_function(c, pci, "Cloud Hypervisor has no switches: plan with --group node or root");
	if (guest_host_function(c->t, pci->address) == BDF_NONE)
		return cannot_function(c, pci, "no plan says which of the host's functions it is");
	if (c->t->nodes.n > 1 && pci->node == TOPO_UNKNOWN)
		return cannot_function(c, pci, "it is on no node, and Cloud Hypervisor has its bus on node 0");
	size_t segment = segment_of(c->t, pci);
	if (pci->node != TOPO_UNKNOWN && pci->node != (segment ? c->t->roots.at[segment].node : 0))
		return cannot_function(c, pci,
				       segment ? "it is on another node than its host bridge"
					       : "Cloud Hypervisor has the first bus on node 0");
	*LIST_ADD(&c->a, &c->given) = pci;
	return 0;
}

/* Functions given are named dev0, dev1 ... */
static size_t number_of(const struct command *c, uint64_t address)
{
	size_t i = 0;
	while (i < c->given.n && c->given.at[i]->address != address)
		i++;
	return i;
}

static int find_functions(struct command *c)
{
	size_t n[MAX_SEGMENTS] = { PLACES_TAKEN };
	if (c->t->roots.n > MAX_SEGMENTS)
		return err_set(c->err, "pci",
			       "Cloud Hypervisor has at most %d PCI segments, and there are %zu host bridges",
			       MAX_SEGMENTS, c->t->roots.n);
	for (size_t i = 0; i < c->t->pci.n; i++)
		if (find_function(c, &c->t->pci.at[i], virtual_machine_of(c->t->arch)))
			return -EINVAL;
	for (size_t i = 0; i < c->given.n; i++)
		if (++n[segment_of(c->t, c->given.at[i])] > PLACES_OF_SEGMENT)
			return cannot_function(c, c->given.at[i],
					       "a segment of Cloud Hypervisor has 31 places, and the first 29");
	for (size_t i = 0; i < c->t->nodes.n; i++) {
		uint64_t initiator = guest_initiator(c->t, i);
		if (initiator != BDF_NONE && number_of(c, initiator) == c->given.n)
			return cannot_node(c, c->t->nodes.at[i].id,
					   "its device is none of those that the guest is given");
	}
	return 0;
}

/* --- the command ----------------------------------------------------------------------------------------- */

/* A list of more than one value stands in brackets. */
static void put_list(struct command *c, const struct idset *set)
{
	bool several = idset_count(set) > 1;
	buf_puts(c->out, several ? "[" : "");
	idset_print_list(set, c->out);
	buf_puts(c->out, several ? "]" : "");
}

static void put_cpus(struct command *c)
{
	const struct guest_cpus *cpus = &c->cpus;
	const char *comma = "";
	buf_printf(c->out, "cloud-hypervisor --cpus 'boot=%zu", cpus->n);
	if (cpus->max > cpus->n)
		buf_printf(c->out, ",max=%zu", cpus->max);
	buf_printf(c->out, ",topology=%zu:%zu:%zu:%zu", cpus->threads, cpus->cores, cpus->dies, cpus->packages);
	for (uint32_t cpu = 0; cpu < cpus->n; cpu++) {
		const struct idset *host = guest_host_cpus(c->t, cpu);
		if (!host)
			continue;
		buf_printf(c->out, "%s%u@[", *comma ? comma : ",affinity=[", cpu);
		idset_print_list(host, c->out);
		buf_putc(c->out, ']');
		comma = ",";
	}
	buf_puts(c->out, *comma ? "]'" : "'");
}

static void put_memory(struct command *c)
{
	if (!c->t->nodes.n) {
		buf_printf(c->out, ARGUMENT "--memory size=%lluK", (unsigned long long)c->t->memory_k);
		return;
	}
	buf_puts(c->out, ARGUMENT "--memory size=0" ARGUMENT "--memory-zone");
	for (size_t i = 0; i < c->t->nodes.n; i++) {
		const struct node *node = &c->t->nodes.at[i];
		const struct idset *host = guest_host_nodes(c->t, node->id);
		if (!guest_has_memory(node))
			continue;
		buf_printf(c->out, ARGUMENT "    id=mem%u,size=%lluK", node->id, (unsigned long long)node->memory_k);
		if (host)
			buf_printf(c->out, ",host_numa_node=%u", (unsigned)idset_next(host, 0));
	}
}

static void put_node(struct command *c, size_t i)
{
	const struct node *node = &c->t->nodes.at[i];
	uint64_t initiator = guest_initiator(c->t, i);
	struct idset segments = { 0 };
	buf_printf(c->out, ARGUMENT "    'guest_numa_id=%u", node->id);
	if (!idset_is_empty(&node->cpus)) {
		buf_puts(c->out, ",cpus=");
		put_list(c, &node->cpus);
	}
	for (size_t k = 0, n = 0; k < c->t->nodes.n; k++)
		if (k != i)
			buf_printf(c->out, "%s%u@%u", n++ ? "," : ",distances=[", c->t->nodes.at[k].id,
				   topo_distance(c->t, i, k));
	buf_puts(c->out, c->t->nodes.n > 1 ? "]" : "");
	if (guest_has_memory(node))
		buf_printf(c->out, ",memory_zones=mem%u", node->id);
	for (size_t k = 1; k < c->t->roots.n; k++)
		if (c->t->roots.at[k].node == (int32_t)node->id)
			idset_add(&c->a, &segments, (uint32_t)k);
	if (!idset_is_empty(&segments)) {
		buf_puts(c->out, ",pci_segments=");
		put_list(c, &segments);
	}
	if (initiator != BDF_NONE)
		buf_printf(c->out, ",device_id=dev%zu", number_of(c, initiator));
	buf_putc(c->out, '\'');
}

static void put_devices(struct command *c)
{
	if (c->t->roots.n > 1)
		buf_printf(c->out, ARGUMENT "--platform num_pci_segments=%zu", c->t->roots.n);
	if (c->given.n)
		buf_puts(c->out, ARGUMENT "--device");
	for (size_t i = 0; i < c->given.n; i++) {
		buf_puts(c->out, ARGUMENT "    path=/sys/bus/pci/devices/");
		bdf_print(guest_host_function(c->t, c->given.at[i]->address), c->out);
		buf_printf(c->out, "/,id=dev%zu,pci_segment=%zu", i, segment_of(c->t, c->given.at[i]));
	}
}

static int cloud_hypervisor_write(const struct topo *t, struct buf *out, struct err *err)
{
	struct command c = { .t = t, .out = out, .err = err };
	bool x86 = !strcmp(t->arch, "x86_64"), arm = !strcmp(t->arch, "aarch64");
	int failed = !x86 && !arm ? err_set(err, "cpu.arch", "Cloud Hypervisor has x86_64 and aarch64, not %s", t->arch)
				  : check_cpus(&c) || check_nodes(&c) || find_functions(&c);
	if (!failed) {
		put_cpus(&c);
		put_memory(&c);
		buf_puts(out, t->nodes.n ? ARGUMENT "--numa" : "");
		for (size_t i = 0; i < t->nodes.n; i++)
			put_node(&c, i);
		put_devices(&c);
		buf_putc(out, '\n');
	}
	arena_done(&c.a);
	return failed ? -EINVAL : 0;
}

const struct format cloud_hypervisor_format = {
	.name = "cloud-hypervisor",
	.doc = "The command line of a Cloud Hypervisor that makes a planned guest.",
	.write = cloud_hypervisor_write,
};
