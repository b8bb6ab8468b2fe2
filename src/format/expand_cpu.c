/* SPDX-License-Identifier: Apache-2.0 */

/* "2 packages of 56 cores" into CPUs. */

#include "expand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The groups around a CPU, and where the package's numbering of cores and clusters stands. */
struct place {
	int32_t group[N_LEVELS], number[N_LEVELS];
	int32_t *next_core, *next_cluster;
	bool numbered; /* whether cores have ids */
};

static void enter(struct place *place, enum topo_level level, const struct idset *cpus, int32_t number)
{
	place->group[level] = (int32_t)idset_next(cpus, 0);
	place->number[level] = number;
}

/* Makes `count` cores of the CPUs; ids from `ids`, or numbered on. */
static int add_cores(struct expander *x, const struct idset *cpus, int64_t count, const struct idset *ids,
		     int32_t threads, const struct place *place)
{
	int64_t n = idset_count(cpus), per_core = n / count, at = 0;
	if (n % count)
		return wrong(x, "%lld CPUs do not divide into %lld cores", (long long)n, (long long)count);
	struct core {
		int32_t number, lowest;
	} *cores = arena_alloc(&x->topo->arena, (size_t)count * sizeof *cores);
	int64_t id = ids ? idset_next(ids, 0) : IDSET_NONE;
	for (int64_t c = 0; c < count; c++) {
		cores[c] = (struct core){ ids ? (int32_t)id : (*place->next_core)++, TOPO_UNKNOWN };
		id = ids ? idset_next(ids, (uint32_t)id + 1) : id;
	}
	IDSET_EACH (cpu_id, cpus) {
		struct cpu *cpu = LIST_ADD(&x->topo->arena, &x->topo->cpus);
		struct core *core = &cores[threads == THREADS_APART ? at % count : at / per_core];
		if (core->lowest == TOPO_UNKNOWN)
			core->lowest = (int32_t)cpu_id;
		cpu->id = (uint32_t)cpu_id;
		memcpy(cpu->group, place->group, sizeof cpu->group);
		memcpy(cpu->number, place->number, sizeof cpu->number);
		cpu->group[LEVEL_CORE] = core->lowest;
		cpu->number[LEVEL_CORE] = place->numbered ? core->number : TOPO_UNKNOWN;
		at++;
	}
	return 0;
}

/* AMD's compute units: neighbours share a core, and each is numbered as one. */
static int add_units(struct expander *x, const struct doc_run *run, const struct place *place)
{
	uint32_t n = idset_count(&run->cpus), at = 0;
	if (n % run->units || idset_count(&run->ids) != n)
		return wrong(x, "%u CPUs need as many ids and divide into units of %u", n, run->units);
	IDSET_EACH (cpu_id, &run->cpus) {
		struct cpu *cpu = LIST_ADD(&x->topo->arena, &x->topo->cpus);
		cpu->id = (uint32_t)cpu_id;
		memcpy(cpu->group, place->group, sizeof cpu->group);
		memcpy(cpu->number, place->number, sizeof cpu->number);
		cpu->group[LEVEL_CORE] = (int32_t)idset_nth(&run->cpus, at / run->units * run->units);
		cpu->number[LEVEL_CORE] = (int32_t)idset_nth(&run->ids, at);
		at++;
	}
	return 0;
}

static int add_run(struct expander *x, const struct doc_run *run, const struct place *place)
{
	return run->units ? add_units(x, run, place)
			  : add_cores(x, &run->cpus, idset_count(&run->ids), &run->ids, run->threads, place);
}

static int add_runs(struct expander *x, const struct doc_group *group, const struct place *place)
{
	struct idset seen = { 0 };
	size_t len = x->path.len;
	for (size_t i = 0; i < group->cores.runs.n; i++) {
		const struct doc_run *run = &group->cores.runs.at[i];
		buf_printf(&x->path, ".cores[%zu]", i);
		if (idset_is_empty(&run->ids) || idset_is_empty(&run->cpus))
			return wrong(x, "a run has at least one core and one CPU");
		if (!idset_within(&run->cpus, &group->cpus))
			return wrong(x, "has CPUs that are not in what it is part of");
		if (idset_meets(&run->cpus, &seen))
			return wrong(x, "has CPUs of an earlier run");
		idset_add_all(&x->topo->arena, &seen, &run->cpus);
		if (add_run(x, run, place))
			return -EINVAL;
		buf_cut(&x->path, len);
	}
	return idset_equal(&seen, &group->cpus) ? 0 : wrong(x, "has CPUs that are in none of its cores");
}

