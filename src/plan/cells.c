/* SPDX-License-Identifier: Apache-2.0 */

/* Which nodes of the host become nodes of the guest, and what share each has of CPUs and memory. */

#include "planning.h"

#include <errno.h>

/* --- nodes ----------------------------------------------------------------------------------------------- */

static void add_cell(struct planning *p, const struct node *host, const struct idset *cpus, uint64_t memory_k)
{
	struct cell *cell = LIST_ADD(&p->guest->arena, &p->cells);
	*cell = (struct cell){ .host = host, .host_cpus = *cpus, .host_memory_k = memory_k };
	p->cpu_cells += !idset_is_empty(cpus);
	if (!host)
		return;
	bool has_cpus = !idset_is_empty(cpus);
	decide(p, node_text(p, (uint32_t)p->cells.n - 1), "stands for node %u of the host, %s%s with %s of memory",
	       host->id, has_cpus ? "CPUs " : "no CPUs", has_cpus ? ids_text(p, cpus) : "", size_text(p, memory_k));
}

/* Those that are named; otherwise those with CPUs, as memory alone has no vCPU to be near to. */
static int is_chosen(struct planning *p, const struct idset *asked, const struct node *node, bool has_cpus)
{
	if (!p->ask->nodes)
		return has_cpus;
	if (!idset_has(asked, node->id))
		return false;
	if (node->device != BDF_NONE)
		return err_set(p->err, "--nodes", "node %u is memory of %s, and comes with it", node->id,
			       bdf_text(&p->guest->arena, node->device));
	if (!has_cpus && !node->memory_k)
		return err_set(p->err, "--nodes", "node %u has neither memory nor CPUs that may be used", node->id);
	return true;
}

int choose_cells(struct planning *p)
{
	const struct topo *host = p->host;
	struct idset usable, asked;
	if (usable_cpus(p, &usable) || asked_nodes(p, &asked))
		return -EINVAL;
	if (!host->nodes.n)
		add_cell(p, NULL, &usable, host->memory_k);
	for (size_t i = 0; i < host->nodes.n; i++) {
		const struct node *node = &host->nodes.at[i];
		struct idset cpus = idset_and(&p->guest->arena, &node->cpus, &usable);
		int chosen = is_chosen(p, &asked, node, !idset_is_empty(&cpus));
		if (chosen < 0)
			return chosen;
		if (chosen)
			add_cell(p, node, &cpus, node->memory_k);
	}
	if (!p->cpu_cells)
		return err_set(p->err, p->ask->nodes ? "--nodes" : "--cpus",
			       "no node with CPUs that may be used is left");
	if (p->cells.n > QEMU_MAX_NODES)
		return err_set(p->err, "--nodes", "a guest has at most %d nodes, these are %zu", QEMU_MAX_NODES,
			       p->cells.n);
	return 0;
}

/* --- CPUs ------------------------------------------------------------------------------------------------ */

/* Threads of the first core that may be used. */
static uint32_t host_threads(const struct planning *p)
{
	for (size_t i = 0; i < p->cells.n; i++) {
		const struct cpu *cpu = topo_cpu(p->host, (uint32_t)idset_next(&p->cells.at[i].host_cpus, 0));
		if (cpu) {
			uint32_t n = idset_count(p->facts.cpus[cpu - p->host->cpus.at].siblings[LEVEL_CORE]);
			return n ? n : 1;
		}
	}
	return 1;
}

static int choose_threads(struct planning *p)
{
	uint32_t n = p->ask->vcpus, cells = p->cpu_cells, threads = p->ask->threads;
	if (threads && n % threads)
		return err_set(p->err, "--threads", "%u vCPUs do not divide into cores of %u threads", n, threads);
	if (threads && n / threads < cells)
		return err_set(p->err, "--threads",
			       "%u vCPUs are %u cores of %u threads: too few for %u nodes with CPUs", n, n / threads,
			       threads, cells);
	p->threads = threads ? threads : host_threads(p);
	if (!threads && (n % p->threads || n / p->threads < cells))
		p->threads = 1;
	decide(p, "threads", "%u, %s", p->threads,
	       threads			      ? "as asked for"
	       : p->threads == host_threads(p) ? "as a core of the host has"
					      : "as the vCPUs do not make enough whole cores of the host's kind");
	return 0;
}

/* Who is given a core more where they do not come out even: the first ones. */
static uint32_t cores_of(const struct planning *p, uint32_t cpu_cell)
{
	return p->cores / p->cpu_cells + (cpu_cell < p->cores % p->cpu_cells);
}

