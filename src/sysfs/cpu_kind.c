/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What CPUs of a kind have in common: their frequencies (drivers/cpufreq/cpufreq.c), and the folders of hybrid
 * processors (arch/x86/events/core.c).
 */

#include "cpu.h"
#include "scan.h"

#include <stdio.h>
#include <string.h>

/* --- rows of a CPU that its kind tells ------------------------------------------------------------------- */

static const void *kind_member(const struct attr *attr, const struct object *o)
{
	const struct cpu_kind *kind = o->facts->cpus[o->index].kind;
	return kind && cpu_is_online(o) ? (const char *)kind + attr->offset : NULL;
}

bool has_kind_number(const struct attr *attr, const struct object *o)
{
	const int64_t *v = kind_member(attr, o);
	return v && *v > 0;
}

void show_kind_number(const struct attr *attr, const struct object *o, struct buf *out)
{
	buf_printf(out, "%lld", *(const long long *)kind_member(attr, o));
}

bool has_kind_text(const struct attr *attr, const struct object *o)
{
	const char *const *text = kind_member(attr, o);
	return text && *text;
}

void show_kind_text(const struct attr *attr, const struct object *o, struct buf *out)
{
	buf_puts(out, *(const char *const *)kind_member(attr, o));
}

static bool has_policy(const struct facts *f, size_t cpu)
{
	const struct cpu_kind *kind = f->cpus[cpu].kind;
	return kind && (kind->min_khz || kind->max_khz || kind->base_khz) &&
	       idset_has(&f->topo->online, f->topo->cpus.at[cpu].id);
}

bool link_policy(const struct attr *attr, const struct object *o, size_t i, struct buf *name, struct buf *place)
{
	(void)attr;
	(void)name;
	if (i || !has_policy(o->facts, o->index))
		return false;
	buf_printf(place, "sys/devices/system/cpu/cpufreq/policy%u", ((const struct cpu *)o->self)->id);
	return true;
}

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

static size_t count_pmus(const struct facts *f)
{
	return f->pmus.n;
}

static bool at_pmu(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	*self = &f->pmus.at[i];
	buf_printf(path, "sys/devices/cpu_%s", f->pmus.at[i].name);
	return true;
}

static const struct idset *cpus_of_pmu(const struct attr *attr, const struct object *o)
{
	(void)attr;
	return &((const struct pmu *)o->self)->cpus;
}

static const struct attr cpu_kind_attrs[] = {
	LIST("cpus", cpus_of_pmu, 0, "The CPUs of this kind."),
};

/* For each CPU the name of the first folder cpu_NAME that lists it; NULL where none does. */
static const char **scan_pmus(const struct tree *tree, struct arena *a)
{
	const char **names = arena_alloc(a, (TOPO_MAX_CPU + 1) * sizeof *names);
	EACH_CHILD (e, tree, tree_find(tree, "sys/devices")) {
		_cleanup_arena_ struct arena own = { 0 };
		struct idset cpus = { 0 };
		if (!strncmp(tree_name(tree, e), "cpu_", 4) && scan_list(tree, e, "cpus", TOPO_MAX_CPU, &own, &cpus))
			IDSET_EACH (id, &cpus)
				names[id] = names[id] ? names[id] : tree_name(tree, e) + 4;
	}
	return names;
}

static void scan_kind_of_cpu(const struct tree *tree, uint32_t id, struct topo *t, struct cpu_kind *kind)
{
	char path[64];
	int64_t v;
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
	_cleanup_arena_ struct arena own = { 0 };
	const char **names = scan_pmus(tree, &own);
	(void)class;
	IDSET_EACH (id, &t->present) {
		struct cpu_kind kind = { .name = names[id], .capacity = TOPO_UNKNOWN };
		size_t k = 0;
		scan_kind_of_cpu(tree, (uint32_t)id, t, &kind);
		while (k < t->kinds.n && !same_kind(&t->kinds.at[k], &kind))
			k++;
		if (k == t->kinds.n && same_kind(&kind, &nothing))
			continue;
		if (k == t->kinds.n) {
			kind.name = kind.name ? arena_strdup(&t->arena, kind.name) : NULL;
			*LIST_ADD(&t->arena, &t->kinds) = kind;
		}
		idset_add(&t->arena, &t->kinds.at[k].cpus, (uint32_t)id);
	}
}

const struct class cpu_kind_class = {
	"cpu_kind", "A kind of CPUs of a hybrid processor.", "/sys/devices/cpu_*", count_pmus, NULL, at_pmu,
	ROWS(cpu_kind_attrs), .scan = scan_kinds,
};
