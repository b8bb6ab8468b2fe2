/* SPDX-License-Identifier: Apache-2.0 */

/* Packages and caches in the short form: guessed, spelt out by expand_cache.c, and kept when the same comes out. */

#include "condense.h"
#include "expand.h"

#include <string.h>

/* --- cores ----------------------------------------------------------------------------------------------- */

/* The CPUs of a part of a package, in id order, and how the package's cores are numbered. */
struct part {
	const struct cpu **cpus;
	size_t n;
	int32_t *next_core;
	bool unnumbered;
};

struct core {
	int32_t lowest, number;
	struct idset cpus;
	struct idset numbers; /* of its CPUs; more than one in a compute unit */
};
typedef LIST_OF(struct core) core_list;

static struct idset set_of(const struct part *part, struct arena *a)
{
	struct idset set = { 0 };
	for (size_t i = 0; i < part->n; i++)
		idset_add(a, &set, part->cpus[i]->id);
	return set;
}

/* In the order of their lowest CPUs, as CPUs come. */
static void find_cores(const struct part *part, struct arena *a, core_list *cores)
{
	for (size_t i = 0; i < part->n; i++) {
		const struct cpu *cpu = part->cpus[i];
		size_t c = 0;
		while (c < cores->n && cores->at[c].lowest != cpu->group[LEVEL_CORE])
			c++;
		if (c == cores->n)
			*LIST_ADD(a, cores) =
				(struct core){ cpu->group[LEVEL_CORE], cpu->number[LEVEL_CORE], { 0 }, { 0 } };
		idset_add(a, &cores->at[c].cpus, cpu->id);
		if (cpu->number[LEVEL_CORE] >= 0)
			idset_add(a, &cores->at[c].numbers, (uint32_t)cpu->number[LEVEL_CORE]);
	}
}

/* Whether n cores come out when their CPUs are divided one way. */
static bool are_cut(const struct core *cores, size_t n, int32_t threads, struct arena *a)
{
	struct idset all = { 0 };
	uint32_t per_core = idset_count(&cores[0].cpus);
	for (size_t c = 0; c < n; c++)
		idset_add_all(a, &all, &cores[c].cpus);
	if (idset_count(&all) != n * per_core)
		return false;
	for (size_t c = 0; c < n; c++)
		for (uint32_t k = 0; k < per_core; k++) {
			size_t place = threads == THREADS_APART ? c + k * n : c * per_core + k;
			if (!idset_has(&cores[c].cpus, (uint32_t)idset_nth(&all, (uint32_t)place)))
				return false;
		}
	return true;
}

static int32_t guess_threads(const struct core *cores, size_t n, struct arena *a)
{
	/* two neighbours are both ways at once where there is one core */
	if (idset_count(&cores[0].numbers) > 1)
		return are_cut(cores, n, THREADS_ADJACENT, a) ? THREADS_ADJACENT : TOPO_UNKNOWN;
	for (int32_t threads = THREADS_APART; threads <= THREADS_ADJACENT; threads++)
		if (are_cut(cores, n, threads, a))
			return threads;
	return TOPO_UNKNOWN;
}

static struct doc_run run_of(const struct core *cores, size_t n, int32_t threads, bool unnumbered, struct arena *a)
{
	struct doc_run run = { .threads = threads };
	for (size_t c = 0; c < n; c++) {
		/* a core without number among numbered ones cannot be said */
		idset_add(a, &run.ids, unnumbered || cores[c].number < 0 ? (uint32_t)c : (uint32_t)cores[c].number);
		idset_add_all(a, &run.cpus, &cores[c].cpus);
	}
	return run;
}

static bool is_unit(const struct core *core)
{
	return idset_count(&core->numbers) > 1;
}

/* Whether a core continues a run: as many threads, ids that ascend, and the same sort. */
static bool continues(const struct core *core, const struct core *before, bool unnumbered)
{
	return idset_count(&core->cpus) == idset_count(&before->cpus) && is_unit(core) == is_unit(before) &&
	       (core->number < 0) == (before->number < 0) &&
	       (unnumbered || idset_next(&core->numbers, 0) > idset_last(&before->numbers));
}

static struct doc_run run_of_units(const struct core *cores, size_t n, struct arena *a)
{
	struct doc_run run = { .threads = THREADS_ADJACENT, .units = idset_count(&cores->cpus) };
	for (size_t c = 0; c < n; c++) {
		idset_add_all(a, &run.ids, &cores[c].numbers);
		idset_add_all(a, &run.cpus, &cores[c].cpus);
	}
	return run;
}

