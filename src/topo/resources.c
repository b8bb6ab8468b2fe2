/* SPDX-License-Identifier: Apache-2.0 */
#include "finding.h"

#include <stdlib.h>

/*
 * Base address registers and bridge windows, as firmware and the kernel's drivers/pci/setup-bus.c give them:
 * what lies below a bridge is measured first, bottom up, then placed top down, so that every window is
 * contiguous and holds those of the bridges below it.
 *
 * An address the document says is kept, and the windows above stretch to it; what has none goes into the
 * gaps. What finds no room stays without an address, as the kernel leaves it.
 */

#define LOW_LIMIT (1ull << 32)

/* A window that a bridge can forward. */
struct space {
	uint64_t granule;      /* of the base and limit registers of bridges */
	uint64_t root_granule; /* host bridges begin on these */
	uint64_t first, last;
	size_t window; /* which one of struct pci_facts */
};

enum space_id { SPACE_IO, SPACE_LOW, SPACE_HIGH, N_SPACES };

static const struct space spaces[] = {
	[SPACE_IO] = { 0x1000, 0x1000, 0x1000, 0xffff, offsetof(struct pci_facts, io) },
	/* memory below 4 GiB; above its end are the interrupt controllers and the firmware of a PC */
	[SPACE_LOW] = { 1 << 20, 1 << 20, 0x80000000, 0xfebfffff, offsetof(struct pci_facts, memory) },
	/* the one window of a bridge that reaches above 4 GiB is the prefetchable one */
	[SPACE_HIGH] = { 1 << 20, 1ull << 36, 0x200000000000, (1ull << 52) - 1,
			 offsetof(struct pci_facts, prefetchable) },
};

/* Something that takes room on a bus: a register, one register of all virtual functions, a bridge's window. */
struct item {
	struct window said; /* where the document puts it; closed: nowhere */
	uint64_t size, align;
	struct bus *below;   /* a bridge's window, a host bridge's share */
	const uint32_t *who; /* functions whose register `bar` lies here, one behind the other */
	size_t n_who;
	uint32_t order;
	uint8_t bar;
};

struct bus {
	LIST_OF(struct item) items; /* once measured, those with an address first and in order of it */
	size_t n_said;
	uint32_t bridge; /* whose window this is; FACTS_NONE: a host bridge's, or all of a domain's */
};

struct placing {
	struct facts *f;
	struct arena scratch;
	const struct space *space;
	enum space_id id;
	/* Low memory is too small for the domain: registers that can hold an address above 4 GiB get one. */
	bool crowded;
};

static const struct window closed = { UINT64_MAX, 0 };

static bool is_open(const struct window *w)
{
	return w->base <= w->limit;
}

static void stretch(struct window *w, const struct window *to)
{
	if (!is_open(to))
		return;
	w->base = to->base < w->base ? to->base : w->base;
	w->limit = to->limit > w->limit ? to->limit : w->limit;
}

/* Both stop at the end of the number space instead of wrapping. */
static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t round_up(uint64_t a, uint64_t align)
{
	return a > UINT64_MAX - (align - 1) ? UINT64_MAX : (a + align - 1) & ~(align - 1);
}

static struct window round_out(const struct window *w, uint64_t granule)
{
	return is_open(w) ? (struct window){ w->base & ~(granule - 1), w->limit | (granule - 1) } : closed;
}

static enum space_id space_of(const struct placing *p, const struct bar *b)
{
	if (b->io)
		return SPACE_IO;
	if (b->address)
		return b->address < LOW_LIMIT ? SPACE_LOW : SPACE_HIGH;
	return b->is_64bit && (b->prefetchable || p->crowded) ? SPACE_HIGH : SPACE_LOW;
}

static void add_item(struct placing *p, struct bus *bus, const struct item *from)
{
	struct item *item = LIST_ADD(&p->scratch, &bus->items);
	*item = *from;
	item->order = (uint32_t)bus->items.n;
}

