/* SPDX-License-Identifier: Apache-2.0 */

/* What must hold of CPUs and caches. */

#include "checks.h"

#include <stdlib.h>

void check_cpu_sets(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const struct {
		const char *name, *whole_name;
		const struct idset *part, *whole;
	} sets[] = { { "present", "possible", &t->present, &t->possible },
		     { "online", "present", &t->online, &t->present },
		     { "isolated", "possible", &t->isolated, &t->possible } };
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		const char *more = beyond(in, sets[i].part, sets[i].whole);
		if (more)
			report(in, "cpu", "CPUs %s are %s but not %s", more, sets[i].name, sets[i].whole_name);
	}
}

void check_cpu_has_package(const struct inspection *in)
{
	const struct topo *t = in->topo;
	struct idset in_packages = { 0 };
	for (size_t i = 0; i < t->cpus.n; i++)
		if (t->cpus.at[i].group[LEVEL_PACKAGE] != TOPO_UNKNOWN)
			idset_add(in->arena, &in_packages, t->cpus.at[i].id);
	if (idset_is_empty(&in_packages))
		return;
	const char *bare = beyond(in, &t->online, &in_packages);
	const char *absent = beyond(in, &in_packages, &t->present);
	if (bare)
		report(in, "cpu", "CPUs %s are online but in no package", bare);
	if (absent)
		report(in, "cpu", "CPUs %s are in a package but not present", absent);
}

void check_node_cpus_exist(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->nodes.n; i++) {
		const struct node *node = &in->topo->nodes.at[i];
		const char *unknown = beyond(in, &node->cpus, &in->topo->possible);
		if (unknown)
			report(in, node_name(in, node), "it has CPUs %s, which no package has", unknown);
	}
}

void check_cpu_kinds(const struct inspection *in)
{
	struct idset seen = { 0 };
	for (size_t i = 0; i < in->topo->kinds.n; i++) {
		const struct idset *cpus = &in->topo->kinds.at[i].cpus;
		const char *where = arena_printf(in->arena, "cpu.kinds[%zu]", i);
		const char *unknown = beyond(in, cpus, &in->topo->present);
		if (unknown)
			report(in, where, "it has CPUs %s, which the machine has not", unknown);
		if (idset_meets(cpus, &seen))
			report(in, where, "it has CPUs of an earlier kind");
		idset_add_all(in->arena, &seen, cpus);
	}
}

void check_kernel_max(const struct inspection *in)
{
	int64_t last = idset_last(&in->topo->possible);
	if (last > in->topo->kernel_max)
		report(in, "cpu.kernel_max", "CPU %lld is beyond %lld: lscpu leaves it out", (long long)last,
		       (long long)in->topo->kernel_max);
}

void check_mask_bits(const struct inspection *in)
{
	int64_t last = idset_last(&in->topo->possible);
	if (in->topo->mask_bits && last >= in->topo->mask_bits)
		report(in, "cpu.mask_bits", "CPU %lld does not fit masks of %u bits", (long long)last,
		       in->topo->mask_bits);
}

void check_cpu_mask_width(const struct inspection *in)
{
	uint32_t bits = (uint32_t)idset_last(&in->topo->possible) + 1;
	if (in->limits->cpu_bits && bits > in->limits->cpu_bits)
		report(in, "cpu",
		       "masks of %u CPUs are wider than the %u this kernel is built for: numactl prints no CPUs", bits,
		       in->limits->cpu_bits);
	if (bits > 896)
		report(in, "cpu", "masks of %u CPUs have more than 254 characters: NCCL cuts them off", bits);
}

