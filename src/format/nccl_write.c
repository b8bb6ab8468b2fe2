/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A machine as a topology file for NCCL: what NCCL itself would find by walking over its /sys, less what only its
 * drivers tell. It is a template, as clouds ship them: NCCL adds its GPUs and network interfaces, with ranks and
 * NVLinks, to the functions that are there.
 */

#include "nccl.h"
#include "recognize.h"

#include "topofs/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct writer {
	const struct topo *t;
	const struct facts *f;
	struct buf *out;
	struct err *err;
	struct arena a;
	bool *shown; /* parallel to topo->pci */
	size_t n_elements;
};

/* --- what NCCL looks at ---------------------------------------------------------------------------------- */

/* The ones that CUDA or HIP can use. */
static bool is_gpu(const struct pci *pci)
{
	enum { NVIDIA = 0x10de, AMD = 0x1002 };
	uint32_t base = pci->class >> 16;
	return (base == 0x03 && (pci->vendor == NVIDIA || pci->vendor == AMD)) || (base == 0x12 && pci->vendor == AMD);
}

/* An interface on a virtio device is on no PCI device for NCCL. */
static bool is_virtio(const struct topo *t, uint64_t function)
{
	for (size_t i = 0; i < t->virtios.n; i++)
		if (t->virtios.at[i].on.function == function)
			return true;
	return false;
}

/* All ports of an adapter are its function 0, where that is one too; virtual functions their physical one's. */
static uint32_t adapter_of(const struct writer *w, uint32_t i)
{
	const struct pci *pci = &w->t->pci.at[i];
	uint32_t first = facts_pci(w->f, pci->address & ~7ull);
	if (pci->class >> 16 != 0x02 || pci->physfn != BDF_NONE || is_virtio(w->t, pci->address))
		return FACTS_NONE;
	return first == FACTS_NONE || w->t->pci.at[first].class >> 16 != 0x02 ? i : first;
}

/* Two folders up at a time: the upper end of the switch that it is below, or none. */
static uint32_t above(const struct writer *w, uint32_t i)
{
	uint32_t port = w->f->pci[i].parent;
	return port == FACTS_NONE ? FACTS_NONE : w->f->pci[port].parent;
}

static int show_way_up(struct writer *w, uint32_t i)
{
	for (; i != FACTS_NONE && !w->shown[i]; i = above(w, i)) {
		if (BDF_DOMAIN(w->t->pci.at[i].address) > 0xffff) {
			char where[32];
			snprintf(where, sizeof where, "pci %s", bdf_text(&w->a, w->t->pci.at[i].address));
			return err_set(w->err, where, "NCCL knows domains of four digits only");
		}
		w->shown[i] = true;
		w->n_elements++;
	}
	return 0;
}

static int find_functions(struct writer *w)
{
	w->shown = arena_alloc(&w->a, (w->t->pci.n + 1) * sizeof *w->shown);
	for (uint32_t i = 0; i < w->t->pci.n; i++)
		if (show_way_up(w, is_gpu(&w->t->pci.at[i]) ? i : adapter_of(w, i)))
			return -EINVAL;
	return 0;
}

/* --- functions ------------------------------------------------------------------------------------------- */

static void put_id(struct writer *w, const char *name, uint16_t id)
{
	buf_printf(w->out, " %s=\"0x%04x\"", name, id);
}

/* The lesser of what it and the port above it can; a missing file counts for nothing, but a missing width for 0. */
static void put_link(struct writer *w, uint32_t i)
{
	uint32_t port = w->f->pci[i].parent, width[2] = { 0 }, speed[2] = { 0 };
	const struct pci_facts *ends[2] = { &w->f->pci[i], port == FACTS_NONE ? NULL : &w->f->pci[port] };
	bool there[2] = { false };
	for (int end = 0; end < 2; end++)
		if (ends[end] && ends[end]->type != PCIE_NONE) {
			there[end] = true;
			speed[end] = ends[end]->max_link.speed;
			width[end] = facts_max_width(w->f, (uint32_t)(ends[end] - w->f->pci));
		}
	int lesser = speed[1] && (!speed[0] || speed[1] < speed[0]);
	buf_puts(w->out, " link_speed=\"");
	if (speed[lesser])
		buf_printf(w->out, "%u.%u GT/s PCIe", speed[lesser] / 10, speed[lesser] % 10);
	else if (there[lesser])
		buf_puts(w->out, "Unknown");
	buf_printf(w->out, "\" link_width=\"%u\"", width[0] < width[1] ? width[0] : width[1]);
}