static int add_group(struct expander *x, const struct doc_group *group, const struct place *place);

static int add_parts(struct expander *x, const struct doc_group *group, enum topo_level level,
		     const struct doc_group *parts, size_t n, const struct place *place)
{
	struct idset seen = { 0 };
	size_t len = x->path.len;
	struct place inside = *place;
	for (size_t i = 0; i < n; i++) {
		buf_printf(&x->path, ".%ss[%zu]", level_names[level], i);
		int32_t counted = level == LEVEL_CLUSTER ? (*place->next_cluster)++ : (int32_t)i;
		enter(&inside, level, &parts[i].cpus, parts[i].id == ID_BY_PLACE ? counted : (int32_t)parts[i].id);
		if (!idset_within(&parts[i].cpus, &group->cpus))
			return wrong(x, "has CPUs that are not in what it is part of");
		if (idset_meets(&parts[i].cpus, &seen))
			return wrong(x, "has CPUs of an earlier %s", level_names[level]);
		idset_add_all(&x->topo->arena, &seen, &parts[i].cpus);
		if (add_group(x, &parts[i], &inside))
			return -EINVAL;
		buf_cut(&x->path, len);
	}
	return idset_equal(&seen, &group->cpus) ? 0
						: wrong(x, "has CPUs that are in none of its %ss", level_names[level]);
}

/* Says of the CPUs added last that each core is a cluster. They stand in the order of the cores' lowest CPUs. */
static int name_clusters(struct expander *x, const struct doc_group *group, size_t first)
{
	uint32_t cores = 0;
	for (size_t i = first; i < x->topo->cpus.n; i++) {
		struct cpu *cpu = &x->topo->cpus.at[i];
		bool lowest = cpu->group[LEVEL_CORE] == (int32_t)cpu->id;
		cpu->group[LEVEL_CLUSTER] = cpu->group[LEVEL_CORE];
		if (lowest)
			cpu->number[LEVEL_CLUSTER] = (int32_t)idset_nth(&group->cluster_ids, cores++);
		for (size_t k = first; k < i && !lowest; k++)
			if ((int32_t)x->topo->cpus.at[k].id == cpu->group[LEVEL_CORE])
				cpu->number[LEVEL_CLUSTER] = x->topo->cpus.at[k].number[LEVEL_CLUSTER];
	}
	return cores == idset_count(&group->cluster_ids)
		       ? 0 : wrong(x, "has %u cores, but %u cluster ids", cores, idset_count(&group->cluster_ids));
}

static int add_group(struct expander *x, const struct doc_group *group, const struct place *place)
{
	size_t first = x->topo->cpus.n;
	int forms = (group->cores.count != TOPO_UNKNOWN || group->cores.runs.n) + !!group->dies.n + !!group->clusters.n;
	if (!idset_is_empty(&group->cluster_ids) && (group->dies.n || group->clusters.n))
		return wrong(x, "cluster_ids go with cores, not with dies or clusters");
	if (idset_is_empty(&group->cpus))
		return wrong(x, "has no CPUs");
	if (forms > 1)
		return wrong(x, "only one of cores, dies and clusters can tell what is in it");
	if (group->dies.n)
		return add_parts(x, group, LEVEL_DIE, group->dies.at, group->dies.n, place);
	if (group->clusters.n)
		return add_parts(x, group, LEVEL_CLUSTER, group->clusters.at, group->clusters.n, place);
	int64_t count = group->cores.count == TOPO_UNKNOWN ? idset_count(&group->cpus) : group->cores.count;
	int ret = group->cores.runs.n ? add_runs(x, group, place)
				      : add_cores(x, &group->cpus, count, NULL, group->threads, place);
	return ret || idset_is_empty(&group->cluster_ids) ? ret : name_clusters(x, group, first);
}

/* A book or drawer is the packages that name it. */
static void enter_books(struct place *place, const struct document *doc, const struct doc_group *self)
{
	for (size_t i = doc->packages.n; i-- > 0;) {
		const struct doc_group *package = &doc->packages.at[i];
		bool same_drawer = package->drawer == self->drawer;
		int64_t lowest = idset_next(&package->cpus, 0);
		if (self->book != TOPO_UNKNOWN && same_drawer && package->book == self->book &&
		    (place->group[LEVEL_BOOK] == TOPO_UNKNOWN || lowest < place->group[LEVEL_BOOK]))
			enter(place, LEVEL_BOOK, &package->cpus, self->book);
		if (self->drawer != TOPO_UNKNOWN && same_drawer &&
		    (place->group[LEVEL_DRAWER] == TOPO_UNKNOWN || lowest < place->group[LEVEL_DRAWER]))
			enter(place, LEVEL_DRAWER, &package->cpus, self->drawer);
	}
}

