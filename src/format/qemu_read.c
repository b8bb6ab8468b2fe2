/* SPDX-License-Identifier: Apache-2.0 */

/* The guest that a QEMU of this command line makes. What has nothing to do with topology is passed over. */

#include "document.h"
#include "qemu.h"
#include "topofs/format.h"

#include <errno.h>
#include <string.h>

static const char derived[] = "Made of a command line of QEMU, with the defaults of QEMU 7.2 for what it does not say.";
static const char of_the_host[] = "\nOf the host's functions and CPUs it says no more than where they are: ids of "
				  "functions are 0, there are no caches.";

/* --- the machine ----------------------------------------------------------------------------------------- */

/* qemu-system-aarch64 is for that, qemu-kvm for what it was built on: x86_64. */
static const char *arch_of(const char *program)
{
	const char *name = strstr(program, "qemu-system-");
	return name ? name + strlen("qemu-system-") : "x86_64";
}

static int find_machine(struct qemu_guest *g)
{
	const struct qemu_option *o = NULL;
	const char *type = qemu_value(g, "machine", "type", &o);
	const char *arch = arch_of(g->command->program);
	g->vm = virtual_machine_of(arch);
	if (!g->vm)
		return err_set(g->err, "", "no machine of QEMU is known for %.40s", arch);
	if (!type)
		return err_set(g->err, "", "-machine is missing, and QEMU's default has no PCIe: %s has",
			       g->vm->machine);
	if (!virtual_machine_is(g->vm, type))
		return qemu_wrong(g, o, "the machine \"%.40s\" is not known, %s is", type, g->vm->machine);
	return qemu_has(g, "readconfig") ? err_set(g->err, "", "-readconfig: other files are not read") : 0;
}

static void add_info(struct topo *t, topo_map *map, const char *key, const char *value)
{
	if (value)
		*LIST_ADD(&t->arena, map) = (struct pair){ key, value };
}

/* What -cpu says of itself; what a model is, it does not say. */
static void add_model(struct qemu_guest *g)
{
	static const char *const keys[][2] = {
		{ "vendor_id", "vendor" },
		{ "cpu family", "family" },
		{ "model", "model" },
		{ "stepping", "stepping" },
	};
	const struct qemu_option *o = NULL;
	qemu_value(g, "cpu", "model", &o);
	for (size_t i = 0; i < sizeof keys / sizeof *keys && o; i++) {
		const char *value = NULL;
		/* the first is the model's name */
		for (size_t k = 1; k < o->values.n; k++)
			if (!strcmp(o->values.at[k].key, keys[i][1]))
				value = o->values.at[k].value;
		if (value && !strpbrk(value, "\n\t") && strlen(value) < 64)
			add_info(g->t, &g->t->cpuinfo, keys[i][0], value);
	}
}

static void add_firmware(struct qemu_guest *g)
{
	add_info(g->t, &g->t->dmi, "sys_vendor", "QEMU");
	add_info(g->t, &g->t->dmi, "product_name", g->vm->product);
}

/* A name that can be a file's, as the document's has to be. */
static void add_name(struct qemu_guest *g)
{
	const char *name = qemu_value(g, "name", "guest", NULL);
	if (!name || !*name || *name == '.' || strlen(name) > 200)
		return;
	for (const char *p = name; *p; p++)
		if (*p == '/' || (unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			return;
	g->t->name = name;
}

static int read_guest(struct qemu_guest *g)
{
	if (find_machine(g))
		return -EINVAL;
	g->t->arch = g->vm->arch;
	add_name(g);
	add_model(g);
	if (qemu_add_cpus(g) || qemu_add_nodes(g) || qemu_add_hmat(g) || qemu_add_devices(g))
		return -EINVAL;
	add_firmware(g);
	bool host = g->t->plan.devices.n || topo_same_text(qemu_value(g, "cpu", "model", NULL), "host");
	g->t->comment = arena_printf(&g->t->arena, "%s%s", derived, host ? of_the_host : "");
	return 0;
}

int qemu_read(const char *bytes, size_t len, struct topo *ret, struct err *err)
{
	_cleanup_topo_ struct topo topo = { 0 };
	qemu_words words = { 0 };
	struct qemu_command command = { 0 };
	struct qemu_guest g = { .t = &topo, .command = &command, .err = err };
	if (qemu_split(bytes, len, &topo.arena, &words, err) || qemu_parse(&words, &topo.arena, &command, err) ||
	    read_guest(&g))
		return -EINVAL;
	*ret = topo;
	topo = (struct topo){ 0 };
	return 0;
}
