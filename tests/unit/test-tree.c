/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/arena.h"
#include "topofs/memfile.h"
#include "topofs/tree.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int put(struct tree *t, const char *path, const char *text)
{
	return tree_file(t, TREE_ROOT, path, 0444, text, strlen(text));
}

static uint32_t must_find(const struct tree *t, const char *path)
{
	uint32_t e = tree_find(t, path);
	cr_assert_neq(e, TREE_NONE, "no %s", path);
	return e;
}

static void expect_text(const struct tree *t, const char *path, const char *text)
{
	uint32_t e = must_find(t, path);
	cr_expect_eq(t->entries[e].size, strlen(text), "%s", path);
	cr_expect_str_eq(tree_data(t, e), text, "%s", path);
}

/* What every sealed tree has to be. */
static void check_sealed(const struct tree *t)
{
	cr_assert(t->sealed);
	cr_assert_eq(t->entries[TREE_ROOT].parent, TREE_ROOT);
	cr_assert_eq(t->entries[TREE_ROOT].end, t->n);
	for (uint32_t e = 1; e < t->n; e++) {
		const struct entry *x = &t->entries[e], *dir = &t->entries[x->parent];
		cr_assert(x->parent < e && e < x->end && x->end <= dir->end);
		cr_assert(S_ISDIR(dir->mode));
		cr_assert(S_ISDIR(x->mode) || x->end == e + 1);
		if (x->end < dir->end)
			cr_assert(strcmp(tree_name(t, e), tree_name(t, x->end)) < 0);
		_cleanup_buf_ struct buf path = { 0 };
		tree_path(t, e, &path);
		cr_assert_eq(tree_find(t, buf_text(&path)), e, "%s", buf_text(&path));
		cr_assert_eq(tree_child(t, x->parent, tree_name(t, e), strlen(tree_name(t, e))), e);
	}
}

static void expect_dump(const struct tree *t, uint32_t from, const char *text)
{
	_cleanup_buf_ struct buf out = { 0 };
	tree_dump(t, from, &out);
	cr_expect_str_eq(buf_text(&out), text, "%s", buf_text(&out));
}

Test(tree, zero_is_a_root)
{
	_cleanup_tree_ struct tree t = { 0 };
	_cleanup_buf_ struct buf path = { 0 };
	cr_expect_eq(tree_find(&t, ""), TREE_ROOT);
	cr_expect_eq(tree_find(&t, "a"), TREE_NONE);
	cr_expect_eq(tree_walk(&t, "/.."), TREE_ROOT);
	cr_expect_str_eq(tree_name(&t, TREE_ROOT), "");
	cr_expect_str_eq(tree_data(&t, TREE_ROOT), "");
	tree_remove(&t, "a");
	tree_seal(&t);
	check_sealed(&t);
	cr_expect_eq(t.n, 1);
	tree_path(&t, TREE_ROOT, &path);
	cr_expect_eq(path.len, 0);
	expect_dump(&t, TREE_ROOT, "");
}

Test(tree, any_order_becomes_preorder)
{
	_cleanup_tree_ struct tree t = { 0 };
	put(&t, "z", "1\n");
	uint32_t sys = tree_dir(&t, TREE_ROOT, "sys");
	put(&t, "a/b/c", "2\n");
	cr_assert_eq(tree_file(&t, sys, "devices/cpu/online", 0444, "0-3\n", 4), 0);
	put(&t, "a.b", "3\n");
	put(&t, "a-b", "4\n");
	cr_assert_eq(tree_dir(&t, sys, "bus"), tree_find(&t, "sys/bus"));
	put(&t, "a/\xff", "5\n");
	cr_expect_eq(tree_dir(&t, TREE_ROOT, "sys"), sys);
	expect_text(&t, "sys/devices/cpu/online", "0-3\n");
	tree_seal(&t);
	tree_seal(&t);
	check_sealed(&t);
	expect_dump(&t, TREE_ROOT,
		    "a/\na/b/\na/b/c: 2\na/\\377: 5\na-b: 4\na.b: 3\nsys/\nsys/bus/\nsys/devices/\n"
		    "sys/devices/cpu/\nsys/devices/cpu/online: 0-3\nz: 1\n");
	expect_dump(&t, must_find(&t, "a"), "a/\na/b/\na/b/c: 2\na/\\377: 5\n");
	expect_dump(&t, must_find(&t, "z"), "z: 1\n");
	cr_expect_eq(t.entries[TREE_ROOT].subdirs, 2);
	cr_expect_eq(t.entries[must_find(&t, "sys")].subdirs, 2);
	cr_expect_eq(t.entries[must_find(&t, "sys/bus")].subdirs, 0);
}

