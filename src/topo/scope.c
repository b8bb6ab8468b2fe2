/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/scope.h"

#include "topofs/facts.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum limit { LIMIT_CPUS = 1, LIMIT_NODES = 2, LIMIT_PCI = 4 };
enum { HWLOC_NODES = 64 };

/* What stays. Sets and arrays lie in the topology's arena. */
struct cut {
	struct topo *t;
	unsigned limits; /* enum limit: of what there is less than before */
	struct idset cpus, nodes;
	bool *functions;     /* by place in topo->pci */
	uint64_t *addresses; /* of these, in order */
	size_t n_addresses;
};

/* Keeps the elements of a list for which the condition on `it` holds. */
#define KEEP(list, condition) \
	do { \
		size_t kept_ = 0; \
		for (size_t i_ = 0; i_ < (list)->n; i_++) { \
			__typeof__((list)->at) it = &(list)->at[i_]; \
			if (condition) \
				(list)->at[kept_++] = *it; \
		} \
		(list)->n = kept_; \
	} while (0)

/* --- PCI: what is asked for ------------------------------------------------------------------------------ */

static int refuse_kind(const char *name, struct err *err)
{
	_cleanup_buf_ struct buf known = { 0 };
	for (size_t i = 0; i < n_pci_kinds; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", pci_kinds[i].name);
	return err_set(err, "--pci", "there is no class \"%.40s\", only %s", name, buf_text(&known));
}

static int choose_kind(struct cut *cut, const struct facts *f, const char *name, struct err *err)
{
	(void)f;
	for (size_t k = 0; k < n_pci_kinds; k++) {
		if (strcmp(pci_kinds[k].name, name))
			continue;
		for (size_t i = 0; i < cut->t->pci.n; i++)
			cut->functions[i] |= pci_kinds[k].is(&cut->t->pci.at[i]);
		return 0;
	}
	return refuse_kind(name, err);
}

static int choose_device(struct cut *cut, const struct facts *f, const char *name, struct err *err)
{
	uint64_t address;
	const char *wrong = strchr(name, ':') ? bdf_parse(name, 0, &address)
					      : "expected a PCI address such as \"0000:3b:00.0\"";
	if (wrong)
		return err_set(err, "--devices", "\"%.40s\": %s", name, wrong);
	uint32_t i = facts_pci(f, address);
	if (i == FACTS_NONE)
		return err_set(err, "--devices", "there is no function %.40s", name);
	cut->functions[i] = true;
	return 0;
}

/* Calls choose() for each word between commas. */
static int choose_each(struct cut *cut, const struct facts *f, const char *words, struct err *err,
		       int (*choose)(struct cut *, const struct facts *, const char *, struct err *))
{
	int ret = 0;
	for (const char *end; !ret && words; words = *end ? end + 1 : NULL) {
		end = strchrnul(words, ',');
		ret = choose(cut, f, arena_strndup(&cut->t->arena, words, (size_t)(end - words)), err);
	}
	return ret;
}

/* The way up: bridges, and the function that a host bridge stands behind. */
static void keep_what_is_above(struct cut *cut, const struct facts *f)
{
	for (size_t i = 0; i < cut->t->pci.n; i++) {
		uint32_t at = cut->functions[i] ? (uint32_t)i : FACTS_NONE;
		while (at != FACTS_NONE) {
			uint64_t behind = f->pci[at].root == FACTS_NONE ? BDF_NONE
									: cut->t->roots.at[f->pci[at].root].under_function;
			at = f->pci[at].parent != FACTS_NONE ? f->pci[at].parent
			     : behind != BDF_NONE	     ? facts_pci(f, behind)
							     : FACTS_NONE;
			if (at != FACTS_NONE && cut->functions[at])
				break;
			if (at != FACTS_NONE)
				cut->functions[at] = true;
		}
	}
}

/* A port that loses the function whose link it took says it itself from now on. */
static void say_links(const struct cut *cut, const struct facts *f)
{
	for (size_t i = 0; i < cut->t->pci.n; i++) {
		uint32_t parent = f->pci[i].parent;
		if (cut->functions[i] || parent == FACTS_NONE || !cut->functions[parent])
			continue;
		struct pci *bridge = &cut->t->pci.at[parent];
		bridge->link = f->pci[parent].link;
		bridge->max_link = f->pci[parent].max_link;
	}
}

static void list_addresses(struct cut *cut, const struct facts *f)
{
	cut->addresses = arena_alloc(&cut->t->arena, (cut->t->pci.n + 1) * sizeof *cut->addresses);
	for (size_t i = 0; i < cut->t->pci.n; i++)
		if (cut->functions[f->by_address[i]])
			cut->addresses[cut->n_addresses++] = cut->t->pci.at[f->by_address[i]].address;
	cut->limits |= cut->n_addresses < cut->t->pci.n ? LIMIT_PCI : 0;
}

static int choose_functions(struct cut *cut, const struct scope *scope, struct err *err)
{
	_cleanup_facts_ struct facts f = { 0 };
	facts_init(&f, cut->t);
	cut->functions = arena_alloc(&cut->t->arena, cut->t->pci.n + 1);
	int ret = choose_each(cut, &f, scope->pci ? scope->pci : scope->devices || scope->no_pci ? NULL : "all", err, choose_kind);
	if (!ret)
		ret = choose_each(cut, &f, scope->devices, err, choose_device);
	if (ret)
		return ret;
	keep_what_is_above(cut, &f);
	list_addresses(cut, &f);
	return 0;
}

static int compare_address(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
	return (a > b) - (a < b);
}

static bool has_function(const struct cut *cut, uint64_t address)
{
	return cut->n_addresses &&
	       bsearch(&address, cut->addresses, cut->n_addresses, sizeof address, compare_address);
}

/* --- nodes and CPUs: what is asked for ------------------------------------------------------------------- */

static struct idset ids_of_nodes(struct topo *t)
{
	struct idset ids = { 0 };
	for (size_t i = 0; i < t->nodes.n; i++)
		idset_add(&t->arena, &ids, t->nodes.at[i].id);
	return ids;
}

/* A list all of whose members there are. */
static int parse_ids(struct topo *t, const char *option, const char *what, const char *text, const struct idset *all,
		     struct idset *ret, struct err *err)
{
	const char *wrong = idset_parse(&t->arena, text, TOPO_MAX_CPU, ret);
	if (wrong)
		return err_set(err, option, "\"%.40s\": %s", text, wrong);
	IDSET_EACH (id, ret)
		if (!idset_has(all, (uint32_t)id))
			return err_set(err, option, "there is no %s %u", what, (unsigned)id);
	return 0;
}

static int choose_nodes(struct cut *cut, const struct scope *scope, struct err *err)
{
	struct topo *t = cut->t;
	struct idset all = ids_of_nodes(t);
	if (scope->nodes && parse_ids(t, "--nodes", "node", scope->nodes, &all, &cut->nodes, err))
		return -EINVAL;
	for (size_t i = 0; i < t->nodes.n && !scope->nodes; i++)
		if (t->nodes.at[i].device == BDF_NONE || has_function(cut, t->nodes.at[i].device))
			idset_add(&t->arena, &cut->nodes, t->nodes.at[i].id);
	cut->limits |= idset_equal(&all, &cut->nodes) ? 0 : LIMIT_NODES;
	return 0;
}

/* Where nobody says which, the CPUs of a node go with it. */
static int choose_cpus(struct cut *cut, const struct scope *scope, struct err *err)
{
	struct topo *t = cut->t;
	if (scope->cpus && parse_ids(t, "--cpus", "CPU", scope->cpus, &t->possible, &cut->cpus, err))
		return -EINVAL;
	if (!scope->cpus) {
		struct idset gone = { 0 };
		for (size_t i = 0; i < t->nodes.n; i++)
			if (!idset_has(&cut->nodes, t->nodes.at[i].id))
				idset_add_all(&t->arena, &gone, &t->nodes.at[i].cpus);
		cut->cpus = idset_dup(&t->arena, &t->possible);
		idset_remove_all(&cut->cpus, &gone);
	}
	if (!idset_meets(&cut->cpus, &t->online))
		return err_set(err, scope->cpus ? "--cpus" : "--nodes", "no CPU that is online is left");
	cut->limits |= idset_equal(&cut->cpus, &t->possible) ? 0 : LIMIT_CPUS;
	return 0;
}

/* --- leaving out ----------------------------------------------------------------------------------------- */

static void narrow(const struct cut *cut, struct idset *set, const struct idset *to)
{
	*set = idset_and(&cut->t->arena, set, to);
}

/* A group goes by its lowest CPU: of those that stay. */
static void rename_groups(struct topo *t, int level)
{
	_cleanup_arena_ struct arena a = { 0 };
	int32_t *lowest = arena_alloc(&a, (TOPO_MAX_CPU + 1) * sizeof *lowest);
	for (size_t i = t->cpus.n; i-- > 0;)
		if (t->cpus.at[i].group[level] != TOPO_UNKNOWN)
			lowest[t->cpus.at[i].group[level]] = (int32_t)t->cpus.at[i].id;
	for (size_t i = 0; i < t->cpus.n; i++)
		if (t->cpus.at[i].group[level] != TOPO_UNKNOWN)
			t->cpus.at[i].group[level] = lowest[t->cpus.at[i].group[level]];
}

static void cut_cpus(const struct cut *cut)
{
	struct topo *t = cut->t;
	struct idset *const sets[] = { &t->possible, &t->present, &t->online, &t->isolated };
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		narrow(cut, sets[i], &cut->cpus);
	KEEP(&t->cpus, idset_has(&cut->cpus, it->id));
	for (int level = 0; level < N_LEVELS; level++)
		rename_groups(t, level);
	for (size_t i = 0; i < t->kinds.n; i++)
		narrow(cut, &t->kinds.at[i].cpus, &cut->cpus);
	for (size_t i = 0; i < t->caches.n; i++)
		narrow(cut, &t->caches.at[i].cpus, &cut->cpus);
	for (size_t i = 0; i < t->nodes.n; i++)
		narrow(cut, &t->nodes.at[i].cpus, &cut->cpus);
	for (size_t i = 0; i < t->pci.n; i++)
		narrow(cut, &t->pci.at[i].cpus, &cut->cpus);
	KEEP(&t->kinds, !idset_is_empty(&it->cpus));
	KEEP(&t->caches, !idset_is_empty(&it->cpus));
}

static void cut_distances(const struct cut *cut, struct node *node)
{
	size_t kept = 0;
	for (size_t i = 0; i < node->distances.n; i++)
		if (idset_has(&cut->nodes, cut->t->nodes.at[i].id))
			node->distances.at[kept++] = node->distances.at[i];
	node->distances.n = kept;
}

static bool has_node(const struct cut *cut, int32_t node)
{
	return node >= 0 && idset_has(&cut->nodes, (uint32_t)node);
}

static void cut_nodes(const struct cut *cut)
{
	struct topo *t = cut->t;
	for (size_t i = 0; i < t->nodes.n; i++) {
		struct node *node = &t->nodes.at[i];
		cut_distances(cut, node);
		for (size_t k = 0; k < node->access.n; k++)
			narrow(cut, &node->access.at[k].initiators, &cut->nodes);
		KEEP(&node->access, !idset_is_empty(&it->initiators));
	}
	KEEP(&t->nodes, idset_has(&cut->nodes, it->id));
	/* hwloc copes with more than these only where they are a multiple of that */
	if (idset_last(&cut->nodes) < HWLOC_NODES)
		narrow(cut, &t->possible_nodes, &cut->nodes);
	for (size_t i = 0; i < t->roots.n; i++)
		if (!has_node(cut, t->roots.at[i].node))
			t->roots.at[i].node = TOPO_UNKNOWN;
	for (size_t i = 0; i < t->pci.n; i++)
		if (!has_node(cut, t->pci.at[i].node))
			t->pci.at[i].node = TOPO_UNKNOWN;
}

static bool has_functions(const struct topo *t, const struct pci_root *root)
{
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].root == ((uint64_t)root->domain << 8 | root->bus))
			return true;
	return false;
}

