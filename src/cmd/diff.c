/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/cmd.h"
#include "topofs/format.h"
#include "topofs/sysfs.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* diff(1)'s */
enum { DIFF_SAME = 0, DIFF_DIFFERENT = 1, DIFF_TROUBLE = 2 };

struct side {
	const char *name;
	bool running, recorded;
	struct topo topo;
	struct tree tree;
	const char **extras; /* paths of those, sorted */
};

static void side_done(struct side *side)
{
	topo_done(&side->topo);
	tree_done(&side->tree);
	free(side->extras);
}

/* --- what is compared ------------------------------------------------------------------------------------ */

static int load_side(const char *name, struct side *ret)
{
	const struct load_options how = { .force = true };
	ret->name = name;
	ret->running = !strcmp(name, "/");
	ret->recorded = !ret->running && is_recording(name);
	int status = ret->running || ret->recorded ? capture_machine(ret->running ? NULL : name, &ret->topo)
						   : load_topology(name, &how, &ret->topo);
	return status ? status : build_tree(name, &ret->topo, &ret->tree);
}

/*
 * A document may leave unsaid what follows from the rest, and a machine says everything: before the two are compared,
 * the document's files are read as if they were a machine's.
 */
static int observe_side(struct side *side)
{
	_cleanup_topo_ struct topo said = side->topo;
	side->topo = (struct topo){ 0 };
	return describe_tree(side->name, &side->tree, said.arch, &side->topo);
}

static bool is_document(const struct side *side)
{
	return !side->running && !side->recorded;
}

static int load_sides(char **names, struct side sides[2])
{
	for (int i = 0; i < 2; i++)
		if (load_side(names[i], &sides[i]))
			return DIFF_TROUBLE;
	for (int i = 0; i < 2; i++)
		if (is_document(&sides[i]) && !is_document(&sides[!i]) && observe_side(&sides[i]))
			return DIFF_TROUBLE;
	return DIFF_SAME;
}

/* --- files that no member tells -------------------------------------------------------------------------- */

struct files {
	struct side *sides;
	bool live, only_of_rows, all;
	size_t n;
	struct buf last; /* folder that has come or gone as a whole, with a slash behind it */
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_extras(struct side *side)
{
	size_t n = side->topo.extras.n;
	side->extras = calloc(n + 1, sizeof *side->extras);
	if (!side->extras)
		out_of_memory();
	for (size_t i = 0; i < n; i++)
		side->extras[i] = side->topo.extras.at[i].path;
	qsort(side->extras, n, sizeof *side->extras, by_text);
}

/* Whether a path, or a folder above it, is among those of a document's "files". */
static bool is_extra(const struct side *side, const char *path)
{
	_cleanup_buf_ struct buf part = { 0 };
	buf_printf(&part, "/%s", path);
	while (part.len) {
		const char *key = buf_text(&part);
		if (bsearch(&key, side->extras, side->topo.extras.n, sizeof key, by_text))
			return true;
		buf_cut(&part, (size_t)(strrchr(part.data, '/') - part.data));
	}
	return false;
}

static bool is_live(const char *path)
{
	static const char *const patterns[] = {
		"proc/meminfo", "proc/stat", "proc/vmstat", "proc/zoneinfo", "proc/buddyinfo", "proc/interrupts",
		"proc/softirqs", "proc/uptime", "proc/loadavg", "proc/schedstat", "proc/diskstats", "proc/[0-9]*/*",
		"sys/devices/system/node/node*/meminfo", "sys/devices/system/node/node*/vmstat",
		"sys/devices/system/node/node*/numastat", "sys/*/free_hugepages", "sys/*/surplus_hugepages",
		"sys/*/cpufreq/*_cur_freq", "sys/*/cpufreq/*_avg_freq", "sys/*/cpufreq/stats/*", "sys/*/cpuidle/state*/*",
		"sys/*/thermal_throttle/*", "sys/*/statistics/*", "sys/*/power/runtime_*", "sys/*/temp*_input",
	};
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		if (!fnmatch(patterns[i], path, 0))
			return true;
	return false;
}

/* The file less the lines that move by themselves. */
static void print_still(const struct tree *t, uint32_t e, struct buf *out)
{
	for (const char *p = tree_data(t, e), *end; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, '\n');
		if (strncmp(p, "cpu MHz", 7) != 0 && strncmp(p, "clock\t", 6) != 0)
			buf_printf(out, "%.*s\n", (int)(end - p), p);
	}
}

static bool differs_only_by_clock(const struct files *files, const char *path, uint32_t a, uint32_t b)
{
	_cleanup_buf_ struct buf one = { 0 };
	_cleanup_buf_ struct buf other = { 0 };
	if (strcmp(path, "proc/cpuinfo") != 0 || a == TREE_NONE || b == TREE_NONE)
		return false;
	print_still(&files->sides[0].tree, a, &one);
	print_still(&files->sides[1].tree, b, &other);
	return !strcmp(buf_text(&one), buf_text(&other));
}

