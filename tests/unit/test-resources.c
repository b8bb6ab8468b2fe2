/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/facts.h"

#include <criterion/criterion.h>
#include <string.h>

#define K (1ull << 10)
#define M (1ull << 20)
#define G (1ull << 30)
#define GEN5 \
	{ \
		320, 16 \
	}

static void add_root(struct topo *t, uint32_t domain, uint32_t bus)
{
	*LIST_ADD(&t->arena, &t->roots) =
		(struct pci_root){ .domain = domain, .bus = bus, .node = TOPO_UNKNOWN, .under_function = BDF_NONE };
}

/* A function below a bridge, or below the last root when there is none. */
static struct pci *add_function(struct topo *t, uint64_t address, uint64_t parent)
{
	const struct pci_root *root = &t->roots.at[t->roots.n - 1];
	struct pci *p = LIST_ADD(&t->arena, &t->pci);
	*p = (struct pci){ .address = address,
			   .parent = parent,
			   .root = (uint64_t)root->domain << 8 | root->bus,
			   .class = 0x020000,
			   .node = TOPO_UNKNOWN,
			   .type = PCIE_AUTO,
			   .link = GEN5,
			   .iommu_group = TOPO_UNKNOWN,
			   .physfn = BDF_NONE };
	return p;
}

static struct pci *add_bridge(struct topo *t, uint64_t address, uint64_t parent, uint8_t bus, uint8_t last)
{
	struct pci *p = add_function(t, address, parent);
	p->class = 0x060400;
	p->bridge = true;
	p->secondary = bus;
	p->subordinate = last;
	return p;
}

/* Two root ports; below the first a switch with two endpoints, below the second one endpoint. */
static void add_switch(struct topo *t)
{
	uint64_t port = BDF(0, 0, 1, 0), up = BDF(0, 1, 0, 0), other = BDF(0, 0, 2, 0);
	add_root(t, 0, 0);
	add_bridge(t, port, BDF_NONE, 1, 4);
	add_bridge(t, up, port, 2, 4)->bars[0] = (struct bar){ .size = 16 * M };
	for (uint8_t i = 0; i < 2; i++) {
		add_bridge(t, BDF(0, 2, i, 0), up, 3 + i, 3 + i);
		struct pci *p = add_function(t, BDF(0, 3 + i, 0, 0), BDF(0, 2, i, 0));
		p->bars[0] = (struct bar){ .size = 64 * K, .is_64bit = true };
		p->bars[2] = (struct bar){ .size = 128 * G, .is_64bit = true, .prefetchable = true };
		p->bars[4] = (struct bar){ .size = 256, .io = true };
		p->bars[BAR_ROM] = (struct bar){ .size = M };
	}
	add_bridge(t, other, BDF_NONE, 5, 5);
	add_function(t, BDF(0, 5, 0, 0), other)->bars[0] = (struct bar){ .size = 32 * M, .prefetchable = true };
}

static const struct pci_facts *at(const struct facts *f, uint64_t address)
{
	uint32_t place = facts_pci(f, address);
	cr_assert_neq(place, FACTS_NONE);
	return &f->pci[place];
}

static bool within(const struct window *part, const struct window *whole)
{
	return part->base > part->limit || (part->base >= whole->base && part->limit <= whole->limit);
}

static bool apart(const struct window *a, const struct window *b)
{
	return a->base > a->limit || b->base > b->limit || a->limit < b->base || b->limit < a->base;
}

static struct window extent(const struct bar *b)
{
	return b->size && b->address ? (struct window){ b->address, b->address + b->size - 1 }
				     : (struct window){ UINT64_MAX, 0 };
}

static bool inside_one(const struct window *w, const struct pci_facts *bridge, bool io)
{
	return io ? within(w, &bridge->io) : within(w, &bridge->memory) || within(w, &bridge->prefetchable);
}

static void assert_registers_hold(const struct facts *f, uint32_t i)
{
	const struct pci_facts *p = &f->pci[i];
	for (size_t b = 0; b < N_BARS; b++) {
		struct window w = extent(&p->bars[b]);
		cr_assert(p->bars[b].size == 0 || p->bars[b].address % p->bars[b].size == 0);
		cr_assert(p->parent == FACTS_NONE || inside_one(&w, &f->pci[p->parent], p->bars[b].io), "%s %zu",
			  p->path, b);
		cr_assert(p->bars[b].is_64bit || p->bars[b].address < 4 * G);
	}
}