/* Runs as long as they can be: ids ascend, and the CPUs divide evenly. */
static void add_core_runs(const core_list *cores, bool unnumbered, struct arena *a, struct doc_group *group)
{
	for (size_t first = 0, n; first < cores->n; first += n) {
		const struct core *core = &cores->at[first];
		for (n = 1; first + n < cores->n && continues(&core[n], &core[n - 1], unnumbered); n++)
			;
		int32_t cut = guess_threads(core, n, a);
		if (cut == TOPO_UNKNOWN)
			n = 1;
		*LIST_ADD(a, &group->cores.runs) =
			is_unit(core) && cut == THREADS_ADJACENT
				? run_of_units(core, n, a)
				: run_of(core, n, cut == TOPO_UNKNOWN ? THREADS_APART : cut, unnumbered, a);
	}
}

static void condense_cores(const struct part *part, struct arena *a, struct doc_group *group)
{
	core_list cores = { 0 };
	find_cores(part, a, &cores);
	bool counted = true;
	for (size_t c = 0; c < cores.n; c++)
		counted &= part->unnumbered ||
			   (!is_unit(&cores.at[c]) && cores.at[c].number == *part->next_core + (int32_t)c);
	int32_t threads = counted ? guess_threads(cores.at, cores.n, a) : TOPO_UNKNOWN;
	if (threads == TOPO_UNKNOWN) {
		add_core_runs(&cores, part->unnumbered, a, group);
		return;
	}
	group->cores.count = cores.n == part->n ? TOPO_UNKNOWN : (int64_t)cores.n;
	group->threads = threads;
	*part->next_core += (int32_t)cores.n;
}

/* --- packages, dies, clusters ---------------------------------------------------------------------------- */

static const struct doc_group new_group = {
	.id = ID_BY_PLACE, .cores.count = TOPO_UNKNOWN, .book = TOPO_UNKNOWN, .drawer = TOPO_UNKNOWN,
};

static void condense_group(const struct topo *t, const struct part *part, enum topo_level level, struct arena *a,
			   struct doc_group *group);

/* Takes the CPUs that share the first one's group out of the rest. */
static void take_group(struct part *rest, enum topo_level level, struct part *same)
{
	int32_t lowest = rest->cpus[0]->group[level];
	size_t kept = 0;
	same->n = 0;
	for (size_t i = 0; i < rest->n; i++)
		if (rest->cpus[i]->group[level] == lowest)
			same->cpus[same->n++] = rest->cpus[i];
		else
			rest->cpus[kept++] = rest->cpus[i];
	rest->n = kept;
}

static void condense_parts(const struct topo *t, const struct part *part, enum topo_level level, struct arena *a,
			   struct list *groups)
{
	struct part rest = *part, same = *part;
	rest.cpus = arena_dup(a, part->cpus, part->n * sizeof *rest.cpus);
	same.cpus = arena_alloc(a, part->n * sizeof *same.cpus);
	while (rest.n) {
		take_group(&rest, level, &same);
		struct doc_group *group = list_add(a, groups, sizeof *group);
		*group = new_group;
		group->id = same.cpus[0]->number[level];
		condense_group(t, &same, level, a, group);
	}
}

/* x86 knows dies even where there is one for each package: die 0 goes without saying. */
static bool has_dies(const struct topo *t, const struct part *part)
{
	bool x86 = !strcmp(t->arch, "x86_64");
	for (size_t i = 0; i < part->n; i++) {
		const struct cpu *cpu = part->cpus[i];
		if (x86 ? cpu->group[LEVEL_DIE] != cpu->group[LEVEL_PACKAGE] || cpu->number[LEVEL_DIE] != 0
			: cpu->group[LEVEL_DIE] != TOPO_UNKNOWN)
			return true;
	}
	return false;
}

/* Ids of the clusters where every core is one; false where they are more, or do not ascend. */
static bool condense_clusters(const struct part *part, struct arena *a, struct idset *ret)
{
	int64_t last = -1;
	for (size_t i = 0; i < part->n; i++) {
		const struct cpu *cpu = part->cpus[i];
		bool lowest = cpu->group[LEVEL_CORE] == (int32_t)cpu->id;
		if (cpu->group[LEVEL_CLUSTER] != cpu->group[LEVEL_CORE] ||
		    (lowest && (cpu->number[LEVEL_CLUSTER] <= last || cpu->number[LEVEL_CLUSTER] > INT32_MAX / 64)))
			return false;
		if (lowest)
			idset_add(a, ret, (uint32_t)(last = cpu->number[LEVEL_CLUSTER]));
	}
	return true;
}

