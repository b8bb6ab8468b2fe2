/* SPDX-License-Identifier: Apache-2.0 */

/* -smp: hw/core/machine-smp.c of QEMU, and how x86_topo_ids_from_idx() numbers what it makes. */

#include "document.h"
#include "guest.h"
#include "qemu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Inside out. */
enum { THREADS, CORES, CLUSTERS, DIES, SOCKETS, N_PARTS };
static const char *const parts[N_PARTS] = { "threads", "cores", "clusters", "dies", "sockets" };

/* What no machine that is known here has more than one of. */
static const char *const others[] = { "modules", "books", "drawers" };

struct smp {
	const struct qemu_option *o;
	uint64_t n[N_PARTS], cpus, max; /* 0: not said */
};

static bool is_among(const char *key, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], key))
			return true;
	return false;
}

static int check_parts(struct qemu_guest *g, const struct qemu_option *o)
{
	for (size_t i = 0; i < o->values.n; i++) {
		const char *key = o->values.at[i].key, *value = o->values.at[i].value;
		if (!strcmp(value, "0"))
			return qemu_wrong(g, o, "%.40s: expected 1 or more", key);
		if (is_among(key, others, sizeof others / sizeof *others) && strcmp(value, "1") != 0)
			return qemu_wrong(g, o, "%s: more than one is not known here", key);
		if (!is_among(key, others, sizeof others / sizeof *others) && !is_among(key, parts, N_PARTS) &&
		    strcmp(key, "cpus") != 0 && strcmp(key, "maxcpus") != 0)
			return qemu_wrong(g, o, "%.40s: there is no such part of a machine", key);
	}
	return 0;
}

static int read_smp(struct qemu_guest *g, struct smp *smp)
{
	enum { MAX = TOPO_MAX_CPU + 1 };
	for (size_t i = 0; i < g->command->options.n; i++) {
		const struct qemu_option *o = &g->command->options.at[i];
		if (strcmp(o->name, "smp") != 0)
			continue;
		smp->o = o;
		if (qemu_number(g, o, "cpus", MAX, &smp->cpus) || qemu_number(g, o, "maxcpus", MAX, &smp->max))
			return -EINVAL;
		for (int k = 0; k < N_PARTS; k++)
			if (qemu_number(g, o, parts[k], MAX, &smp->n[k]))
				return -EINVAL;
		if (check_parts(g, o))
			return -EINVAL;
	}
	return 0;
}

/* Machines before 6.2 fill up sockets first, later ones cores. */
static bool prefers_sockets(const struct qemu_guest *g)
{
	const char *type = qemu_value(g, "machine", "type", NULL), *version = strrchr(type, '-');
	unsigned major, minor;
	return version && sscanf(version, "-%u.%u", &major, &minor) == 2 && (major < 6 || (major == 6 && minor < 2));
}

/* How many CPUs the parts make, `without` left out. */
static uint64_t count_cpus(const struct smp *smp, int without)
{
	uint64_t product = 1;
	for (int i = 0; i < N_PARTS; i++)
		if (i != without && __builtin_mul_overflow(product, smp->n[i], &product))
			return UINT64_MAX;
	return product;
}

/* One part is what the others leave, what else is not said is 1. */
static void fill_up(struct smp *smp, int part)
{
	for (int i = 0; i < N_PARTS; i++)
		if (i != part && !smp->n[i])
			smp->n[i] = 1;
	if (part < N_PARTS)
		smp->n[part] = smp->max / count_cpus(smp, part);
}

static int complete_smp(struct qemu_guest *g, struct smp *smp)
{
	int first = prefers_sockets(g) ? SOCKETS : CORES, second = first == CORES ? SOCKETS : CORES;
	if (!smp->max)
		smp->max = smp->cpus;
	fill_up(smp, !smp->max		? N_PARTS
		     : !smp->n[first]	? first
		     : !smp->n[second]	? second
		     : !smp->n[THREADS] ? THREADS
					: N_PARTS);
	uint64_t product = count_cpus(smp, N_PARTS);
	smp->max = smp->max ? smp->max : product;
	smp->cpus = smp->cpus ? smp->cpus : smp->max;
	if (product != smp->max || product > TOPO_MAX_CPU + 1)
		return qemu_wrong(
			g, smp->o,
			"%llu sockets of %llu dies of %llu clusters of %llu cores of %llu threads are not %llu CPUs",
			(unsigned long long)smp->n[SOCKETS], (unsigned long long)smp->n[DIES],
			(unsigned long long)smp->n[CLUSTERS], (unsigned long long)smp->n[CORES],
			(unsigned long long)smp->n[THREADS], (unsigned long long)smp->max);
	if (smp->cpus > smp->max)
		return qemu_wrong(g, smp->o, "%llu CPUs are more than the %llu there can be",
				  (unsigned long long)smp->cpus, (unsigned long long)smp->max);
	return 0;
}

int qemu_add_cpus(struct qemu_guest *g)
{
	struct smp smp = { 0 };
	struct topo *t = g->t;
	if (read_smp(g, &smp))
		return -EINVAL;
	if (!smp.o)
		smp.cpus = 1;
	if (complete_smp(g, &smp))
		return -EINVAL;
	const struct guest_cpus cpus = { smp.cpus,	  smp.max,	smp.n[SOCKETS], smp.n[DIES],
					 smp.n[CLUSTERS], smp.n[CORES], smp.n[THREADS] };
	for (uint32_t id = 0; id < smp.cpus; id++) {
		struct cpu *cpu = LIST_ADD(&t->arena, &t->cpus);
		cpu->id = id;
		guest_place_cpu(cpu, &cpus, g->vm->arch);
	}
	idset_add_range(&t->arena, &t->possible, 0, (uint32_t)smp.max - 1);
	idset_add_range(&t->arena, &t->present, 0, (uint32_t)smp.cpus - 1);
	t->online = t->present;
	t->kernel_max = default_kernel_max(t);
	return 0;
}