/* What must hold on every machine: windows nest, siblings and registers stay apart, addresses are aligned. */
static void assert_placed(const struct facts *f)
{
	for (uint32_t i = 0; i < f->topo->pci.n; i++) {
		const struct pci_facts *p = &f->pci[i], *up = p->parent == FACTS_NONE ? NULL : &f->pci[p->parent];
		assert_registers_hold(f, i);
		cr_assert(!up || (within(&p->io, &up->io) && within(&p->memory, &up->memory) &&
				  within(&p->prefetchable, &up->prefetchable)));
		for (uint32_t j = 0; j < i; j++) {
			const struct pci_facts *q = &f->pci[j];
			if (p->parent == q->parent && p->root == q->root)
				cr_assert(apart(&p->io, &q->io) && apart(&p->memory, &q->memory) &&
					  apart(&p->prefetchable, &q->prefetchable));
			for (size_t b = 0; b < N_BARS * N_BARS; b++) {
				struct window v = extent(&p->bars[b / N_BARS]), w = extent(&q->bars[b % N_BARS]);
				cr_assert(p->bars[b / N_BARS].io != q->bars[b % N_BARS].io || apart(&v, &w));
			}
		}
	}
}

static void assert_window(const struct window *w, uint64_t base, uint64_t limit)
{
	cr_assert(w->base == base && w->limit == limit, "%llx-%llx instead of %llx-%llx", (unsigned long long)w->base,
		  (unsigned long long)w->limit, (unsigned long long)base, (unsigned long long)limit);
}

Test(resources, windows_nest)
{
	_cleanup_topo_ struct topo t = { 0 };
	add_switch(&t);
	_cleanup_facts_ struct facts f;
	facts_init(&f, &t);

	assert_placed(&f);
	for (uint32_t i = 0; i < t.pci.n; i++)
		for (size_t b = 0; b < N_BARS; b++)
			cr_assert(!f.pci[i].bars[b].size || f.pci[i].bars[b].address);
	assert_window(&at(&f, BDF(0, 0, 1, 0))->prefetchable, 0x200000000000, 0x200000000000 + 256 * G - 1);
	assert_window(&at(&f, BDF(0, 2, 1, 0))->prefetchable, 0x202000000000, 0x202000000000 + 128 * G - 1);
	assert_window(&at(&f, BDF(0, 0, 1, 0))->io, 0x1000, 0x2fff);
	cr_assert_gt(at(&f, BDF(0, 0, 2, 0))->io.base, at(&f, BDF(0, 0, 2, 0))->io.limit, "nothing to forward");
	assert_window(&at(&f, BDF(0, 0, 2, 0))->memory, 0x80000000, 0x81ffffff);
}

/* Domains have their own ports and low memory; high memory they share. */
Test(resources, domains)
{
	_cleanup_topo_ struct topo t = { 0 };
	for (uint32_t domain = 0; domain < 2; domain++) {
		add_root(&t, domain, 0);
		struct pci *p = add_function(&t, BDF(domain, 0, 1, 0), BDF_NONE);
		p->bars[0] = (struct bar){ .size = M };
		p->bars[2] = (struct bar){ .size = M, .is_64bit = true, .prefetchable = true };
	}
	_cleanup_facts_ struct facts f;
	facts_init(&f, &t);
	cr_assert_eq(f.pci[0].bars[0].address, f.pci[1].bars[0].address);
	cr_assert_gt(f.pci[1].bars[2].address, f.pci[0].bars[2].address);
}

/* What the document says is kept, windows stretch to it, and the rest goes around it. */
Test(resources, said_addresses)
{
	_cleanup_topo_ struct topo t = { 0 };
	add_switch(&t);
	struct pci *first = &t.pci.at[3], *second = &t.pci.at[5];
	first->bars[0].address = 0x90010000;
	second->bars[2].address = 0x380000000000;
	second->bars[4].address = 0x3000;
	_cleanup_facts_ struct facts f;
	facts_init(&f, &t);

	assert_placed(&f);
	cr_assert_eq(f.pci[3].bars[0].address, 0x90010000);
	cr_assert_eq(f.pci[5].bars[2].address, 0x380000000000);
	cr_assert_eq(f.pci[5].bars[4].address, 0x3000);
	cr_assert_eq(at(&f, BDF(0, 2, 1, 0))->prefetchable.base, 0x380000000000);
	cr_assert_neq(f.pci[3].bars[BAR_ROM].address, 0, "below the same bridge as the address said");
	cr_assert_eq(f.pci[7].bars[0].address, 0x80000000, "the gap before is used");
}

