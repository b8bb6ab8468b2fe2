/* SPDX-License-Identifier: Apache-2.0 */
#include "cut.h"

#include "topofs/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- PCI: what is asked for ------------------------------------------------------------------------------ */

static int refuse_kind(const char *name, struct err *err)
{
	_cleanup_buf_ struct buf known = { 0 };
	for (size_t i = 0; i < n_pci_kinds; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", pci_kinds[i].name);
	return err_set(err, "--pci", "there is no class \"%.40s\", only %s", name, buf_text(&known));
}

static const struct pci_kind *kind_named(const char *name)
{
	for (size_t k = 0; k < n_pci_kinds; k++)
		if (!strcmp(pci_kinds[k].name, name))
			return &pci_kinds[k];
	return NULL;
}

static int choose_kind(struct cut *cut, const struct facts *f, const char *name, struct err *err)
{
	(void)f;
	const struct pci_kind *kind = kind_named(name);
	if (!kind)
		return refuse_kind(name, err);
	for (size_t i = 0; i < cut->t->pci.n; i++)
		cut->functions[i] |= kind->is(&cut->t->pci.at[i]);
	return 0;
}

static int parse_address(const char *name, uint64_t *ret, struct err *err)
{
	const char *wrong = strchr(name, ':') ? bdf_parse(name, 0, ret)
					      : "expected a PCI address such as \"0000:3b:00.0\"";
	return wrong ? err_set(err, "--devices", "\"%.40s\": %s", name, wrong) : 0;
}

static int choose_device(struct cut *cut, const struct facts *f, const char *name, struct err *err)
{
	uint64_t address;
	if (parse_address(name, &address, err))
		return -EINVAL;
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
			uint64_t behind = f->pci[at].root == FACTS_NONE
						  ? BDF_NONE
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
	int ret = choose_each(cut, &f,
			      scope->pci			? scope->pci
			      : scope->devices || scope->no_pci ? NULL
								: "all",
			      err, choose_kind);
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

bool cut_has_function(const struct cut *cut, uint64_t address)
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
		if (t->nodes.at[i].device == BDF_NONE || cut_has_function(cut, t->nodes.at[i].device))
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

/* --------------------------------------------------------------------------------------------------------- */

static int check_list(struct arena *a, const char *option, const char *text, struct err *err)
{
	struct idset ids = { 0 };
	const char *wrong = text ? idset_parse(a, text, TOPO_MAX_CPU, &ids) : NULL;
	return wrong ? err_set(err, option, "\"%.40s\": %s", text, wrong) : 0;
}

int scope_check(const struct scope *scope, struct err *err)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *end;
	uint64_t address;
	for (const char *words = scope->pci; words; words = *end ? end + 1 : NULL) {
		end = strchrnul(words, ',');
		const char *word = arena_strndup(&a, words, (size_t)(end - words));
		if (!kind_named(word))
			return refuse_kind(word, err);
	}
	for (const char *words = scope->devices; words; words = *end ? end + 1 : NULL) {
		end = strchrnul(words, ',');
		if (parse_address(arena_strndup(&a, words, (size_t)(end - words)), &address, err))
			return -EINVAL;
	}
	return check_list(&a, "--cpus", scope->cpus, err) || check_list(&a, "--nodes", scope->nodes, err) ? -EINVAL : 0;
}

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
	cut_extras(&cut);
	return 0;
}
