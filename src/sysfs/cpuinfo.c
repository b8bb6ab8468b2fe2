/* SPDX-License-Identifier: Apache-2.0 */

/*
 * /proc/cpuinfo, as each architecture prints it: arch/x86/kernel/cpu/proc.c, arch/arm64/kernel/cpuinfo.c,
 * arch/powerpc/kernel/setup-common.c. A line is what the document says, or what follows from the topology.
 */

#include "classes.h"
#include "scan.h"

#include <stdlib.h>
#include <string.h>

struct line;

/* What is printed: a line of a CPU. */
struct who {
	const struct facts *facts;
	size_t cpu; /* place in the topology */
	const struct line *line;
	const uint32_t *cores;		 /* of each package, at its lowest CPU's place */
	uint32_t core_bits, thread_bits; /* of an APIC id, the same for all */
};

/* A line in its place; `show` prints what follows from the topology and returns false where nothing does. */
struct line {
	const char *key;
	bool (*show)(const struct who *, struct buf *);
	const char *constant; /* the value where nothing else tells */
	int shift, bits; /* of a field of MIDR_EL1 */
	bool decimal;
};

static const struct cpu *cpu_of(const struct who *w)
{
	return &w->facts->topo->cpus.at[w->cpu];
}

static const struct cpu_kind *kind_of(const struct who *w)
{
	return w->facts->cpus[w->cpu].kind;
}

static bool show_processor(const struct who *w, struct buf *out)
{
	buf_printf(out, "%u", cpu_of(w)->id);
	return true;
}

/* --- x86 ------------------------------------------------------------------------------------------------- */

static bool show_mhz(const struct who *w, struct buf *out)
{
	const struct cpu_kind *kind = kind_of(w);
	uint64_t khz = !kind ? 0 : kind->base_khz ? kind->base_khz : kind->max_khz;
	buf_printf(out, "%llu.%03llu", (unsigned long long)khz / 1000, (unsigned long long)khz % 1000);
	return khz != 0;
}

/* The last level's size. */
static bool show_cache_size(const struct who *w, struct buf *out)
{
	const struct cpu_facts *cpu = &w->facts->cpus[w->cpu];
	uint64_t size_k = 0;
	for (size_t i = 0; i < cpu->caches.n; i++)
		if (w->facts->topo->caches.at[cpu->caches.at[i]].type != CACHE_INSTRUCTION)
			size_k = w->facts->topo->caches.at[cpu->caches.at[i]].size_k;
	buf_printf(out, "%llu KB", (unsigned long long)size_k);
	return size_k != 0;
}

static bool show_package(const struct who *w, struct buf *out)
{
	buf_printf(out, "%d", cpu_of(w)->number[LEVEL_PACKAGE]);
	return cpu_of(w)->group[LEVEL_PACKAGE] != TOPO_UNKNOWN;
}

static bool show_siblings(const struct who *w, struct buf *out)
{
	uint32_t n = idset_count(w->facts->cpus[w->cpu].siblings[LEVEL_PACKAGE]);
	buf_printf(out, "%u", n);
	return n != 0;
}

static bool show_core(const struct who *w, struct buf *out)
{
	buf_printf(out, "%d", cpu_of(w)->number[LEVEL_CORE]);
	return cpu_of(w)->group[LEVEL_CORE] != TOPO_UNKNOWN;
}

/* Cores of each package, counted at its lowest CPU: the CPUs that are the first of their core. */
static const uint32_t *count_cores(const struct facts *f, struct arena *a)
{
	const struct topo *t = f->topo;
	uint32_t *cores = arena_alloc(a, (t->cpus.n + 1) * sizeof *cores);
	for (size_t i = 0; i < t->cpus.n; i++) {
		const struct cpu *cpu = &t->cpus.at[i], *lowest = topo_cpu(t, (uint32_t)cpu->group[LEVEL_PACKAGE]);
		if (lowest && idset_next(f->cpus[i].siblings[LEVEL_CORE], 0) == cpu->id)
			cores[lowest - t->cpus.at]++;
	}
	return cores;
}