/* A description does not keep permissions. */
static bool same_content(const struct files *files, uint32_t a, uint32_t b)
{
	if (a == TREE_NONE || b == TREE_NONE)
		return false;
	const struct tree *trees[] = { &files->sides[0].tree, &files->sides[1].tree };
	const struct entry *one = &trees[0]->entries[a], *other = &trees[1]->entries[b];
	return (one->mode & S_IFMT) == (other->mode & S_IFMT) && one->size == other->size &&
	       !memcmp(tree_data(trees[0], a), tree_data(trees[1], b), one->size);
}

/* Of a running machine only what rows know was read, so nothing else is compared with it. */
static bool is_compared(const struct files *files, const char *path, mode_t mode)
{
	return (files->all || is_extra(&files->sides[0], path) || is_extra(&files->sides[1], path)) &&
	       (!files->only_of_rows || sysfs_wants(path, mode)) && (files->live || !is_live(path)) &&
	       !(files->last.len && !strncmp(path, buf_text(&files->last), files->last.len));
}

static void say(void *ctx, const char *line)
{
	_cleanup_buf_ struct buf text = { 0 };
	(void)ctx;
	buf_puts(&text, line);
	tame(text.data);
	puts(buf_text(&text));
}

static void say_file(void *ctx, const char *path, uint32_t a, uint32_t b)
{
	struct files *files = ctx;
	_cleanup_buf_ struct buf line = { 0 };
	const struct side *there = &files->sides[a == TREE_NONE];
	mode_t mode = there->tree.entries[a == TREE_NONE ? b : a].mode;
	if (!is_compared(files, path, mode) || same_content(files, a, b) ||
	    (!files->live && differs_only_by_clock(files, path, a, b)))
		return;
	files->n++;
	buf_printf(&line, "/%s: %s", path, a == TREE_NONE ? "new" : b == TREE_NONE ? "gone" : "changed");
	say(NULL, buf_text(&line));
	buf_cut(&files->last, 0);
	if (S_ISDIR(mode) && (a == TREE_NONE || b == TREE_NONE))
		buf_printf(&files->last, "%s/", path);
}

/* Those of "files", or all: where nothing else was found, something may follow from the order of things. */
static size_t compare_files(struct side sides[2], bool live, bool all)
{
	struct files files = { sides, live, sides[0].running || sides[1].running, all, 0, { 0 } };
	tree_diff(&sides[0].tree, &sides[1].tree, say_file, &files);
	buf_done(&files.last);
	return files.n;
}

static void count(void *ctx, const char *path, uint32_t a, uint32_t b)
{
	struct files *files = ctx;
	(void)path;
	files->n += !same_content(files, a, b);
}

/* However differently it may have been said. */
static bool have_same_files(struct side sides[2])
{
	struct files files = { .sides = sides };
	tree_diff(&sides[0].tree, &sides[1].tree, count, &files);
	return !files.n;
}

/* --------------------------------------------------------------------------------------------------------- */

enum { OPT_LIVE };

static const struct opt opts[] = {
	{ 'l', "live", NULL, "compare also what moves by itself, such as free memory" },
};

static void sides_done(struct side (*sides)[2])
{
	side_done(&(*sides)[0]);
	side_done(&(*sides)[1]);
}

static int run(char **args, int n_args, const char *const *values)
{
	__attribute__((cleanup(sides_done))) struct side sides[2] = { 0 };
	(void)n_args;
	if (load_sides(args, sides))
		return DIFF_TROUBLE;
	if (have_same_files(sides))
		return DIFF_SAME;
	bool live = values[OPT_LIVE] || (is_document(&sides[0]) && is_document(&sides[1]));
	sort_extras(&sides[0]);
	sort_extras(&sides[1]);
	size_t n = compare(&sides[0].topo, &sides[1].topo, live, say, NULL);
	n += compare_files(sides, live, false);
	if (!n)
		n = compare_files(sides, live, true);
	if (cmd_flush(EXIT_OK))
		return DIFF_TROUBLE;
	return n ? DIFF_DIFFERENT : DIFF_SAME;
}

const struct cmd cmd_diff = {
	.name = "diff",
	.args = "A B",
	.doc = "say how two machines differ",
	.text = "Each is a description (TOPOLOGY), a recorded machine (a folder with sys and proc, or a tar file of one), or\n"
		"/ for this one. Prints a line for each difference. What moves by itself is compared only between two\n"
		"descriptions, or with --live. Exits 0 when they are the same, 1 when they differ, 2 on trouble.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