static int compare_caches(const void *x, const void *y)
{
	const struct cache *a = *(const struct cache *const *)x, *b = *(const struct cache *const *)y;
	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

void check_caches(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const struct cache **order = arena_alloc(in->arena, (t->caches.n + 1) * sizeof *order);
	if (!t->caches.n)
		report(in, "cpu.caches", "there are none: hwloc takes those of the CPU it runs on");
	for (size_t i = 0; i < t->caches.n; i++)
		order[i] = &t->caches.at[i];
	qsort(order, t->caches.n, sizeof *order, compare_caches);
	for (size_t i = 1; i < t->caches.n; i++)
		if (!compare_caches(&order[i - 1], &order[i]) && order[i]->id != TOPO_UNKNOWN) {
			report(in, "cpu.caches", "two L%u caches have the id %lld: lscpu takes them for one",
			       order[i]->level, (long long)order[i]->id);
			return;
		}
}

static int compare_cores(const void *x, const void *y)
{
	const struct cpu *a = *(const struct cpu *const *)x, *b = *(const struct cpu *const *)y;
	if (a->group[LEVEL_PACKAGE] != b->group[LEVEL_PACKAGE])
		return a->group[LEVEL_PACKAGE] < b->group[LEVEL_PACKAGE] ? -1 : 1;
	return (a->number[LEVEL_CORE] > b->number[LEVEL_CORE]) - (a->number[LEVEL_CORE] < b->number[LEVEL_CORE]);
}

void check_core_ids(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const struct cpu **order = arena_alloc(in->arena, (t->cpus.n + 1) * sizeof *order);
	for (size_t i = 0; i < t->cpus.n; i++)
		order[i] = &t->cpus.at[i];
	qsort(order, t->cpus.n, sizeof *order, compare_cores);
	for (size_t i = 1; i < t->cpus.n; i++) {
		const struct cpu *a = order[i - 1], *b = order[i];
		if (a->number[LEVEL_CORE] != TOPO_UNKNOWN && !compare_cores(&a, &b) &&
		    a->group[LEVEL_CORE] != b->group[LEVEL_CORE]) {
			report(in, arena_printf(in->arena, "package %d", a->number[LEVEL_PACKAGE]),
			       "CPUs %u and %u are on two cores %d: cAdvisor takes them for one", a->id, b->id,
			       a->number[LEVEL_CORE]);
			return;
		}
	}
}

/* On s390 packages are counted anew in each book; of one place and id, those of one package are side by side. */
static int compare_package_ids(const struct cpu *a, const struct cpu *b)
{
	static const enum topo_level around[] = { LEVEL_DRAWER, LEVEL_BOOK };
	for (size_t i = 0; i < sizeof around / sizeof *around; i++)
		if (a->group[around[i]] != b->group[around[i]])
			return a->group[around[i]] < b->group[around[i]] ? -1 : 1;
	return (a->number[LEVEL_PACKAGE] > b->number[LEVEL_PACKAGE]) -
	       (a->number[LEVEL_PACKAGE] < b->number[LEVEL_PACKAGE]);
}

static int compare_packages(const void *x, const void *y)
{
	const struct cpu *a = *(const struct cpu *const *)x, *b = *(const struct cpu *const *)y;
	int order = compare_package_ids(a, b);
	if (!order)
		order = (a->group[LEVEL_PACKAGE] > b->group[LEVEL_PACKAGE]) -
			(a->group[LEVEL_PACKAGE] < b->group[LEVEL_PACKAGE]);
	return order ? order : (a->id > b->id) - (a->id < b->id);
}

/* The kernel leaves a CPU that is offline out of its package. */
void check_package_ids(const struct inspection *in)
{
	const struct topo *t = in->topo;
	const struct cpu **order = arena_alloc(in->arena, (t->cpus.n + 1) * sizeof *order);
	size_t n = 0;
	for (size_t i = 0; i < t->cpus.n; i++)
		if (idset_has(&t->online, t->cpus.at[i].id))
			order[n++] = &t->cpus.at[i];
	qsort(order, n, sizeof *order, compare_packages);
	for (size_t i = 1; i < n; i++) {
		const struct cpu *a = order[i - 1], *b = order[i];
		if (b->number[LEVEL_PACKAGE] != TOPO_UNKNOWN && !compare_package_ids(a, b) &&
		    a->group[LEVEL_PACKAGE] != b->group[LEVEL_PACKAGE]) {
			report(in, arena_printf(in->arena, "package %d", b->number[LEVEL_PACKAGE]),
			       "CPUs %u and %u are in two packages of this id: programs take them for one", a->id, b->id);
			return;
		}
	}
}

void check_cache_levels(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->caches.n; i++)
		if (in->topo->caches.at[i].level > 5) {
			report(in, "cpu.caches", "an L%u cache: hwloc knows L1 to L5", in->topo->caches.at[i].level);
			return;
		}
}

void check_frequencies(const struct inspection *in)
{
	for (size_t i = 0; i < in->topo->kinds.n; i++) {
		const struct cpu_kind *kind = &in->topo->kinds.at[i];
		if (kind->max_khz && kind->min_khz > kind->max_khz)
			report(in, arena_printf(in->arena, "cpu.kinds[%zu]", i),
			       "its lowest frequency, %llu kHz, is above its highest, %llu kHz",
			       (unsigned long long)kind->min_khz, (unsigned long long)kind->max_khz);
	}
}
