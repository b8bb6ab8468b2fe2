/* SPDX-License-Identifier: Apache-2.0 */

/* One CPU: drivers/base/topology.c, and who it shares its core, cluster, die and package with. */

#include "cpu.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_arch(const struct topo *t, const char *arch)
{
	return !strcmp(t->arch, arch);
}

bool cpu_is_online(const struct object *o)
{
	return idset_has(&o->topo->online, ((const struct cpu *)o->self)->id);
}

/* A CPU that is offline has neither siblings nor caches to tell. */
static bool has_topology(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return cpu_is_online(o) && ((const struct cpu *)o->self)->group[LEVEL_PACKAGE] != TOPO_UNKNOWN;
}

/* Which levels an architecture's kernel knows at all (TOPOLOGY_*_SYSFS of include/linux/topology.h). */
static bool has_level(const struct attr *attr, const struct object *o)
{
	static const struct {
		enum topo_level level;
		const char *arch;
	} known[] = { { LEVEL_DIE, "x86_64" }, { LEVEL_CLUSTER, "x86_64" }, { LEVEL_CLUSTER, "aarch64" },
		      { LEVEL_CLUSTER, "riscv64" } };
	if (!has_topology(attr, o))
		return false;
	if (attr->param == LEVEL_DIE && o->topo->unknown_dies)
		return true;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if ((int)known[i].level == attr->param && is_arch(o->topo, known[i].arch))
			return true;
	return ((const struct cpu *)o->self)->group[attr->param] != TOPO_UNKNOWN;
}

/* x86 always has a number; where nobody told one, it is the lowest CPU of the cluster. */
static void show_cluster_id(const struct attr *attr, const struct object *o, struct buf *out)
{
	int32_t number = ((const struct cpu *)o->self)->number[LEVEL_CLUSTER];
	if (number == TOPO_UNKNOWN && is_arch(o->topo, "x86_64"))
		number = (int32_t)idset_next(o->facts->cpus[o->index].siblings[attr->param], 0);
	buf_printf(out, "%d", number);
}

static const struct idset *siblings(const struct attr *attr, const struct object *o)
{
	return o->facts->cpus[o->index].siblings[attr->param];
}

/* x86 cannot take its first CPU offline. */
static bool has_online(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return ((const struct cpu *)o->self)->id != 0 || !is_arch(o->topo, "x86_64");
}

static void show_online(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_puts(out, cpu_is_online(o) ? "1" : "0");
}

static bool link_nodes(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *place)
{
	(void)attr;
	const struct cpu_facts *cpu = &o->facts->cpus[o->index];
	if (i >= cpu->nodes.n)
		return false;
	uint32_t id = o->topo->nodes.at[cpu->nodes.at[i]].id;
	buf_printf(name, "node%u", id);
	buf_printf(place, "sys/devices/system/node/node%u", id);
	return true;
}

// clang-format off
#define ID(name, which, visible, text) \
	{ "topology/" name, text, show_int, visible, .load = load_int, .offset = offsetof(struct cpu, number[which]), .param = which }
#define SIBLINGS(name, which, visible, text) \
	{ "topology/" name, text ", as a mask.", show_mask, visible, .ids = siblings, .param = which }, \
	{ "topology/" name "_list", text ", as a list.", show_list, visible, .ids = siblings, .param = which }

