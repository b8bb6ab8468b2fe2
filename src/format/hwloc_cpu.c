/* SPDX-License-Identifier: Apache-2.0 */

/* Packages and all that is in them, caches, kinds of CPUs, and what the machine says of itself. */

#include "hwloc_load.h"
#include "types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- the machine ----------------------------------------------------------------------------------------- */

static const struct pair dmi_files[] = {
	{ "DMISysVendor", "sys_vendor" },
	{ "DMIProductName", "product_name" },
	{ "DMIProductVersion", "product_version" },
	{ "DMIProductSerial", "product_serial" },
	{ "DMIProductUUID", "product_uuid" },
	{ "DMIBoardVendor", "board_vendor" },
	{ "DMIBoardName", "board_name" },
	{ "DMIBoardVersion", "board_version" },
	{ "DMIBoardSerial", "board_serial" },
	{ "DMIBoardAssetTag", "board_asset_tag" },
	{ "DMIChassisVendor", "chassis_vendor" },
	{ "DMIChassisType", "chassis_type" },
	{ "DMIChassisVersion", "chassis_version" },
	{ "DMIChassisSerial", "chassis_serial" },
	{ "DMIChassisAssetTag", "chassis_asset_tag" },
	{ "DMIBIOSVendor", "bios_vendor" },
	{ "DMIBIOSVersion", "bios_version" },
	{ "DMIBIOSDate", "bios_date" },
};

/* Lines of /proc/cpuinfo, by the architecture that has them. */
static const struct {
	const char *arch, *info, *key;
} cpuinfo_lines[] = {
	{ "x86_64", "CPUVendor", "vendor_id" },
	{ "x86_64", "CPUFamilyNumber", "cpu family" },
	{ "x86_64", "CPUModelNumber", "model" },
	{ "x86_64", "CPUModel", "model name" },
	{ "x86_64", "CPUStepping", "stepping" },
	{ "aarch64", "CPUImplementer", "CPU implementer" },
	{ "aarch64", "CPUArchitecture", "CPU architecture" },
	{ "aarch64", "CPUVariant", "CPU variant" },
	{ "aarch64", "CPUPart", "CPU part" },
	{ "aarch64", "CPURevision", "CPU revision" },
	{ "ppc64", "CPUModel", "cpu" },
	{ "ppc64", "CPURevision", "revision" },
	{ "ppc64", "PlatformName", "platform" },
	{ "ppc64", "PlatformModel", "model" },
};

/* The machine's own, or the first package's. */
static const char *info_of_cpus(const struct hw_reader *r, const char *name)
{
	hwloc_obj_t package = hwloc_get_obj_by_type(r->h, HWLOC_OBJ_PACKAGE, 0);
	const char *value = package ? hw_info(r, package, name) : NULL;
	return value ? value : hw_info(r, hwloc_get_root_obj(r->h), name);
}

static void read_machine(struct hw_reader *r)
{
	struct topo *t = &r->doc->topo;
	const char *arch = hw_info(r, hwloc_get_root_obj(r->h), "Architecture");
	if (arch && !not_a_name(arch))
		t->arch = arch;
	else if (info_of_cpus(r, "CPUImplementer"))
		t->arch = "aarch64";
	for (size_t i = 0; i < sizeof dmi_files / sizeof *dmi_files; i++) {
		const char *value = hw_info(r, hwloc_get_root_obj(r->h), dmi_files[i].key);
		if (value)
			*LIST_ADD(r->a, &t->dmi) = (struct pair){ dmi_files[i].value, value };
	}
	for (size_t i = 0; i < sizeof cpuinfo_lines / sizeof *cpuinfo_lines; i++) {
		bool fits = !strncmp(t->arch, cpuinfo_lines[i].arch, strlen(cpuinfo_lines[i].arch));
		const char *value = fits ? info_of_cpus(r, cpuinfo_lines[i].info) : NULL;
		if (value)
			*LIST_ADD(r->a, &t->cpuinfo) = (struct pair){ cpuinfo_lines[i].key, value };
	}
}

/* --- packages -------------------------------------------------------------------------------------------- */

static void add_package(struct hw_reader *r, const struct idset *cpus, unsigned id)
{
	struct doc_group *package = LIST_ADD(r->a, &r->doc->packages);
	table_init(&package_table, package);
	package->cpus = *cpus;
	if (id <= INT32_MAX)
		package->id = id;
}

