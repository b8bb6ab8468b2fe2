/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A command line that was written is read again: what QEMU and firmware would number otherwise is refused, whatever the
 * reason.
 */

#include "qemu.h"

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

static int verify_node(const struct topo *t, size_t i, const struct topo *made, const char *where, struct err *err)
{
	const struct node *node = &t->nodes.at[i], *there = topo_node(made, node->id);
	bool of_device = node->device != BDF_NONE || node->generic_initiator;
	/* where a function is emulated, its memory is not there */
	if (!there && of_device)
		return 0;
	if (!there)
		return err_set(err, where, "a node with neither CPUs nor memory is none in QEMU");
	if (!idset_equal(&node->cpus, &there->cpus))
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
	if (qemu_read(text, len, &made, err))
		return -1;
	for (size_t i = 0; i < t->nodes.n; i++) {
		snprintf(where, sizeof where, "node %u", t->nodes.at[i].id);
		if (verify_node(t, i, &made, where, err))
			return -1;
	}
	return verify_functions(t, &made, err);
}