/* Peers of a switch, which its driver would list in a folder: a description has them in its files. */
static bool put_switch_links(struct writer *w, const char *busid, int indent, bool opened)
{
	const char *folder = arena_printf(&w->a, "/sys/kernel/pci_switch_link/virtual_switch_links/%s/", busid);
	for (size_t i = 0; i < w->t->extras.n; i++) {
		const struct extra *extra = &w->t->extras.at[i];
		uint64_t target;
		if (extra->kind == EXTRA_ABSENT || strncmp(extra->path, folder, strlen(folder)) ||
		    bdf_parse(extra->path + strlen(folder), 0, &target))
			continue;
		buf_puts(w->out, opened ? "" : ">\n");
		opened = true;
		buf_pad(w->out, ' ', (size_t)indent);
		buf_printf(w->out, "<pcilink target=\"%s\"/>\n", bdf_text(&w->a, target));
		w->n_elements++;
	}
	return opened;
}

static void put_function(struct writer *w, uint32_t i, int indent);

/* What is right below a switch, in order of address; the switch's tag is ended before the first. */
static bool put_below(struct writer *w, uint32_t i, int indent)
{
	bool opened = false;
	LIST_OF(uint32_t) found = { 0 };
	for (size_t p = 0; p < w->f->pci[i].children.n; p++) {
		const struct pci_facts *port = &w->f->pci[w->f->pci[i].children.at[p]];
		for (size_t c = 0; c < port->children.n; c++)
			if (w->shown[port->children.at[c]])
				*LIST_ADD(&w->a, &found) = port->children.at[c];
	}
	/* few, and mostly in order already */
	for (size_t k = 1; k < found.n; k++)
		for (size_t m = k; m && w->t->pci.at[found.at[m]].address < w->t->pci.at[found.at[m - 1]].address;
		     m--) {
			uint32_t swapped = found.at[m];
			found.at[m] = found.at[m - 1];
			found.at[m - 1] = swapped;
		}
	for (size_t k = 0; k < found.n; k++, opened = true) {
		buf_puts(w->out, opened ? "" : ">\n");
		put_function(w, found.at[k], indent);
	}
	return opened;
}

static void put_function(struct writer *w, uint32_t i, int indent)
{
	enum { BROADCOM = 0x1000 };
	const struct pci *pci = &w->t->pci.at[i];
	const char *busid = bdf_text(&w->a, pci->address);
	buf_pad(w->out, ' ', (size_t)indent);
	buf_printf(w->out, "<pci busid=\"%s\" class=\"0x%06x\"", busid, pci->class);
	put_id(w, "vendor", pci->vendor);
	put_id(w, "device", pci->device);
	put_id(w, "subsystem_vendor", pci->subsystem_vendor);
	put_id(w, "subsystem_device", pci->subsystem_device);
	put_link(w, i);
	bool opened = put_below(w, i, indent + 2);
	if (pci->vendor == BROADCOM)
		opened = put_switch_links(w, busid, indent + 2, opened);
	if (!opened) {
		buf_puts(w->out, "/>\n");
		return;
	}
	buf_pad(w->out, ' ', (size_t)indent);
	buf_puts(w->out, "</pci>\n");
}

/* --- CPUs ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *arch, *name;
} archs[] = { { "x86_64", "x86_64" }, { "aarch64", "arm64" }, { "ppc64le", "ppc64" }, { "ppc64", "ppc64" } };

static const char *arch_name(const char *arch)
{
	for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
		if (!strcmp(archs[i].arch, arch))
			return archs[i].name;
	return NULL;
}

/* NCCL shifts the extended family as it does the extended model, so that AMD's 25 becomes 175. */
static long family_for_nccl(long family)
{
	return family <= 15 ? family : 15 + ((family - 15) << 4);
}

