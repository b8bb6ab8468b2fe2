/* SPDX-License-Identifier: Apache-2.0 */

/* Machines of any size, for benchmarks and tests of scale: written down as a person would, then put into short form. */

#include "topofs/cmd.h"
#include "topofs/format.h"

#include <stdlib.h>
#include <string.h>

/* --- the words ------------------------------------------------------------------------------------------- */

enum { PACKAGES, CORES, THREADS, NODES, PCI, N_WORDS };

/* The description of 200,000 functions is as large as one may be. */
static const struct word {
	const char *name;
	long min, max;
} words[] = {
	[PACKAGES] = { "packages", 1, TOPO_MAX_CPU + 1 },
	[CORES] = { "cores", 1, TOPO_MAX_CPU + 1 },
	[THREADS] = { "threads", 1, 8 },
	[NODES] = { "nodes", 1, TOPO_MAX_NODE + 1 },
	[PCI] = { "pci", 0, 200000 },
};

static void all_words(struct buf *out)
{
	for (size_t i = 0; i < N_WORDS; i++)
		buf_printf(out, "%s= ", words[i].name);
}

enum { UNSAID = -1 };

static int unknown_word(const char *spec, const char *name)
{
	const char *nearest = nearest_name(name, &words->name, N_WORDS, sizeof *words);
	return nearest ? misuse(&cmd_generate, "%s: unknown word, did you mean \"%s\"?", spec, nearest)
		       : misuse(&cmd_generate, "%s: unknown word", spec);
}

static int parse_word(const char *spec, long counts[N_WORDS])
{
	_cleanup_buf_ struct buf name = { 0 };
	size_t len = strcspn(spec, "="), w = 0;
	buf_add(&name, spec, len);
	while (w < N_WORDS && strcmp(words[w].name, buf_text(&name)))
		w++;
	if (w == N_WORDS)
		return unknown_word(spec, buf_text(&name));
	const char *digits = spec + len + (spec[len] == '=');
	if (!*digits || digits[strspn(digits, "0123456789")])
		return misuse(&cmd_generate, "%s: expected a number, such as %s=8", spec, words[w].name);
	if (counts[w] != UNSAID)
		return misuse(&cmd_generate, "%s: %s is there already", spec, words[w].name);
	counts[w] = strtol(digits, NULL, 10);
	if (counts[w] < words[w].min)
		return misuse(&cmd_generate, "%s: at least %ld", spec, words[w].min);
	if (counts[w] > words[w].max)
		return misuse(&cmd_generate, "%s: at most %ld", spec, words[w].max);
	return EXIT_OK;
}

static void settle(long *count, long otherwise)
{
	*count = *count == UNSAID ? otherwise : *count;
}

/* --- CPUs and nodes -------------------------------------------------------------------------------------- */

struct machine {
	long packages, cores, threads, nodes, pci;
	long units; /* packages or nodes, whichever are more: all have as many cores */
	struct buf text;
	long bridges, gpus, nics, disks; /* so far */
};

static int plan(const long counts[N_WORDS], struct machine *m)
{
	*m = (struct machine){ counts[PACKAGES], counts[CORES], counts[THREADS], counts[NODES], counts[PCI] };
	settle(&m->packages, 1);
	settle(&m->threads, 1);
	settle(&m->nodes, m->packages);
	settle(&m->pci, 0);
	m->units = m->nodes > m->packages ? m->nodes : m->packages;
	settle(&m->cores, 8 * m->units);
	if (m->nodes % m->packages && m->packages % m->nodes)
		return misuse(&cmd_generate, "nodes=%ld: they do not divide into %ld packages", m->nodes, m->packages);
	if (m->cores % m->units)
		return misuse(&cmd_generate, "cores=%ld: they do not divide into %ld %s", m->cores, m->units,
			      m->units == m->packages ? "packages" : "nodes");
	if (m->cores * m->threads > TOPO_MAX_CPU + 1)
		return misuse(&cmd_generate, "cores=%ld: with threads=%ld these are more than %d CPUs", m->cores,
			      m->threads, TOPO_MAX_CPU + 1);
	return EXIT_OK;
}

/* The i-th of n equal parts: first one thread of each of its cores, as x86 numbers them, then the next. */
static void put_cpus(struct machine *m, long i, long n)
{
	long share = m->cores / n;
	for (long t = 0; t < m->threads; t++) {
		long first = t * m->cores + i * share;
		buf_printf(&m->text, "%s%ld-%ld", t ? "," : "\"cpus\": \"", first, first + share - 1);
	}
	buf_putc(&m->text, '"');
}