static bool show_cores(const struct who *w, struct buf *out)
{
	const struct topo *t = w->facts->topo;
	const struct cpu *lowest = topo_cpu(t, (uint32_t)cpu_of(w)->group[LEVEL_PACKAGE]);
	uint32_t n = lowest ? w->cores[lowest - t->cpus.at] : 0;
	buf_printf(out, "%u", n);
	return n != 0;
}

static uint32_t bits_for(uint32_t values)
{
	uint32_t bits = 0;
	while (values > 1u << bits)
		bits++;
	return bits;
}

/* Bit fields just wide enough for the cores and threads of the machine. */
static void find_apicid_bits(struct who *w)
{
	const struct topo *t = w->facts->topo;
	uint32_t cores = 1, threads = 1;
	for (size_t i = 0; i < t->cpus.n; i++) {
		uint32_t here = idset_count(w->facts->cpus[i].siblings[LEVEL_CORE]);
		threads = here > threads ? here : threads;
		if (t->cpus.at[i].number[LEVEL_CORE] >= (int32_t)cores)
			cores = (uint32_t)t->cpus.at[i].number[LEVEL_CORE] + 1;
	}
	w->core_bits = bits_for(cores);
	w->thread_bits = bits_for(threads);
}

/* Package, core and thread, as firmware numbers them. */
static bool show_apicid(const struct who *w, struct buf *out)
{
	const struct cpu *self = cpu_of(w);
	uint32_t thread = 0;
	if (self->group[LEVEL_CORE] == TOPO_UNKNOWN)
		return false;
	const struct idset *core = w->facts->cpus[w->cpu].siblings[LEVEL_CORE];
	for (int64_t id = idset_next(core, 0); id != IDSET_NONE && id < self->id;
	     id = idset_next(core, (uint32_t)id + 1))
		thread++;
	buf_printf(out, "%u",
		   ((uint32_t)self->number[LEVEL_PACKAGE] << w->core_bits | (uint32_t)self->number[LEVEL_CORE])
				   << w->thread_bits |
			   thread);
	return true;
}

// clang-format off
static const struct line x86_lines[] = {
	{ "processor", show_processor }, { "vendor_id" }, { "cpu family" }, { "model" }, { "model name" }, { "stepping" },
	{ "microcode" }, { "cpu MHz", show_mhz }, { "cache size", show_cache_size }, { "physical id", show_package },
	{ "siblings", show_siblings }, { "core id", show_core }, { "cpu cores", show_cores }, { "apicid", show_apicid },
	{ "initial apicid", show_apicid }, { "fpu", .constant = "yes" }, { "fpu_exception", .constant = "yes" },
	{ "cpuid level" }, { "wp", .constant = "yes" }, { "flags", .constant = "" }, { "vmx flags" },
	{ "bugs", .constant = "" }, { "bogomips" }, { "TLB size" }, { "clflush size", .constant = "64" },
	{ "cache_alignment", .constant = "64" },
	{ "address sizes", .constant = "46 bits physical, 48 bits virtual" }, { "power management", .constant = "" },
};
// clang-format on

/* --- arm64: the fields of MIDR_EL1 ----------------------------------------------------------------------- */

/* In as many hexadecimal digits as it takes, or decimal. False where nobody told the register. */
static bool show_midr_field(const struct who *w, struct buf *out)
{
	const struct cpu_kind *kind = kind_of(w);
	const struct line *line = w->line;
	if (!kind || !kind->midr)
		return false;
	unsigned v = (unsigned)(strtoull(kind->midr, NULL, 16) >> line->shift) & ((1u << line->bits) - 1);
	if (line->decimal)
		buf_printf(out, "%u", v);
	else
		buf_printf(out, "0x%0*x", line->bits / 4, v);
	return true;
}