/* Numbers that count devices stay what they are when some of these go. */
static void say_uverbs(struct topo *t)
{
	for (size_t i = 0; i < t->infinibands.n; i++)
		if (t->infinibands.at[i].uverbs == TOPO_UNKNOWN)
			t->infinibands.at[i].uverbs = (int64_t)i;
}

static void cut_pci(const struct cut *cut)
{
	struct topo *t = cut->t;
	_cleanup_facts_ struct facts f = { 0 };
	facts_init(&f, t);
	say_links(cut, &f);
	say_uverbs(t);
	KEEP(&t->pci, has_function(cut, it->address));
	for (size_t i = 0; i < t->pci.n; i++)
		if (!has_function(cut, t->pci.at[i].physfn))
			t->pci.at[i].physfn = BDF_NONE;
	for (size_t i = 0; i < t->nodes.n; i++)
		if (!has_function(cut, t->nodes.at[i].device)) {
			t->nodes.at[i].device = BDF_NONE;
			t->nodes.at[i].address = 0;
		}
	KEEP(&t->roots, has_functions(t, it));
#define KEEP_DEVICES(T) KEEP(&t->T##s, it->on.function == BDF_NONE || has_function(cut, it->on.function));
	TOPO_DEVICES(KEEP_DEVICES)
#undef KEEP_DEVICES
}

