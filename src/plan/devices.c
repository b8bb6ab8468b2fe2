/* SPDX-License-Identifier: Apache-2.0 */

/* Which functions the guest is given, and what it sees of them. */

#include "planning.h"
#include "topofs/scope.h"

#include <errno.h>
#include <string.h>

/* --- what is asked for ----------------------------------------------------------------------------------- */

static const struct pci_kind *kind_named(const char *name)
{
	for (size_t k = 0; k < n_pci_kinds; k++)
		if (!strcmp(pci_kinds[k].name, name))
			return &pci_kinds[k];
	return NULL;
}

static bool can_be_given(const struct pci *pci)
{
	return !pci->bridge && !kind_named("bridge")->is(pci);
}

/* A word of --devices: a kind, or an address. Marks those it means. */
static int choose_kind(struct planning *p, const struct pci_kind *kind, bool *chosen)
{
	size_t n = 0;
	for (size_t i = 0; i < p->host->pci.n; i++) {
		if (!kind->is(&p->host->pci.at[i]) || !can_be_given(&p->host->pci.at[i]))
			continue;
		chosen[i] = true;
		n++;
	}
	return n ? 0 : err_set(p->err, "--devices", "the host has no %s that can be given", kind->name);
}

static int choose_address(struct planning *p, const char *word, bool *chosen)
{
	uint64_t address;
	const char *wrong = bdf_parse(word, 0, &address);
	if (wrong)
		return err_set(p->err, "--devices", "\"%.40s\": %s", word, wrong);
	uint32_t i = facts_pci(&p->facts, address);
	if (i == FACTS_NONE)
		return err_set(p->err, "--devices", "the host has no function %.40s", word);
	if (!can_be_given(&p->host->pci.at[i]))
		return err_set(p->err, "--devices", "%.40s is a bridge: name what is below it", word);
	chosen[i] = true;
	return 0;
}

static int unknown_word(const char *word, struct err *err)
{
	_cleanup_buf_ struct buf names = { 0 };
	for (size_t i = 0; i < n_pci_kinds; i++)
		if (strcmp(pci_kinds[i].name, "bridge"))
			buf_printf(&names, "%s, ", pci_kinds[i].name);
	return err_set(err, "--devices", "\"%.40s\" is none of %sand no address such as 0000:3b:00.0", word,
		       buf_text(&names));
}

static int choose_word(struct planning *p, const char *word, bool *chosen)
{
	if (strchr(word, ':'))
		return choose_address(p, word, chosen);
	const struct pci_kind *kind = kind_named(word);
	return kind ? choose_kind(p, kind, chosen) : unknown_word(word, p->err);
}

int plan_devices_check(const char *devices, struct err *err)
{
	_cleanup_arena_ struct arena a = { 0 };
	for (const char *words = devices, *end; words; words = *end ? end + 1 : NULL) {
		uint64_t address;
		end = strchrnul(words, ',');
		const char *word = arena_strndup(&a, words, (size_t)(end - words));
		const char *wrong = strchr(word, ':') ? bdf_parse(word, 0, &address) : NULL;
		if (wrong)
			return err_set(err, "--devices", "\"%.40s\": %s", word, wrong);
		if (!strchr(word, ':') && !kind_named(word))
			return unknown_word(word, err);
	}
	return 0;
}

/* A device's own nodes, and those without anything behind them by number, which are for its partitions. */
static void find_memory(struct planning *p, struct given *given)
{
	const struct topo *host = p->host;
	bool own = false;
	for (size_t i = 0; i < host->nodes.n; i++) {
		const struct node *node = &host->nodes.at[i];
		bool empty = node->device == BDF_NONE && node->generic_initiator && !node->memory_k &&
			     idset_is_empty(&node->cpus);
		own = node->device == given->host->address || (own && empty);
		if (own)
			*LIST_ADD(&p->guest->arena, &given->memory) = node;
	}
}

static int32_t guest_node(const struct planning *p, int32_t host)
{
	for (size_t i = 0; i < p->cells.n; i++)
		if (p->cells.at[i].host && (int32_t)p->cells.at[i].host->id == host)
			return (int32_t)i;
	return TOPO_UNKNOWN;
}

int choose_devices(struct planning *p)
{
	bool *chosen = arena_alloc(&p->guest->arena, p->host->pci.n + 1);
	int ret = 0;
	for (const char *words = p->ask->devices, *end; !ret && words; words = *end ? end + 1 : NULL) {
		end = strchrnul(words, ',');
		ret = choose_word(p, arena_strndup(&p->guest->arena, words, (size_t)(end - words)), chosen);
	}
	for (uint32_t i = 0; !ret && i < p->host->pci.n; i++) {
		if (!chosen[i])
			continue;
		struct given *given = LIST_ADD(&p->guest->arena, &p->given);
		*given = (struct given){ .host = &p->host->pci.at[i], .place = i };
		given->node = guest_node(p, given->host->node);
		find_memory(p, given);
	}
	return ret;
}

/* --- what the guest sees --------------------------------------------------------------------------------- */

/* Ids, registers and link are passed through; where it stands, interrupts and virtual functions are not. */
void give_function(struct planning *p, const struct given *given, struct pci *ret)
{
	const struct pci *host = given->host;
	const struct pci_facts *facts = &p->facts.pci[given->place];
	*ret = (struct pci){
		.vendor = host->vendor, .device = host->device, .class = host->class, .revision = host->revision,
		.subsystem_vendor = host->subsystem_vendor, .subsystem_device = host->subsystem_device,
		.type = facts->type == PCIE_NONE ? host->type : PCIE_AUTO,
		.link = facts->link, .max_link = facts->max_link,
		.serial = host->serial, .iommu_group = TOPO_UNKNOWN, .physfn = BDF_NONE,
		.driver = host->driver && !strncmp(host->driver, "vfio", 4) ? NULL : host->driver,
	};
	if (facts->max_link.speed == facts->link.speed && facts->max_link.width == facts->link.width)
		ret->max_link = host->max_link;
	for (size_t i = 0; i < N_BARS; i++) {
		ret->bars[i] = host->bars[i];
		ret->bars[i].address = 0;
	}
}

void give_devices(struct planning *p, uint64_t host, uint64_t address)
{
#define GIVE_DEVICES(T) \
	for (size_t i = 0; i < p->host->T##s.n; i++) { \
		if (p->host->T##s.at[i].on.function != host) \
			continue; \
		struct T *device = LIST_ADD(&p->guest->arena, &p->guest->T##s); \
		*device = p->host->T##s.at[i]; \
		device->on.function = address; \
	}
	TOPO_DEVICES(GIVE_DEVICES)
#undef GIVE_DEVICES
}

void count_devices(struct planning *p)
{
	for (size_t i = 0; i < p->guest->nets.n; i++)
		p->guest->nets.at[i].ifindex = 0;
	for (size_t i = 0; i < p->guest->infinibands.n; i++)
		p->guest->infinibands.at[i].uverbs = TOPO_UNKNOWN;
}
