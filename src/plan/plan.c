/* SPDX-License-Identifier: Apache-2.0 */

/* The plan as a whole: its parts one after the other, and the machine around them. */

#include "planning.h"
#include "topofs/size.h"

#include <errno.h>
#include <string.h>

const char *const plan_groups[] = { "node", "root", "switch", NULL };
const char *const plan_numberings[] = { "spread", "packed", NULL };

/* --- words ----------------------------------------------------------------------------------------------- */

void decide(struct planning *p, const char *what, const char *fmt, ...)
{
	_cleanup_buf_ struct buf why = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&why, fmt, ap);
	va_end(ap);
	*LIST_ADD(&p->guest->arena, p->made) = (struct decision){ arena_strdup(&p->guest->arena, what),
								  arena_strdup(&p->guest->arena, buf_text(&why)) };
}

const char *node_text(struct planning *p, uint32_t id)
{
	return arena_printf(&p->guest->arena, "node %u", id);
}

const char *ids_text(struct planning *p, const struct idset *set)
{
	_cleanup_buf_ struct buf text = { 0 };
	idset_print_list(set, &text);
	return arena_strdup(&p->guest->arena, buf_text(&text));
}

const char *size_text(struct planning *p, uint64_t size_k)
{
	_cleanup_buf_ struct buf text = { 0 };
	print_size(size_k * 1024, &text);
	return arena_strdup(&p->guest->arena, buf_text(&text));
}

/* --- what is asked for ----------------------------------------------------------------------------------- */

static int parse_list(struct planning *p, const char *option, const char *text, uint32_t max, struct idset *ret)
{
	const char *wrong = idset_parse(&p->guest->arena, text, max, ret);
	if (wrong)
		return err_set(p->err, option, "\"%.40s\": %s", text, wrong);
	return idset_is_empty(ret) ? err_set(p->err, option, "the list is empty") : 0;
}

int usable_cpus(struct planning *p, struct idset *ret)
{
	*ret = p->host->online;
	if (!p->ask->cpus)
		return 0;
	struct idset asked = { 0 };
	if (parse_list(p, "--cpus", p->ask->cpus, TOPO_MAX_CPU, &asked))
		return -EINVAL;
	IDSET_EACH (id, &asked)
		if (!idset_has(&p->host->online, (uint32_t)id))
			return err_set(p->err, "--cpus", "the host has no CPU %u that is online", (unsigned)id);
	*ret = asked;
	return 0;
}

int asked_nodes(struct planning *p, struct idset *ret)
{
	*ret = (struct idset){ 0 };
	if (!p->ask->nodes)
		return 0;
	if (parse_list(p, "--nodes", p->ask->nodes, TOPO_MAX_NODE, ret))
		return -EINVAL;
	IDSET_EACH (id, ret)
		if (!topo_node(p->host, (uint32_t)id))
			return err_set(p->err, "--nodes", "the host has no node %u", (unsigned)id);
	return 0;
}

/* --- the machine ----------------------------------------------------------------------------------------- */

static void add_pair(struct topo *t, topo_map *map, const char *key, const char *value)
{
	*LIST_ADD(&t->arena, map) = (struct pair){ key, value };
}

/* What is the same for all guests of a host: its CPUs are the host's, its firmware is not. */
static void begin_guest(struct planning *p)
{
	const struct topo *host = p->host;
	const char *name = host->name ? host->name : "host";
	p->guest->name = arena_printf(&p->guest->arena, "%.200s-guest", name);
	p->guest->arch = host->arch;
	p->guest->cpuinfo = host->cpuinfo;
	p->guest->vulnerabilities = host->vulnerabilities;
	p->guest->modules = host->modules;
	p->guest->plan.host = arena_strdup(&p->guest->arena, name);
}

static void add_firmware(struct planning *p)
{
	const struct virtual_machine *vm = virtual_machine_of(p->host->arch);
	if (!vm)
		return;
	add_pair(p->guest, &p->guest->dmi, "sys_vendor", "QEMU");
	add_pair(p->guest, &p->guest->dmi, "product_name", vm->product);
}

static int make_guest(struct planning *p)
{
	begin_guest(p);
	if (choose_cells(p) || choose_cores(p) || share_memory(p) || choose_devices(p))
		return -EINVAL;
	add_cpus(p);
	add_caches(p);
	if (place_devices(p) || add_nodes(p))
		return -EINVAL;
	add_firmware(p);
	return 0;
}

int plan_guest(const struct topo *host, const struct plan_request *ask, struct topo *ret, decisions *made,
	       struct err *err)
{
	struct planning p = { .host = host, .ask = ask, .guest = ret, .made = made, .err = err };
	facts_init(&p.facts, host);
	int failed = make_guest(&p);
	facts_done(&p.facts);
	if (!failed)
		return 0;
	made->n = 0;
	topo_done(ret);
	return -EINVAL;
}