Test(tree, names_are_checked)
{
	_cleanup_tree_ struct tree t = { 0 };
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".", "..", "a/.", "a/../b", "./a" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_expect_eq(put(&t, bad[i], "x"), -EINVAL, "'%s'", bad[i]);
		cr_expect_eq(tree_dir(&t, TREE_ROOT, bad[i]), TREE_NONE, "'%s'", bad[i]);
		cr_expect_eq(tree_link_to(&t, TREE_ROOT, "l", bad[i]), -EINVAL, "'%s'", bad[i]);
	}
	cr_expect_eq(t.n, 1, "a refused path leaves nothing behind");
	char name[257] = { 0 };
	memset(name, 'n', 256);
	cr_expect_eq(put(&t, name, "x"), -EINVAL);
	name[255] = '\0';
	cr_expect_eq(put(&t, name, "x"), 0);
	cr_expect_eq(put(&t, "...", "x"), 0);
	cr_expect_eq(put(&t, ".a", "x"), 0);
	must_find(&t, name);
	cr_expect_eq(tree_find(&t, "/..."), TREE_NONE);
	cr_expect_eq(tree_find(&t, ".../"), TREE_NONE);
	cr_expect_eq(tree_child(&t, TREE_ROOT, "...\0", 4), TREE_NONE);
}

Test(tree, last_word_wins)
{
	_cleanup_tree_ struct tree t = { 0 };
	put(&t, "a", "first");
	uint32_t a = must_find(&t, "a");
	put(&t, "a", "second");
	cr_expect_eq(must_find(&t, "a"), a);
	expect_text(&t, "a", "second");
	cr_expect_eq(tree_link(&t, TREE_ROOT, "a", "b"), 0);
	cr_expect(S_ISLNK(t.entries[a].mode));
	cr_expect_eq(put(&t, "a/b", "x"), -ENOTDIR);
	cr_expect_eq(tree_dir(&t, TREE_ROOT, "a/b/c"), TREE_NONE);
	cr_expect_eq(tree_file(&t, a, "b", 0444, "x", 1), -ENOTDIR);
	cr_expect_eq(tree_dir(&t, TREE_ROOT, "a"), a);
	cr_expect_eq(put(&t, "a/b", "x"), 0);
	cr_expect_eq(put(&t, "a", "x"), -ENOTEMPTY);
	cr_expect_eq(tree_link(&t, TREE_ROOT, "a", "x"), -ENOTEMPTY);
	cr_expect_eq(tree_dir(&t, TREE_ROOT, "a"), a);
	tree_remove(&t, "a/b");
	cr_expect_eq(put(&t, "a", "third"), 0);
	tree_seal(&t);
	check_sealed(&t);
	expect_dump(&t, TREE_ROOT, "a: third\n");
}