static void condense_group(const struct topo *t, const struct part *part, enum topo_level level, struct arena *a,
			   struct doc_group *group)
{
	struct idset cluster_ids = { 0 };
	group->cpus = set_of(part, a);
	if (level != LEVEL_CLUSTER && part->n > 1 && condense_clusters(part, a, &cluster_ids))
		group->cluster_ids = cluster_ids;
	bool one_each = !idset_is_empty(&group->cluster_ids);
	if (level == LEVEL_PACKAGE && has_dies(t, part))
		condense_parts(t, part, LEVEL_DIE, a, (struct list *)&group->dies);
	else if (level != LEVEL_CLUSTER && part->cpus[0]->group[LEVEL_CLUSTER] != TOPO_UNKNOWN && !one_each)
		condense_parts(t, part, LEVEL_CLUSTER, a, (struct list *)&group->clusters);
	else
		condense_cores(part, a, group);
	if (group->dies.n)
		group->cluster_ids = (struct idset){ 0 };
}

static bool has_numbered_core(const struct part *part)
{
	for (size_t i = 0; i < part->n; i++)
		if (part->cpus[i]->number[LEVEL_CORE] != TOPO_UNKNOWN)
			return true;
	return false;
}

static void condense_package(const struct topo *t, struct part *rest, struct arena *a, struct doc_group *package)
{
	int32_t next_core = 0;
	struct part part = { .cpus = arena_alloc(a, rest->n * sizeof *part.cpus), .next_core = &next_core };
	const struct cpu *first = rest->cpus[0];
	take_group(rest, LEVEL_PACKAGE, &part);
	*package = new_group;
	package->id = first->number[LEVEL_PACKAGE];
	package->book = first->number[LEVEL_BOOK];
	package->drawer = first->number[LEVEL_DRAWER];
	package->unnumbered = part.unnumbered = !has_numbered_core(&part);
	condense_group(t, &part, LEVEL_PACKAGE, a, package);
}

/* Returns the CPUs that are in packages. */
static struct idset condense_packages(const struct topo *t, struct arena *a, struct document *doc)
{
	struct idset all;
	struct part rest = { .cpus = arena_alloc(a, (t->cpus.n + 1) * sizeof *rest.cpus) };
	for (size_t i = 0; i < t->cpus.n; i++)
		if (t->cpus.at[i].group[LEVEL_PACKAGE] != TOPO_UNKNOWN)
			rest.cpus[rest.n++] = &t->cpus.at[i];
	all = set_of(&rest, a);
	while (rest.n)
		condense_package(t, &rest, a, LIST_ADD(a, &doc->packages));
	return all;
}

/* --- caches ---------------------------------------------------------------------------------------------- */

static bool same_sort(const struct cache *a, const struct cache *b)
{
	return a->level == b->level && a->type == b->type && a->size_k == b->size_k && a->line == b->line &&
	       a->ways == b->ways && a->sets == b->sets && a->partition == b->partition &&
	       topo_same_text(a->write_policy, b->write_policy) &&
	       topo_same_text(a->allocation_policy, b->allocation_policy);
}

static bool same_instances(const struct topo *guess, const struct cache *caches, size_t n)
{
	if (guess->caches.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_sort(&guess->caches.at[i], &caches[i]) ||
		    !idset_equal(&guess->caches.at[i].cpus, &caches[i].cpus))
			return false;
	return true;
}

static bool is_right(const struct topo *t, const struct doc_cache *doc, const struct cache *caches, size_t n)
{
	_cleanup_topo_ struct topo guess = { 0 };
	expand_cache(t, doc, &guess.arena, &guess);
	return same_instances(&guess, caches, n);
}

/* What they have in common, less what goes without saying. */
static struct doc_cache common_of(const struct topo *t, const struct cache *cache)
{
	struct doc_cache doc = { .cache = *cache, .per = PER_UNSAID };
	doc.cache.cpus = (struct idset){ 0 };
	if (cache->ways && cache->line && cache->sets == cache->size_k * 1024 / cache->ways / cache->line)
		doc.cache.sets = 0;
	if (cache->partition == !strcmp(t->arch, "x86_64"))
		doc.cache.partition = (uint64_t)PARTITION_BY_ARCH;
	return doc;
}

