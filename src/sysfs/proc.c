/* SPDX-License-Identifier: Apache-2.0 */

/* The few files of /proc that tell the same machine: fs/proc, drivers/pci/proc.c, NVIDIA's nv-procfs.c. */

#include "classes.h"
#include "scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void show_cpuinfo(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	cpuinfo_text(o->facts, out);
}

static void show_meminfo(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	machine_meminfo_text(o->topo, out);
}

/* The lines of fs/proc/stat.c, of a machine that has just started and does nothing. */
static void show_stat(const struct attr *attr, const struct object *o, struct buf *out)
{
	static const char idle[] = "0 0 0 0 0 0 0 0 0 0";
	(void)attr;
	buf_printf(out, "cpu  %s\n", idle);
	IDSET_EACH (id, &o->topo->online)
		buf_printf(out, "cpu%u %s\n", (unsigned)id, idle);
	buf_puts(out, "intr 0\nctxt 0\nbtime 0\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n"
		      "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
}

/* As %16llx. */
static void put_number(struct buf *out, uint64_t value)
{
	size_t digits = 1;
	while (digits < 16 && value >> 4 * digits)
		digits++;
	buf_pad(out, ' ', 16 - digits);
	buf_hex(out, value, digits);
}

/* One line a function: bus and devfn, ids, irq, seven starts with their type bits, seven sizes, driver. */
static void show_pci_devices(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	for (size_t k = 0; k < o->topo->pci.n; k++) {
		uint32_t i = o->facts->by_address[k];
		const struct pci *pci = &o->topo->pci.at[i];
		const struct bar *bars = o->facts->pci[i].bars;
		buf_printf(out, "%04x\t%04x%04x\t%x", (unsigned)(pci->address & 0xffff), pci->vendor, pci->device,
			   pci->irq);
		for (int b = 0; b < N_BARS; b++) {
			buf_putc(out, '\t');
			put_number(out, bars[b].address | (bars[b].io ? 1u : 0) | (bars[b].is_64bit ? 4u : 0) |
						(bars[b].prefetchable ? 8u : 0));
		}
		for (int b = 0; b < N_BARS; b++) {
			buf_putc(out, '\t');
			put_number(out, bars[b].size);
		}
		buf_printf(out, "\t%s\n", pci->driver ? pci->driver : "");
	}
}

static const struct attr proc_attrs[] = {
	{ "cpuinfo", "The CPUs that are online.", show_cpuinfo, .raw = true, .secret = SECRET_LINES },
	{ "meminfo", "The memory of all nodes.", show_meminfo, .raw = true, .secret = SECRET_MEMORY },
	{ "stat", "The CPUs that are online, idle.", show_stat, .raw = true },
	{ "bus/pci/devices", "The PCI functions.", show_pci_devices, .raw = true },
	DIRECTORY("driver", "What drivers tell."),
};

AT_FIXED("proc")

static void scan_proc(const struct class *class, const struct tree *tree, struct topo *t)
{
	int64_t total_k;
	const char *meminfo = scan_text(tree, TREE_ROOT, "proc/meminfo", &t->arena);
	(void)class;
	scan_cpuinfo(tree, t);
	if (!t->nodes.n && meminfo && sscanf(meminfo, "MemTotal: %" SCNd64 " kB", &total_k) == 1 && total_k > 0)
		t->memory_k = (uint64_t)total_k;
}

const struct class proc_class = {
	"proc", "What /proc tells of the machine.", "/proc", count_one, NULL, at_fixed, ROWS(proc_attrs),
	.scan = scan_proc,
};

/* --- numa_status of /proc/driver/nvidia/gpus/BDF
 * ------------------------------------------------------------------------ */

/* Only the first of a device's nodes holds its memory; the driver keeps the others for partitions. */
static bool at_nvidia(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct node *node = &f->topo->nodes.at[i];
	*self = node;
	if (node->device == BDF_NONE)
		return false;
	for (size_t k = 0; k < i; k++)
		if (f->topo->nodes.at[k].device == node->device)
			return false;
	buf_puts(path, "proc/driver/nvidia/gpus/");
	bdf_print(node->device, path);
	return true;
}

static void show_numa_status(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	const struct node *node = o->self;
	buf_printf(out, "Node:      %u\nStatus:    online\nAddress:   %llx\nSize:      %llx\n", node->id,
		   (unsigned long long)node->address, (unsigned long long)node->memory_k * 1024);
}

static const struct attr nvidia_attrs[] = {
	{ "numa_status", "The node of its memory.", show_numa_status, .raw = true },
};

static bool has_function(const struct topo *t, uint64_t address)
{
	for (size_t i = 0; i < t->pci.n; i++)
		if (t->pci.at[i].address == address)
			return true;
	return false;
}

/* The other nodes of a device cannot be told from the files. */
static void scan_nvidia(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	EACH_CHILD (e, tree, tree_find(tree, "proc/driver/nvidia/gpus")) {
		uint64_t device;
		unsigned id;
		unsigned long long address = 0;
		const char *text = scan_text(tree, e, "numa_status", &t->arena);
		if (!text || bdf_parse(tree_name(tree, e), 0, &device) || sscanf(text, "Node: %u", &id) != 1)
			continue;
		const char *line = strstr(text, "Address:");
		if (line && sscanf(line, "Address: %llx", &address) != 1)
			address = 0;
		for (size_t i = 0; i < t->nodes.n; i++)
			if (t->nodes.at[i].id == id && has_function(t, device)) {
				t->nodes.at[i].device = device;
				t->nodes.at[i].address = address;
			}
	}
}

const struct class nvidia_class = {
	"nvidia", "A GPU whose memory is a node.", "/proc/driver/nvidia/gpus/*", count_nodes, NULL, at_nvidia,
	ROWS(nvidia_attrs), .scan = scan_nvidia,
};

/* --- information of /proc/driver/nvidia/gpus/BDF --------------------------------------------------------- */

static size_t count_nvidia_gpus(const struct facts *f)
{
	return f->nvidia_gpus.n;
}

static bool at_nvidia_gpu(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct pci *pci = &f->topo->pci.at[f->nvidia_gpus.at[i]];
	*self = pci;
	buf_puts(path, "proc/driver/nvidia/gpus/");
	bdf_print(pci->address, path);
	return true;
}

/* nv_procfs_read_gpu_info() of a GPU that nobody has opened yet: that is also when it has question marks. */
static void show_information(const struct attr *attr, const struct object *o, struct buf *out)
{
	/* apart, as two question marks and a dash are a trigraph */
	static const char uuid[] = "GPU-????????" "-????" "-????" "-????" "-????????????";
	(void)attr;
	const struct pci *pci = o->self;
	buf_printf(out, "Model: \t\t Unknown\nIRQ:   \t\t %u\nGPU UUID: \t %s\nVideo BIOS: \t ??.??.??.??.??\n",
		   pci->irq, uuid);
	buf_printf(out, "Bus Type: \t %s\nBus Location: \t ",
		   o->facts->pci[o->facts->nvidia_gpus.at[o->index]].type == PCIE_NONE ? "PCI" : "PCIe");
	bdf_print(pci->address, out);
	/* the driver counts as the kernel finds them: bus by bus */
	buf_printf(out, "\nDevice Minor: \t %zu\nGPU Excluded:\t No\n", o->index);
}

static const struct attr nvidia_gpu_attrs[] = {
	{ "information", "What its driver knows without having opened it.", show_information, .raw = true,
	  .secret = SECRET_LINES },
};

const struct class nvidia_gpu_class = {
	"nvidia_gpu", "A GPU with NVIDIA's driver.", "/proc/driver/nvidia/gpus/*", count_nvidia_gpus, NULL,
	at_nvidia_gpu, ROWS(nvidia_gpu_attrs),
};
