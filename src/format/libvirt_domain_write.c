/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A planned guest as a domain of libvirt's QEMU driver: docs/formatdomain.rst of libvirt 9.0. Newer are the attribute
 * clusters (10.1), which stands only where there are some, and a function's <acpi nodeset> (for coherent GPUs).
 */

#include "libvirt_domain.h"
#include "recognize.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- CPUs and memory of the host ------------------------------------------------------------------------- */

static void put_cputune(struct domain_writer *w)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct idset all = { 0 };
	bool opened = false;
	for (uint32_t cpu = 0; cpu < w->cpus.n; cpu++) {
		const struct idset *host = guest_host_cpus(w->t, cpu);
		if (!host)
			continue;
		buf_puts(w->out, opened ? "" : "  <cputune>\n");
		opened = true;
		buf_printf(w->out, "    <vcpupin vcpu='%u'", cpu);
		libvirt_put_list("cpuset", host, w->out);
		buf_puts(w->out, "/>\n");
		idset_add_all(&a, &all, host);
	}
	if (!opened)
		return;
	buf_puts(w->out, "    <emulatorpin");
	libvirt_put_list("cpuset", &all, w->out);
	buf_puts(w->out, "/>\n  </cputune>\n");
}

static void put_numatune(struct domain_writer *w)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf cells = { 0 };
	struct idset all = { 0 };
	for (size_t i = 0; i < w->t->nodes.n; i++) {
		const struct node *node = &w->t->nodes.at[i];
		const struct idset *host = guest_host_nodes(w->t, node->id);
		if (!host || !guest_has_memory(node))
			continue;
		buf_printf(&cells, "    <memnode cellid='%u' mode='strict'", node->id);
		libvirt_put_list("nodeset", host, &cells);
		buf_puts(&cells, "/>\n");
		idset_add_all(&a, &all, host);
	}
	if (!cells.len)
		return;
	buf_puts(w->out, "  <numatune>\n    <memory mode='strict'");
	libvirt_put_list("nodeset", &all, w->out);
	buf_printf(w->out, "/>\n%s  </numatune>\n", buf_text(&cells));
}

/* --- the machine ----------------------------------------------------------------------------------------- */

/* Processors beyond 255 are reached only through an IOMMU that remaps interrupts. */
static bool has_many_cpus(const struct domain_writer *w)
{
	enum { XAPIC_IDS = 255 };
	return w->cpus.max > XAPIC_IDS && !strcmp(w->t->arch, "x86_64");
}

/* NUMA is told by ACPI, which arm64 has only with UEFI. */
static void put_os(struct domain_writer *w)
{
	bool x86 = !strcmp(w->t->arch, "x86_64");
	buf_printf(w->out, "  <os%s>\n    <type arch='%s' machine='%s'>hvm</type>\n  </os>\n",
		   x86 ? "" : " firmware='efi'", w->t->arch, w->vm->machine);
	buf_printf(w->out, "  <features>\n    <acpi/>\n%s%s  </features>\n", x86 ? "    <apic/>\n" : "",
		   has_many_cpus(w) ? "    <ioapic driver='qemu'/>\n" : "");
}

static void put_cell(struct domain_writer *w, size_t i)
{
	const struct node *node = &w->t->nodes.at[i];
	bool alone = w->t->nodes.n == 1, bare = alone && !node->memory_side_caches.n;
	buf_printf(w->out, "      <cell id='%u'", node->id);
	if (!idset_is_empty(&node->cpus))
		libvirt_put_list("cpus", &node->cpus, w->out);
	buf_printf(w->out, " memory='%llu' unit='KiB'%s>\n",
		   (unsigned long long)(guest_has_memory(node) ? node->memory_k : 0), bare ? "/" : "");
	if (bare)
		return;
	if (!alone)
		libvirt_put_distances(w->t, i, 8, w->out);
	libvirt_put_side_caches(node, 8, w->out);
	buf_puts(w->out, "      </cell>\n");
}

static void put_features(struct domain_writer *w)
{
	bool x86 = !strcmp(w->t->arch, "x86_64");
	if (x86 && w->t->caches.n)
		buf_puts(w->out, "    <cache mode='passthrough'/>\n");
	/* without it, AMD's have no threads */
	if (x86 && w->cpus.threads > 1 && topo_same_text(topo_map_get(&w->t->cpuinfo, "vendor_id"), "AuthenticAMD"))
		buf_puts(w->out, "    <feature policy='require' name='topoext'/>\n");
}