/* What is in no package is one, as every CPU that runs is in one. */
static void read_packages(struct hw_reader *r)
{
	struct idset rest = idset_dup(r->a, &r->cpus);
	for (hwloc_obj_t p = NULL; (p = hwloc_get_next_obj_by_type(r->h, HWLOC_OBJ_PACKAGE, p));) {
		struct idset cpus = hw_cpus(r, p->cpuset);
		if (idset_is_empty(&cpus))
			continue;
		add_package(r, &cpus, p->os_index);
		idset_remove_all(&rest, &cpus);
	}
	if (!idset_is_empty(&rest))
		add_package(r, &rest, HWLOC_UNKNOWN_INDEX);
}

static int read_pus(struct hw_reader *r)
{
	for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(r->h, HWLOC_OBJ_PU, pu));) {
		if (pu->os_index > TOPO_MAX_CPU)
			return err_set(r->err, "", "a PU has the id %u, and CPUs end at %d", pu->os_index,
				       TOPO_MAX_CPU);
		idset_add(r->a, &r->cpus, pu->os_index);
	}
	/* those that do not run have no PU */
	hwloc_const_bitmap_t all = hwloc_topology_get_complete_cpuset(r->h);
	r->doc->topo.online = idset_dup(r->a, &r->cpus);
	r->doc->topo.present = idset_dup(r->a, &r->cpus);
	for (int cpu = hwloc_bitmap_first(all); cpu >= 0 && cpu <= TOPO_MAX_CPU && hwloc_bitmap_last(all) >= 0;
	     cpu = hwloc_bitmap_next(all, cpu))
		idset_add(r->a, &r->doc->topo.present, (uint32_t)cpu);
	return 0;
}

/* --- caches ---------------------------------------------------------------------------------------------- */

/* index0 is the first level's for data, index1 that for instructions. */
static const hwloc_obj_type_t cache_types[] = {
	HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L1ICACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L2ICACHE,
	HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L3ICACHE, HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L5CACHE,
};

static void add_cache(struct hw_reader *r, hwloc_obj_t obj)
{
	static const int32_t types[] = { [HWLOC_OBJ_CACHE_UNIFIED] = CACHE_UNIFIED, [HWLOC_OBJ_CACHE_DATA] = CACHE_DATA,
					 [HWLOC_OBJ_CACHE_INSTRUCTION] = CACHE_INSTRUCTION };
	const struct hwloc_cache_attr_s *attr = &obj->attr->cache;
	struct idset cpus = hw_cpus(r, obj->cpuset);
	if (idset_is_empty(&cpus) || !attr->depth || attr->type > HWLOC_OBJ_CACHE_INSTRUCTION)
		return;
	struct doc_cache *doc = LIST_ADD(r->a, &r->doc->caches);
	*LIST_ADD(r->a, &r->caches) = obj;
	*doc = (struct doc_cache){ .per = PER_UNSAID };
	doc->cache = (struct cache){ .level = attr->depth, .type = types[attr->type], .size_k = attr->size / 1024,
				     .line = attr->linesize, .partition = (uint64_t)PARTITION_BY_ARCH, .cpus = cpus };
	/* -1 is for fully associative, which the kernel has no word for */
	if (attr->associativity > 0)
		doc->cache.ways = (uint64_t)attr->associativity;
}

static void read_caches(struct hw_reader *r)
{
	for (size_t i = 0; i < sizeof cache_types / sizeof *cache_types; i++)
		for (hwloc_obj_t c = NULL; (c = hwloc_get_next_obj_by_type(r->h, cache_types[i], c));)
			add_cache(r, c);
}

int hw_read_cpus(struct hw_reader *r)
{
	if (read_pus(r))
		return -EINVAL;
	read_machine(r);
	read_packages(r);
	read_caches(r);
	return 0;
}

/* --- kinds ----------------------------------------------------------------------------------------------- */

static const struct pair kind_names[] = {
	{ "IntelCore", "core" }, { "IntelAtom", "atom" }, { "IntelLowPower", "lowpower" },
};