static void put_packages(struct machine *m)
{
	buf_puts(&m->text, "\"cpu\": { \"info\": { \"vendor_id\": \"GenuineIntel\", \"cpu family\": \"6\", "
			   "\"model name\": \"Generated\" }, \"packages\": [");
	for (long i = 0; i < m->packages; i++) {
		buf_puts(&m->text, i ? ", { " : "{ ");
		put_cpus(m, i, m->packages);
		buf_printf(&m->text, ", \"cores\": %ld }", m->cores / m->packages);
	}
	static const char caches[] =
		"], \"caches\": ["
		" { \"level\": 1, \"type\": \"Data\", \"size\": \"48K\", \"ways\": 12, \"per\": \"core\" },"
		" { \"level\": 1, \"type\": \"Instruction\", \"size\": \"32K\", \"ways\": 8, \"per\": \"core\" },"
		" { \"level\": 2, \"size\": \"2M\", \"ways\": 16, \"per\": \"core\" },"
		" { \"level\": 3, \"size\": \"%ldM\", \"ways\": 16, \"per\": \"%s\" } ] }";
	buf_printf(&m->text, caches, 2 * m->cores / m->units, m->units == m->packages ? "package" : "node");
}

/* Nodes of one package are nearer to each other than to the rest, as with sub-NUMA clustering. */
static void put_nodes(struct machine *m)
{
	long share = m->nodes / m->packages;
	buf_puts(&m->text, ", \"nodes\": [");
	for (long i = 0; i < m->nodes; i++) {
		buf_puts(&m->text, i ? ", { " : "{ ");
		put_cpus(m, i, m->nodes);
		buf_puts(&m->text, ", \"memory\": \"64G\" }");
	}
	buf_puts(&m->text, "], \"distances\": [");
	for (long i = 0; i < m->packages && share > 1; i++)
		buf_printf(&m->text, "%s{ \"from\": \"%ld-%ld\", \"to\": \"%ld-%ld\", \"value\": 12 }", i ? ", " : "",
			   i * share, (i + 1) * share - 1, i * share, (i + 1) * share - 1);
	buf_putc(&m->text, ']');
}

/* --- PCI ------------------------------------------------------------------------------------------------- */

/*
 * A host bridge has up to four switches, each with four slots: a GPU, a network adapter of two ports, two disks. What
 * is left over hangs on root ports of its own.
 */
enum { SWITCHES = 4, ON_SWITCH = 11, ON_BRIDGE = 1 + SWITCHES * ON_SWITCH };

/* Buses of a host bridge: its own, six of each switch, and some for what is left over; and how many a domain has. */
enum { BUSES = 40, PER_DOMAIN = 256 / BUSES };

static void put_gpu(struct machine *m)
{
	enum { MINORS = 64 }; /* what the kernel has for each kind of DRM device */
	buf_puts(&m->text, "{ \"at\": \"00.0\", \"id\": \"10de:26b9\", \"class\": \"0302\", \"revision\": \"a1\", "
			   "\"link\": \"16.0x16\", \"driver\": \"nvidia\", "
			   "\"bars\": [\"16M\", \"64G prefetchable 64-bit\", \"32M prefetchable 64-bit\"]");
	if (m->gpus < MINORS)
		buf_printf(&m->text, ", \"drm\": { \"card\": %ld, \"render\": %ld }", m->gpus, 128 + m->gpus);
	buf_puts(&m->text, " }");
	m->gpus++;
}

static void put_nic(struct machine *m)
{
	for (int function = 0; function < 2; function++, m->nics++)
		buf_printf(&m->text,
			   "%s{ \"at\": \"00.%d\", \"id\": \"15b3:1021\", \"class\": \"0200\", \"link\": \"32.0x16\", "
			   "\"driver\": \"mlx5_core\", \"bars\": [\"32M prefetchable 64-bit\"], "
			   "\"net\": { \"name\": \"eth%ld\", \"speed\": 400000 }, "
			   "\"infiniband\": { \"name\": \"mlx5_%ld\", \"ports\": { \"link_layer\": \"Ethernet\" } } }",
			   function ? ", " : "", function, m->nics, m->nics);
}

static void put_disk(struct machine *m)
{
	buf_printf(&m->text,
		   "{ \"at\": \"00.0\", \"id\": \"144d:a80a\", \"class\": \"010802\", \"link\": \"16.0x4\", "
		   "\"driver\": \"nvme\", \"bars\": [\"16K 64-bit\"], \"nvme\": { \"name\": \"nvme%ld\", "
		   "\"namespaces\": { \"size\": \"3576G\" } } }",
		   m->disks++);
}

