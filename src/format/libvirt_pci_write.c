/* SPDX-License-Identifier: Apache-2.0 */

/* A domain's PCI controllers, and the host's functions below them: docs/pci-hotplug.rst, docs/formatdomain.rst. */

#include "libvirt_domain.h"

#include <errno.h>
#include <string.h>

struct pci_writer {
	struct domain_writer *domain;
	struct buf *out;
	/* indexes of controllers so far: of expanders by the root's bus, of ports by their place in the list; 0 is
	 * pcie-root */
	unsigned of_root[MAX_BUS + 1], *of_port;
	unsigned next;
};

static int cannot_write(struct pci_writer *p, const struct pci *pci, const char *why)
{
	return err_set(p->domain->err, arena_printf(&p->domain->a, "pci %s", bdf_text(&p->domain->a, pci->address)),
		       "%s", why);
}

/* --- places ---------------------------------------------------------------------------------------------- */

static size_t place_of(const struct topo *t, uint64_t address)
{
	size_t i = 0;
	while (i < t->pci.n && t->pci.at[i].address != address)
		i++;
	return i;
}

static void put_place(struct pci_writer *p, const struct pci *pci)
{
	const struct topo *t = p->domain->t;
	unsigned bus =
		pci->parent != BDF_NONE ? p->of_port[place_of(t, pci->parent)] : p->of_root[BDF_BUS(pci->address)];
	buf_printf(p->out, "      <address type='pci' domain='0x0000' bus='0x%02x' slot='0x%02x' function='0x%x'%s/>\n",
		   bus, BDF_DEVICE(pci->address), (unsigned)BDF_FUNCTION(pci->address),
		   guest_has_others(t, pci) ? " multifunction='on'" : "");
}

/* --- controllers ----------------------------------------------------------------------------------------- */

static void open_controller(struct pci_writer *p, const struct emulated *model)
{
	buf_printf(p->out, "    <controller type='pci' index='%u' model='%s'>\n      <model name='%s'/>\n", p->next,
		   model->libvirt, model->qemu);
}

/* The n-th expander on the default root is the n-th other host bridge. */
static int put_expander(struct pci_writer *p, const struct pci *pci, size_t n)
{
	const struct topo *t = p->domain->t;
	if (n >= t->roots.n)
		return cannot_write(p, pci, "there are more expanders than host bridges");
	const struct pci_root *root = &t->roots.at[n];
	if (!root->bus || root->bus > MAX_BUS - 1)
		return cannot_write(p, pci, "libvirt gives the buses of expanders numbers of 1 to 254");
	open_controller(p, &emulated[EMULATED_EXPANDER]);
	buf_printf(p->out, "      <target busNr='%u'", root->bus);
	if (root->node == TOPO_UNKNOWN)
		buf_puts(p->out, "/>\n");
	else
		buf_printf(p->out, ">\n        <node>%d</node>\n      </target>\n", root->node);
	put_place(p, pci);
	buf_puts(p->out, "    </controller>\n");
	p->of_root[root->bus] = p->next++;
	return 0;
}

static void put_port(struct pci_writer *p, const struct pci *pci, const struct emulated *model)
{
	open_controller(p, model);
	if (model != &emulated[EMULATED_UPSTREAM])
		buf_printf(p->out, "      <target chassis='%u' port='0x%x'/>\n", p->next,
			   (unsigned)(pci->address & 0xff));
	put_place(p, pci);
	buf_puts(p->out, "    </controller>\n");
	p->of_port[pci - p->domain->t->pci.at] = p->next++;
}

