/* SPDX-License-Identifier: Apache-2.0 */

/* The guest's CPUs: cores and packages as the cells' shares make them, and where each runs. */

#include "planning.h"

#include <string.h>

/* The place of a core among those of its cell. */
static uint32_t place_in_cell(const struct planning *p, uint32_t core)
{
	return p->ask->numbering == NUMBERING_SPREAD ? core / p->cpu_cells : core % (p->cores / p->cpu_cells);
}

static uint32_t package_of(const struct planning *p, uint32_t core)
{
	if (!p->even)
		return core;
	return p->ask->numbering == NUMBERING_SPREAD ? core % p->cpu_cells : core / (p->cores / p->cpu_cells);
}

static void enter_group(struct cpu *cpu, enum topo_level level, uint32_t number, int32_t *lowest)
{
	if (*lowest == TOPO_UNKNOWN)
		*lowest = (int32_t)cpu->id;
	cpu->group[level] = *lowest;
	cpu->number[level] = (int32_t)number;
}

static void add_cpu(struct planning *p, uint32_t id, int32_t *lowest_of_core, int32_t *lowest_of_package)
{
	uint32_t core = p->ask->numbering == NUMBERING_SPREAD ? id % p->cores : id / p->threads;
	uint32_t package = package_of(p, core);
	struct cpu *cpu = LIST_ADD(&p->guest->arena, &p->guest->cpus);
	cpu->id = id;
	for (int level = 0; level < N_LEVELS; level++)
		cpu->group[level] = cpu->number[level] = TOPO_UNKNOWN;
	enter_group(cpu, LEVEL_CORE, p->even ? place_in_cell(p, core) : 0, &lowest_of_core[core]);
	enter_group(cpu, LEVEL_PACKAGE, package, &lowest_of_package[package]);
	/* as x86 kernels tell dies even where there is one for each package */
	if (!strcmp(p->host->arch, "x86_64"))
		enter_group(cpu, LEVEL_DIE, 0, &lowest_of_package[package]);
}

/* arm64 tells the kind of each CPU by a register, which guests see too; frequencies they do not. */
static void add_kinds(struct planning *p)
{
	for (size_t k = 0; k < p->host->kinds.n; k++) {
		const struct cpu_kind *host = &p->host->kinds.at[k];
		struct cpu_kind kind = { .capacity = TOPO_UNKNOWN, .midr = host->midr, .info = host->info };
		for (size_t i = 0; i < p->cells.n; i++) {
			int64_t first = idset_next(&p->cells.at[i].host_cpus, 0);
			if (first != IDSET_NONE && idset_has(&host->cpus, (uint32_t)first))
				idset_add_all(&p->guest->arena, &kind.cpus, &p->cells.at[i].cpus);
		}
		if ((kind.midr || kind.info.n) && !idset_is_empty(&kind.cpus))
			*LIST_ADD(&p->guest->arena, &p->guest->kinds) = kind;
	}
}

void add_cpus(struct planning *p)
{
	struct topo *guest = p->guest;
	uint32_t n = p->ask->vcpus;
	int32_t *lowest = arena_alloc(&guest->arena, 2 * n * sizeof *lowest);
	for (uint32_t i = 0; i < 2 * n; i++)
		lowest[i] = TOPO_UNKNOWN;
	for (uint32_t id = 0; id < n; id++)
		add_cpu(p, id, lowest, lowest + n);
	idset_add_range(&guest->arena, &guest->possible, 0, n - 1);
	guest->present = guest->online = guest->possible;
	int64_t built = !strcmp(guest->arch, "x86_64") ? 8191 : !strncmp(guest->arch, "ppc64", 5) ? 2047 : 511;
	guest->kernel_max = built > (int64_t)n - 1 ? built : (int64_t)n - 1;
	for (size_t i = 0; i < p->cells.n; i++)
		if (!idset_is_empty(&p->cells.at[i].cpus))
			*LIST_ADD(&guest->arena, &guest->plan.cpus) =
				(struct planned_cpus){ p->cells.at[i].cpus, p->cells.at[i].host_cpus };
	add_kinds(p);
}
