/* SPDX-License-Identifier: Apache-2.0 */

/* The command line of a QEMU that makes a planned guest: docs/system/, qemu-options.hx, docs/pcie.txt of QEMU 7.2. */

#include "guest.h"
#include "qemu.h"
#include "topofs/format.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct command {
	const struct topo *t;
	const struct virtual_machine *vm;
	struct guest_cpus cpus;
	struct buf *out;
	struct err *err;
	bool stand_ins; /* emulated functions instead of the host's, on any host */
	unsigned chassis;
};

#define ARGUMENT " \\\n    "

/* --- CPUs ------------------------------------------------------------------------------------------------ */

/* Which of both a machine has: pc_machine_class_init() and virt_machine_class_init() of QEMU 7.2. */
static int check_parts(struct command *c)
{
	bool x86 = !strcmp(c->t->arch, "x86_64");
	if (c->cpus.dies > 1 && !x86)
		return err_set(c->err, "cpu", "QEMU's %s has one die in a package", c->vm->machine);
	if (c->cpus.clusters > 1 && x86)
		return err_set(c->err, "cpu", "QEMU's %s has no clusters", c->vm->machine);
	return 0;
}

/* QEMU numbers the threads of a core, then the cores of a package, one after the other. */
static int check_cpus(struct command *c)
{
	char where[32];
	if (guest_cpus(c->t, &c->cpus, c->err))
		return -EINVAL;
	size_t other = guest_out_of_order(c->t, &c->cpus);
	snprintf(where, sizeof where, "cpu %zu", other);
	if (other < c->t->cpus.n)
		return err_set(c->err, where,
			       "QEMU numbers CPUs core after core and package after package, all of one size: plan "
			       "with --numbering packed");
	return check_parts(c);
}

/*
 * Of AMD's CPUs QEMU tells threads only with topoext, which it emulates nowhere: a stand-in is one of Intel's, of the
 * host's model where that is. The host's caches it passes on where it is told to.
 */
static void put_model(struct command *c)
{
	const char *vendor = topo_map_get(&c->t->cpuinfo, "vendor_id");
	bool intel = topo_same_text(vendor, "GenuineIntel"), x86 = !strcmp(c->t->arch, "x86_64");
	const char *const keys[][2] = { { "cpu family", "family" }, { "model", "model" }, { "stepping", "stepping" } };
	buf_printf(c->out, " -cpu %s", c->stand_ins ? "max" : "host");
	if (c->stand_ins && x86)
		buf_puts(c->out, ",vendor=GenuineIntel");
	for (size_t i = 0; i < sizeof keys / sizeof *keys && c->stand_ins && x86; i++) {
		const char *value = topo_map_get(&c->t->cpuinfo, keys[i][0]);
		if (intel && value && *value && strspn(value, "0123456789") == strlen(value))
			buf_printf(c->out, ",%s=%s", keys[i][1], value);
	}
	if (c->stand_ins || !x86)
		return;
	buf_puts(c->out, ",host-cache-info=on,l3-cache=off");
	if (topo_same_text(vendor, "AuthenticAMD"))
		buf_puts(c->out, ",topoext=on");
}

static void put_cpus(struct command *c)
{
	const struct guest_cpus *cpus = &c->cpus;
	buf_printf(c->out, ARGUMENT "-smp %zu,", cpus->n);
	if (cpus->max > cpus->n)
		buf_printf(c->out, "maxcpus=%zu,", cpus->max);
	buf_printf(c->out, "sockets=%zu,", cpus->packages);
	if (cpus->dies > 1)
		buf_printf(c->out, "dies=%zu,", cpus->dies);
	if (cpus->clusters > 1)
		buf_printf(c->out, "clusters=%zu,", cpus->clusters);
	buf_printf(c->out, "cores=%zu,threads=%zu", cpus->cores, cpus->threads);
}

/* --- nodes ----------------------------------------------------------------------------------------------- */

static int check_nodes(struct command *c)
{
	for (size_t i = 0; i < c->t->nodes.n; i++) {
		const struct node *node = &c->t->nodes.at[i];
		char where[32];
		snprintf(where, sizeof where, "node %u", node->id);
		if (node->memory_side_caches.n || node->access.n)
			return err_set(
				c->err, where,
				"how well memory is reached (HMAT) is not written for QEMU; libvirt can be told");
	}
	return 0;
}

/* "key=0-3,key=8", as QEMU has no lists. */
static void put_ranges(struct command *c, const char *key, const struct idset *set)
{
	_cleanup_buf_ struct buf list = { 0 };
	idset_print_list(set, &list);
	for (const char *p = buf_text(&list), *end; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ',');
		buf_printf(c->out, ",%s=%.*s", key, (int)(end - p), p);
	}
}

