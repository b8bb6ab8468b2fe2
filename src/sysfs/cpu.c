/* SPDX-License-Identifier: Apache-2.0 */

/* CPUs: drivers/base/{cpu,topology}.c, Documentation/ABI/testing/sysfs-devices-system-cpu. */

#include "classes.h"

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

static bool has_smt(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return is_arch(o->topo, "x86_64") || !strncmp(o->topo->arch, "ppc64", 5);
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
	buf_puts(out, has_threads(o) ? "on" : "notsupported");
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
	{ "smt/active", "Whether any core runs more than one thread.", show_smt_active, has_smt },
	{ "smt/control", "Whether threads can be switched on and off.", show_smt_control, has_smt },
	{ "vulnerabilities/*", "How each known hardware vulnerability is dealt with.", .each = each_vulnerability },
	{ "uevent", "Empty.", show_nothing, .raw = true, .mode = 0644 },
};

AT_FIXED("sys/devices/system/cpu")

const struct class cpus_class = {
	"cpus", "The CPUs together.", "/sys/devices/system/cpu", count_one, NULL, at_fixed, ROWS(cpus_attrs),
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
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if ((int)known[i].level == attr->param && is_arch(o->topo, known[i].arch))
			return true;
	return ((const struct cpu *)o->self)->group[attr->param] != TOPO_UNKNOWN;
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

// clang-format off
#define ID(name, which, visible, text) \
	{ "topology/" name, text, show_int, visible, .offset = offsetof(struct cpu, number[which]), .param = which }
#define SIBLINGS(name, which, visible, text) \
	{ "topology/" name, text ", as a mask.", show_mask, visible, .ids = siblings, .param = which }, \
	{ "topology/" name "_list", text ", as a list.", show_list, visible, .ids = siblings, .param = which }
#define KIND(name, member, text) \
	{ name, text, show_kind_number, has_kind_number, .offset = offsetof(struct cpu_kind, member) }

static const struct attr cpu_attrs[] = {
	ID("physical_package_id", LEVEL_PACKAGE, has_topology, "The package it is in."),
	ID("die_id", LEVEL_DIE, has_level, "The die it is on."),
	ID("cluster_id", LEVEL_CLUSTER, has_level, "The cluster it is in."),
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
	KIND("cpufreq/cpuinfo_min_freq", min_khz, "Lowest frequency, kHz."),
	KIND("cpufreq/cpuinfo_max_freq", max_khz, "Highest frequency, kHz."),
	KIND("cpufreq/scaling_min_freq", min_khz, "Lowest frequency allowed, kHz."),
	KIND("cpufreq/scaling_max_freq", max_khz, "Highest frequency allowed, kHz."),
	KIND("cpufreq/scaling_cur_freq", max_khz, "Frequency it runs at, kHz: the highest."),
	KIND("cpufreq/base_frequency", base_khz, "Base frequency, kHz."),
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

const struct class cpu_class = {
	"cpu", "One CPU.", "/sys/devices/system/cpu/cpu[0-9]*", count_cpus, NULL, at_cpu, ROWS(cpu_attrs),
	.subsystem = "bus/cpu", .listed = { "bus/cpu/devices" },
};

/* --- /sys/devices/cpu_core, cpu_atom: the performance counters of hybrid processors ---------------------- */

static size_t count_kinds(const struct facts *f)
{
	return f->topo->kinds.n;
}

static bool at_kind(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct cpu_kind *kind = &f->topo->kinds.at[i];
	*self = kind;
	if (!kind->name)
		return false;
	buf_printf(path, "sys/devices/cpu_%s", kind->name);
	return true;
}

static const struct idset *kind_cpus(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return &((const struct cpu_kind *)o->self)->cpus;
}

static const struct attr cpu_kind_attrs[] = {
	LIST("cpus", kind_cpus, 0, "The CPUs of this kind."),
};

const struct class cpu_kind_class = {
	"cpu kind", "A kind of CPUs of a hybrid processor.", "/sys/devices/cpu_*", count_kinds, NULL, at_kind,
	ROWS(cpu_kind_attrs),
};