/* Adds the room that register `bar` of some functions needs, `count` times the largest of them. */
static void add_bar(struct placing *p, struct bus *bus, const uint32_t *who, size_t n_who, uint8_t bar, size_t count)
{
	const struct bar *first = &p->f->topo->pci.at[who[0]].bars[bar];
	if (!first->size || space_of(p, first) != p->id)
		return;

	struct item item = { .said = closed, .who = who, .n_who = n_who, .bar = bar };
	for (size_t i = 0; i < n_who; i++) {
		const struct bar *b = &p->f->topo->pci.at[who[i]].bars[bar];
		item.align = b->size > item.align ? b->size : item.align;
		if (b->size && b->address)
			stretch(&item.said, &(struct window){ b->address, add(b->address, b->size - 1) });
	}
	item.size = item.align > UINT64_MAX / count ? UINT64_MAX : item.align * count;
	add_item(p, bus, &item);
}

/* A bridge has two registers and the ROM, like header type 1. */
static bool has_register(const struct pci *pci, uint8_t bar)
{
	return !pci->bridge || bar < 2 || bar == BAR_ROM;
}

static struct bus *measure_bridge(struct placing *p, uint32_t bridge);

static void add_function(struct placing *p, struct bus *bus, const uint32_t *place)
{
	const struct pci *pci = &p->f->topo->pci.at[*place];
	const struct pci_facts *pf = &p->f->pci[*place];
	if (pci->physfn != BDF_NONE)
		return; /* has its share of what its physical function takes */

	for (uint8_t bar = 0; bar < N_BARS; bar++)
		if (has_register(pci, bar))
			add_bar(p, bus, place, 1, bar, 1);
	size_t n_vfs = pci->total_vfs > pf->vfs.n ? pci->total_vfs : pf->vfs.n;
	for (uint8_t bar = 0; bar < BAR_ROM && pf->vfs.n; bar++)
		add_bar(p, bus, pf->vfs.at, pf->vfs.n, bar, n_vfs);

	struct bus *below = pci->bridge ? measure_bridge(p, *place) : NULL;
	if (below && below->items.n)
		add_item(p, bus, &(struct item){ .below = below });
}

