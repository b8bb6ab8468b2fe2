/* SPDX-License-Identifier: Apache-2.0 */

/* Captured files that no row explains, where only a part of the machine stays. */

#include "cut.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Files that tell of the machine as a whole: what rows make of the part is right, what was captured is not. */
static const struct whole {
	const char *pattern;
	unsigned limits;
} wholes[] = {
	{ "/proc/cpuinfo", LIMIT_CPUS },
	{ "/proc/stat", LIMIT_CPUS },
	{ "/proc/interrupts", LIMIT_CPUS },
	{ "/proc/softirqs", LIMIT_CPUS },
	{ "/proc/irq/*", LIMIT_CPUS },
	{ "/proc/*/status", LIMIT_CPUS | LIMIT_NODES },
	{ "/proc/*/cpuset", LIMIT_CPUS | LIMIT_NODES },
	{ "*cpuset*", LIMIT_CPUS | LIMIT_NODES },
	{ "/sys/devices/system/cpu/possible", LIMIT_CPUS },
	{ "/sys/devices/system/cpu/present", LIMIT_CPUS },
	{ "/sys/devices/system/cpu/online", LIMIT_CPUS },
	{ "/sys/devices/system/cpu/offline", LIMIT_CPUS },
	{ "/sys/devices/system/cpu/isolated", LIMIT_CPUS },
	{ "/sys/devices/system/cpu/nohz_full", LIMIT_CPUS },
	{ "*/*_cpus", LIMIT_CPUS },
	{ "*/*_cpus_list", LIMIT_CPUS },
	{ "*/*_siblings", LIMIT_CPUS },
	{ "*/*_siblings_list", LIMIT_CPUS },
	{ "*/shared_cpu_*", LIMIT_CPUS },
	{ "/sys/devices/cpu*/cpus", LIMIT_CPUS },
	{ "*/cpumask", LIMIT_CPUS },
	{ "*/cpumap", LIMIT_CPUS },
	{ "*/cpulist", LIMIT_CPUS },
	{ "*/local_cpu*", LIMIT_CPUS },
	{ "*/cpuaffinity", LIMIT_CPUS },
	{ "*/cpulistaffinity", LIMIT_CPUS },
	{ "/proc/meminfo", LIMIT_NODES },
	{ "/proc/zoneinfo", LIMIT_NODES },
	{ "/proc/buddyinfo", LIMIT_NODES },
	{ "/sys/devices/system/node/[a-mo-z]*", LIMIT_NODES },
	{ "/sys/devices/system/node/node*/distance", LIMIT_NODES },
	{ "*/numa_node", LIMIT_NODES },
	{ "/proc/bus/pci/devices", LIMIT_PCI },
	{ "/run/udev/data/[bcn][0-9]*", LIMIT_PCI },
	{ "*/sriov_numvfs", LIMIT_PCI },
};

static bool tells_of_the_whole(const struct cut *cut, const char *path)
{
	for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
		if (cut->limits & wholes[i].limits && !fnmatch(wholes[i].pattern, path, 0))
			return true;
	return false;
}

/* N of "cpuN"; -1 when the word is none. */
static int64_t id_behind(const char *word, const char *prefix)
{
	size_t len = strlen(prefix);
	if (strncmp(word, prefix, len))
		return -1;
	size_t digits = strspn(word + len, "0123456789");
	return digits && digits <= 5 && !word[len + digits] ? strtol(word + len, NULL, 10) : -1;
}

static bool names_function_gone(const struct cut *cut, const char *word)
{
	unsigned domain, bus, device, function;
	for (const char *p = word; *p; p++)
		if (isxdigit(*p) && (p == word || !isxdigit(p[-1])) &&
		    sscanf(p, "%8x:%2x:%2x.%1x", &domain, &bus, &device, &function) == 4)
			return !cut_has_function(cut, BDF(domain, bus, device & 0x1f, function & 7));
	return false;
}

static bool is_bus(const struct topo *t, uint64_t key)
{
	for (size_t i = 0; i < t->roots.n; i++)
		if (((uint64_t)t->roots.at[i].domain << 8 | t->roots.at[i].bus) == key)
			return true;
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].bridge &&
		    ((uint64_t)BDF_DOMAIN(t->pci.at[i].address) << 8 | t->pci.at[i].secondary) == key)
			return true;
	return false;
}

/* A host bridge "pci0000:15", or a bus "0000:15" in a folder of buses. */
static bool names_bus_gone(const struct cut *cut, const char *word, const char *before)
{
	unsigned domain, bus;
	char rest;
	bool named = sscanf(word, "pci%x:%x%c", &domain, &bus, &rest) == 2 ||
		     (!strcmp(before, "pci_bus") && sscanf(word, "%x:%x%c", &domain, &bus, &rest) == 2);
	return named && !is_bus(cut->t, (uint64_t)domain << 8 | bus);
}

static bool names_gone(const struct cut *cut, const char *word, const char *before)
{
	int64_t cpu = id_behind(word, "cpu"), policy = id_behind(word, "policy"), node = id_behind(word, "node");
	cpu = cpu >= 0 ? cpu : policy;
	if (cut->limits & LIMIT_CPUS && cpu >= 0 && !idset_has(&cut->cpus, (uint32_t)cpu))
		return true;
	if (cut->limits & LIMIT_NODES && node >= 0 && !idset_has(&cut->nodes, (uint32_t)node))
		return true;
	return cut->limits & LIMIT_PCI && (names_function_gone(cut, word) || names_bus_gone(cut, word, before));
}

/* Whether a path, or the text of a link, leads by or to something that is left out. */
static bool leads_to_gone(const struct cut *cut, const char *path)
{
	char word[256] = "", before[256];
	for (const char *end; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, '/');
		memcpy(before, word, sizeof before);
		snprintf(word, sizeof word, "%.*s", (int)(end - path), path);
		if (names_gone(cut, word, before))
			return true;
	}
	return false;
}

static bool extra_stays(const struct cut *cut, const struct extra *extra)
{
	if (leads_to_gone(cut, extra->path))
		return false;
	if (extra->kind == EXTRA_LINK)
		return !leads_to_gone(cut, extra->data);
	return extra->kind != EXTRA_FILE || !tells_of_the_whole(cut, extra->path);
}

void cut_extras(const struct cut *cut)
{
	KEEP(&cut->t->extras, extra_stays(cut, it));
}
