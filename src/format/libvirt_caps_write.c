/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The host's topology as virsh capabilities shows it: src/conf/capabilities.c of libvirt 9.0; and cluster_id, which
 * libvirt has from 10.1 on, where the machine tells of clusters, so that older ones take the rest.
 */

#include "libvirt.h"
#include "recognize.h"

#include "topofs/facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct caps_writer {
	const struct topo *t;
	const struct facts *f;
	struct buf *out;
	struct err *err;
	bool clusters;
};

/* --- CPUs ------------------------------------------------------------------------------------------------ */

/* libvirt takes what the kernel does not know for 0. */
static int32_t known(int32_t number)
{
	return number < 0 ? 0 : number;
}

/* One that does not run, or of which the kernel tells nothing, has its id alone. */
static void put_cpu(struct caps_writer *w, const struct cpu *cpu)
{
	const struct cpu_facts *facts = &w->f->cpus[cpu - w->t->cpus.at];
	buf_printf(w->out, "            <cpu id='%u'", cpu->id);
	if (idset_has(&w->t->online, cpu->id) && cpu->group[LEVEL_PACKAGE] != TOPO_UNKNOWN) {
		buf_printf(w->out, " socket_id='%d' die_id='%d'", known(cpu->number[LEVEL_PACKAGE]),
			   known(cpu->number[LEVEL_DIE]));
		if (w->clusters)
			buf_printf(w->out, " cluster_id='%d'", known(cpu->number[LEVEL_CLUSTER]));
		buf_printf(w->out, " core_id='%d'", known(cpu->number[LEVEL_CORE]));
		libvirt_put_list("siblings", facts->siblings[LEVEL_CORE], w->out);
	}
	buf_puts(w->out, "/>\n");
}

static void put_cpus(struct caps_writer *w, const struct idset *cpus)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct idset present = idset_and(&a, cpus, &w->t->present);
	uint32_t n = idset_count(&present);
	buf_printf(w->out, "          <cpus num='%u'%s>\n", n, n ? "" : "/");
	IDSET_EACH (id, &present)
		put_cpu(w, topo_cpu(w->t, (uint32_t)id));
	buf_puts(w->out, n ? "          </cpus>\n" : "");
}

/* CPUs are told by nodes only, and once. */
static int check_cpus(const struct caps_writer *w)
{
	for (size_t i = 0; i < w->t->cpus.n && w->t->nodes.n; i++) {
		const struct cpu *cpu = &w->t->cpus.at[i];
		size_t n = 0;
		char where[32];
		for (size_t k = 0; k < w->t->nodes.n; k++)
			n += idset_has(&w->t->nodes.at[k].cpus, cpu->id);
		snprintf(where, sizeof where, "cpu %u", cpu->id);
		if (n > 1)
			return err_set(w->err, where, "libvirt knows CPUs of one node, and this one is of %zu", n);
		if (!n && idset_has(&w->t->online, cpu->id))
			return err_set(w->err, where, "libvirt knows CPUs by their nodes, and this one has none");
	}
	return 0;
}

/* --- nodes ----------------------------------------------------------------------------------------------- */

/* Small ones are what the pools leave of the memory. */
static void put_pages(struct caps_writer *w, const struct node *node, uint64_t memory_k)
{
	static const struct hugepages usual[] = { { .size_k = 2048 }, { .size_k = 1048576 } };
	const char *arch = w->t->arch;
	uint64_t small_k = !strncmp(arch, "ppc64", 5) ? 64 : 4, pools_k = 0;
	bool has_usual = memory_k && (!strcmp(arch, "x86_64") || !strcmp(arch, "aarch64"));
	const struct hugepages *pools = node && node->hugepages.n ? node->hugepages.at : usual;
	size_t n = node && node->hugepages.n ? node->hugepages.n : has_usual ? sizeof usual / sizeof *usual : 0;
	for (size_t i = 0; i < n; i++)
		if (pools[i].total < UINT64_MAX / 2 / pools[i].size_k)
			pools_k += pools[i].total * pools[i].size_k;
	uint64_t rest_k = memory_k > pools_k ? memory_k - pools_k : 0;
	buf_printf(w->out, "          <pages unit='KiB' size='%llu'>%llu</pages>\n", (unsigned long long)small_k,
		   (unsigned long long)(rest_k / small_k));
	for (uint64_t last = 0, next;; last = next) {
		const struct hugepages *pool = NULL;
		for (size_t i = 0; i < n; i++)
			if (pools[i].size_k > last && (!pool || pools[i].size_k < pool->size_k))
				pool = &pools[i];
		if (!pool)
			break;
		next = pool->size_k;
		buf_printf(w->out, "          <pages unit='KiB' size='%llu'>%llu</pages>\n", (unsigned long long)next,
			   (unsigned long long)pool->total);
	}
}