static void put_port(struct machine *m, int device, const char *id, void (*put)(struct machine *))
{
	buf_printf(&m->text, "{ \"at\": \"%02x.0\", \"id\": \"%s\", \"devices\": [ ", device, id);
	put(m);
	buf_puts(&m->text, " ] }");
}

static void put_switch(struct machine *m)
{
	static void (*const slots[])(struct machine *) = { put_gpu, put_nic, put_disk, put_disk };
	buf_puts(&m->text, "{ \"at\": \"00.0\", \"id\": \"1000:c030\", \"link\": \"32.0x16\", \"devices\": [ ");
	for (int i = 0; i < 4; i++) {
		buf_puts(&m->text, i ? ", " : "");
		put_port(m, i, "1000:c030", slots[i]);
	}
	buf_puts(&m->text, " ] }");
}

/* With as many functions as said: one of its own, switches, disks, and where one is missing then a bridge to LPC. */
static void put_host_bridge(struct machine *m, long node, long functions)
{
	static const char port[] = "8086:352a";
	int device = 1;
	buf_printf(&m->text,
		   "%s{ \"root\": \"%04lx:%02lx\", \"node\": %ld, \"devices\": [ "
		   "{ \"at\": \"00.0\", \"id\": \"8086:09a2\", \"class\": \"0880\" }",
		   m->bridges ? ", " : "", m->bridges / PER_DOMAIN, m->bridges % PER_DOMAIN * BUSES, node);
	m->bridges++;
	for (functions--; functions >= 2; functions -= functions >= ON_SWITCH ? ON_SWITCH : 2) {
		buf_puts(&m->text, ", ");
		put_port(m, device++, port, functions >= ON_SWITCH ? put_switch : put_disk);
	}
	if (functions)
		buf_puts(&m->text, ", { \"at\": \"1f.0\", \"id\": \"8086:1b81\", \"class\": \"0601\" }");
	buf_puts(&m->text, " ] }");
}

/* Every node has its share behind host bridges of its own. */
static void put_pci(struct machine *m)
{
	buf_puts(&m->text, ", \"modules\": { \"mlx5_core\": \"\", \"nvidia\": \"\", \"nvme\": \"\" }, \"pci\": [");
	for (long node = 0; node < m->nodes; node++) {
		long share = m->pci / m->nodes + (node < m->pci % m->nodes);
		for (; share > 0; share -= ON_BRIDGE)
			put_host_bridge(m, node, share < ON_BRIDGE ? share : ON_BRIDGE);
	}
	buf_putc(&m->text, ']');
}

/* --------------------------------------------------------------------------------------------------------- */

static void put_machine(struct machine *m)
{
	buf_printf(&m->text,
		   "{ \"topofs\": 1, \"name\": \"generated\", \"comment\": \"topofs generate packages=%ld "
		   "cores=%ld threads=%ld nodes=%ld pci=%ld\", ",
		   m->packages, m->cores, m->threads, m->nodes, m->pci);
	put_packages(m);
	put_nodes(m);
	if (m->pci)
		put_pci(m);
	buf_puts(&m->text, " }");
}

enum { OPT_OUTPUT };

static const struct opt opts[] = {
	{ 'o', "output", "FILE", "write to this file instead of standard output" },
};

static int run(char **args, int n_args, const char *const *values)
{
	long counts[N_WORDS] = { UNSAID, UNSAID, UNSAID, UNSAID, UNSAID };
	_cleanup_topo_ struct topo topo = { 0 };
	struct machine m;
	struct err err = { 0 };
	int status = EXIT_OK;
	for (int i = 0; i < n_args && !status; i++)
		status = parse_word(args[i], counts);
	if (status || (status = plan(counts, &m)))
		return status;
	put_machine(&m);
	int failed = json_format.read(buf_text(&m.text), m.text.len, &topo, &err);
	buf_done(&m.text);
	return failed ? complain("generated", &err) : write_document(&topo, values[OPT_OUTPUT]);
}

const struct cmd cmd_generate = {
	.name = "generate",
	.args = "WORD=NUMBER...",
	.doc = "describe a made-up machine of any size",
	.text = "The words are packages, cores, threads, nodes and pci, such as\n"
		"packages=8 cores=256 threads=2 nodes=64 pci=100000. Each is how many the machine has, but threads\n"
		"how many a core has. Not said, there are 1 package, as many nodes as packages, 8 cores in each of\n"
		"what is more, 1 thread, and no PCI functions. Packages and nodes have equal shares of the cores.\n"
		"PCI functions are spread over the nodes: host bridges, switches, GPUs, network adapters and NVMe\n"
		"disks.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 1,
	.max_args = -1,
	.words = all_words,
	.run = run,
};