/* Those the document places by address, then the others by alignment, so that no room is lost between them. */
static int compare_items(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	if (is_open(&a->said) != is_open(&b->said))
		return is_open(&a->said) ? -1 : 1;
	if (is_open(&a->said) && a->said.base != b->said.base)
		return a->said.base < b->said.base ? -1 : 1;
	if (a->align != b->align)
		return a->align > b->align ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* Sums up a bus whose items are complete into the item that stands for it one level up. */
static void sum_up(struct bus *bus, uint64_t granule, struct item *ret)
{
	ret->said = closed;
	ret->align = granule;
	ret->size = 0;
	if (bus->items.n)
		qsort(bus->items.at, bus->items.n, sizeof *bus->items.at, compare_items);
	bus->n_said = 0;
	for (size_t i = 0; i < bus->items.n; i++) {
		const struct item *item = &bus->items.at[i];
		bus->n_said += is_open(&item->said);
		stretch(&ret->said, &item->said);
		ret->align = item->align > ret->align ? item->align : ret->align;
		ret->size = add(round_up(ret->size, item->align), item->size);
	}
	ret->said = round_out(&ret->said, granule);
	ret->size = round_up(ret->size, granule);
}

static void sum_up_bridges(struct placing *p, struct bus *bus)
{
	for (size_t i = 0; i < bus->items.n; i++) {
		struct item *item = &bus->items.at[i];
		if (item->below)
			sum_up(item->below, p->space->granule, item);
	}
}

static struct bus *measure_bridge(struct placing *p, uint32_t bridge)
{
	const struct pci_facts *pf = &p->f->pci[bridge];
	struct bus *bus = arena_alloc(&p->scratch, sizeof *bus);
	bus->bridge = bridge;
	for (size_t i = 0; i < pf->children.n; i++)
		add_function(p, bus, &pf->children.at[i]);
	sum_up_bridges(p, bus);
	return bus;
}

/* Host bridges have no window that anybody could read: what the document places need not keep theirs together. */
static void add_root(struct placing *p, struct bus *domain, const uint32_t *functions, size_t n)
{
	struct bus all = { .bridge = FACTS_NONE };
	struct bus *rest = arena_alloc(&p->scratch, sizeof *rest);
	rest->bridge = FACTS_NONE;
	for (size_t i = 0; i < n; i++)
		add_function(p, &all, &functions[i]);
	sum_up_bridges(p, &all);
	for (size_t i = 0; i < all.items.n; i++)
		add_item(p, is_open(&all.items.at[i].said) ? domain : rest, &all.items.at[i]);
	if (!rest->items.n)
		return;
	struct item share = { .below = rest };
	sum_up(rest, p->space->root_granule, &share);
	add_item(p, domain, &share);
}

static struct window fill(struct placing *p, struct bus *bus, const struct window *room);

/* Places an item at an address; what is larger than the room, a window, takes as much as there is. */
static struct window place(struct placing *p, const struct item *item, uint64_t at, uint64_t last)
{
	if (item->below)
		return fill(p, item->below, &(struct window){ at, last });

	struct window used = closed;
	for (size_t i = 0; i < item->n_who; i++) {
		struct bar *b = &p->f->pci[item->who[i]].bars[item->bar];
		if (!b->size)
			continue;
		if (!b->address)
			b->address = at + i * item->align;
		stretch(&used, &(struct window){ b->address, add(b->address, b->size - 1) });
	}
	stretch(&used, is_open(&item->said) ? &item->said : &(struct window){ at, at + item->size - 1 });
	return used;
}

/* Where an item would begin in a gap; false: no room for all of it. */
static bool fits(const struct item *item, const struct window *gap, uint64_t *ret)
{
	*ret = round_up(gap->base, item->align);
	return is_open(gap) && *ret <= gap->limit && item->size - 1 <= gap->limit - *ret;
}

/* Places what has no address of its own into the first gap with room. */
static struct window place_anywhere(struct placing *p, const struct item *item, struct window *gaps, size_t n_gaps)
{
	struct window used = closed, *gap = NULL;
	uint64_t at;
	for (size_t i = 0; i < n_gaps && !gap; i++)
		if (fits(item, &gaps[i], &at))
			gap = &gaps[i];
	if (!gap && item->below) {
		gap = &gaps[n_gaps - 1];
		at = round_up(gap->base, p->space->granule);
	}
	if (gap && at <= gap->limit)
		used = place(p, item, at, gap->limit);
	if (is_open(&used))
		gap->base = add(used.limit, 1);
	return used;
}

/* The last address below one that the document places. */
static uint64_t before(const struct item *said)
{
	return said->said.base ? said->said.base - 1 : 0;
}

/* Places what has an address, and lists the gaps between. */
static struct window place_said(struct placing *p, struct bus *bus, const struct window *room, struct window *gaps)
{
	struct window used = closed;
	uint64_t next = room->base;
	for (size_t i = 0; i < bus->n_said; i++) {
		const struct item *item = &bus->items.at[i];
		uint64_t last = i + 1 < bus->n_said ? before(&bus->items.at[i + 1]) : room->limit;
		gaps[i] = (struct window){ next, before(item) < room->limit ? before(item) : room->limit };
		struct window it = place(p, item, item->said.base, last > item->said.limit ? last : item->said.limit);
		stretch(&used, &it);
		next = is_open(&it) && add(it.limit, 1) > next ? add(it.limit, 1) : next;
	}
	gaps[bus->n_said] = (struct window){ next, room->limit };
	return used;
}

/* Places all items of a bus into the room given, and opens the window of its bridge over them. */
static struct window fill(struct placing *p, struct bus *bus, const struct window *room)
{
	struct window *gaps = arena_alloc(&p->scratch, (bus->n_said + 1) * sizeof *gaps);
	struct window used = place_said(p, bus, room, gaps);
	for (size_t i = bus->n_said; i < bus->items.n; i++) {
		struct window it = place_anywhere(p, &bus->items.at[i], gaps, bus->n_said + 1);
		stretch(&used, &it);
	}
	if (bus->bridge == FACTS_NONE)
		return used;
	used = round_out(&used, p->space->granule);
	*(struct window *)((char *)&p->f->pci[bus->bridge] + p->space->window) = used;
	return used;
}

/* The functions on each root's own bus, by address. */
typedef LIST_OF(uint32_t) places;

struct domain {
	const uint32_t *roots; /* places in topo->roots */
	size_t n_roots;
	const places *on_root; /* parallel to topo->roots */
};

static void measure_domain(struct placing *p, const struct domain *d, struct bus *bus, struct item *total)
{
	*bus = (struct bus){ .bridge = FACTS_NONE };
	for (size_t i = 0; i < d->n_roots; i++) {
		const places *on = &d->on_root[d->roots[i]];
		add_root(p, bus, on->at, on->n);
	}
	sum_up(bus, p->space->granule, total);
}

/* Returns the highest address used. */
static uint64_t place_domain(struct placing *p, const struct domain *d, enum space_id id, uint64_t first)
{
	struct bus bus;
	struct item total;
	p->id = id;
	p->space = &spaces[id];
	struct window room = { first, p->space->last };
	measure_domain(p, d, &bus, &total);
	if (id == SPACE_LOW && total.size > room.limit - room.base + 1) {
		p->crowded = true;
		measure_domain(p, d, &bus, &total);
	}
	struct window used = fill(p, &bus, &room);
	return is_open(&used) ? used.limit : 0;
}

/* Domains have port and low memory addresses of their own; memory above 4 GiB they share. */
static void place_domains(struct placing *p, const places *on_root)
{
	const struct topo *t = p->f->topo;
	const uint32_t *order = p->f->roots_by_bus;
	uint64_t high = spaces[SPACE_HIGH].first;
	for (size_t i = 0, end; i < t->roots.n; i = end) {
		uint32_t domain = t->roots.at[order[i]].domain;
		for (end = i; end < t->roots.n && t->roots.at[order[end]].domain == domain; end++)
			;
		struct domain d = { &order[i], end - i, on_root };
		p->crowded = false;
		place_domain(p, &d, SPACE_IO, spaces[SPACE_IO].first);
		place_domain(p, &d, SPACE_LOW, spaces[SPACE_LOW].first);
		uint64_t last = place_domain(p, &d, SPACE_HIGH, high);
		if (last >= high && last < spaces[SPACE_HIGH].last)
			high = round_up(last + 1, spaces[SPACE_HIGH].root_granule);
		arena_done(&p->scratch);
	}
}

static void start_with_what_is_said(struct facts *f)
{
	for (size_t i = 0; i < f->topo->pci.n; i++) {
		struct pci_facts *pf = &f->pci[i];
		for (size_t bar = 0; bar < N_BARS; bar++)
			pf->bars[bar] = f->topo->pci.at[i].bars[bar];
		pf->io = pf->memory = pf->prefetchable = closed;
	}
}

void facts_place_bars(struct facts *f)
{
	const struct topo *t = f->topo;
	_cleanup_arena_ struct arena own = { 0 };
	struct placing p = { .f = f };
	places *on_root = arena_alloc(&own, t->roots.n * sizeof *on_root);

	start_with_what_is_said(f);
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci_facts *pf = &f->pci[f->by_address[i]];
		if (pf->parent == FACTS_NONE)
			*LIST_ADD(&own, &on_root[pf->root]) = f->by_address[i];
	}
	place_domains(&p, on_root);
}