static void read_kind_info(struct cpu_kind *kind, const char *name, const char *value)
{
	int64_t number = hw_number(value);
	uint64_t khz = number > 0 && number <= INT32_MAX / 1000 ? (uint64_t)number * 1000 : 0;
	if (!strcmp(name, "FrequencyMaxMHz"))
		kind->max_khz = khz;
	else if (!strcmp(name, "FrequencyBaseMHz"))
		kind->base_khz = khz;
	else if (!strcmp(name, "LinuxCapacity"))
		kind->capacity = number;
	for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names && !strcmp(name, "CoreType"); i++)
		if (!strcmp(value, kind_names[i].key))
			kind->name = kind_names[i].value;
}

void hw_read_kinds(struct hw_reader *r)
{
	int n = hwloc_cpukinds_get_nr(r->h, 0);
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	for (int i = 0; set && i < n; i++) {
		struct cpu_kind kind = { .capacity = TOPO_UNKNOWN };
		struct hwloc_info_s *infos = NULL;
		unsigned n_infos = 0;
		if (hwloc_cpukinds_get_info(r->h, (unsigned)i, set, NULL, &n_infos, &infos, 0))
			continue;
		for (unsigned k = 0; k < n_infos; k++)
			read_kind_info(&kind, infos[k].name, infos[k].value);
		kind.cpus = hw_cpus(r, set);
		if (!idset_is_empty(&kind.cpus) && (kind.name || kind.capacity >= 0 || kind.max_khz || kind.base_khz))
			*LIST_ADD(r->a, &r->doc->topo.kinds) = kind;
	}
	hwloc_bitmap_free(set);
}

/* --- ids ------------------------------------------------------------------------------------------------- */

static void name_group(const struct hw_reader *r, hwloc_obj_t obj, enum topo_level level, int32_t number,
		       struct topo *t)
{
	struct idset cpus = hw_cpus(r, obj->cpuset);
	IDSET_EACH (id, &cpus) {
		struct cpu *cpu = (struct cpu *)topo_cpu(t, (uint32_t)id);
		cpu->group[level] = (int32_t)idset_next(&cpus, 0);
		cpu->number[level] = number;
	}
}

static int32_t id_of(hwloc_obj_t obj)
{
	return obj->os_index <= INT32_MAX ? (int32_t)obj->os_index : TOPO_UNKNOWN;
}

static void name_all(const struct hw_reader *r, hwloc_obj_type_t type, const char *subtype, enum topo_level level,
		     struct topo *t)
{
	for (int depth = 0; depth < hwloc_topology_get_depth(r->h); depth++)
		for (hwloc_obj_t o = NULL; hwloc_get_depth_type(r->h, depth) == type &&
					   (o = hwloc_get_next_obj_by_depth(r->h, depth, o));)
			if (!subtype || (o->subtype && !strcmp(o->subtype, subtype)))
				name_group(r, o, level, id_of(o), t);
}

/* Those that say no id, or only their place in all of a made-up machine, are counted in their package. */
static void name_cores(const struct hw_reader *r, struct topo *t)
{
	hwloc_obj_t package = NULL;
	int32_t next = 0;
	for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(r->h, HWLOC_OBJ_CORE, o));) {
		hwloc_obj_t above = hwloc_get_ancestor_obj_by_type(r->h, HWLOC_OBJ_PACKAGE, o);
		next = above == package ? next : 0;
		package = above;
		bool said = r->kind == HW_XML && id_of(o) != TOPO_UNKNOWN;
		name_group(r, o, LEVEL_CORE, said ? id_of(o) : next, t);
		next++;
	}
}

void hw_name_groups(const struct hw_reader *r, struct topo *t)
{
	name_all(r, HWLOC_OBJ_GROUP, "Drawer", LEVEL_DRAWER, t);
	name_all(r, HWLOC_OBJ_GROUP, "Book", LEVEL_BOOK, t);
	name_all(r, HWLOC_OBJ_DIE, NULL, LEVEL_DIE, t);
	name_all(r, HWLOC_OBJ_GROUP, "Cluster", LEVEL_CLUSTER, t);
	name_cores(r, t);
	for (size_t i = 0; i < r->caches.n && i < t->caches.n; i++)
		if (r->caches.at[i]->os_index <= INT32_MAX)
			t->caches.at[i].id = r->caches.at[i]->os_index;
}