Test(tree, removal)
{
	_cleanup_tree_ struct tree t = { 0 };
	put(&t, "a/b/c", "old");
	put(&t, "a/b/d/e", "old");
	put(&t, "k", "kept");
	uint32_t b = must_find(&t, "a/b");
	tree_remove(&t, "a/b");
	tree_remove(&t, "a/b");
	tree_remove(&t, "none/such");
	tree_remove(&t, "");
	cr_expect_eq(tree_find(&t, "a/b"), TREE_NONE);
	cr_expect_eq(tree_find(&t, "a/b/c"), TREE_NONE);
	cr_expect_eq(tree_file(&t, b, "x", 0444, "", 0), -ENOTDIR);
	put(&t, "a/b/n", "new");
	cr_expect_eq(tree_find(&t, "a/b/c"), TREE_NONE);
	tree_seal(&t);
	check_sealed(&t);
	expect_dump(&t, TREE_ROOT, "a/\na/b/\na/b/n: new\nk: kept\n");
	cr_expect_eq(t.n, 5);
}

Test(tree, contents_are_stored_once)
{
	_cleanup_tree_ struct tree t = { 0 };
	cr_expect_eq(tree_file(&t, TREE_ROOT, "nul", 0444, "a\0b", 3), 0);
	put(&t, "a", "a");
	put(&t, "again", "a");
	put(&t, "empty", "");
	cr_expect_eq(tree_file(&t, TREE_ROOT, "none", 0444, NULL, 0), 0);
	cr_expect_eq(tree_file(&t, TREE_ROOT, "big", 0444, "", UINT32_MAX), -EFBIG);
	tree_seal(&t);
	cr_expect_eq(tree_data(&t, must_find(&t, "a")), tree_data(&t, must_find(&t, "again")));
	cr_expect_eq(t.entries[must_find(&t, "nul")].size, 3);
	cr_expect(!memcmp(tree_data(&t, must_find(&t, "nul")), "a\0b", 4));
	expect_text(&t, "empty", "");
	expect_text(&t, "none", "");
}

Test(tree, link_texts)
{
	static const struct {
		const char *at, *path, *place, *text;
	} rows[] = {
		{ "", "sys/class/net/eth0", "sys/devices/pci0000:00/0000:00:01.0/net/eth0",
		  "../../devices/pci0000:00/0000:00:01.0/net/eth0" },
		{ "sys/class", "net/eth1", "sys/devices/net/eth1", "../../devices/net/eth1" },
		{ "", "sys/devices/p/0000:00:01.0/net/eth0/device", "sys/devices/p/0000:00:01.0",
		  "../../../0000:00:01.0" },
		{ "", "sys/devices/p/0000:00:01.0/subsystem", "sys/bus/pci", "../../../bus/pci" },
		{ "", "sys/node/node0/cpu0", "sys/cpu/cpu0", "../../cpu/cpu0" },
		{ "", "a/b/here", "a/b/c", "c" },
		{ "", "a/b/below", "a/b/c/d", "c/d" },
		{ "", "a/b/parent", "a/b", "../b" },
		{ "", "a/bb/x", "a/b", "../b" },
		{ "", "top", "a", "a" },
	};
	_cleanup_tree_ struct tree t = { 0 };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		_cleanup_buf_ struct buf path = { 0 };
		uint32_t at = *rows[i].at ? tree_dir(&t, TREE_ROOT, rows[i].at) : TREE_ROOT;
		cr_assert_eq(tree_link_to(&t, at, rows[i].path, rows[i].place), 0);
		buf_printf(&path, "%s%s%s", rows[i].at, *rows[i].at ? "/" : "", rows[i].path);
		expect_text(&t, buf_text(&path), rows[i].text);
	}
	tree_seal(&t);
	check_sealed(&t);
}

/* Every link that tree_link_to() makes leads to its place. */
Test(tree, links_arrive)
{
	static const char *const places[] = { "a", "a/b", "a/b/c", "a/bb", "a/b/c/d", "x/y", "a/b/cc/d" };
	size_t n = sizeof places / sizeof *places;
	_cleanup_tree_ struct tree t = { 0 };
	for (size_t i = 0; i < n; i++)
		tree_dir(&t, TREE_ROOT, places[i]);
	for (size_t i = 0; i < n * n; i++) {
		_cleanup_buf_ struct buf link = { 0 };
		buf_printf(&link, "%s/link%zu", places[i / n], i);
		cr_assert_eq(tree_link_to(&t, TREE_ROOT, buf_text(&link), places[i % n]), 0);
		cr_expect_eq(tree_walk(&t, buf_text(&link)), must_find(&t, places[i % n]), "%s", buf_text(&link));
	}
}