/* --- extras ---------------------------------------------------------------------------------------------- */

/* Files that tell of the machine as a whole: what rows make of the part is right, what was captured is not. */
static const struct whole {
	const char *pattern;
	unsigned limits;
} wholes[] = {
	{ "/proc/cpuinfo", LIMIT_CPUS },
	{ "/proc/stat", LIMIT_CPUS },
	{ "/proc/interrupts", LIMIT_CPUS },
	{ "/proc/softirqs", LIMIT_CPUS },
	{ "/proc/irq/*", LIMIT_CPUS },
	{ "/proc/*/status", LIMIT_CPUS | LIMIT_NODES },
	{ "/proc/*/cpuset", LIMIT_CPUS | LIMIT_NODES },
	{ "*cpuset*", LIMIT_CPUS | LIMIT_NODES },
	{ "/sys/devices/system/cpu/possible", LIMIT_CPUS },
	{ "/sys/devices/system/cpu/present", LIMIT_CPUS },
	{ "/sys/devices/system/cpu/online", LIMIT_CPUS },
	{ "/sys/devices/system/cpu/offline", LIMIT_CPUS },
	{ "/sys/devices/system/cpu/isolated", LIMIT_CPUS },
	{ "/sys/devices/system/cpu/nohz_full", LIMIT_CPUS },
	{ "*/*_cpus", LIMIT_CPUS },
	{ "*/*_cpus_list", LIMIT_CPUS },
	{ "*/*_siblings", LIMIT_CPUS },
	{ "*/*_siblings_list", LIMIT_CPUS },
	{ "*/shared_cpu_*", LIMIT_CPUS },
	{ "/sys/devices/cpu*/cpus", LIMIT_CPUS },
	{ "*/cpumask", LIMIT_CPUS },
	{ "*/cpumap", LIMIT_CPUS },
	{ "*/cpulist", LIMIT_CPUS },
	{ "*/local_cpu*", LIMIT_CPUS },
	{ "*/cpuaffinity", LIMIT_CPUS },
	{ "*/cpulistaffinity", LIMIT_CPUS },
	{ "/proc/meminfo", LIMIT_NODES },
	{ "/proc/zoneinfo", LIMIT_NODES },
	{ "/proc/buddyinfo", LIMIT_NODES },
	{ "/sys/devices/system/node/[a-mo-z]*", LIMIT_NODES },
	{ "/sys/devices/system/node/node*/distance", LIMIT_NODES },
	{ "*/numa_node", LIMIT_NODES },
	{ "/proc/bus/pci/devices", LIMIT_PCI },
	{ "/run/udev/data/[bcn][0-9]*", LIMIT_PCI },
	{ "*/sriov_numvfs", LIMIT_PCI },
};