/* A window between two addresses said has no room for a third register: it stays without, as in the kernel. */
Test(resources, no_room_between)
{
	_cleanup_topo_ struct topo t = { 0 };
	add_root(&t, 0, 0);
	for (uint8_t i = 0; i < 2; i++) {
		add_bridge(&t, BDF(0, 0, i, 0), BDF_NONE, 1 + i, 1 + i);
		struct pci *p = add_function(&t, BDF(0, 1 + i, 0, 0), BDF(0, 0, i, 0));
		p->bars[0] = (struct bar){ .size = M, .address = 0x90000000 + i * M };
		p->bars[1] = (struct bar){ .size = M };
	}
	_cleanup_facts_ struct facts f;
	facts_init(&f, &t);
	assert_placed(&f);
	cr_assert_eq(f.pci[1].bars[1].address, 0);
	cr_assert_eq(f.pci[3].bars[1].address, 0x90200000);
	assert_window(&f.pci[0].memory, 0x90000000, 0x900fffff);
}

/* 20 bridges of 4 KiB of ports each are more than 64 KiB: the last ones get none. */
Test(resources, ports_run_out)
{
	_cleanup_topo_ struct topo t = { 0 };
	add_root(&t, 0, 0);
	for (uint8_t i = 0; i < 20; i++) {
		add_bridge(&t, BDF(0, 0, i, 0), BDF_NONE, 1 + i, 1 + i);
		add_function(&t, BDF(0, 1 + i, 0, 0), BDF(0, 0, i, 0))->bars[0] =
			(struct bar){ .size = 32, .io = true };
	}
	_cleanup_facts_ struct facts f;
	facts_init(&f, &t);
	assert_placed(&f);
	cr_assert_eq(at(&f, BDF(0, 15, 0, 0))->bars[0].address, 0xf000);
	cr_assert_eq(at(&f, BDF(0, 16, 0, 0))->bars[0].address, 0);
}

/* 12 times 256 MiB do not fit below 4 GiB: what can hold a longer address moves up, what cannot fills the place. */
Test(resources, low_memory_runs_out)
{
	for (int wide = 0; wide < 2; wide++) {
		_cleanup_topo_ struct topo t = { 0 };
		add_root(&t, 0, 0);
		for (uint8_t i = 0; i < 12; i++) {
			add_bridge(&t, BDF(0, 0, i, 0), BDF_NONE, 1 + i, 1 + i);
			add_function(&t, BDF(0, 1 + i, 0, 0), BDF(0, 0, i, 0))->bars[0] =
				(struct bar){ .size = 256 * M, .is_64bit = wide };
		}
		_cleanup_facts_ struct facts f;
		facts_init(&f, &t);
		assert_placed(&f);
		size_t placed = 0;
		for (uint32_t i = 0; i < t.pci.n; i++)
			placed += f.pci[i].bars[0].address != 0;
		cr_assert_eq(placed, wide ? 12 : 7);
	}
}

/* Sizes nobody has must not wrap around. */
Test(resources, absurd_sizes)
{
	_cleanup_topo_ struct topo t = { 0 };
	add_switch(&t);
	for (size_t i = 0; i < t.pci.n; i++)
		t.pci.at[i].bars[0] = (struct bar){ .size = 1ull << 63, .is_64bit = true, .prefetchable = true };
	_cleanup_facts_ struct facts f;
	facts_init(&f, &t);
	assert_placed(&f);
}

/* The registers of virtual functions lie in a row, with room for those that are not enabled. */
Test(resources, virtual_functions)
{
	_cleanup_topo_ struct topo t = { 0 };
	add_root(&t, 0, 0);
	add_bridge(&t, BDF(0, 0, 1, 0), BDF_NONE, 1, 1);
	struct pci *physical = add_function(&t, BDF(0, 1, 0, 0), BDF(0, 0, 1, 0));
	physical->total_vfs = 8;
	physical->bars[0] = (struct bar){ .size = 32 * M, .is_64bit = true, .prefetchable = true };
	for (uint8_t i = 0; i < 3; i++) {
		struct pci *vf = add_function(&t, BDF(0, 1, 0, 1 + i), BDF(0, 0, 1, 0));
		vf->physfn = BDF(0, 1, 0, 0);
		vf->bars[0] = (struct bar){ .size = M, .is_64bit = true, .prefetchable = true };
	}
	_cleanup_facts_ struct facts f;
	facts_init(&f, &t);
	assert_placed(&f);
	cr_assert_eq(f.pci[4].bars[0].address, f.pci[2].bars[0].address + 2 * M);
	assert_window(&f.pci[0].prefetchable, 0x200000000000, 0x200000000000 + 40 * M - 1);
}

Test(resources, same_again)
{
	_cleanup_topo_ struct topo t = { 0 };
	add_switch(&t);
	_cleanup_facts_ struct facts f, g;
	facts_init(&f, &t);
	facts_init(&g, &t);
	for (uint32_t i = 0; i < t.pci.n; i++)
		cr_assert_arr_eq(f.pci[i].bars, g.pci[i].bars, sizeof f.pci[i].bars);
}
