/* SPDX-License-Identifier: Apache-2.0 */

/* The laws of ARCHITECTURE.md, over every example and every machine of tests/topologies. */

#include "topofs/format.h"
#include "topofs/sysfs.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MAX_MACHINES = 64 };
static char machines[MAX_MACHINES][512];

static size_t list_folder(const char *folder, size_t n)
{
	struct dirent *d;
	char path[400];
	const char *top = getenv("top_srcdir");
	snprintf(path, sizeof path, "%s/%s", top ? top : ".", folder);
	DIR *dir = opendir(path);
	cr_assert(dir, "%s: %m", path);
	while ((d = readdir(dir)) && n < MAX_MACHINES)
		if (strstr(d->d_name, ".json"))
			snprintf(machines[n++], sizeof *machines, "%s/%.100s", path, d->d_name);
	closedir(dir);
	return n;
}

static struct criterion_test_params list_machines(void)
{
	size_t n = list_folder("tests/topologies", list_folder("examples", 0));
	return cr_make_param_array(char[512], machines, n);
}

static void read_file(const char *path, struct buf *bytes)
{
	char part[4096];
	FILE *f = fopen(path, "re");
	cr_assert(f, "%s: %m", path);
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		buf_add(bytes, part, n);
	fclose(f);
}

static void read_text(const char *text, size_t len, struct topo *t)
{
	struct err err = { 0 };
	cr_assert_eq(json_format.read(text, len, t, &err), 0, "%s: %s", err.where, err.what);
}

static void read_machine(const char *path, struct topo *t)
{
	_cleanup_buf_ struct buf bytes = { 0 };
	read_file(path, &bytes);
	read_text(buf_text(&bytes), bytes.len, t);
}

static void build(const struct topo *t, struct tree *tree)
{
	struct err err = { 0 };
	cr_assert_eq(sysfs_build(t, tree, &err), 0, "%s: %s", err.where, err.what);
}

static void print_difference(void *ctx, const char *path, uint32_t in_a, uint32_t in_b)
{
	(void)ctx;
	(void)in_a;
	(void)in_b;
	fprintf(stderr, "differs: %s\n", path);
}

/* read(write(topo)) == topo: the same text again, and the same files. */
ParameterizedTestParameters(laws, write_then_read)
{
	return list_machines();
}

ParameterizedTest(char path[512], laws, write_then_read)
{
	_cleanup_topo_ struct topo first = { 0 }, second = { 0 };
	_cleanup_buf_ struct buf text = { 0 }, again = { 0 };
	_cleanup_tree_ struct tree a = { 0 }, b = { 0 };
	read_machine(path, &first);
	json_format.write(&first, &text, NULL);
	read_text(buf_text(&text), text.len, &second);
	json_format.write(&second, &again, NULL);
	cr_assert_str_eq(buf_text(&text), buf_text(&again), "%s", path);
	build(&first, &a);
	build(&second, &b);
	cr_assert_eq(tree_diff(&a, &b, print_difference, NULL), 0, "%s:\n%s", path, buf_text(&text));
	cr_assert_gt(a.n, 50);
}

/* The short form is found again: what is written is not much longer than what people wrote. */
ParameterizedTestParameters(laws, writer_is_brief)
{
	return list_machines();
}

static size_t count_lines(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

ParameterizedTest(char path[512], laws, writer_is_brief)
{
	_cleanup_topo_ struct topo t = { 0 };
	_cleanup_buf_ struct buf text = { 0 }, original = { 0 };
	read_file(path, &original);
	read_machine(path, &t);
	json_format.write(&t, &text, NULL);
	cr_assert_leq(count_lines(buf_text(&text)), count_lines(buf_text(&original)) * 5 / 4 + 10, "%s:\n%s", path,
		      buf_text(&text));
}

/* Tens of thousands of small files: in memory where there is room for them, as a disk takes seconds. */
static const char *scratch(void)
{
	struct statvfs shm;
	bool roomy = !statvfs("/dev/shm", &shm) && (uint64_t)shm.f_bavail * shm.f_bsize > 512 << 20;
	return roomy && !access("/dev/shm", W_OK | X_OK) ? "/dev/shm" : "/tmp";
}

/* load(save(tree)) == tree */
ParameterizedTestParameters(laws, save_then_load)
{
	return list_machines();
}

ParameterizedTest(char path[512], laws, save_then_load)
{
	_cleanup_topo_ struct topo t = { 0 };
	_cleanup_tree_ struct tree saved = { 0 }, loaded = { 0 };
	struct err err = { 0 };
	char folder[64], command[96];
	read_machine(path, &t);
	build(&t, &saved);
	snprintf(folder, sizeof folder, "%s/topofs-laws.XXXXXX", scratch());
	cr_assert(mkdtemp(folder));
	int dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int save = tree_save(&saved, dirfd, &err), load = save ? save : tree_load(dirfd, &loaded, &err);
	close(dirfd);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(load, 0, "%s: %s", err.where, err.what);
	cr_assert_eq(tree_diff(&saved, &loaded, print_difference, NULL), 0);
}

/* build(scan(tree)) + files == tree, and a machine of rows alone leaves nothing to files. */
ParameterizedTestParameters(laws, scan_then_build)
{
	return list_machines();
}

struct trees {
	const struct tree *a, *b;
	size_t n;
};

static void ignore_permissions(void *ctx, const char *path, uint32_t in_a, uint32_t in_b)
{
	struct trees *trees = ctx;
	const struct entry *a = in_a == TREE_NONE ? NULL : &trees->a->entries[in_a];
	const struct entry *b = in_b == TREE_NONE ? NULL : &trees->b->entries[in_b];
	if (a && b && (a->mode & S_IFMT) == (b->mode & S_IFMT) && a->size == b->size &&
	    !memcmp(tree_data(trees->a, in_a), tree_data(trees->b, in_b), a->size))
		return;
	fprintf(stderr, "differs: %s\n", path);
	trees->n++;
}

ParameterizedTest(char path[512], laws, scan_then_build)
{
	_cleanup_topo_ struct topo first = { 0 }, scanned = { 0 };
	_cleanup_tree_ struct tree a = { 0 }, b = { 0 };
	struct err err = { 0 };
	read_machine(path, &first);
	build(&first, &a);
	sysfs_scan(&a, first.arch, &scanned);
	cr_assert_eq(sysfs_explain(&a, &scanned, &err), 0, "%s: %s", err.where, err.what);
	build(&scanned, &b);
	struct trees trees = { &a, &b, 0 };
	tree_diff(&a, &b, ignore_permissions, &trees);
	cr_assert_eq(trees.n, 0, "%s", path);
	cr_assert_leq(scanned.extras.n, first.extras.n + a.n / 50, "%s: %zu files are not explained", path,
		      scanned.extras.n);
}

/* The manual and newcomers read the rows: each has a name, a sentence, and one way to make its files. */
Test(laws, rows_have_names_and_sentences)
{
	for (size_t c = 0; c < n_classes; c++) {
		cr_assert(classes[c]->doc && classes[c]->dir && classes[c]->at, "class %zu", c);
		for (size_t a = 0; a < classes[c]->n_attrs; a++) {
			const struct attr *attr = &classes[c]->attrs[a];
			cr_assert(attr->name && attr->doc, "%s row %zu", classes[c]->name, a);
			cr_assert_eq(attr->doc[strlen(attr->doc) - 1], '.', "%s %s", classes[c]->name, attr->name);
			cr_assert_leq(!!attr->show + !!attr->link + !!attr->each, 1);
		}
	}
}
