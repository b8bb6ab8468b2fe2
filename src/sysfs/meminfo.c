/* SPDX-License-Identifier: Apache-2.0 */

/* The two meminfo files: node_read_meminfo() of drivers/base/node.c, meminfo_proc_show() of fs/proc/meminfo.c. */

#include "classes.h"

#include <stdio.h>
#include <string.h>

enum line_source { ZERO, TOTAL, FREE, USED };

/* A line of a meminfo file. What the document does not tell is derived, or 0 on a machine that does nothing. */
struct line {
	const char *key;
	enum line_source source;
	bool pages; /* a count of pages, without unit */
	int label;  /* columns up to the value, where not as usual */
};

// clang-format off
static const struct line node_lines[] = {
	{ "MemTotal", TOTAL }, { "MemFree", FREE }, { "MemUsed", USED }, { "SwapCached" }, { "Active" }, { "Inactive" },
	{ "Active(anon)" }, { "Inactive(anon)" }, { "Active(file)" }, { "Inactive(file)" }, { "Unevictable" },
	{ "Mlocked" }, { "Dirty" }, { "Writeback" }, { "FilePages" }, { "Mapped" }, { "AnonPages" }, { "Shmem" },
	{ "KernelStack" }, { "PageTables" }, { "SecPageTables" }, { "NFS_Unstable" }, { "Bounce" }, { "WritebackTmp" },
	{ "KReclaimable" }, { "Slab" }, { "SReclaimable" }, { "SUnreclaim" }, { "AnonHugePages" }, { "ShmemHugePages" },
	{ "ShmemPmdMapped" }, { "FileHugePages", .label = 15 }, { "FilePmdMapped", .label = 15 },
	{ "HugePages_Total", .pages = true }, { "HugePages_Free", .pages = true }, { "HugePages_Surp", .pages = true },
};

static const struct line machine_lines[] = {
	{ "MemTotal", TOTAL }, { "MemFree", FREE }, { "MemAvailable", FREE }, { "Buffers" }, { "Cached" },
	{ "SwapCached" }, { "Active" }, { "Inactive" }, { "Active(anon)" }, { "Inactive(anon)" }, { "Active(file)" },
	{ "Inactive(file)" }, { "Unevictable" }, { "Mlocked" }, { "SwapTotal" }, { "SwapFree" }, { "Dirty" },
	{ "Writeback" }, { "AnonPages" }, { "Mapped" }, { "Shmem" }, { "KReclaimable" }, { "Slab" }, { "SReclaimable" },
	{ "SUnreclaim" }, { "KernelStack" }, { "PageTables" }, { "NFS_Unstable" }, { "Bounce" }, { "WritebackTmp" },
	{ "CommitLimit" }, { "Committed_AS" }, { "VmallocTotal" }, { "VmallocUsed" }, { "VmallocChunk" }, { "Percpu" },
	{ "AnonHugePages" }, { "ShmemHugePages" }, { "ShmemPmdMapped" }, { "FileHugePages" }, { "FilePmdMapped" },
	{ "HugePages_Total", .pages = true }, { "HugePages_Free", .pages = true }, { "HugePages_Rsvd", .pages = true },
	{ "HugePages_Surp", .pages = true },
};
// clang-format on

static const uint64_t *said(const struct node *node, const char *key)
{
	for (size_t i = 0; i < node->meminfo.n; i++)
		if (!strcmp(node->meminfo.at[i].key, key))
			return &node->meminfo.at[i].value;
	return NULL;
}

/* A pool of 2 MiB pages is what HugePages_* count. */
static uint64_t huge_pages(const struct node *node, const char *key)
{
	for (size_t i = 0; i < node->hugepages.n; i++)
		if (node->hugepages.at[i].size_k == 2048)
			return !strcmp(key, "HugePages_Total") ? node->hugepages.at[i].total
			       : !strcmp(key, "HugePages_Free")	 ? node->hugepages.at[i].free
			       : !strcmp(key, "HugePages_Surp")	 ? node->hugepages.at[i].surplus
								 : 0;
	return 0;
}

