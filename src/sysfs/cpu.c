/* SPDX-License-Identifier: Apache-2.0 */

/* CPUs: drivers/base/{cpu,topology}.c, Documentation/ABI/testing/sysfs-devices-system-cpu. */

#include "classes.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_arch(const struct topo *t, const char *arch)
{
	return !strcmp(t->arch, arch);
}

/* --- /sys/devices/system/cpu ----------------------------------------------------------------------------- */

static const struct idset *machine_set(const struct attr *attr, const struct object *o)
{
	return (const struct idset *)((const char *)o->topo + attr->param);
}

/* Possible CPUs that are not online, as print_cpus_offline() has it. */
static void show_offline(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	_cleanup_arena_ struct arena arena = { 0 };
	struct idset offline = idset_dup(&arena, &o->topo->possible);
	idset_remove_all(&offline, &o->topo->online);
	idset_print_list(&offline, out);
}

static void show_kernel_max(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%lld", (long long)o->topo->kernel_max);
}

static bool has_threads(const struct object *o)
{
	for (size_t i = 0; i < o->topo->cpus.n; i++)
		if (idset_count(o->facts->cpus[i].siblings[LEVEL_CORE]) > 1)
			return true;
	return false;
}

static void show_smt_active(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_puts(out, has_threads(o) ? "1" : "0");
}

static void show_smt_control(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	/* kernels with HOTPLUG_SMT */
	bool implemented = is_arch(o->topo, "x86_64") || !strncmp(o->topo->arch, "ppc64", 5);
	buf_puts(out, !implemented ? "notimplemented" : has_threads(o) ? "on" : "notsupported");
}

static bool each_vulnerability(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			       struct buf *text)
{
	(void)attr;
	if (i >= o->topo->vulnerabilities.n)
		return false;
	buf_printf(name, "vulnerabilities/%s", o->topo->vulnerabilities.at[i].key);
	buf_puts(text, o->topo->vulnerabilities.at[i].value);
	return true;
}

#define SET(name, member, text) LIST(name, machine_set, offsetof(struct topo, member), text)

static const struct attr cpus_attrs[] = {
	SET("possible", possible, "CPUs there may ever be."),
	SET("present", present, "CPUs there are."),
	SET("online", online, "CPUs that run."),
	{ "offline", "CPUs that do not run.", show_offline },
	SET("isolated", isolated, "CPUs kept from the scheduler."),
	{ "kernel_max", "Highest CPU id the kernel is built for.", show_kernel_max },
	{ "smt/active", "Whether any core runs more than one thread.", show_smt_active },
	{ "smt/control", "Whether threads can be switched on and off.", show_smt_control },
	{ "vulnerabilities/*", "How each known hardware vulnerability is dealt with.", .each = each_vulnerability },
	{ "uevent", "Empty.", show_nothing, .raw = true, .mode = 0644 },
};

AT_FIXED("sys/devices/system/cpu")

static const char cpus_dir[] = "sys/devices/system/cpu";

static int compare_cpus(const void *x, const void *y)
{
	uint32_t a = ((const struct cpu *)x)->id, b = ((const struct cpu *)y)->id;
	return (a > b) - (a < b);
}

/* CPUs that have a folder, and those of them that say they run. */
static void find_cpus(const struct tree *tree, uint32_t dir, struct topo *t, struct idset *ret, struct idset *ret_online)
{
	EACH_CHILD (e, tree, dir) {
		int64_t id = scan_id(tree_name(tree, e), "cpu"), online;
		if (id < 0 || id > TOPO_MAX_CPU || !scan_is_dir(tree, e))
			continue;
		idset_add(&t->arena, ret, (uint32_t)id);
		if (!scan_number(tree, e, "online", &online) || online)
			idset_add(&t->arena, ret_online, (uint32_t)id);
	}
}

/* Kernels before 2.6.26 have no list: then those with a folder are present, and say themselves whether they run. */
static void scan_cpus(const struct class *class, const struct tree *tree, struct topo *t)
{
	struct arena *a = &t->arena;
	uint32_t dir = tree_find(tree, cpus_dir);
	struct idset there = { 0 }, running = { 0 };
	(void)class;
	find_cpus(tree, dir, t, &there, &running);
	if (!scan_list(tree, dir, "present", TOPO_MAX_CPU, a, &t->present) || idset_is_empty(&t->present))
		t->present = there;
	if (!scan_list(tree, dir, "possible", TOPO_MAX_CPU, a, &t->possible))
		t->possible = t->present;
	if (!scan_list(tree, dir, "online", TOPO_MAX_CPU, a, &t->online))
		t->online = running;
	scan_list(tree, dir, "isolated", TOPO_MAX_CPU, a, &t->isolated);
	t->kernel_max = 0;
	if (!scan_number(tree, dir, "kernel_max", &t->kernel_max) || t->kernel_max > TOPO_MAX_CPU)
		t->kernel_max = idset_last(&t->possible);
	EACH_CHILD (e, tree, scan_find(tree, dir, "vulnerabilities")) {
		const char *text = scan_text(tree, e, "", a);
		if (text && scan_is_line(text))
			*LIST_ADD(a, &t->vulnerabilities) = (struct pair){ arena_strdup(a, tree_name(tree, e)), text };
	}
	idset_add_all(a, &there, &t->present);
	IDSET_EACH (id, &there)
		LIST_ADD(a, &t->cpus)->id = (uint32_t)id;
	if (t->cpus.n)
		qsort(t->cpus.at, t->cpus.n, sizeof *t->cpus.at, compare_cpus);
}