Test(tree, link_length)
{
	_cleanup_tree_ struct tree t = { 0 };
	char text[4097] = { 0 };
	memset(text, 'x', 4096);
	cr_expect_eq(tree_link(&t, TREE_ROOT, "l", ""), -EINVAL);
	cr_expect_eq(tree_link(&t, TREE_ROOT, "l", text), -EINVAL);
	text[4095] = '\0';
	cr_expect_eq(tree_link(&t, TREE_ROOT, "l", text), 0);
}

Test(tree, walk)
{
	_cleanup_tree_ struct tree t = { 0 };
	put(&t, "a/b/file", "x");
	tree_link(&t, TREE_ROOT, "a/up", "..");
	tree_link(&t, TREE_ROOT, "abs", "/a/./b");
	tree_link(&t, TREE_ROOT, "root", "/");
	tree_link(&t, TREE_ROOT, "rel", "a//b/../b/file");
	tree_link(&t, TREE_ROOT, "a/b/via", "../../abs/file");
	tree_link(&t, TREE_ROOT, "loop", "loop");
	tree_link(&t, TREE_ROOT, "dangling", "a/none");
	tree_link(&t, TREE_ROOT, "out", "../../../../a");
	uint32_t file = must_find(&t, "a/b/file");
	static const char *const to_file[] = { "a/b/file", "/a/b/file",	    "rel",	     "abs/file",
					       "a/b/via",  "abs/via",	    "a/up/a/b/file", "out/b/file",
					       "root/rel", "a/b/../../rel", "../rel" };
	for (size_t i = 0; i < sizeof to_file / sizeof *to_file; i++)
		cr_expect_eq(tree_walk(&t, to_file[i]), file, "%s", to_file[i]);
	static const char *const nowhere[] = { "loop",	     "loop/x",	    "dangling", "none",	     "a/b/file/",
					       "a/b/file/.", "a/b/file/..", "rel/",	"a/b/file/x" };
	for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
		cr_expect_eq(tree_walk(&t, nowhere[i]), TREE_NONE, "%s", nowhere[i]);
	cr_expect_eq(tree_walk(&t, "abs/"), must_find(&t, "a/b"));
	cr_expect_eq(tree_walk(&t, ""), TREE_ROOT);
	cr_expect_eq(tree_walk(&t, "root"), TREE_ROOT);
	cr_expect_eq(tree_find(&t, "abs/file"), TREE_NONE);
}

Test(tree, walk_follows_forty_links)
{
	_cleanup_tree_ struct tree t = { 0 };
	put(&t, "0", "x");
	for (int i = 1; i <= 41; i++) {
		char link[16], to[16];
		snprintf(link, sizeof link, "%d", i);
		snprintf(to, sizeof to, "%d", i - 1);
		tree_link(&t, TREE_ROOT, link, to);
	}
	cr_expect_eq(tree_walk(&t, "40"), must_find(&t, "0"));
	cr_expect_eq(tree_walk(&t, "41"), TREE_NONE);
}

Test(tree, dump_escapes)
{
	_cleanup_tree_ struct tree t = { 0 };
	tree_file(&t, TREE_ROOT, "b", 0444, "a\0001\x80\\\t\n\n", 8);
	tree_file(&t, TREE_ROOT, "c\nd", 0644, "plain", 5);
	tree_file(&t, TREE_ROOT, "e", 0444, "\n", 1);
	tree_link(&t, TREE_ROOT, "l", "x\ry");
	tree_seal(&t);
	expect_dump(&t, TREE_ROOT, "b: a\\0001\\200\\\\\\t\\n\nc\\nd [0644]: plain\ne: \nl -> x\\ry\n");
}

