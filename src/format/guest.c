/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#include <stdio.h>
#include <string.h>

/* --- CPUs ------------------------------------------------------------------------------------------------ */

/* How many groups of a level there are; 0: they are not alike, or some CPU has none. */
static size_t count_alike(const struct topo *t, enum topo_level level)
{
	_cleanup_arena_ struct arena a = { 0 };
	size_t *sizes = arena_alloc(&a, (t->cpus.n + 1) * sizeof *sizes), groups = 0;
	for (size_t i = 0; i < t->cpus.n; i++) {
		int32_t group = t->cpus.at[i].group[level];
		if (group == TOPO_UNKNOWN)
			return 0;
		groups += !sizes[group]++;
	}
	for (size_t i = 0; i < t->cpus.n; i++)
		if (sizes[i] && sizes[i] * groups != t->cpus.n)
			return 0;
	return groups;
}

static bool is_told(const struct topo *t, enum topo_level level)
{
	for (size_t i = 0; i < t->cpus.n; i++)
		if (t->cpus.at[i].group[level] != TOPO_UNKNOWN)
			return true;
	return false;
}

int guest_cpus(const struct topo *t, struct guest_cpus *ret, struct err *err)
{
	static const enum topo_level levels[] = { LEVEL_PACKAGE, LEVEL_DIE, LEVEL_CLUSTER, LEVEL_CORE };
	enum { N = sizeof levels / sizeof *levels };
	size_t counts[N] = { 0 }, per[N];
	char where[32];
	for (size_t i = 0; i < t->cpus.n; i++) {
		snprintf(where, sizeof where, "cpu %u", t->cpus.at[i].id);
		if (t->cpus.at[i].id != i || !idset_has(&t->online, t->cpus.at[i].id))
			return err_set(err, where, "a guest's CPUs are numbered from 0 on, and all of them run");
	}
	for (size_t i = 0; i < N; i++) {
		bool optional = levels[i] == LEVEL_DIE || levels[i] == LEVEL_CLUSTER;
		counts[i] = optional && !is_told(t, levels[i]) ? counts[i - 1] : count_alike(t, levels[i]);
		size_t above = i ? counts[i - 1] : 1;
		if (!counts[i] || counts[i] % above)
			return err_set(err, "cpu", "a guest has %ss that are all alike", level_names[levels[i]]);
		per[i] = counts[i] / above;
	}
	size_t package = t->cpus.n / per[0], max = idset_is_empty(&t->possible) ? t->cpus.n : idset_count(&t->possible);
	if (max < t->cpus.n || max % package || (max > t->cpus.n && idset_last(&t->possible) != (int64_t)max - 1))
		return err_set(err, "cpu.possible", "a guest can get whole packages more, numbered on");
	*ret = (struct guest_cpus){
		t->cpus.n, max, max / package, per[1], per[2], per[3], t->cpus.n / counts[N - 1],
	};
	return 0;
}

/* Of things that are `size` CPUs large, numbered on within those of `around` CPUs. */
static void enter(struct cpu *cpu, enum topo_level level, size_t size, size_t around)
{
	cpu->group[level] = (int32_t)(cpu->id - cpu->id % size);
	cpu->number[level] = (int32_t)(cpu->id % around / size);
}

void guest_place_cpu(struct cpu *cpu, const struct guest_cpus *cpus, const char *arch)
{
	size_t core = cpus->threads, cluster = core * cpus->cores, die = cluster * cpus->clusters,
	       package = die * cpus->dies;
	for (int level = 0; level < N_LEVELS; level++)
		cpu->group[level] = cpu->number[level] = TOPO_UNKNOWN;
	/* on x86 a die is always told */
	enter(cpu, LEVEL_CORE, core, package);
	if (cpus->clusters > 1)
		enter(cpu, LEVEL_CLUSTER, cluster, package);
	if (cpus->dies > 1 || !strcmp(arch, "x86_64"))
		enter(cpu, LEVEL_DIE, die, package);
	enter(cpu, LEVEL_PACKAGE, package, cpus->max);
}

size_t guest_out_of_order(const struct topo *t, const struct guest_cpus *cpus)
{
	size_t of_core = cpus->threads, of_package = cpus->max / cpus->packages, i = 0;
	for (; i < t->cpus.n; i++)
		if (t->cpus.at[i].group[LEVEL_CORE] != (int32_t)(i - i % of_core) ||
		    t->cpus.at[i].group[LEVEL_PACKAGE] != (int32_t)(i - i % of_package))
			break;
	return i;
}

/* --- memory ---------------------------------------------------------------------------------------------- */

bool guest_has_memory(const struct node *node)
{
	return node->memory_k && node->device == BDF_NONE;
}

uint64_t guest_memory_k(const struct topo *t)
{
	uint64_t sum = t->memory_k;
	for (size_t i = 0; i < t->nodes.n; i++)
		sum += guest_has_memory(&t->nodes.at[i]) ? t->nodes.at[i].memory_k : 0;
	return sum;
}

/* Nodes that follow that of a device, and have nothing of their own, are for its partitions. */
uint64_t guest_initiator(const struct topo *t, size_t node)
{
	size_t i = node + 1;
	while (i-- > 0 && t->nodes.at[i].device == BDF_NONE)
		if (!t->nodes.at[i].generic_initiator)
			return BDF_NONE;
	return i == SIZE_MAX ? BDF_NONE : t->nodes.at[i].device;
}

/* --- the host -------------------------------------------------------------------------------------------- */

const struct idset *guest_host_cpus(const struct topo *t, uint32_t cpu)
{
	for (size_t i = 0; i < t->plan.cpus.n; i++)
		if (idset_has(&t->plan.cpus.at[i].cpus, cpu))
			return &t->plan.cpus.at[i].host;
	return NULL;
}

const struct idset *guest_host_nodes(const struct topo *t, uint32_t node)
{
	for (size_t i = 0; i < t->plan.nodes.n; i++)
		if (idset_has(&t->plan.nodes.at[i].nodes, node))
			return &t->plan.nodes.at[i].host;
	return NULL;
}

uint64_t guest_host_function(const struct topo *t, uint64_t address)
{
	for (size_t i = 0; i < t->plan.devices.n; i++)
		if (t->plan.devices.at[i].function == address)
			return t->plan.devices.at[i].host;
	return BDF_NONE;
}

bool guest_is_chipset(const struct virtual_machine *vm, const struct pci *pci)
{
	for (size_t i = 0; vm->chipset[i].pci.vendor; i++)
		if (BDF(0, 0, vm->chipset[i].device, vm->chipset[i].function) == pci->address &&
		    vm->chipset[i].pci.device == pci->device)
			return true;
	return false;
}

bool guest_has_others(const struct topo *t, const struct pci *pci)
{
	for (size_t i = 0; i < t->pci.n && !BDF_FUNCTION(pci->address); i++)
		if (t->pci.at[i].address >> 3 == pci->address >> 3 && &t->pci.at[i] != pci)
			return true;
	return false;
}