const struct class cpus_class = {
	"cpus", "The CPUs together.", "/sys/devices/system/cpu", count_one, NULL, at_fixed, ROWS(cpus_attrs),
	.scan = scan_cpus,
};

/* --- /sys/devices/system/cpu/cpuN ------------------------------------------------------------------------ */

static bool is_online(const struct object *o)
{
	return idset_has(&o->topo->online, ((const struct cpu *)o->self)->id);
}

/* A CPU that is offline has neither siblings nor caches to tell. */
static bool has_topology(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return is_online(o) && ((const struct cpu *)o->self)->group[LEVEL_PACKAGE] != TOPO_UNKNOWN;
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
	buf_puts(out, is_online(o) ? "1" : "0");
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

static const void *kind_member(const struct attr *attr, const struct object *o)
{
	const struct cpu_kind *kind = o->facts->cpus[o->index].kind;
	return kind && is_online(o) ? (const char *)kind + attr->offset : NULL;
}

static bool has_kind_number(const struct attr *attr, const struct object *o)
{
	const int64_t *v = kind_member(attr, o);
	return v && *v > 0;
}

static void show_kind_number(const struct attr *attr, const struct object *o, struct buf *out)
{
	buf_printf(out, "%lld", *(const long long *)kind_member(attr, o));
}

static bool has_kind_text(const struct attr *attr, const struct object *o)
{
	const char *const *text = kind_member(attr, o);
	return text && *text;
}

static void show_kind_text(const struct attr *attr, const struct object *o, struct buf *out)
{
	buf_puts(out, *(const char *const *)kind_member(attr, o));
}

static bool has_policy(const struct facts *f, size_t cpu)
{
	const struct cpu_kind *kind = f->cpus[cpu].kind;
	return kind && (kind->min_khz || kind->max_khz || kind->base_khz) &&
	       idset_has(&f->topo->online, f->topo->cpus.at[cpu].id);
}

static bool link_policy(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			struct buf *place)
{
	(void)attr;
	(void)name;
	if (i || !has_policy(o->facts, o->index))
		return false;
	buf_printf(place, "sys/devices/system/cpu/cpufreq/policy%u", ((const struct cpu *)o->self)->id);
	return true;
}

// clang-format off
#define ID(name, which, visible, text) \
	{ "topology/" name, text, show_int, visible, .load = load_int, .offset = offsetof(struct cpu, number[which]), .param = which }
#define SIBLINGS(name, which, visible, text) \
	{ "topology/" name, text ", as a mask.", show_mask, visible, .ids = siblings, .param = which }, \
	{ "topology/" name "_list", text ", as a list.", show_list, visible, .ids = siblings, .param = which }
#define KIND(name, member, text) \
	{ name, text, show_kind_number, has_kind_number, .offset = offsetof(struct cpu_kind, member) }

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
	if (cpu->number[LEVEL_DIE] != TOPO_UNKNOWN || !scan_mask(tree, dir, "topology/die_cpus", TOPO_MAX_CPU, &a, &die) ||
	    idset_count(&die) != 1)
		return;
	cpu->group[LEVEL_DIE] = TOPO_UNKNOWN;
	t->unknown_dies = true;
}