static const struct attr cpu_attrs[] = {
	ID("physical_package_id", LEVEL_PACKAGE, has_topology, "The package it is in."),
	ID("die_id", LEVEL_DIE, has_level, "The die it is on."),
	{ "topology/cluster_id", "The cluster it is in.", show_cluster_id, has_level, .load = load_int, .offset = offsetof(struct cpu, number[LEVEL_CLUSTER]), .param = LEVEL_CLUSTER },
	ID("core_id", LEVEL_CORE, has_topology, "The core it is a thread of."),
	ID("book_id", LEVEL_BOOK, has_level, "The book it is in (s390)."),
	ID("drawer_id", LEVEL_DRAWER, has_level, "The drawer it is in (s390)."),
	{ "topology/thread_siblings", "CPUs of its core, by their older name, as a mask.", show_mask, has_topology, .ids = siblings, .param = LEVEL_CORE },
	{ "topology/thread_siblings_list", "CPUs of its core, by their older name, as a list.", show_list, has_topology, .ids = siblings, .param = LEVEL_CORE },
	{ "topology/core_siblings", "CPUs of its package, by their older name, as a mask.", show_mask, has_topology, .ids = siblings, .param = LEVEL_PACKAGE },
	{ "topology/core_siblings_list", "CPUs of its package, by their older name, as a list.", show_list, has_topology, .ids = siblings, .param = LEVEL_PACKAGE },
	SIBLINGS("core_cpus", LEVEL_CORE, has_topology, "CPUs of its core"),
	SIBLINGS("cluster_cpus", LEVEL_CLUSTER, has_level, "CPUs of its cluster"),
	SIBLINGS("die_cpus", LEVEL_DIE, has_level, "CPUs of its die"),
	SIBLINGS("package_cpus", LEVEL_PACKAGE, has_topology, "CPUs of its package"),
	SIBLINGS("book_siblings", LEVEL_BOOK, has_level, "CPUs of its book"),
	SIBLINGS("drawer_siblings", LEVEL_DRAWER, has_level, "CPUs of its drawer"),
	{ "online", "1 when it runs.", show_online, has_online, .mode = 0644 },
	{ "node*", "The node it belongs to.", .link = link_nodes },
	KIND("cpu_capacity", capacity, "Its strength, 1024 for the strongest."),
	{ "cpufreq", "Its frequency policy.", .link = link_policy },
	KIND("acpi_cppc/nominal_freq", nominal_mhz, "Nominal frequency, MHz."),
	{ "regs/identification/midr_el1", "arm64's main id register.", show_kind_text, has_kind_text, .offset = offsetof(struct cpu_kind, midr) },
	{ "uevent", "Empty.", show_nothing, .raw = true, .mode = 0644 },
};
// clang-format on

static bool at_cpu(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct cpu *cpu = &f->topo->cpus.at[i];
	*self = cpu;
	buf_printf(path, "sys/devices/system/cpu/cpu%u", cpu->id);
	return true;
}

/* The files that tell who shares a level, the older name first. */
static const struct {
	enum topo_level level;
	const char *mask;
} sibling_files[] = {
	{ LEVEL_CORE, "topology/thread_siblings" }, { LEVEL_CORE, "topology/core_cpus" },
	{ LEVEL_CLUSTER, "topology/cluster_cpus" }, { LEVEL_DIE, "topology/die_cpus" },
	{ LEVEL_PACKAGE, "topology/core_siblings" }, { LEVEL_PACKAGE, "topology/package_cpus" },
	{ LEVEL_BOOK, "topology/book_siblings" }, { LEVEL_DRAWER, "topology/drawer_siblings" },
};

/* The first mask there is also tells how wide the kernel prints them. */
static void note_mask_width(const struct tree *tree, uint32_t dir, const char *file, struct topo *t)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *mask = t->mask_bits ? NULL : scan_text(tree, dir, file, &a);
	if (mask && strspn(mask, "0123456789abcdef,") == strlen(mask))
		t->mask_bits = idset_mask_bits(mask);
}

static void scan_siblings(const struct tree *tree, uint32_t dir, struct topo *t, struct cpu *cpu)
{
	for (size_t i = 0; i < sizeof sibling_files / sizeof *sibling_files; i++) {
		struct idset group = { 0 };
		enum topo_level level = sibling_files[i].level;
		if (cpu->group[level] != TOPO_UNKNOWN ||
		    !scan_mask(tree, dir, sibling_files[i].mask, TOPO_MAX_CPU, &t->arena, &group))
			continue;
		note_mask_width(tree, dir, sibling_files[i].mask, t);
		int64_t lowest = idset_next(&group, 0);
		if (idset_has(&group, cpu->id) && topo_cpu(t, (uint32_t)lowest))
			cpu->group[level] = (int32_t)lowest;
	}
}