static void note(void *ctx, const char *path, uint32_t in_a, uint32_t in_b)
{
	buf_printf(ctx, "%c%c %s\n", in_a == TREE_NONE ? '-' : 'a', in_b == TREE_NONE ? '-' : 'b', path);
}

static void fill_a(struct tree *t)
{
	put(t, "dir/only/deep/er", "x");
	put(t, "dir/same", "x");
	put(t, "kind/zz", "x");
	put(t, "mode", "x");
	put(t, "text", "x");
	put(t, "last", "x");
}

Test(tree, diff)
{
	_cleanup_tree_ struct tree a = { 0 }, a2 = { 0 }, b = { 0 }, none = { 0 };
	fill_a(&a);
	fill_a(&a2);
	put(&b, "zz/new", "x");
	put(&b, "dir/same", "x");
	put(&b, "kind", "x");
	tree_file(&b, TREE_ROOT, "mode", 0644, "x", 1);
	put(&b, "text", "y");
	put(&b, "last", "x");
	tree_seal(&a);
	tree_seal(&a2);
	tree_seal(&b);
	tree_seal(&none);
	_cleanup_buf_ struct buf out = { 0 };
	cr_expect_eq(tree_diff(&a, &b, note, &out), 9);
	cr_expect_str_eq(buf_text(&out),
			 "a- dir/only\na- dir/only/deep\na- dir/only/deep/er\nab kind\n"
			 "a- kind/zz\nab mode\nab text\n-b zz\n-b zz/new\n",
			 "%s", buf_text(&out));
	cr_expect_eq(tree_diff(&b, &a, NULL, NULL), 9);
	cr_expect_eq(tree_diff(&a, &a2, note, &out), 0);
	cr_expect_eq(tree_diff(&a, &none, NULL, NULL), a.n - 1);
	cr_expect_eq(tree_diff(&none, &a, NULL, NULL), a.n - 1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int open_up(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return type == FTW_D ? chmod(path, 0700) : 0;
}

struct place {
	char path[64];
	int fd;
};

static struct place place_make(void)
{
	struct place p = { .path = "/tmp/topofs-test-XXXXXX" };
	cr_assert(mkdtemp(p.path));
	p.fd = open(p.path, O_RDONLY | O_DIRECTORY);
	cr_assert(p.fd >= 0);
	return p;
}

static void place_done(struct place *p)
{
	close(p->fd);
	nftw(p->path, open_up, 16, FTW_PHYS);
	nftw(p->path, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

#define _cleanup_place_ __attribute__((cleanup(place_done)))

static void round_trip(const struct tree *t)
{
	_cleanup_place_ struct place p = place_make();
	_cleanup_tree_ struct tree back = { 0 };
	_cleanup_buf_ struct buf differ = { 0 };
	struct err err = { 0 };
	cr_assert_eq(tree_save(t, p.fd, &err), 0, "%s: %s", err.where, err.what);
	cr_assert_eq(tree_load(p.fd, &back, &err), 0, "%s: %s", err.where, err.what);
	check_sealed(&back);
	cr_expect_eq(tree_diff(t, &back, note, &differ), 0, "%s", buf_text(&differ));
	cr_expect_eq(back.n, t->n);
}

Test(tree, load_of_save)
{
	_cleanup_tree_ struct tree t = { 0 };
	unsigned char all[256 * 300];
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (unsigned char)(i * 7 >> (i & 3));
	umask(077);
	tree_file(&t, TREE_ROOT, "sys/r", 0444, "0\n", 2);
	tree_file(&t, TREE_ROOT, "sys/rw", 0644, "0\n", 2);
	tree_file(&t, TREE_ROOT, "sys/private", 0600, "\0\0\n", 3);
	tree_file(&t, TREE_ROOT, "sys/wide", 0666, "", 0);
	tree_file(&t, TREE_ROOT, "sys/config", 0644, all, sizeof all);
	tree_file(&t, TREE_ROOT, "sys/odd \n\t\\\x01\xff\"'*", 0444, "", 0);
	tree_dir(&t, TREE_ROOT, "sys/empty");
	tree_dir(&t, TREE_ROOT, "proc");
	tree_link(&t, TREE_ROOT, "sys/dangling", "/nowhere/../at all\xff");
	tree_link(&t, TREE_ROOT, "etc", "/etc");
	tree_seal(&t);
	round_trip(&t);
}

Test(tree, read_only_folders_are_kept)
{
	_cleanup_place_ struct place p = place_make();
	_cleanup_tree_ struct tree t = { 0 };
	struct err err = { 0 };
	cr_assert_eq(mkdirat(p.fd, "ro", 0755), 0);
	cr_assert_eq(mkdirat(p.fd, "ro/in", 0755), 0);
	int fd = openat(p.fd, "ro/in/f", O_CREAT | O_WRONLY, 0400);
	cr_assert(fd >= 0);
	close(fd);
	cr_assert_eq(fchmodat(p.fd, "ro/in", 0500, 0), 0);
	cr_assert_eq(fchmodat(p.fd, "ro", 0555, 0), 0);
	cr_assert_eq(tree_load(p.fd, &t, &err), 0, "%s: %s", err.where, err.what);
	cr_expect_eq(t.entries[must_find(&t, "ro")].mode, S_IFDIR | 0555);
	cr_expect_eq(t.entries[must_find(&t, "ro/in")].mode, S_IFDIR | 0500);
	round_trip(&t);
}

Test(tree, save_stays_in_an_empty_folder)
{
	_cleanup_place_ struct place p = place_make(), outside = place_make();
	_cleanup_tree_ struct tree t = { 0 };
	struct err err = { 0 };
	put(&t, "d/f", "x");
	tree_seal(&t);
	cr_assert_eq(symlinkat(outside.path, p.fd, "d"), 0);
	cr_expect_eq(tree_save(&t, p.fd, &err), -ENOTEMPTY);
	cr_expect_str_eq(err.where, "");
	cr_expect_neq(faccessat(outside.fd, "f", F_OK, 0), 0);
}

Test(tree, load_refuses)
{
	_cleanup_place_ struct place p = place_make();
	_cleanup_tree_ struct tree t = { 0 };
	struct err err = { 0 };
	cr_assert_eq(mkdirat(p.fd, "d", 0755), 0);
	cr_assert_eq(mkfifoat(p.fd, "d/fifo", 0644), 0);
	cr_expect_eq(tree_load(p.fd, &t, &err), -EINVAL);
	cr_expect_str_eq(err.where, "d/fifo");
	cr_assert_eq(unlinkat(p.fd, "d/fifo", 0), 0);

	int fd = openat(p.fd, "d/big", O_CREAT | O_WRONLY, 0644);
	cr_assert(fd >= 0);
	cr_assert_eq(ftruncate(fd, 16 << 20), 0);
	cr_expect_eq(tree_load(p.fd, &t, &err), 0, "%s: %s", err.where, err.what);
	tree_done(&t);
	cr_assert_eq(ftruncate(fd, (16 << 20) + 1), 0);
	cr_expect_eq(tree_load(p.fd, &t, &err), -EFBIG);
	cr_expect_str_eq(err.where, "d/big");
	cr_expect_eq(t.n, 0);
	cr_assert_eq(fchmod(fd, 0), 0);
	close(fd);
	if (geteuid() != 0) {
		cr_expect_eq(tree_load(p.fd, &t, &err), -EACCES);
		cr_expect_str_eq(err.where, "d/big");
	}
}

Test(tree, depth_is_bounded)
{
	_cleanup_tree_ struct tree t = { 0 };
	_cleanup_place_ struct place p = place_make();
	struct err err = { 0 };
	uint32_t at = TREE_ROOT;
	for (int i = 0; i < 256; i++)
		at = tree_dir(&t, at, "d");
	_cleanup_tree_ struct tree deeper = { 0 }, back = { 0 };
	for (int i = 0, e = TREE_ROOT; i < 257; i++)
		e = (int)tree_dir(&deeper, (uint32_t)e, "d");
	tree_seal(&t);
	tree_seal(&deeper);
	round_trip(&t);
	cr_expect_eq(tree_save(&deeper, p.fd, &err), -ENAMETOOLONG);
	cr_expect_eq(strlen(err.where), sizeof err.where - 1);

	int fd = dup(p.fd);
	for (int i = 0, next; i < 256; i++, fd = next) {
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		close(fd);
	}
	cr_expect_eq(tree_load(p.fd, &back, &err), 0, "what was saved so far can be read");
	cr_assert_eq(mkdirat(fd, "d", 0755), 0);
	cr_expect_eq(tree_load(p.fd, &t, &err), -ENAMETOOLONG);
	close(fd);
}

/* st_size says 4096 where there is less, and 0 where there is more. */
Test(tree, load_reads_to_the_end)
{
	_cleanup_tree_ struct tree t = { 0 };
	struct err err = { 0 };
	int fd = open("/proc/sys/kernel/random", O_RDONLY | O_DIRECTORY);
	if (fd < 0 || faccessat(fd, "uuid", R_OK, 0) < 0 || tree_load(fd, &t, &err) < 0)
		cr_skip_test("no readable /proc/sys/kernel/random");
	cr_expect_eq(t.entries[must_find(&t, "uuid")].size, 37);
	close(fd);
}

/* A second or less; a search through all of them for each would take minutes, wherever it runs. */
enum { PATIENCE = 120 };

Test(tree, many_in_one_folder, .timeout = PATIENCE)
{
	enum { N = 200000 };
	_cleanup_tree_ struct tree t = { 0 };
	uint32_t dir = tree_dir(&t, TREE_ROOT, "dir");
	for (unsigned int i = 0; i < N; i++) {
		char name[32];
		int len = snprintf(name, sizeof name, "%08x", i * 2654435761u);
		cr_assert_eq(tree_file(&t, dir, name, 0444, name, (size_t)len), 0);
	}
	tree_seal(&t);
	cr_expect_eq(t.n, N + 2);
	check_sealed(&t);
}

static void add_and_remove(size_t others)
{
	_cleanup_tree_ struct tree t = { 0 };
	for (size_t i = 0; i < others; i++) {
		char name[32];
		snprintf(name, sizeof name, "other%zu", i);
		put(&t, name, "1");
	}
	for (int i = 0; i < 100000; i++) {
		put(&t, "again/x", "1");
		tree_remove(&t, "again");
	}
	tree_seal(&t);
	check_sealed(&t);
	cr_expect_eq(t.n, 1 + others);
}

/* Beside few and many others, which are found in different ways. */
Test(tree, adding_and_removing_one_name, .timeout = PATIENCE)
{
	static const size_t others[] = { 0, 63, 64, 65, 1000 };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		add_and_remove(others[i]);
}

/* The number of names moves up and down over that from which a folder has a table. */
Test(tree, random_in_one_folder)
{
	_cleanup_tree_ struct tree t = { 0 };
	enum { NAMES = 128 };
	bool there[NAMES] = { false };
	size_t n = 0;
	srand(2);
	for (int i = 0; i < 50000; i++) {
		char name[16];
		int k = rand() % NAMES;
		snprintf(name, sizeof name, "%d", k);
		cr_assert_eq(tree_find(&t, name) != TREE_NONE, there[k], "%s", name);
		if (there[k])
			tree_remove(&t, name);
		else
			cr_assert_eq(put(&t, name, name), 0);
		there[k] = !there[k];
		n += there[k] ? 1 : (size_t)-1;
	}
	tree_seal(&t);
	check_sealed(&t);
	cr_expect_eq(t.n, 1 + n);
}

/* The order of filling and what was there meanwhile leave no trace. */
Test(tree, random_against_plain)
{
	_cleanup_tree_ struct tree t = { 0 }, plain = { 0 };
	enum { PATHS = 5 * 5 * 5 };
	int value[PATHS];
	memset(value, 0xff, sizeof value);
	srand(1);
	for (int i = 0; i < 20000; i++) {
		char path[16], text[16];
		int p = rand() % PATHS;
		snprintf(path, sizeof path, "%c/%c/%c", 'a' + p / 25, 'a' + p / 5 % 5, 'a' + p % 5);
		if (rand() % 20 == 0) {
			path[3] = '\0';
			for (int k = p / 5 * 5; k < p / 5 * 5 + 5; k++)
				value[k] = -1;
			tree_remove(&t, path);
		} else {
			snprintf(text, sizeof text, "%d", value[p] = rand() % 50);
			cr_assert_eq(put(&t, path, text), 0);
		}
	}
	for (int p = PATHS - 1; p >= 0; p--) {
		char path[16], text[16];
		snprintf(path, sizeof path, "%c/%c/%c", 'a' + p / 25, 'a' + p / 5 % 5, 'a' + p % 5);
		snprintf(text, sizeof text, "%d", value[p]);
		if (value[p] >= 0)
			put(&plain, path, text);
	}
	tree_seal(&t);
	tree_seal(&plain);
	check_sealed(&t);
	_cleanup_buf_ struct buf differ = { 0 };
	tree_diff(&t, &plain, note, &differ);
	cr_expect_str_eq(buf_text(&differ), "");
}

static void fill_little(struct tree *t)
{
	put(t, "a/b/c", "text");
	put(t, "a/b/d", "");
	put(t, "e", "more text");
	tree_link(t, TREE_ROOT, "a/link", "b/c");
	tree_dir(t, TREE_ROOT, "a/empty");
	tree_seal(t);
}

Test(tree, image_is_the_tree)
{
	_cleanup_tree_ struct tree t = { 0 }, mapped = { 0 }, own = { 0 };
	struct err err;
	fill_little(&t);
	int fd = tree_image(&t, &err);
	cr_assert_geq(fd, 0);
	cr_assert_eq(tree_map(fd, &mapped, &err), 0, "%s", err.what);
	cr_assert_eq(tree_map_own(fd, &own, &err), 0, "%s", err.what);
	cr_expect_lt(write(fd, "x", 1), 0, "nobody can change it");
	close(fd);
	_cleanup_buf_ struct buf differ = { 0 };
	tree_diff(&t, &mapped, note, &differ);
	tree_diff(&t, &own, note, &differ);
	cr_expect_str_eq(buf_text(&differ), "");
	check_sealed(&mapped);
	expect_text(&mapped, "a/b/c", "text");
}

/* Whatever is damaged, what is taken for a tree can be walked to its last byte. */
Test(tree, damaged_image)
{
	_cleanup_tree_ struct tree t = { 0 };
	struct err err;
	char bytes[4096];
	fill_little(&t);
	int fd = tree_image(&t, &err);
	ssize_t len = pread(fd, bytes, sizeof bytes, 0);
	close(fd);
	cr_assert_gt(len, 0);
	size_t refused = 0;
	for (ssize_t i = 0; i < len * 3; i++) {
		static const char damages[] = { 1, (char)0xff, (char)0x80 };
		_cleanup_tree_ struct tree damaged = { 0 };
		_cleanup_buf_ struct buf out = { 0 };
		bytes[i / 3] ^= damages[i % 3];
		int file = memfile_new("damaged");
		cr_assert_eq(write(file, bytes, (size_t)len), len);
		memfile_seal(file);
		if (tree_map(file, &damaged, &err) == 0)
			tree_dump(&damaged, TREE_ROOT, &out);
		else
			refused++;
		close(file);
		bytes[i / 3] ^= damages[i % 3];
	}
	cr_expect_gt(refused, 300);
	for (ssize_t i = 0; i < len; i++) {
		int file = memfile_new("cut");
		cr_assert_eq(write(file, bytes, (size_t)i), i);
		memfile_seal(file);
		struct tree cut;
		cr_expect_lt(tree_map(file, &cut, &err), 0);
		close(file);
	}
}
