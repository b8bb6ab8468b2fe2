/* SPDX-License-Identifier: Apache-2.0 */

/* Packages and caches in the short form: guessed, spelt out by expand_cache.c, and kept when the same comes out. */

#include "condense.h"

#include <string.h>

/* --- cores ----------------------------------------------------------------------------------------------- */

/* The CPUs of a part of a package, in id order, and the package's count of cores so far. */
struct part {
	const struct cpu **cpus;
	size_t n;
	int32_t *next_core;
};

static struct idset set_of(const struct part *part, struct arena *a)
{
	struct idset set = { 0 };
	for (size_t i = 0; i < part->n; i++)
		idset_add(a, &set, part->cpus[i]->id);
	return set;
}

static struct idset core_ids_of(const struct part *part, struct arena *a)
{
	struct idset ids = { 0 };
	for (size_t i = 0; i < part->n; i++)
		idset_add(a, &ids, (uint32_t)part->cpus[i]->level[LEVEL_CORE]);
	return ids;
}

/* Whether the CPUs, cut into cores one way, fall on these ids in order. */
static bool are_cut(const struct part *part, const struct idset *ids, int32_t threads)
{
	size_t count = idset_count(ids), per_core = part->n / count;
	if (part->n % count)
		return false;
	for (size_t i = 0; i < part->n; i++) {
		size_t core = threads == THREADS_APART ? i % count : i / per_core;
		if (part->cpus[i]->level[LEVEL_CORE] != idset_nth(ids, (uint32_t)core))
			return false;
	}
	return true;
}

static void add_core_runs(const struct part *part, const struct idset *ids, struct arena *a, struct doc_group *group)
{
	for (int32_t threads = THREADS_APART; threads <= THREADS_ADJACENT; threads++)
		if (are_cut(part, ids, threads)) {
			*LIST_ADD(a, &group->cores.runs) = (struct doc_run){ *ids, group->cpus, threads };
			return;
		}
	IDSET_EACH (id, ids) {
		struct doc_run *run = LIST_ADD(a, &group->cores.runs);
		idset_add(a, &run->ids, (uint32_t)id);
		for (size_t i = 0; i < part->n; i++)
			if (part->cpus[i]->level[LEVEL_CORE] == id)
				idset_add(a, &run->cpus, part->cpus[i]->id);
	}
}

static void condense_cores(const struct part *part, struct arena *a, struct doc_group *group)
{
	struct idset ids = core_ids_of(part, a), counted = { 0 };
	uint32_t count = idset_count(&ids);
	idset_add_range(a, &counted, (uint32_t)*part->next_core, (uint32_t)*part->next_core + count - 1);
	for (int32_t threads = THREADS_APART; threads <= THREADS_ADJACENT && idset_equal(&ids, &counted); threads++)
		if (are_cut(part, &ids, threads)) {
			group->cores.count = count == part->n ? TOPO_UNKNOWN : (int64_t)count;
			group->threads = threads;
			*part->next_core += (int32_t)count;
			return;
		}
	add_core_runs(part, &ids, a, group);
}

/* --- packages, dies, clusters ---------------------------------------------------------------------------- */

static const struct doc_group new_group = {
	.id = TOPO_UNKNOWN, .cores.count = TOPO_UNKNOWN, .book = TOPO_UNKNOWN, .drawer = TOPO_UNKNOWN,
};

static void condense_group(const struct topo *t, const struct part *part, enum topo_level level, struct arena *a,
			   struct doc_group *group);

/* Sorts the part's CPUs by their id at a level and makes a group of each. */
static void condense_parts(const struct topo *t, const struct part *part, enum topo_level level, struct arena *a,
			   struct list *groups)
{
	struct part rest = { arena_alloc(a, part->n * sizeof *rest.cpus), 0, part->next_core };
	struct part same = { arena_alloc(a, part->n * sizeof *same.cpus), 0, part->next_core };
	memcpy(rest.cpus, part->cpus, part->n * sizeof *rest.cpus);
	for (rest.n = part->n; rest.n;) {
		int32_t id = rest.cpus[0]->level[level];
		size_t kept = 0;
		same.n = 0;
		for (size_t i = 0; i < rest.n; i++)
			if (rest.cpus[i]->level[level] == id)
				same.cpus[same.n++] = rest.cpus[i];
			else
				rest.cpus[kept++] = rest.cpus[i];
		rest.n = kept;
		struct doc_group *group = list_add(a, groups, sizeof *group);
		*group = new_group;
		group->id = id;
		condense_group(t, &same, level, a, group);
	}
}

