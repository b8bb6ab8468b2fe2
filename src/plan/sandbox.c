/* SPDX-License-Identifier: Apache-2.0 */

/* The machine as a sandbox should see it: a part of it, with one node and CPUs from 0 on. */

#include "planning.h"
#include "topofs/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- a part of it ---------------------------------------------------------------------------------------- */

/* The words of --devices as scope.h wants them: kinds here, addresses there. */
static void split_words(struct planning *p, struct scope *scope)
{
	struct arena *a = &p->guest->arena;
	for (const char *words = p->ask->devices, *end; words; words = *end ? end + 1 : NULL) {
		end = strchrnul(words, ',');
		const char *word = arena_strndup(a, words, (size_t)(end - words));
		const char **into = strchr(word, ':') ? &scope->devices : &scope->pci;
		*into = *into ? arena_printf(a, "%s,%s", *into, word) : word;
	}
	scope->no_pci = !p->ask->devices;
}

/* Only CPUs that run, and all functions with what is above them. */
static int cut(struct planning *p)
{
	struct idset usable, nodes;
	struct scope scope = { .nodes = p->ask->nodes };
	if (usable_cpus(p, &usable) || asked_nodes(p, &nodes))
		return -EINVAL;
	if (p->ask->nodes) {
		struct idset of_nodes = { 0 };
		IDSET_EACH (id, &nodes)
			idset_add_all(&p->guest->arena, &of_nodes, &topo_node(p->host, (uint32_t)id)->cpus);
		usable = idset_and(&p->guest->arena, &usable, &of_nodes);
	}
	if (idset_is_empty(&usable))
		return err_set(p->err, "--nodes", "no CPU that may be used is left");
	scope.cpus = ids_text(p, &usable);
	split_words(p, &scope);
	if (!scope_apply(p->guest, &scope, p->err))
		return 0;
	strcpy(p->err->where, "--devices");
	return -EINVAL;
}

/* --- CPUs ------------------------------------------------------------------------------------------------ */

/* New numbers by old ones, parallel to TOPO_MAX_CPU + 1. */
static void renumber_set(struct planning *p, struct idset *set, const int32_t *numbers)
{
	struct idset ret = { 0 };
	IDSET_EACH (id, set)
		if (numbers[id] != TOPO_UNKNOWN)
			idset_add(&p->guest->arena, &ret, (uint32_t)numbers[id]);
	*set = ret;
}

static void renumber_cpus(struct planning *p)
{
	struct topo *t = p->guest;
	int32_t *numbers = arena_alloc(&t->arena, (TOPO_MAX_CPU + 1) * sizeof *numbers), next = 0;
	for (size_t i = 0; i <= TOPO_MAX_CPU; i++)
		numbers[i] = TOPO_UNKNOWN;
	IDSET_EACH (id, &t->online) {
		struct planned_cpus *planned = LIST_ADD(&t->arena, &t->plan.cpus);
		idset_add(&t->arena, &planned->cpus, (uint32_t)next);
		idset_add(&t->arena, &planned->host, (uint32_t)id);
		numbers[id] = next++;
	}
	decide(p, arena_printf(&t->arena, "cpus 0-%d", next - 1), "CPUs %s of the host, numbered anew",
	       ids_text(p, &t->online));
	for (size_t i = 0; i < t->cpus.n; i++) {
		struct cpu *cpu = &t->cpus.at[i];
		cpu->id = (uint32_t)numbers[cpu->id];
		for (int level = 0; level < N_LEVELS; level++)
			if (cpu->group[level] != TOPO_UNKNOWN)
				cpu->group[level] = numbers[cpu->group[level]];
	}
	struct idset *const sets[] = { &t->possible, &t->present, &t->online, &t->isolated };
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		renumber_set(p, sets[i], numbers);
	for (size_t i = 0; i < t->kinds.n; i++)
		renumber_set(p, &t->kinds.at[i].cpus, numbers);
	for (size_t i = 0; i < t->caches.n; i++)
		renumber_set(p, &t->caches.at[i].cpus, numbers);
	for (size_t i = 0; i < t->pci.n; i++)
		renumber_set(p, &t->pci.at[i].cpus, numbers);
	t->mask_bits = 0;
}

/* --- one node -------------------------------------------------------------------------------------------- */

static int32_t merged(int32_t node)
{
	return node == TOPO_UNKNOWN ? TOPO_UNKNOWN : 0;
}

static int merge_nodes(struct planning *p)
{
	struct topo *t = p->guest;
	struct node *node = arena_alloc(&t->arena, sizeof *node);
	struct planned_nodes planned = { 0 };
	*node = (struct node){ .cpus = t->online, .free_k = TOPO_UNKNOWN, .device = BDF_NONE, .memory_k = t->memory_k };
	for (size_t i = 0; i < t->nodes.n; i++) {
		idset_add(&t->arena, &planned.host, t->nodes.at[i].id);
		node->memory_k += t->nodes.at[i].device == BDF_NONE ? t->nodes.at[i].memory_k : 0;
	}
	if (p->ask->memory_k > node->memory_k)
		return err_set(p->err, "--memory", "the nodes have %s", size_text(p, node->memory_k));
	node->memory_k = p->ask->memory_k ? p->ask->memory_k : node->memory_k;
	decide(p, "node 0", "nodes %s of the host in one, with %s of memory", ids_text(p, &planned.host),
	       size_text(p, node->memory_k));
	idset_add(&t->arena, &planned.nodes, 0);
	if (!idset_is_empty(&planned.host))
		*LIST_ADD(&t->arena, &t->plan.nodes) = planned;
	t->nodes.n = 0;
	*LIST_ADD(&t->arena, &t->nodes) = *node;
	t->possible_nodes = planned.nodes;
	t->memory_k = 0;
	for (size_t i = 0; i < t->roots.n; i++)
		t->roots.at[i].node = merged(t->roots.at[i].node);
	for (size_t i = 0; i < t->pci.n; i++)
		t->pci.at[i].node = merged(t->pci.at[i].node);
	return 0;
}

/* --------------------------------------------------------------------------------------------------------- */

static void keep_addresses(struct planning *p)
{
	struct topo *t = p->guest;
	for (size_t i = 0; i < t->pci.n; i++) {
		uint64_t address = t->pci.at[i].address;
		if (t->pci.at[i].bridge)
			continue;
		*LIST_ADD(&t->arena, &t->plan.devices) = (struct planned_device){ address, address };
		decide(p, arena_printf(&t->arena, "pci %s", bdf_text(&t->arena, address)),
		       "where it is, below its bridges");
	}
}

int plan_sandbox(struct topo *t, const struct plan_request *ask, decisions *made, struct err *err)
{
	struct planning p = { .host = t, .ask = ask, .guest = t, .made = made, .err = err };
	t->plan = (struct planned){ .host = t->name ? t->name : "host" };
	if (cut(&p))
		return -EINVAL;
	/* files as they were read tell of the whole machine */
	t->extras.n = 0;
	t->comment = NULL;
	renumber_cpus(&p);
	if (merge_nodes(&p))
		return -EINVAL;
	keep_addresses(&p);
	t->name = arena_printf(&t->arena, "%.200s-sandbox", t->plan.host);
	return 0;
}
