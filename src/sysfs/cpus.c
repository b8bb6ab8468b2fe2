/* SPDX-License-Identifier: Apache-2.0 */

/* All CPUs: /sys/devices/system/cpu, drivers/base/cpu.c, Documentation/ABI/testing/sysfs-devices-system-cpu. */

#include "classes.h"
#include "scan.h"

#include <stdlib.h>
#include <string.h>

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
	bool implemented = !strcmp(o->topo->arch, "x86_64") || !strncmp(o->topo->arch, "ppc64", 5);
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

static int compare_cpus(const void *x, const void *y)
{
	uint32_t a = ((const struct cpu *)x)->id, b = ((const struct cpu *)y)->id;
	return (a > b) - (a < b);
}

/* CPUs that have a folder, and those of them that say they run. */
static void find_cpus(const struct tree *tree, uint32_t dir, struct topo *t, struct idset *ret,
		      struct idset *ret_online)
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
	uint32_t dir = tree_find(tree, "sys/devices/system/cpu");
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