static const struct line arm64_lines[] = {
	{ "processor", show_processor },
	{ "BogoMIPS" },
	{ "Features" },
	{ "CPU implementer", show_midr_field, .shift = 24, .bits = 8 },
	{ "CPU architecture", .constant = "8" },
	{ "CPU variant", show_midr_field, .shift = 20, .bits = 4 },
	{ "CPU part", show_midr_field, .shift = 4, .bits = 12 },
	{ "CPU revision", show_midr_field, .shift = 0, .bits = 4, .decimal = true },
};

/* --- the others: the processor, then what the document says, in its order -------------------------------- */

static const struct line other_lines[] = { { "processor", show_processor } };

/* Lines that POWER prints once, after all processors. */
static const char *const power_tail[] = { "timebase", "platform", "model", "machine", "firmware", "MMU" };

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct style {
	const char *arch; /* or a prefix of it */
	const struct line *lines;
	size_t n;
	const char *const *tail;
	size_t n_tail;
} styles[] = {
	{ "x86_64", x86_lines, COUNT(x86_lines), NULL, 0 },
	{ "i386", x86_lines, COUNT(x86_lines), NULL, 0 },
	{ "i686", x86_lines, COUNT(x86_lines), NULL, 0 },
	{ "aarch64", arm64_lines, COUNT(arm64_lines), NULL, 0 },
	{ "ppc64", other_lines, COUNT(other_lines), power_tail, COUNT(power_tail) },
	{ "", other_lines, COUNT(other_lines), NULL, 0 },
};

static const struct style *style_of(const struct topo *t)
{
	const struct style *style = styles;
	while (strncmp(t->arch, style->arch, strlen(style->arch)))
		style++;
	return style;
}

/* Labels are padded with tabs to the 16th column. */
static void print_line(struct buf *out, const char *key, const char *value)
{
	size_t len = strlen(key);
	buf_puts(out, key);
	buf_pad(out, '\t', len < 16 ? (23 - len) / 8 : 0);
	buf_printf(out, ":%s%s\n", *value ? " " : "", value);
}

static const char *said(const struct who *w, const char *key)
{
	const struct cpu_kind *kind = kind_of(w);
	const char *value = kind ? topo_map_get(&kind->info, key) : NULL;
	return value ? value : topo_map_get(&w->facts->topo->cpuinfo, key);
}

static void print_template_line(struct buf *out, struct who *w, const struct line *line)
{
	w->line = line;
	_cleanup_buf_ struct buf derived = { 0 };
	const char *value = said(w, line->key);
	if (!value && line->show && line->show(w, &derived))
		value = buf_text(&derived);
	if (!value)
		value = line->constant;
	if (value)
		print_line(out, line->key, value);
}

static bool has_place(const struct style *style, const char *key)
{
	for (size_t i = 0; i < style->n; i++)
		if (!strcmp(style->lines[i].key, key))
			return true;
	for (size_t i = 0; i < style->n_tail; i++)
		if (!strcmp(style->tail[i], key))
			return true;
	return false;
}

/* What the document says beyond the lines that have a place. */
static void print_rest(struct buf *out, const struct who *w, const struct style *style)
{
	const topo_map *info = &w->facts->topo->cpuinfo;
	for (size_t i = 0; i < info->n; i++)
		if (!has_place(style, info->at[i].key))
			print_line(out, info->at[i].key, said(w, info->at[i].key));
	const struct cpu_kind *kind = kind_of(w);
	for (size_t i = 0; kind && i < kind->info.n; i++)
		if (!has_place(style, kind->info.at[i].key) && !topo_map_get(info, kind->info.at[i].key))
			print_line(out, kind->info.at[i].key, kind->info.at[i].value);
}