static void put_cpu(struct domain_writer *w)
{
	const struct guest_cpus *cpus = &w->cpus;
	size_t other = guest_out_of_order(w->t, cpus);
	if (other < w->t->cpus.n)
		buf_printf(w->out,
			   "  <!-- QEMU numbers vCPUs core after core, unlike the plan from vCPU %zu on: plan with "
			   "packed numbering "
			   "where cores matter -->\n",
			   other);
	buf_printf(w->out, "  <cpu mode='host-passthrough' check='none'>\n    <topology sockets='%zu' dies='%zu'",
		   cpus->packages, cpus->dies);
	if (cpus->clusters > 1)
		buf_printf(w->out, " clusters='%zu'", cpus->clusters);
	buf_printf(w->out, " cores='%zu' threads='%zu'/>\n", cpus->cores, cpus->threads);
	put_features(w);
	if (w->t->nodes.n) {
		buf_puts(w->out, "    <numa>\n");
		for (size_t i = 0; i < w->t->nodes.n; i++)
			put_cell(w, i);
		libvirt_put_interconnects(w->t, 6, w->out);
		buf_puts(w->out, "    </numa>\n");
	}
	buf_puts(w->out, "  </cpu>\n");
}

/* --- what cannot be -------------------------------------------------------------------------------------- */

static int check_distances(struct domain_writer *w)
{
	size_t n = w->t->nodes.n;
	for (size_t i = 0; i < n * n; i++) {
		uint32_t distance = topo_distance(w->t, i / n, i % n), from = w->t->nodes.at[i / n].id;
		char where[32];
		snprintf(where, sizeof where, "node %u", from);
		if (i / n == i % n ? distance != 10 : distance < 10)
			return err_set(
				w->err, where,
				"its distance to node %u is %u: libvirt has 10 to itself, and 10 to 255 to others",
				w->t->nodes.at[i % n].id, distance);
	}
	return 0;
}

static int check_nodes(struct domain_writer *w)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct idset seen = { 0 };
	for (size_t i = 0; i < w->t->nodes.n; i++) {
		const struct node *node = &w->t->nodes.at[i];
		char where[32];
		snprintf(where, sizeof where, "node %u", node->id);
		if (node->id != i)
			return err_set(w->err, where, "libvirt numbers cells from 0 on, without gaps");
		if (idset_meets(&seen, &node->cpus))
			return err_set(w->err, where, "it has CPUs of an earlier node");
		idset_add_all(&a, &seen, &node->cpus);
		if (node->generic_initiator && guest_initiator(w->t, i) == BDF_NONE)
			return err_set(w->err, where,
				       "libvirt ties initiators to functions, and this one is behind none");
	}
	if (w->t->nodes.n && !idset_within(&w->t->online, &seen))
		return err_set(w->err, "cpu", "libvirt puts CPUs without a node on node 0");
	if (!guest_memory_k(w->t))
		return err_set(w->err, "memory", "a domain has some");
	return check_distances(w);
}

/* --------------------------------------------------------------------------------------------------------- */

static int put_domain(struct domain_writer *w)
{
	const char *name = w->t->name;
	buf_puts(w->out, "<domain type='kvm'>\n  <name>");
	xml_put_text(w->out, name && *name ? name : "guest");
	buf_printf(w->out, "</name>\n  <memory unit='KiB'>%llu</memory>\n  <vcpu placement='static'",
		   (unsigned long long)guest_memory_k(w->t));
	if (w->cpus.max > w->cpus.n)
		buf_printf(w->out, " current='%zu'", w->cpus.n);
	buf_printf(w->out, ">%zu</vcpu>\n", w->cpus.max);
	put_cputune(w);
	put_numatune(w);
	put_os(w);
	put_cpu(w);
	buf_puts(w->out, "  <devices>\n");
	if (libvirt_put_devices(w))
		return -EINVAL;
	if (has_many_cpus(w))
		buf_puts(w->out, "    <iommu model='intel'>\n      <driver intremap='on' eim='on'/>\n    </iommu>\n");
	buf_puts(w->out, "  </devices>\n</domain>\n");
	return 0;
}

static int domain_write(const struct topo *t, struct buf *out, struct err *err)
{
	size_t before = out->len;
	struct domain_writer w = { .t = t, .vm = virtual_machine_of(t->arch), .out = out, .err = err };
	if (!w.vm)
		return err_set(err, "cpu.arch", "no machine of libvirt's is known for %s", t->arch);
	int failed = guest_cpus(t, &w.cpus, err) || check_nodes(&w) || put_domain(&w);
	arena_done(&w.a);
	if (failed)
		buf_cut(out, before);
	return failed ? -EINVAL : 0;
}

static bool is_domain(const char *bytes, size_t len)
{
	return begins_with_element(bytes, len, "domain");
}

const struct format libvirt_domain_format = {
	.name = "libvirt",
	.doc = "A domain of libvirt (virsh dumpxml), for QEMU.",
	.ending = ".xml",
	.recognizes = is_domain,
	.read = libvirt_domain_read,
	.write = domain_write,
};