/* The cell, counted among those with CPUs, of a core: by turns, or one cell's after the other's. */
static uint32_t cell_of_core(const struct planning *p, uint32_t core)
{
	uint32_t cell = 0;
	if (p->ask->numbering == NUMBERING_SPREAD)
		return core % p->cpu_cells;
	for (; core >= cores_of(p, cell); cell++)
		core -= cores_of(p, cell);
	return cell;
}

static struct cell *nth_with_cpus(struct planning *p, uint32_t n)
{
	struct cell *cell = p->cells.at;
	for (;; cell++)
		if (!idset_is_empty(&cell->host_cpus) && !n--)
			return cell;
}

static void share_cpus(struct planning *p)
{
	for (uint32_t cpu = 0; cpu < p->ask->vcpus; cpu++) {
		uint32_t core = p->ask->numbering == NUMBERING_SPREAD ? cpu % p->cores : cpu / p->threads;
		idset_add(&p->guest->arena, &nth_with_cpus(p, cell_of_core(p, core))->cpus, cpu);
	}
	for (size_t i = 0; i < p->cells.n; i++) {
		const struct cell *cell = &p->cells.at[i];
		uint32_t n = idset_count(&cell->cpus), there = idset_count(&cell->host_cpus);
		if (n)
			decide(p, arena_printf(&p->guest->arena, "cpus %s", ids_text(p, &cell->cpus)),
			       "node %zu, pinned to %s of the host%s", i, ids_text(p, &cell->host_cpus),
			       n > there ? arena_printf(&p->guest->arena, ": %u for %u, they wait for each other",
							there, n)
					 : "");
	}
}

int choose_cores(struct planning *p)
{
	uint32_t n = p->ask->vcpus;
	if (n > TOPO_MAX_CPU + 1)
		return err_set(p->err, "--vcpus", "at most %d", TOPO_MAX_CPU + 1);
	if (n < p->cpu_cells)
		return err_set(p->err, "--vcpus", "%u are fewer than the %u nodes with CPUs: name fewer with --nodes",
			       n, p->cpu_cells);
	if (choose_threads(p))
		return -EINVAL;
	p->cores = n / p->threads;
	p->even = p->cores % p->cpu_cells == 0;
	if (p->even)
		decide(p, "packages", "%u of %u cores, one a node with CPUs", p->cpu_cells, p->cores / p->cpu_cells);
	else
		decide(p, "packages",
		       "%u of 1 core, as %u cores do not divide into %u nodes: the first %u have one more", p->cores,
		       p->cores, p->cpu_cells, p->cores % p->cpu_cells);
	share_cpus(p);
	return 0;
}

/* --- memory ---------------------------------------------------------------------------------------------- */

enum { UNIT_K = 2048 }; /* a huge page on x86_64 and aarch64 */

static int give_share(struct planning *p, struct cell *cell, uint64_t share_k)
{
	if (share_k > cell->host_memory_k && cell->host)
		return err_set(p->err, "--memory", "node %u of the host has %s, its share of %s is %s", cell->host->id,
			       size_text(p, cell->host_memory_k), size_text(p, p->ask->memory_k),
			       size_text(p, share_k));
	if (share_k > cell->host_memory_k)
		return err_set(p->err, "--memory", "the host has %s", size_text(p, cell->host_memory_k));
	cell->memory_k = share_k;
	return 0;
}

int share_memory(struct planning *p)
{
	uint64_t units = p->ask->memory_k / UNIT_K, n = 0, at = 0;
	if (!units || p->ask->memory_k % UNIT_K)
		return err_set(p->err, "--memory", "expected a multiple of 2M, got %s", size_text(p, p->ask->memory_k));
	for (size_t i = 0; i < p->cells.n; i++)
		n += !!p->cells.at[i].host_memory_k;
	if (!n)
		return err_set(p->err, "--memory", "none of the nodes has memory");
	if (units < n)
		return err_set(p->err, "--memory", "%s are less than 2M for each of %u nodes",
			       size_text(p, p->ask->memory_k), (unsigned)n);
	for (size_t i = 0; i < p->cells.n; i++)
		if (p->cells.at[i].host_memory_k &&
		    give_share(p, &p->cells.at[i], (units / n + (at++ < units % n)) * UNIT_K))
			return -EINVAL;
	if (units % n)
		decide(p, "memory", "%s in %u shares of %s, the first %u 2M larger", size_text(p, p->ask->memory_k),
		       (unsigned)n, size_text(p, units / n * UNIT_K), (unsigned)(units % n));
	else
		decide(p, "memory", "%s in %u equal shares of %s", size_text(p, p->ask->memory_k), (unsigned)n,
		       size_text(p, units / n * UNIT_K));
	return 0;
}