/* Finds who shares one; false: no short form says it. */
static bool guess_sharers(const struct topo *t, const struct cache *caches, size_t n, struct arena *a,
			  struct doc_cache *doc)
{
	static const int32_t pers[] = { PER_CORE, PER_PACKAGE, PER_CLUSTER, PER_DIE, PER_NODE, PER_CPU, PER_MACHINE };
	struct idset all = { 0 };
	for (size_t i = 0; i < n; i++)
		idset_add_all(a, &all, &caches[i].cpus);
	if (!idset_equal(&all, &t->online))
		doc->cache.cpus = all;
	if (n == 1 && !idset_is_empty(&doc->cache.cpus) && is_right(t, doc, caches, n))
		return true;
	for (size_t i = 0; i < sizeof pers / sizeof *pers; i++) {
		doc->per = pers[i];
		if (is_right(t, doc, caches, n))
			return true;
	}
	doc->per = PER_UNSAID;
	for (doc->cores = 2; doc->cores <= 64; doc->cores++)
		if (is_right(t, doc, caches, n))
			return true;
	doc->cores = 0;
	return false;
}

/* Ids as a list, where they ascend; false where no list says them. */
static bool guess_ids(const struct topo *t, size_t first, size_t n, struct arena *a, struct doc_cache *doc)
{
	const struct cache *caches = &t->caches.at[first];
	int64_t next = default_cache_id(t, caches, first);
	bool counted = true, ascending = true;
	for (size_t i = 0; i < n; i++) {
		counted &= caches[i].id == next + (int64_t)i;
		ascending &= caches[i].id >= 0 && (!i || caches[i].id > caches[i - 1].id);
	}
	for (size_t i = 0; i < n && !counted && ascending; i++)
		idset_add(a, &doc->ids, (uint32_t)caches[i].id);
	return counted || ascending;
}

static void condense_caches(const struct topo *t, struct arena *a, struct document *doc)
{
	for (size_t first = 0, n; first < t->caches.n; first += n) {
		const struct cache *caches = &t->caches.at[first];
		for (n = 1; first + n < t->caches.n && same_sort(caches, &caches[n]); n++)
			;
		struct doc_cache all = common_of(t, caches);
		if (guess_sharers(t, caches, n, a, &all) && guess_ids(t, first, n, a, &all)) {
			*LIST_ADD(a, &doc->caches) = all;
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			struct doc_cache *one = LIST_ADD(a, &doc->caches);
			*one = common_of(t, caches);
			one->cache.cpus = caches[i].cpus;
			guess_ids(t, first + i, 1, a, one);
		}
	}
}

/* Who shares a cache is guessed among the packages and cores that the document tells, maybe fewer than there are. */
static void condense_caches_as_read(const struct topo *t, struct arena *a, struct document *doc)
{
	_cleanup_topo_ struct topo read = doc->topo;
	struct err ignored = { 0 };
	struct expander x = { .topo = &read, .err = &ignored };
	read.arena = (struct arena){ 0 };
	read.kinds.n = 0;
	bool refused = expand_cpus(&x, doc);
	memcpy(&read.nodes, &t->nodes, sizeof read.nodes);
	memcpy(&read.caches, &t->caches, sizeof read.caches);
	condense_caches(refused ? t : &read, a, doc);
	buf_done(&x.path);
}

/* --- all of it ------------------------------------------------------------------------------------------- */

void condense_cpus(const struct topo *t, struct arena *a, struct document *doc)
{
	struct idset in_packages = condense_packages(t, a, doc);
	struct topo *said = &doc->topo;
	said->present = unless_equal(&t->present, &in_packages);
	said->possible = unless_equal(&t->possible, &t->present);
	said->online = unless_equal(&t->online, &t->present);
	said->kernel_max = t->kernel_max == default_kernel_max(t) ? TOPO_UNKNOWN : t->kernel_max;
	condense_caches_as_read(t, a, doc);
	said->kinds.n = 0;
	for (size_t i = 0; i < t->kinds.n; i++) {
		struct cpu_kind *kind = LIST_ADD(a, &said->kinds);
		*kind = t->kinds.at[i];
		kind->cpus = unless_equal(&kind->cpus, &t->present);
	}
}