/* x86 knows dies even where there is one for each package: die 0 goes without saying. */
static bool has_dies(const struct topo *t, const struct part *part)
{
	int32_t unsaid = !strcmp(t->arch, "x86_64") ? 0 : TOPO_UNKNOWN;
	for (size_t i = 0; i < part->n; i++)
		if (part->cpus[i]->level[LEVEL_DIE] != unsaid)
			return true;
	return false;
}

static void condense_group(const struct topo *t, const struct part *part, enum topo_level level, struct arena *a,
			   struct doc_group *group)
{
	group->cpus = set_of(part, a);
	if (level == LEVEL_PACKAGE && has_dies(t, part))
		condense_parts(t, part, LEVEL_DIE, a, (struct list *)&group->dies);
	else if (level != LEVEL_CLUSTER && part->cpus[0]->level[LEVEL_CLUSTER] != TOPO_UNKNOWN)
		condense_parts(t, part, LEVEL_CLUSTER, a, (struct list *)&group->clusters);
	else
		condense_cores(part, a, group);
}

static bool same_package(const struct cpu *a, const struct cpu *b)
{
	return !memcmp(&a->level[LEVEL_PACKAGE], &b->level[LEVEL_PACKAGE],
		       (N_LEVELS - LEVEL_PACKAGE) * sizeof *a->level);
}

/* Returns the CPUs that are in packages. */
static struct idset condense_packages(const struct topo *t, struct arena *a, struct doc_cpu *doc)
{
	struct idset seen = { 0 };
	for (size_t i = 0; i < t->cpus.n; i++) {
		const struct cpu *first = &t->cpus.at[i];
		int32_t next_core = 0;
		if (first->level[LEVEL_PACKAGE] == TOPO_UNKNOWN || idset_has(&seen, first->id))
			continue;
		struct part part = { arena_alloc(a, t->cpus.n * sizeof *part.cpus), 0, &next_core };
		for (size_t k = i; k < t->cpus.n; k++)
			if (same_package(&t->cpus.at[k], first)) {
				part.cpus[part.n++] = &t->cpus.at[k];
				idset_add(a, &seen, t->cpus.at[k].id);
			}
		struct doc_group *package = LIST_ADD(a, &doc->packages);
		*package = new_group;
		package->id = first->level[LEVEL_PACKAGE];
		package->book = first->level[LEVEL_BOOK];
		package->drawer = first->level[LEVEL_DRAWER];
		condense_group(t, &part, LEVEL_PACKAGE, a, package);
	}
	return seen;
}

/* --- caches ---------------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_sort(const struct cache *a, const struct cache *b)
{
	return a->level == b->level && a->type == b->type && a->size_k == b->size_k && a->line == b->line &&
	       a->ways == b->ways && a->sets == b->sets && a->partition == b->partition &&
	       same_text(a->write_policy, b->write_policy) && same_text(a->allocation_policy, b->allocation_policy);
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

static void condense_caches(const struct topo *t, struct arena *a, struct doc_cpu *doc)
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

/* --- all of it ------------------------------------------------------------------------------------------- */

void condense_cpus(const struct topo *t, struct arena *a, struct doc_cpu *doc)
{
	doc->arch = t->arch;
	doc->info = t->cpuinfo;
	doc->vulnerabilities = t->vulnerabilities;
	struct idset in_packages = condense_packages(t, a, doc);
	doc->present = unless_equal(&t->present, &in_packages);
	doc->possible = unless_equal(&t->possible, &t->present);
	doc->online = unless_equal(&t->online, &t->present);
	doc->isolated = t->isolated;
	doc->kernel_max = t->kernel_max == default_kernel_max(t) ? TOPO_UNKNOWN : t->kernel_max;
	condense_caches(t, a, doc);
	for (size_t i = 0; i < t->kinds.n; i++) {
		struct cpu_kind *kind = LIST_ADD(a, &doc->kinds);
		*kind = t->kinds.at[i];
		kind->cpus = unless_equal(&kind->cpus, &t->present);
	}
}