static void put_cell(struct caps_writer *w, size_t i)
{
	const struct node *node = i < w->t->nodes.n ? &w->t->nodes.at[i] : NULL;
	uint64_t memory_k = node ? node->memory_k : w->t->memory_k;
	buf_printf(w->out, "        <cell id='%u'>\n", node ? node->id : 0);
	if (memory_k)
		buf_printf(w->out, "          <memory unit='KiB'>%llu</memory>\n", (unsigned long long)memory_k);
	put_pages(w, node, memory_k);
	if (node)
		libvirt_put_distances(w->t, i, 10, w->out);
	if (node)
		libvirt_put_side_caches(node, 10, w->out);
	put_cpus(w, node ? &node->cpus : &w->t->present);
	buf_puts(w->out, "        </cell>\n");
}

/* A machine without nodes is one cell to libvirt. */
static void put_topology(struct caps_writer *w)
{
	size_t n = w->t->nodes.n ? w->t->nodes.n : 1;
	buf_printf(w->out, "    <topology>\n      <cells num='%zu'>\n", n);
	for (size_t i = 0; i < n; i++)
		put_cell(w, i);
	buf_puts(w->out, "      </cells>\n");
	libvirt_put_interconnects(w->t, 6, w->out);
	buf_puts(w->out, "    </topology>\n");
}

/* --- caches ---------------------------------------------------------------------------------------------- */

/* With the largest unit that leaves a whole number, as virFormatIntPretty() has it. */
static void put_size(struct caps_writer *w, uint64_t size_k)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;
	for (; unit < 3 && size_k && size_k % 1024 == 0; unit++)
		size_k /= 1024;
	buf_printf(w->out, " size='%llu' unit='%s'", (unsigned long long)size_k, units[unit]);
}

/* libvirt tells of the third level and those beyond it, by their ids and sizes. */
static void put_caches(struct caps_writer *w)
{
	enum { LEAST_LEVEL = 3 };
	static const char *const types[] = {
		[CACHE_DATA] = "data", [CACHE_INSTRUCTION] = "code", [CACHE_UNIFIED] = "both"
	};
	bool opened = false;
	for (size_t i = 0; i < w->t->caches.n; i++) {
		const struct cache *cache = &w->t->caches.at[i];
		if (cache->level < LEAST_LEVEL || cache->id == TOPO_UNKNOWN || !cache->size_k ||
		    idset_is_empty(&w->f->cache_cpus[i]))
			continue;
		buf_puts(w->out, opened ? "" : "    <cache>\n");
		opened = true;
		buf_printf(w->out, "      <bank id='%lld' level='%u' type='%s'", (long long)cache->id, cache->level,
			   types[cache->type]);
		put_size(w, cache->size_k);
		libvirt_put_list("cpus", &w->f->cache_cpus[i], w->out);
		buf_puts(w->out, "/>\n");
	}
	buf_puts(w->out, opened ? "    </cache>\n" : "");
}

/* --------------------------------------------------------------------------------------------------------- */

static int caps_write(const struct topo *t, struct buf *out, struct err *err)
{
	_cleanup_facts_ struct facts f = { 0 };
	facts_init(&f, t);
	struct caps_writer w = { .t = t, .f = &f, .out = out, .err = err };
	if (check_cpus(&w))
		return -EINVAL;
	for (size_t i = 0; i < t->cpus.n; i++)
		w.clusters |= t->cpus.at[i].group[LEVEL_CLUSTER] != TOPO_UNKNOWN;
	buf_puts(out, "<capabilities>\n  <host>\n    <cpu>\n      <arch>");
	xml_put_text(out, t->arch);
	buf_puts(out, "</arch>\n    </cpu>\n");
	put_topology(&w);
	put_caches(&w);
	buf_puts(out, "  </host>\n</capabilities>\n");
	return 0;
}

static bool is_caps(const char *bytes, size_t len)
{
	return begins_with_element(bytes, len, "capabilities");
}

const struct format libvirt_caps_format = {
	.name = "libvirt-capabilities",
	.doc = "libvirt's capabilities (virsh capabilities): the host's nodes, CPUs and caches.",
	.ending = ".xml",
	.recognizes = is_caps,
	.read = libvirt_caps_read,
	.write = caps_write,
};