static int add_package(struct expander *x, const struct document *doc, size_t i)
{
	const struct doc_group *package = &doc->packages.at[i];
	int32_t next_core = 0, next_cluster = 0;
	struct place place = { .next_core = &next_core, .next_cluster = &next_cluster,
			       .numbered = !package->unnumbered };
	for (int l = 0; l < N_LEVELS; l++)
		place.group[l] = place.number[l] = TOPO_UNKNOWN;
	enter(&place, LEVEL_PACKAGE, &package->cpus, package->id == ID_BY_PLACE ? (int32_t)i : (int32_t)package->id);
	enter_books(&place, doc, package);
	/* x86 kernels know dies even where there is one for each package */
	if (!strcmp(doc->topo.arch, "x86_64") && !package->dies.n)
		enter(&place, LEVEL_DIE, &package->cpus, 0);
	return add_group(x, package, &place);
}

static int add_packages(struct expander *x, const struct document *doc)
{
	struct idset seen = { 0 };
	for (size_t i = 0; i < doc->packages.n; i++) {
		buf_cut(&x->path, 0);
		buf_printf(&x->path, "cpu.packages[%zu]", i);
		if (idset_meets(&doc->packages.at[i].cpus, &seen))
			return wrong(x, "has CPUs of an earlier package");
		idset_add_all(&x->topo->arena, &seen, &doc->packages.at[i].cpus);
		if (add_package(x, doc, i))
			return -EINVAL;
	}
	return 0;
}

static int compare_cpus(const void *x, const void *y)
{
	uint32_t a = ((const struct cpu *)x)->id, b = ((const struct cpu *)y)->id;
	return (a > b) - (a < b);
}

/* CPUs that are present but in no package: offline ones, and all where the kernel tells no topology. */
static void add_bare_cpus(struct topo *t, const struct idset *in_packages)
{
	struct idset bare = idset_dup(&t->arena, &t->present);
	idset_remove_all(&bare, in_packages);
	IDSET_EACH (id, &bare) {
		struct cpu *cpu = LIST_ADD(&t->arena, &t->cpus);
		cpu->id = (uint32_t)id;
		for (int l = 0; l < N_LEVELS; l++)
			cpu->group[l] = cpu->number[l] = TOPO_UNKNOWN;
	}
}

int64_t default_kernel_max(const struct topo *t)
{
	int64_t built = !strcmp(t->arch, "x86_64") ? 8191 : !strncmp(t->arch, "ppc64", 5) ? 2047 : 511;
	int64_t needed = idset_last(&t->possible);
	return built > needed ? built : needed;
}

static void fill_unsaid(struct topo *t, struct idset *set, const struct idset *otherwise)
{
	if (idset_is_empty(set))
		*set = idset_dup(&t->arena, otherwise);
}

int expand_cpus(struct expander *x, const struct document *doc)
{
	struct topo *t = x->topo;
	struct idset in_packages = { 0 };
	if (add_packages(x, doc))
		return -EINVAL;
	for (size_t i = 0; i < t->cpus.n; i++)
		idset_add(&t->arena, &in_packages, t->cpus.at[i].id);
	fill_unsaid(t, &t->present, idset_is_empty(&in_packages) ? &t->online : &in_packages);
	buf_cut(&x->path, 0);
	buf_puts(&x->path, "cpu");
	if (idset_is_empty(&t->present))
		return wrong(x, "the machine has no CPUs: say packages, or present");
	fill_unsaid(t, &t->possible, &t->present);
	fill_unsaid(t, &t->online, &t->present);
	if (t->kernel_max == TOPO_UNKNOWN)
		t->kernel_max = default_kernel_max(t);
	add_bare_cpus(t, &in_packages);
	qsort(t->cpus.at, t->cpus.n, sizeof *t->cpus.at, compare_cpus);
	for (size_t i = 0; i < t->kinds.n; i++)
		fill_unsaid(t, &t->kinds.at[i].cpus, &t->present);
	return 0;
}