static bool tells_of_the_whole(const struct cut *cut, const char *path)
{
	for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
		if (cut->limits & wholes[i].limits && !fnmatch(wholes[i].pattern, path, 0))
			return true;
	return false;
}

/* N of "cpuN"; -1 when the word is none. */
static int64_t id_behind(const char *word, const char *prefix)
{
	size_t len = strlen(prefix);
	if (strncmp(word, prefix, len))
		return -1;
	size_t digits = strspn(word + len, "0123456789");
	return digits && digits <= 5 && !word[len + digits] ? strtol(word + len, NULL, 10) : -1;
}

static bool names_function_gone(const struct cut *cut, const char *word)
{
	unsigned domain, bus, device, function;
	for (const char *p = word; *p; p++)
		if (isxdigit(*p) && (p == word || !isxdigit(p[-1])) &&
		    sscanf(p, "%8x:%2x:%2x.%1x", &domain, &bus, &device, &function) == 4)
			return !has_function(cut, BDF(domain, bus, device & 0x1f, function & 7));
	return false;
}

static bool is_bus(const struct topo *t, uint64_t key)
{
	for (size_t i = 0; i < t->roots.n; i++)
		if (((uint64_t)t->roots.at[i].domain << 8 | t->roots.at[i].bus) == key)
			return true;
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].bridge && ((uint64_t)BDF_DOMAIN(t->pci.at[i].address) << 8 | t->pci.at[i].secondary) == key)
			return true;
	return false;
}

