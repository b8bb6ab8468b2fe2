/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"
#include "topofs/facts.h"

#include <stdio.h>
#include <string.h>

static void print_size(uint64_t k)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	size_t unit = 0;
	while (k >= 1024 && k % 1024 == 0 && unit + 1 < sizeof units / sizeof *units) {
		k /= 1024;
		unit++;
	}
	printf("%llu %s", (unsigned long long)k, units[unit]);
}

static void print_set(const struct idset *set)
{
	_cleanup_buf_ struct buf text = { 0 };
	idset_print_list(set, &text);
	fputs(text.len ? buf_text(&text) : "-", stdout);
}

/* --- CPUs, caches and nodes ------------------------------------------------------------------------------ */

/* How many different groups of CPUs there are at a level. */
static size_t count_groups(const struct facts *f, enum topo_level level)
{
	size_t n = 0;
	for (size_t i = 0; i < f->topo->cpus.n; i++)
		n += idset_next(f->cpus[i].siblings[level], 0) == f->topo->cpus.at[i].id;
	return n;
}

static void show_cpus(const struct facts *f)
{
	const struct topo *t = f->topo;
	const char *model = topo_map_get(&t->cpuinfo, "model name");
	printf("CPUs      %u %s", idset_count(&t->online), t->arch);
	if (!idset_equal(&t->online, &t->present))
		printf(" of %u", idset_count(&t->present));
	if (count_groups(f, LEVEL_PACKAGE))
		printf(", %zu packages, %zu cores", count_groups(f, LEVEL_PACKAGE), count_groups(f, LEVEL_CORE));
	printf("%s%s\n", model ? ", " : "", model ? model : "");
}

static bool same_sort(const struct cache *a, const struct cache *b)
{
	return a->level == b->level && a->type == b->type && a->size_k == b->size_k;
}

static void show_caches(const struct topo *t)
{
	for (size_t first = 0, end; first < t->caches.n; first = end) {
		const struct cache *cache = &t->caches.at[first];
		for (end = first; end < t->caches.n && same_sort(cache, &t->caches.at[end]); end++)
			;
		printf("%s", first ? ", " : "caches    ");
		printf("%zu x L%u%s ", end - first, cache->level,
		       cache->type == CACHE_DATA ? "d" : cache->type == CACHE_INSTRUCTION ? "i" : "");
		print_size(cache->size_k);
	}
	if (t->caches.n)
		putchar('\n');
}

static void show_nodes(const struct topo *t)
{
	for (size_t i = 0; i < t->nodes.n; i++) {
		const struct node *node = &t->nodes.at[i];
		printf("node %-4u ", node->id);
		print_size(node->memory_k);
		fputs(", CPUs ", stdout);
		print_set(&node->cpus);
		if (node->device != BDF_NONE) {
			_cleanup_buf_ struct buf device = { 0 };
			bdf_print(node->device, &device);
			printf(", memory of %s", buf_text(&device));
		}
		putchar('\n');
	}
}

/* --- devices --------------------------------------------------------------------------------------------- */

/* What a matrix and a list are about: GPUs and network adapters, with a name for each. */
struct device {
	uint32_t pci;
	const char *name;
};
typedef LIST_OF(struct device) devices;

static bool is_gpu(const struct pci *pci)
{
	uint32_t base = pci->class >> 16;
	return base == 0x03 || base == 0x12;
}

static const char *class_device(const struct topo *t, uint64_t function)
{
	for (size_t i = 0; i < t->infinibands.n; i++)
		if (t->infinibands.at[i].on.function == function)
			return t->infinibands.at[i].name;
	for (size_t i = 0; i < t->nets.n; i++)
		if (t->nets.at[i].on.function == function)
			return t->nets.at[i].name;
	return NULL;
}

static void find_devices(const struct facts *f, struct arena *a, devices *found)
{
	size_t gpus = 0, nics = 0;
	for (size_t k = 0; k < f->topo->pci.n; k++)
		if (is_gpu(&f->topo->pci.at[f->by_address[k]]))
			*LIST_ADD(a, found) =
				(struct device){ f->by_address[k], arena_printf(a, "GPU%zu", gpus++) };
	for (size_t k = 0; k < f->topo->pci.n; k++) {
		const struct pci *pci = &f->topo->pci.at[f->by_address[k]];
		const char *name = class_device(f->topo, pci->address);
		if (pci->class >> 16 == 0x02)
			*LIST_ADD(a, found) =
				(struct device){ f->by_address[k], name ? name : arena_printf(a, "NIC%zu", nics++) };
	}
}

static void show_device(const struct facts *f, const struct device *device)
{
	const struct pci *pci = &f->topo->pci.at[device->pci];
	const struct link *link = &f->pci[device->pci].link;
	_cleanup_buf_ struct buf address = { 0 };
	bdf_print(pci->address, &address);
	printf("%-9s %s  %04x:%04x", device->name, buf_text(&address), pci->vendor, pci->device);
	if (link->speed)
		printf("  %u.%u GT/s x%u", link->speed / 10, link->speed % 10, link->width);
	if (pci->node >= 0)
		printf("  node %d", pci->node);
	printf("%s%s\n", pci->driver ? "  " : "", pci->driver ? pci->driver : "");
}

static const char *const hop_names[] = { "X", "PIX", "PXB", "PHB", "NODE", "SYS" };

static void show_matrix(const struct facts *f, const devices *found)
{
	int width = 4;
	for (size_t i = 0; i < found->n; i++)
		width = (int)strlen(found->at[i].name) > width ? (int)strlen(found->at[i].name) : width;
	printf("\n%*s", width, "");
	for (size_t i = 0; i < found->n; i++)
		printf("  %*s", width, found->at[i].name);
	putchar('\n');
	for (size_t i = 0; i < found->n; i++) {
		printf("%-*s", width, found->at[i].name);
		for (size_t k = 0; k < found->n; k++)
			printf("  %*s", width, hop_names[facts_hop(f, found->at[i].pci, found->at[k].pci)]);
		putchar('\n');
	}
	puts("\nPIX within one switch, PXB through several, PHB through the host bridge,\n"
	     "NODE between host bridges of a node, SYS between nodes");
}

static void show(const struct topo *t)
{
	_cleanup_facts_ struct facts facts = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	devices found = { 0 };
	facts_init(&facts, t);
	if (t->name)
		printf("name      %s\n", t->name);
	if (t->description)
		printf("machine   %s\n", t->description);
	show_cpus(&facts);
	show_caches(t);
	show_nodes(t);
	printf("PCI       %zu functions, %zu host bridges\n", t->pci.n, t->roots.n);
	find_devices(&facts, &arena, &found);
	for (size_t i = 0; i < found.n; i++)
		show_device(&facts, &found.at[i]);
	if (found.n > 1)
		show_matrix(&facts, &found);
}

enum { OPT_FORCE };

static const struct opt opts[] = {
	{ 0, "force", NULL, "show also what can crash programs that read it" },
};

static int run(char **args, int n_args, const char *const *values)
{
	const struct load_options how = { .force = values[OPT_FORCE] };
	_cleanup_topo_ struct topo topo = { 0 };
	(void)n_args;
	int status = load_topology(args[0], &how, &topo);
	if (!status)
		show(&topo);
	return status;
}

const struct cmd cmd_show = {
	.name = "show",
	.args = "TOPOLOGY",
	.doc = "show a machine at a glance",
	.text = "Prints CPUs, caches, nodes, GPUs and network adapters, and how these reach each other, in the manner of\n"
		"nvidia-smi topo -m but from the description alone: NVLink is not in it.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
