/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A command line that was written is read again: what QEMU and firmware would number otherwise is refused, whatever the
 * reason.
 */

#include "qemu.h"

#include <errno.h>
#include <stdio.h>

static const struct pci *function_at(const struct topo *t, uint64_t address)
{
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].address == address)
			return &t->pci.at[i];
	return NULL;
}

static int root_node(const struct topo *t, uint64_t root)
{
	for (size_t i = 0; i < t->roots.n; i++)
		if (BDF_BUS_KEY(BDF(t->roots.at[i].domain, t->roots.at[i].bus, 0, 0)) == root)
			return t->roots.at[i].node;
	return TOPO_UNKNOWN;
}

/* Where only one tells of a level, the other has one such group in each of the next larger. */
static int32_t group_of(const struct cpu *cpu, int level)
{
	while (level < LEVEL_PACKAGE && cpu->group[level] == TOPO_UNKNOWN)
		level++;
	return cpu->group[level];
}

static int verify_cpus(const struct topo *t, const struct topo *made, struct err *err)
{
	if (!idset_equal(&t->present, &made->present) || !idset_equal(&t->possible, &made->possible))
		return err_set(err, "cpu", "QEMU would have other CPUs");
	for (size_t i = 0; i < t->cpus.n; i++) {
		const struct cpu *cpu = &t->cpus.at[i], *there = &made->cpus.at[i];
		char where[32];
		snprintf(where, sizeof where, "cpu %u", cpu->id);
		for (int level = 0; level <= LEVEL_PACKAGE; level++) {
			if (group_of(cpu, level) != group_of(there, level))
				return err_set(err, where, "QEMU would put it into another %s", level_names[level]);
			if (cpu->number[level] >= 0 && there->number[level] >= 0 &&
			    cpu->number[level] != there->number[level])
				return err_set(err, where, "QEMU would number its %s %d", level_names[level],
					       there->number[level]);
		}
	}
	return 0;
}

static int verify_functions(const struct topo *t, const struct topo *made, struct err *err)
{
	_cleanup_arena_ struct arena a = { 0 };
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i], *there = function_at(made, pci->address);
		const char *where = arena_printf(&a, "pci %s", bdf_text(&a, pci->address));
		if (!there || there->parent != pci->parent || there->bridge != pci->bridge)
			return err_set(err, where, "QEMU and its firmware would number buses otherwise");
		if (root_node(t, pci->root) != root_node(made, there->root))
			return err_set(err, where, "QEMU has nodes for expander buses alone");
	}
	return 0;
}

static int verify_node(const struct topo *t, size_t i, struct topo *made, const char *where, struct err *err)
{
	struct arena *a = &made->arena;
	const struct node *node = &t->nodes.at[i], *there = topo_node(made, node->id);
	bool of_device = node->device != BDF_NONE || node->generic_initiator;
	/* where a function is emulated, its memory is not there */
	if (!there && of_device)
		return 0;
	if (!there)
		return err_set(err, where, "a node with neither CPUs nor memory is none in QEMU");
	struct idset present = idset_and(a, &node->cpus, &t->present);
	if (!idset_equal(&present, &there->cpus))
		return err_set(err, where, "QEMU would give it other CPUs");
	if (node->memory_k != there->memory_k && !of_device)
		return err_set(err, where, "QEMU would give it other memory");
	size_t from = (size_t)(there - made->nodes.at);
	for (size_t k = 0; k < t->nodes.n; k++) {
		const struct node *to = topo_node(made, t->nodes.at[k].id);
		uint32_t wanted = topo_distance(t, i, k);
		if (to && topo_distance(made, from, (size_t)(to - made->nodes.at)) != wanted)
			return err_set(err, where, "QEMU has no distance of %u", wanted);
	}
	return 0;
}

int qemu_verify(const struct topo *t, const char *text, size_t len, struct err *err)
{
	_cleanup_topo_ struct topo made = { 0 };
	char where[32];
	if (qemu_read(text, len, &made, err) || verify_cpus(t, &made, err))
		return -EINVAL;
	for (size_t i = 0; i < t->nodes.n; i++) {
		snprintf(where, sizeof where, "node %u", t->nodes.at[i].id);
		if (verify_node(t, i, &made, where, err))
			return -EINVAL;
	}
	return verify_functions(t, &made, err);
}