/* A host bridge "pci0000:15", or a bus "0000:15" in a folder of buses. */
static bool names_bus_gone(const struct cut *cut, const char *word, const char *before)
{
	unsigned domain, bus;
	char rest;
	bool named = sscanf(word, "pci%x:%x%c", &domain, &bus, &rest) == 2 ||
		     (!strcmp(before, "pci_bus") && sscanf(word, "%x:%x%c", &domain, &bus, &rest) == 2);
	return named && !is_bus(cut->t, (uint64_t)domain << 8 | bus);
}

static bool names_gone(const struct cut *cut, const char *word, const char *before)
{
	int64_t cpu = id_behind(word, "cpu"), policy = id_behind(word, "policy"), node = id_behind(word, "node");
	cpu = cpu >= 0 ? cpu : policy;
	if (cut->limits & LIMIT_CPUS && cpu >= 0 && !idset_has(&cut->cpus, (uint32_t)cpu))
		return true;
	if (cut->limits & LIMIT_NODES && node >= 0 && !idset_has(&cut->nodes, (uint32_t)node))
		return true;
	return cut->limits & LIMIT_PCI && (names_function_gone(cut, word) || names_bus_gone(cut, word, before));
}

/* Whether a path, or the text of a link, leads by or to something that is left out. */
static bool leads_to_gone(const struct cut *cut, const char *path)
{
	char word[256] = "", before[256];
	for (const char *end; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, '/');
		memcpy(before, word, sizeof before);
		snprintf(word, sizeof word, "%.*s", (int)(end - path), path);
		if (names_gone(cut, word, before))
			return true;
	}
	return false;
}

static bool extra_stays(const struct cut *cut, const struct extra *extra)
{
	if (leads_to_gone(cut, extra->path))
		return false;
	if (extra->kind == EXTRA_LINK)
		return !leads_to_gone(cut, extra->data);
	return extra->kind != EXTRA_FILE || !tells_of_the_whole(cut, extra->path);
}

/* --------------------------------------------------------------------------------------------------------- */

int scope_apply(struct topo *t, const struct scope *scope, struct err *err)
{
	struct cut cut = { .t = t };
	if (choose_functions(&cut, scope, err) || choose_nodes(&cut, scope, err) || choose_cpus(&cut, scope, err))
		return -EINVAL;
	if (cut.limits & LIMIT_PCI)
		cut_pci(&cut);
	if (cut.limits & LIMIT_CPUS)
		cut_cpus(&cut);
	if (cut.limits & LIMIT_NODES)
		cut_nodes(&cut);
	KEEP(&t->extras, extra_stays(&cut, it));
	return 0;
}