static void put_memory(struct command *c, const struct node *node)
{
	const struct idset *host = c->stand_ins ? NULL : guest_host_nodes(c->t, node->id);
	buf_printf(c->out, ARGUMENT "-object memory-backend-ram,id=mem%u,size=%lluK", node->id,
		   (unsigned long long)node->memory_k);
	if (!host)
		return;
	put_ranges(c, "host-nodes", host);
	buf_puts(c->out, ",policy=bind");
}

static void put_nodes(struct command *c)
{
	const struct topo *t = c->t;
	buf_printf(c->out, ARGUMENT "-m %lluK", (unsigned long long)guest_memory_k(t));
	for (size_t i = 0; i < t->nodes.n; i++) {
		const struct node *node = &t->nodes.at[i];
		if (guest_has_memory(node))
			put_memory(c, node);
		buf_printf(c->out, ARGUMENT "-numa node,nodeid=%u", node->id);
		put_ranges(c, "cpus", &node->cpus);
		if (guest_has_memory(node))
			buf_printf(c->out, ",memdev=mem%u", node->id);
	}
	for (size_t i = 0; i < t->nodes.n; i++)
		for (size_t k = 0; k < t->nodes.n; k++)
			if (i != k)
				buf_printf(c->out, ARGUMENT "-numa dist,src=%u,dst=%u,val=%u", t->nodes.at[i].id,
					   t->nodes.at[k].id, topo_distance(t, i, k));
}

/* --- PCI ------------------------------------------------------------------------------------------------- */

/* The name of a bus: that of the bridge above it. */
static void put_bridge(struct command *c, uint64_t address)
{
	buf_printf(c->out, "port%02x.%02x", BDF_BUS(address), BDF_DEVICE(address));
	if (BDF_FUNCTION(address))
		buf_printf(c->out, ".%x", (unsigned)BDF_FUNCTION(address));
}

/* Functions that are no bridges are counted. */
static size_t device_number(const struct command *c, uint64_t address)
{
	size_t n = 0;
	for (size_t i = 0; i < c->t->pci.n && c->t->pci.at[i].address != address; i++) {
		const struct pci *pci = &c->t->pci.at[i];
		n += !pci->bridge && !guest_is_chipset(c->vm, pci) &&
		     emulated_like(pci) != &emulated[EMULATED_EXPANDER];
	}
	return n;
}

static void put_place(struct command *c, const struct pci *pci)
{
	uint64_t above = pci->parent;
	if (above != BDF_NONE) {
		buf_puts(c->out, ",bus=");
		put_bridge(c, above);
	} else if (pci->root) {
		buf_printf(c->out, ",bus=pxb%02x", BDF_BUS(pci->address));
	} else {
		buf_puts(c->out, ",bus=pcie.0");
	}
	buf_printf(c->out, ",addr=%02x.%x", BDF_DEVICE(pci->address), BDF_FUNCTION(pci->address));
	if (guest_has_others(c->t, pci))
		buf_puts(c->out, ",multifunction=on");
}

/* The n-th expander on the default root is the n-th other host bridge. */
static int put_expander(struct command *c, const struct pci *pci, size_t n)
{
	if (n >= c->t->roots.n)
		return err_set(c->err, "pci", "there are more expanders than host bridges");
	const struct pci_root *root = &c->t->roots.at[n];
	buf_printf(c->out, ARGUMENT "-device pxb-pcie,id=pxb%02x,bus_nr=%u", root->bus, root->bus);
	if (root->node != TOPO_UNKNOWN)
		buf_printf(c->out, ",numa_node=%d", root->node);
	put_place(c, pci);
	return 0;
}

static void put_port(struct command *c, const struct pci *pci, const struct emulated *port)
{
	buf_printf(c->out, ARGUMENT "-device %s,id=", port->qemu);
	put_bridge(c, pci->address);
	if (port != &emulated[EMULATED_UPSTREAM]) {
		c->chassis++;
		buf_printf(c->out, ",chassis=%u,slot=%u", c->chassis, c->chassis);
	}
	if (port == &emulated[EMULATED_ROOT_PORT])
		buf_puts(c->out, ",io-reserve=0");
	put_place(c, pci);
}

/* What takes the place of a function of the host: nothing but a place that firmware and kernel see. */
static const char *stand_in(const struct pci *pci)
{
	return pci->class >> 16 == 0x02 ? "e1000e" : pci->class >> 16 == 0x03 ? "bochs-display" : "pci-testdev";
}