/* Only of x86, and only what is said: NCCL asks the processor for the rest. */
static int put_processor(struct writer *w)
{
	const topo_map *info = &w->t->cpuinfo;
	const char *vendor = topo_map_get(info, "vendor_id"), *family = topo_map_get(info, "cpu family"),
		   *model = topo_map_get(info, "model");
	if (vendor && (strlen(vendor) > NCCL_MAX_TEXT || strpbrk(vendor, "\"<>")))
		return err_set(w->err, "cpu.info.vendor_id", "NCCL's files cannot say \"%.40s\"", vendor);
	if (strcmp(w->t->arch, "x86_64"))
		return 0;
	if (vendor)
		buf_printf(w->out, " vendor=\"%s\"", vendor);
	if (family)
		buf_printf(w->out, " familyid=\"%ld\"", family_for_nccl(strtol(family, NULL, 10)));
	if (model)
		buf_printf(w->out, " modelid=\"%ld\"", strtol(model, NULL, 10));
	return 0;
}

static int put_affinity(struct writer *w, int32_t node)
{
	_cleanup_buf_ struct buf mask = { 0 };
	for (size_t i = 0; i < w->t->nodes.n; i++)
		if ((int64_t)w->t->nodes.at[i].id == node)
			idset_print_mask(&w->f->node_cpus[i], w->f->cpu_bits, &mask);
	if (mask.len > NCCL_MAX_TEXT) {
		char where[32];
		snprintf(where, sizeof where, "node %d", node);
		return err_set(w->err, where, "its mask of CPUs has %zu characters, and NCCL takes 255", mask.len);
	}
	/* without a node there is no mask: NCCL takes an empty one for no CPU at all, a missing one for any */
	if (mask.len)
		buf_printf(w->out, " affinity=\"%s\"", buf_text(&mask));
	buf_printf(w->out, " arch=\"%s\"", arch_name(w->t->arch));
	return put_processor(w);
}

static int put_cpu(struct writer *w, int32_t node)
{
	bool opened = false;
	for (size_t k = 0; k < w->t->pci.n; k++) {
		uint32_t i = w->f->by_address[k];
		if (!w->shown[i] || above(w, i) != FACTS_NONE || w->t->pci.at[i].node != node)
			continue;
		if (!opened) {
			w->n_elements++;
			buf_printf(w->out, "  <cpu numaid=\"%d\"", node);
			if (put_affinity(w, node))
				return -EINVAL;
			buf_puts(w->out, ">\n");
		}
		opened = true;
		put_function(w, i, 4);
	}
	buf_puts(w->out, opened ? "  </cpu>\n" : "");
	return 0;
}

/* --------------------------------------------------------------------------------------------------------- */

static int write_system(struct writer *w)
{
	if (!arch_name(w->t->arch))
		return err_set(w->err, "cpu.arch", "NCCL knows x86_64, aarch64 and ppc64le, not \"%s\"", w->t->arch);
	if (find_functions(w))
		return -EINVAL;
	buf_puts(w->out, "<system version=\"1\">\n");
	for (size_t i = 0; i < w->t->nodes.n; i++)
		if (put_cpu(w, (int32_t)w->t->nodes.at[i].id))
			return -EINVAL;
	if (put_cpu(w, TOPO_UNKNOWN))
		return -EINVAL;
	buf_puts(w->out, "</system>\n");
	if (w->n_elements >= NCCL_MAX_ELEMENTS)
		return err_set(w->err, "pci",
			       "GPUs, network adapters and switches make %zu elements, and NCCL takes %d",
			       w->n_elements + 1, NCCL_MAX_ELEMENTS);
	return 0;
}

static int nccl_write(const struct topo *t, struct buf *out, struct err *err)
{
	_cleanup_facts_ struct facts f = { 0 };
	size_t len = out->len;
	facts_init(&f, t);
	struct writer w = { .t = t, .f = &f, .out = out, .err = err };
	int ret = write_system(&w);
	arena_done(&w.a);
	if (ret)
		buf_cut(out, len);
	return ret;
}

static bool is_nccl(const char *bytes, size_t len)
{
	return begins_with_element(bytes, len, "system");
}

const struct format nccl_format = {
	.name = "nccl",
	.doc = "NCCL's and RCCL's topology file (NCCL_TOPO_FILE): GPUs, network adapters and their switches.",
	.ending = ".xml",
	.recognizes = is_nccl,
	.read = nccl_read,
	.write = nccl_write,
};