void cpuinfo_text(const struct facts *f, struct buf *out)
{
	const struct style *style = style_of(f->topo);
	_cleanup_arena_ struct arena arena = { 0 };
	struct who w = { .facts = f, .cores = count_cores(f, &arena) };
	find_apicid_bits(&w);
	for (; w.cpu < f->topo->cpus.n; w.cpu++) {
		if (!idset_has(&f->topo->online, cpu_of(&w)->id))
			continue;
		for (size_t i = 0; i < style->n; i++)
			print_template_line(out, &w, &style->lines[i]);
		print_rest(out, &w, style);
		buf_putc(out, '\n');
	}
	for (size_t i = 0; i < style->n_tail; i++) {
		const char *value = topo_map_get(&f->topo->cpuinfo, style->tail[i]);
		if (value)
			print_line(out, style->tail[i], value);
	}
}

/* --- and back -------------------------------------------------------------------------------------------- */

/* Words of /proc/cpuinfo that only one architecture's kernel writes. */
static const struct {
	const char *words, *arch;
} tells[] = {
	{ "CPU implementer", "aarch64" }, { "IBM/S390", "s390x" }, { "POWER", "ppc64" }, { "Cell Broadband", "ppc64" },
	{ "platform\t: ", "ppc64" }, { "IA-64", "ia64" }, { "Itanium", "ia64" }, { "sparc", "sparc64" },
	{ "isa\t\t: rv", "riscv64" }, { "Loongson", "loongarch64" }, { "PA-RISC", "parisc64" },
};

const char *guess_arch(const struct tree *captured, struct arena *a)
{
	const char *text = scan_text(captured, TREE_ROOT, "proc/cpuinfo", a);
	const char *order = scan_text(captured, TREE_ROOT, "sys/kernel/cpu_byteorder", a);
	if (text && strstr(text, "ARMv7"))
		return "armv7l";
	if (text && strstr(text, "POWER") && order && !strcmp(order, "little"))
		return "ppc64le";
	for (size_t i = 0; text && i < sizeof tells / sizeof *tells; i++)
		if (strstr(text, tells[i].words))
			return tells[i].arch;
	return "x86_64";
}

/* Reads "key\t: value" up to the line's end; false: it is no such line. */
static bool split_line(const char *line, size_t len, struct arena *a, struct pair *ret)
{
	const char *colon = memchr(line, ':', len);
	if (!colon)
		return false;
	size_t key = (size_t)(colon - line);
	while (key && (line[key - 1] == '\t' || line[key - 1] == ' '))
		key--;
	const char *value = colon + 1 + (colon + 1 < line + len && colon[1] == ' ');
	*ret = (struct pair){ arena_strndup(a, line, key), arena_strndup(a, value, (size_t)(line + len - value)) };
	return key > 0 && scan_is_line(ret->key) && scan_is_line(ret->value);
}

/* Whether every processor's line of that key says the same. */
static bool is_common(const char *text, const struct pair *pair, size_t processors)
{
	_cleanup_buf_ struct buf line = { 0 };
	size_t n = 0;
	print_line(&line, pair->key, pair->value);
	for (const char *p = strstr(text, buf_text(&line)); p; p = strstr(p + 1, buf_text(&line)))
		n += p == text || p[-1] == '\n';
	return n == processors;
}

/* What the first processor and all others say alike, less what follows from the topology. */
void scan_cpuinfo(const struct tree *tree, struct topo *t)
{
	static const char *const derived[] = { "processor", "physical id", "siblings", "core id", "cpu cores", "apicid",
					       "initial apicid" };
	struct arena *a = &t->arena;
	const char *text = scan_text(tree, TREE_ROOT, "proc/cpuinfo", a);
	size_t processors = idset_count(&t->online);
	if (!text)
		return;
	text = arena_printf(a, "%s\n", text);
	for (const char *line = text, *end; *line && *line != '\n'; line = end + 1) {
		struct pair pair;
		bool follows = false;
		end = strchr(line, '\n');
		bool split = split_line(line, (size_t)(end - line), a, &pair);
		for (size_t i = 0; split && i < COUNT(derived); i++)
			follows |= !strcmp(pair.key, derived[i]);
		if (split && !follows && is_common(text, &pair, processors))
			*LIST_ADD(a, &t->cpuinfo) = pair;
	}
}