/* What the node itself says of its memory holds, also where a captured meminfo says otherwise. */
static uint64_t value_of(const struct node *node, const struct line *line)
{
	const uint64_t *value = said(node, line->key);
	uint64_t free_k = node->free_k == TOPO_UNKNOWN ? node->memory_k : (uint64_t)node->free_k;
	switch (line->source) {
	case TOTAL:
		return node->memory_k;
	case FREE:
		return free_k;
	case USED:
		return node->memory_k - free_k;
	case ZERO:
		break;
	}
	return value ? *value : line->pages ? huge_pages(node, line->key) : 0;
}

enum { LABEL = 16, NARROW_LABEL = 14, PAGES_LABEL = 17 };

static void print_line(struct buf *out, const char *key, uint64_t value, int label_width, int width, bool pages)
{
	char label[80];
	snprintf(label, sizeof label, "%s:", key);
	buf_printf(out, "%-*s %*llu%s\n", label_width - 1, label, width, (unsigned long long)value, pages ? "" : " kB");
}

/* A document that begins with MemTotal tells every line there is. */
static bool is_complete(const struct node *node)
{
	return node->meminfo.n && !strcmp(node->meminfo.at[0].key, "MemTotal");
}

/* What is known of a line, also of one that kernels have only now and then. */
static struct line known_line(const char *key)
{
	for (size_t i = 0; i < sizeof node_lines / sizeof *node_lines; i++)
		if (!strcmp(node_lines[i].key, key))
			return node_lines[i];
	return (struct line){ .key = key };
}

static void print_node_line(const struct topo *t, const struct node *node, const struct line *line, uint64_t value,
			    struct buf *out)
{
	int usual = t->meminfo_style == MEMINFO_NARROW ? NARROW_LABEL : LABEL;
	buf_printf(out, "Node %u ", node->id);
	print_line(out, line->key, value, line->pages ? PAGES_LABEL : line->label ? line->label : usual,
		   line->pages ? 5 : 8, line->pages);
}

void node_meminfo_text(const struct topo *t, const struct node *node, struct buf *out)
{
	if (t->meminfo_style != MEMINFO_TODAY)
		buf_putc(out, '\n');
	for (size_t i = 0; is_complete(node) && i < node->meminfo.n; i++) {
		struct line line = known_line(node->meminfo.at[i].key);
		print_node_line(t, node, &line, value_of(node, &line), out);
	}
	for (size_t i = 0; !is_complete(node) && i < sizeof node_lines / sizeof *node_lines; i++)
		print_node_line(t, node, &node_lines[i], value_of(node, &node_lines[i]), out);
}

void machine_meminfo_text(const struct topo *t, struct buf *out)
{
	for (size_t i = 0; i < sizeof machine_lines / sizeof *machine_lines; i++) {
		const struct node whole = { .memory_k = t->memory_k, .free_k = TOPO_UNKNOWN };
		uint64_t sum = t->nodes.n ? 0 : value_of(&whole, &machine_lines[i]);
		for (size_t n = 0; n < t->nodes.n; n++)
			sum += value_of(&t->nodes.at[n], &machine_lines[i]);
		print_line(out, machine_lines[i].key, sum, machine_lines[i].pages ? PAGES_LABEL : LABEL,
			   machine_lines[i].pages ? 7 : 8, machine_lines[i].pages);
	}
	print_line(out, "Hugepagesize", 2048, LABEL, 8, false);
	uint64_t in_pools = 0;
	for (size_t n = 0; n < t->nodes.n; n++)
		for (size_t k = 0; k < t->nodes.at[n].hugepages.n; k++)
			in_pools += t->nodes.at[n].hugepages.at[k].total * t->nodes.at[n].hugepages.at[k].size_k;
	print_line(out, "Hugetlb", in_pools, LABEL, 8, false);
}