static int put_controllers(struct pci_writer *p)
{
	const struct topo *t = p->domain->t;
	uint64_t hole = p->domain->vm->hole64 ? hole64_of(t) : 0;
	size_t expanders = 0;
	buf_puts(p->out, "    <controller type='usb' index='0' model='none'/>\n");
	buf_puts(p->out, "    <controller type='pci' index='0' model='pcie-root'");
	if (hole)
		buf_printf(p->out, ">\n      <pcihole64 unit='KiB'>%llu</pcihole64>\n    </controller>\n",
			   (unsigned long long)hole / 1024);
	else
		buf_puts(p->out, "/>\n");
	p->next = 1;
	for (size_t i = 0; i < t->pci.n; i++) {
		const struct pci *pci = &t->pci.at[i];
		const struct emulated *like = emulated_like(pci);
		if (guest_is_chipset(p->domain->vm, pci) || !like || like >= &emulated[N_PORTS])
			continue;
		if (like != &emulated[EMULATED_EXPANDER])
			put_port(p, pci, like);
		else if (put_expander(p, pci, ++expanders))
			return -EINVAL;
	}
	return 0;
}

/* --- functions ------------------------------------------------------------------------------------------- */

/* The nodes that are memory of a function, or its partitions'. */
static void put_nodes_of(struct pci_writer *p, const struct pci *pci)
{
	const struct topo *t = p->domain->t;
	struct idset nodes = { 0 };
	for (size_t i = 0; i < t->nodes.n; i++)
		if (guest_initiator(t, i) == pci->address)
			idset_add(&p->domain->a, &nodes, t->nodes.at[i].id);
	if (idset_is_empty(&nodes))
		return;
	buf_puts(p->out, "      <acpi");
	libvirt_put_list("nodeset", &nodes, p->out);
	buf_puts(p->out, "/>\n");
}

static int put_function(struct pci_writer *p, const struct pci *pci)
{
	uint64_t host = guest_host_function(p->domain->t, pci->address);
	if (host == BDF_NONE)
		return cannot_write(p, pci,
				    "libvirt needs to know more of it than its place: only ports of QEMU, and "
				    "functions that a plan "
				    "gives, can be written");
	buf_puts(p->out, "    <hostdev mode='subsystem' type='pci' managed='yes'>\n      <driver name='vfio'/>\n      "
			 "<source>\n");
	buf_printf(p->out,
		   "        <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n      </source>\n",
		   BDF_DOMAIN(host), BDF_BUS(host), BDF_DEVICE(host), (unsigned)BDF_FUNCTION(host));
	put_nodes_of(p, pci);
	put_place(p, pci);
	buf_puts(p->out, "    </hostdev>\n");
	return 0;
}

/* QEMU's ports are on domain 0, and what firmware numbers. */
static int check_buses(struct pci_writer *p)
{
	const struct topo *t = p->domain->t;
	size_t n = 0;
	for (size_t i = 0; i < t->roots.n; i++)
		if (t->roots.at[i].domain || (i == 0) != (t->roots.at[i].bus == 0))
			return err_set(p->domain->err,
				       arena_printf(&p->domain->a, "pci root %04x:%02x", t->roots.at[i].domain,
						    t->roots.at[i].bus),
				       "QEMU has one of bus 0, and expanders beside it");
	for (size_t i = 0; i < t->pci.n; i++)
		n += emulated_like(&t->pci.at[i]) == &emulated[EMULATED_EXPANDER];
	return t->roots.n <= n + 1 ? 0 : err_set(p->domain->err, "pci", "there are more host bridges than expanders");
}

int libvirt_put_devices(struct domain_writer *w)
{
	struct pci_writer p = { .domain = w, .out = w->out };
	p.of_port = arena_alloc(&w->a, (w->t->pci.n + 1) * sizeof *p.of_port);
	if (check_buses(&p) || put_controllers(&p))
		return -EINVAL;
	for (size_t i = 0; i < w->t->pci.n; i++) {
		const struct pci *pci = &w->t->pci.at[i];
		const struct emulated *like = emulated_like(pci);
		bool is_written = guest_is_chipset(w->vm, pci) || (like && like < &emulated[N_PORTS]);
		if (!is_written && put_function(&p, pci))
			return -EINVAL;
	}
	/* libvirt adds one otherwise */
	buf_puts(w->out, "    <memballoon model='none'/>\n");
	return 0;
}