static int put_device(struct command *c, const struct pci *pci)
{
	const struct emulated *like = emulated_like(pci);
	uint64_t host = guest_host_function(c->t, pci->address);
	char where[48];
	snprintf(where, sizeof where, "pci %04x:%02x:%02x.%x", BDF_DOMAIN(pci->address), BDF_BUS(pci->address),
		 BDF_DEVICE(pci->address), (unsigned)BDF_FUNCTION(pci->address));
	if (host == BDF_NONE && !like)
		return err_set(c->err, where,
			       "QEMU emulates no such function, and no plan says which of the host it is");
	if (host != BDF_NONE && pci->bridge)
		return err_set(c->err, where, "a bridge of the host cannot be given");
	const char *driver = host == BDF_NONE ? like->qemu : c->stand_ins ? stand_in(pci) : "vfio-pci";
	buf_printf(c->out, ARGUMENT "-device %s,id=", driver);
	if (pci->bridge)
		put_bridge(c, pci->address);
	else
		buf_printf(c->out, "dev%zu", device_number(c, pci->address));
	/* on a bus without ports it would answer as before version 1 */
	if (host == BDF_NONE && pci->vendor == 0x1af4 && pci->parent == BDF_NONE)
		buf_puts(c->out, ",disable-legacy=on");
	if (host != BDF_NONE && !c->stand_ins) {
		buf_puts(c->out, ",host=");
		bdf_print(host, c->out);
	}
	put_place(c, pci);
	return 0;
}

static int put_functions(struct command *c)
{
	size_t expanders = 0;
	for (size_t i = 0; i < c->t->pci.n; i++) {
		const struct pci *pci = &c->t->pci.at[i];
		const struct emulated *like = emulated_like(pci);
		int ret = 0;
		if (guest_is_chipset(c->vm, pci))
			continue;
		if (like == &emulated[EMULATED_EXPANDER])
			ret = put_expander(c, pci, ++expanders);
		else if (like && like < &emulated[N_PORTS])
			put_port(c, pci, like);
		else
			ret = put_device(c, pci);
		if (ret)
			return ret;
	}
	return 0;
}

/* --- device memory --------------------------------------------------------------------------------------- */

static void put_initiators(struct command *c)
{
	const struct topo *t = c->t;
	for (size_t i = 0; i < t->nodes.n && !c->stand_ins; i++) {
		uint64_t owner = guest_initiator(t, i);
		unsigned id = t->nodes.at[i].id;
		if (owner != BDF_NONE && guest_host_function(t, owner) != BDF_NONE)
			buf_printf(c->out, ARGUMENT "-object acpi-generic-initiator,id=gi%u,pci-dev=dev%zu,node=%u", id,
				   device_number(c, owner), id);
	}
}

/* --------------------------------------------------------------------------------------------------------- */

static int put_command(struct command *c)
{
	if (check_cpus(c) || check_nodes(c))
		return -EINVAL;
	buf_printf(c->out, "%s -nodefaults -machine %s%s", c->vm->emulator, c->vm->machine,
		   c->stand_ins ? "" : ",accel=kvm");
	put_model(c);
	put_cpus(c);
	put_nodes(c);
	uint64_t hole = hole64_of(c->t);
	if (c->vm->hole64 && hole && !c->stand_ins)
		buf_printf(c->out, ARGUMENT "-global %s=%lluK", c->vm->hole64, (unsigned long long)hole / 1024);
	if (put_functions(c))
		return -EINVAL;
	put_initiators(c);
	buf_putc(c->out, '\n');
	return 0;
}

static int write_line(const struct topo *t, struct buf *out, struct err *err, bool stand_ins)
{
	size_t before = out->len;
	struct command c = {
		.t = t, .vm = virtual_machine_of(t->arch), .out = out, .err = err, .stand_ins = stand_ins
	};
	if (!c.vm)
		return err_set(err, "cpu.arch", "no machine of QEMU is known for %s", t->arch);
	if (!put_command(&c) && !qemu_verify(t, out->data + before, out->len - before, err))
		return 0;
	buf_cut(out, before);
	return -EINVAL;
}

static int qemu_write(const struct topo *t, struct buf *out, struct err *err)
{
	return write_line(t, out, err, false);
}

static int stand_ins_write(const struct topo *t, struct buf *out, struct err *err)
{
	return write_line(t, out, err, true);
}

const struct format qemu_format = {
	.name = "qemu",
	.doc = "The command line of a QEMU that makes a planned guest.",
	.recognizes = qemu_recognizes,
	.read = qemu_read,
	.write = qemu_write,
};
const struct format qemu_emulated_format = {
	.name = "qemu-emulated",
	.doc = "The same with emulated functions instead of the host's.",
	.write = stand_ins_write,
};