static void scan_cpu(const struct class *class, const struct tree *tree, struct topo *t)
{
	uint32_t above = tree_find(tree, cpus_dir);
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

/* --- /sys/devices/system/cpu/cpufreq/policyN: one for each CPU ------------------------------------------- */

static bool at_policy(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	*self = &f->topo->cpus.at[i];
	buf_printf(path, "sys/devices/system/cpu/cpufreq/policy%u", f->topo->cpus.at[i].id);
	return has_policy(f, i);
}

static void show_policy_cpu(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%u", ((const struct cpu *)o->self)->id);
}

// clang-format off
static const struct attr cpufreq_attrs[] = {
	{ "affected_cpus", "CPUs it is for.", show_policy_cpu },
	{ "related_cpus", "The same, offline ones too.", show_policy_cpu },
	KIND("cpuinfo_min_freq", min_khz, "Lowest frequency, kHz."),
	KIND("cpuinfo_max_freq", max_khz, "Highest frequency, kHz."),
	KIND("base_frequency", base_khz, "Base frequency, kHz."),
	KIND("scaling_min_freq", min_khz, "Lowest frequency allowed, kHz."),
	KIND("scaling_max_freq", max_khz, "Highest frequency allowed, kHz."),
	KIND("scaling_cur_freq", max_khz, "Frequency it runs at, kHz: the highest."),
};
// clang-format on

const struct class cpufreq_class = {
	"cpufreq", "The frequencies of a CPU.", "/sys/devices/system/cpu/cpufreq/policy[0-9]*", count_cpus, NULL,
	at_policy, ROWS(cpufreq_attrs),
};

/* --- /sys/devices/cpu_core, cpu_atom: the performance counters of hybrid processors ---------------------- */

static size_t count_kinds(const struct facts *f)
{
	return f->topo->kinds.n;
}

/* Kinds that differ in a frequency only may have one name. */
static size_t first_of_name(const struct topo *t, size_t kind)
{
	size_t i = 0;
	while (!t->kinds.at[i].name || strcmp(t->kinds.at[i].name, t->kinds.at[kind].name))
		i++;
	return i;
}

static bool at_kind(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct cpu_kind *kind = &f->topo->kinds.at[i];
	*self = kind;
	if (!kind->name || first_of_name(f->topo, i) != i)
		return false;
	buf_printf(path, "sys/devices/cpu_%s", kind->name);
	return true;
}

static void show_kind_cpus(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	_cleanup_arena_ struct arena arena = { 0 };
	struct idset all = { 0 };
	for (size_t i = 0; i < o->topo->kinds.n; i++)
		if (o->topo->kinds.at[i].name && first_of_name(o->topo, i) == o->index)
			idset_add_all(&arena, &all, &o->topo->kinds.at[i].cpus);
	idset_print_list(&all, out);
}

static const struct attr cpu_kind_attrs[] = {
	{ "cpus", "The CPUs of this kind.", show_kind_cpus },
};

/* The name of the folder cpu_NAME that lists a CPU; NULL when none does. */
static const char *pmu_of(const struct tree *tree, uint32_t cpu, struct arena *a)
{
	EACH_CHILD (e, tree, tree_find(tree, "sys/devices")) {
		struct idset cpus = { 0 };
		if (!strncmp(tree_name(tree, e), "cpu_", 4) && scan_list(tree, e, "cpus", TOPO_MAX_CPU, a, &cpus) &&
		    idset_has(&cpus, cpu))
			return arena_strdup(a, tree_name(tree, e) + 4);
	}
	return NULL;
}

static void scan_kind_of_cpu(const struct tree *tree, uint32_t id, struct topo *t, struct cpu_kind *kind)
{
	char path[64];
	int64_t v;
	*kind = (struct cpu_kind){ .name = pmu_of(tree, id, &t->arena), .capacity = TOPO_UNKNOWN };
	snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%u", id);
	uint32_t dir = tree_find(tree, path);
	scan_number(tree, dir, "cpu_capacity", &kind->capacity);
	kind->nominal_mhz = scan_number(tree, dir, "acpi_cppc/nominal_freq", &v) ? (uint64_t)v : 0;
	kind->midr = scan_text(tree, dir, "regs/identification/midr_el1", &t->arena);
	snprintf(path, sizeof path, "sys/devices/system/cpu/cpufreq/policy%u", id);
	dir = tree_find(tree, path);
	kind->min_khz = scan_number(tree, dir, "cpuinfo_min_freq", &v) ? (uint64_t)v : 0;
	kind->max_khz = scan_number(tree, dir, "cpuinfo_max_freq", &v) ? (uint64_t)v : 0;
	kind->base_khz = scan_number(tree, dir, "base_frequency", &v) ? (uint64_t)v : 0;
}

static bool same_kind(const struct cpu_kind *a, const struct cpu_kind *b)
{
	return topo_same_text(a->name, b->name) && topo_same_text(a->midr, b->midr) && a->capacity == b->capacity &&
	       a->min_khz == b->min_khz && a->max_khz == b->max_khz && a->base_khz == b->base_khz &&
	       a->nominal_mhz == b->nominal_mhz;
}

static void scan_kinds(const struct class *class, const struct tree *tree, struct topo *t)
{
	const struct cpu_kind nothing = { .capacity = TOPO_UNKNOWN };
	(void)class;
	IDSET_EACH (id, &t->present) {
		struct cpu_kind kind;
		size_t k = 0;
		scan_kind_of_cpu(tree, (uint32_t)id, t, &kind);
		while (k < t->kinds.n && !same_kind(&t->kinds.at[k], &kind))
			k++;
		if (k == t->kinds.n && same_kind(&kind, &nothing))
			continue;
		if (k == t->kinds.n)
			*LIST_ADD(&t->arena, &t->kinds) = kind;
		idset_add(&t->arena, &t->kinds.at[k].cpus, (uint32_t)id);
	}
}

const struct class cpu_kind_class = {
	"cpu_kind", "A kind of CPUs of a hybrid processor.", "/sys/devices/cpu_*", count_kinds, NULL, at_kind,
	ROWS(cpu_kind_attrs), .scan = scan_kinds,
};