/* Without masks equal numbers tell who is together: packages, and cores within them. */
static void group_by_number(struct topo *t)
{
	for (size_t i = 0; i < t->cpus.n; i++) {
		struct cpu *cpu = &t->cpus.at[i];
		bool package = cpu->group[LEVEL_PACKAGE] == TOPO_UNKNOWN && cpu->number[LEVEL_PACKAGE] != TOPO_UNKNOWN;
		bool core = cpu->group[LEVEL_CORE] == TOPO_UNKNOWN && cpu->number[LEVEL_CORE] != TOPO_UNKNOWN;
		for (size_t k = 0; k <= i; k++) {
			const struct cpu *other = &t->cpus.at[k];
			if (other->number[LEVEL_PACKAGE] != cpu->number[LEVEL_PACKAGE])
				continue;
			if (package && cpu->group[LEVEL_PACKAGE] == TOPO_UNKNOWN)
				cpu->group[LEVEL_PACKAGE] = (int32_t)other->id;
			if (core && cpu->group[LEVEL_CORE] == TOPO_UNKNOWN &&
			    other->number[LEVEL_CORE] == cpu->number[LEVEL_CORE])
				cpu->group[LEVEL_CORE] = (int32_t)other->id;
		}
	}
}

/* A machine is packages of cores: what is told of only one level tells the other too. */
static void complete_groups(struct cpu *cpu)
{
	if (cpu->group[LEVEL_CORE] == TOPO_UNKNOWN && cpu->group[LEVEL_PACKAGE] != TOPO_UNKNOWN)
		cpu->group[LEVEL_CORE] = (int32_t)cpu->id;
	if (cpu->group[LEVEL_PACKAGE] == TOPO_UNKNOWN)
		cpu->group[LEVEL_PACKAGE] = cpu->group[LEVEL_CORE];
}

/* The kernel's stand-in for a die it does not know. */
static void forget_unknown_die(struct topo *t, struct cpu *cpu, const struct tree *tree, uint32_t dir)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct idset die = { 0 };
	if (cpu->number[LEVEL_DIE] != TOPO_UNKNOWN ||
	    !scan_mask(tree, dir, "topology/die_cpus", TOPO_MAX_CPU, &a, &die) || idset_count(&die) != 1)
		return;
	cpu->group[LEVEL_DIE] = TOPO_UNKNOWN;
	t->unknown_dies = true;
}

static void scan_cpu(const struct class *class, const struct tree *tree, struct topo *t)
{
	uint32_t above = tree_find(tree, "sys/devices/system/cpu");
	for (size_t i = 0; i < t->cpus.n; i++) {
		struct cpu *cpu = &t->cpus.at[i];
		char name[32];
		for (int l = 0; l < N_LEVELS; l++)
			cpu->group[l] = cpu->number[l] = TOPO_UNKNOWN;
		snprintf(name, sizeof name, "cpu%u", cpu->id);
		uint32_t dir = scan_find(tree, above, name);
		if (!scan_is_dir(tree, dir))
			continue;
		scan_rows(class, tree, dir, t, cpu);
		scan_siblings(tree, dir, t, cpu);
		forget_unknown_die(t, cpu, tree, dir);
	}
	group_by_number(t);
	for (size_t i = 0; i < t->cpus.n; i++)
		complete_groups(&t->cpus.at[i]);
	if (t->mask_bits && (t->mask_bits + 3) / 4 == ((uint32_t)idset_last(&t->possible) + 4) / 4)
		t->mask_bits = 0;
}

const struct class cpu_class = {
	"cpu", "One CPU.", "/sys/devices/system/cpu/cpu[0-9]*", count_cpus, NULL, at_cpu, ROWS(cpu_attrs),
	.scan = scan_cpu, .subsystem = "bus/cpu", .listed = { "bus/cpu/devices" },
};
