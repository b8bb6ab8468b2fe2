/* SPDX-License-Identifier: Apache-2.0 */

/* A machine itself, this one or a recorded one, as a description. */

#include "topofs/cmd.h"

#include "topofs/format.h"
#include "topofs/sysfs.h"
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* What is being read, and what of it could not be: said file by file of a recording, once of a running machine. */
struct reading {
	bool running;
	size_t lost, seen;
	struct buf first; /* that was lost */
	bool shows; /* a line of progress is on the terminal */
	struct timespec start;
};

static void clear_progress(struct reading *reading)
{
	if (reading->shows)
		fputs("\r\033[K", stderr);
	reading->shows = false;
}

static void lose(void *ctx, const char *path, const char *why)
{
	struct reading *reading = ctx;
	if (reading->lost++ == 0)
		buf_printf(&reading->first, "/%s", path);
	if (reading->running)
		return;
	clear_progress(reading);
	fail("warning: /%s: %s", path, why);
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* Where it takes more than half a second, who sits before a terminal sees that it goes on. */
static void show_progress(struct reading *reading)
{
	enum { EVERY = 512 };
	if (reading->seen++ % EVERY || !isatty(STDERR_FILENO) || seconds_since(&reading->start) < 0.5)
		return;
	fprintf(stderr, "\rtopofs: %zu files", reading->seen);
	reading->shows = true;
}

/* A recording may hold other folders: those count that a document can tell of, and the way to them. */
static bool is_of_the_machine(const char *path, mode_t mode)
{
	_cleanup_buf_ struct buf folder = { 0 };
	buf_printf(&folder, "/%s%s", path, S_ISDIR(mode) ? "/" : "");
	for (size_t i = 0; json_roots[i]; i++) {
		size_t root = strlen(json_roots[i]), len = folder.len < root ? folder.len : root;
		if (!strncmp(buf_text(&folder), json_roots[i], len) && (len == root || S_ISDIR(mode)))
			return true;
	}
	return false;
}

/* Why no document can have this path, NULL when it can. */
static const char *refused_path(const char *path)
{
	_cleanup_buf_ struct buf absolute = { 0 };
	buf_printf(&absolute, "/%s", path);
	return json_refuses(&(struct extra){ .path = buf_text(&absolute), .kind = EXTRA_DIR });
}

/* Of a running machine only what rows know is read: other files may be slow, or do something. */
static bool wants(void *ctx, const char *path, mode_t mode)
{
	struct reading *reading = ctx;
	show_progress(reading);
	if (reading->running ? !sysfs_wants(path, mode) : !is_of_the_machine(path, mode))
		return false;
	const char *why = is_of_the_machine(path, S_IFREG) ? refused_path(path) : NULL;
	if (why)
		lose(reading, path, why);
	return !why;
}

/* A folder, or a tar file of one; nothing else, as a FIFO could be waited for. */
static int load(const char *root, struct reading *reading, struct tree *ret)
{
	struct err err = { 0 };
	struct stat st;
	const struct tree_picker picker = { wants, lose, reading };
	int fd = open(root, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return fail("%s: %s", root, strerror(errno));
	int failed = fstat(fd, &st)	  ? err_set(&err, "", "%s", strerror(errno))
		     : S_ISDIR(st.st_mode) ? tree_load_picked(fd, &picker, ret, &err)
		     : S_ISREG(st.st_mode) ? unpack_tree(fd, &picker, ret, &err)
					   : err_set(&err, "", "neither a folder nor a tar file");
	close(fd);
	clear_progress(reading);
	return failed ? complain(root, &err) : EXIT_OK;
}

/* Reading configuration space beyond its header is for root: the kernel gives others 64 bytes, and no error. */
static void warn_of_losses(const struct reading *reading)
{
	if (!reading->running || (!reading->lost && !geteuid()))
		return;
	_cleanup_buf_ struct buf text = { 0 };
	if (reading->lost == 1)
		buf_printf(&text, "%s cannot be read and is left out", buf_text(&reading->first));
	else if (reading->lost)
		buf_printf(&text, "%zu files cannot be read and are left out, the first is %s", reading->lost,
			   buf_text(&reading->first));
	if (reading->lost && geteuid())
		buf_puts(&text, ", ");
	if (geteuid())
		buf_puts(&text, "of configuration space there are 64 bytes only");
	fail("warning: %s%s", geteuid() ? "as this user is not root, " : "", buf_text(&text));
}

static void forget_caches(struct topo *t, int unused)
{
	(void)unused;
	t->caches.n = 0;
}

static void forget_level(struct topo *t, int level)
{
	for (size_t i = 0; i < t->cpus.n; i++)
		t->cpus.at[i].group[level] = t->cpus.at[i].number[level] = TOPO_UNKNOWN;
}

/*
 * What to do without, one after the other, where files contradict each other so that no document can tell all of it,
 * as on kernels whose die_cpus are no dies. The files are kept as they are.
 */
static const struct contradiction {
	const char *where; /* the beginning of the place that is refused */
	void (*forget)(struct topo *, int level);
	int level;
} contradictions[] = {
	{ "cpu.packages", forget_level, LEVEL_CLUSTER }, { "cpu.packages", forget_level, LEVEL_DIE },
	{ "cpu.packages", forget_level, LEVEL_CORE },	 { "cpu.packages", forget_level, LEVEL_PACKAGE },
	{ "cpu.caches", forget_caches, 0 },
};

static bool forget_some(struct topo *t, const char *where, size_t *next)
{
	for (const size_t n = sizeof contradictions / sizeof *contradictions; *next < n;) {
		const struct contradiction *c = &contradictions[(*next)++];
		if (!strncmp(where, c->where, strlen(c->where))) {
			c->forget(t, c->level);
			return true;
		}
	}
	return false;
}

/*
 * The machine as its document will say it. What the document cannot say is lost here, and so counts as not
 * explained.
 */
static int settle(const struct tree *tree, const char *arch, struct topo *ret, struct err *err)
{
	_cleanup_topo_ struct topo scanned = { 0 };
	size_t next = 0;
	sysfs_scan(tree, arch, &scanned);
	for (;;) {
		_cleanup_buf_ struct buf text = { 0 };
		json_format.write(&scanned, &text, NULL);
		if (!json_read_captured(buf_text(&text), text.len, ret, err))
			return 0;
		if (!forget_some(&scanned, err->where, &next))
			return -EINVAL;
	}
}

/* Leaves out what no document can say: names with line ends, links to elsewhere. */
static void drop_unsayable(struct topo *topo)
{
	size_t kept = 0;
	for (size_t i = 0; i < topo->extras.n; i++) {
		struct err line = { 0 };
		const struct extra *extra = &topo->extras.at[i];
		const char *why = json_refuses(extra);
		if (!why) {
			topo->extras.at[kept++] = *extra;
			continue;
		}
		/* a folder on the way, with nothing of the machine in it */
		if (extra->kind == EXTRA_DIR && !is_of_the_machine(extra->path + 1, S_IFREG))
			continue;
		err_set(&line, extra->path, "%s", why);
		fail("warning: %s: %s", line.where, line.what);
	}
	topo->extras.n = kept;
}

/* Reads the files and puts stand-ins for what is secret. */
static int load_as(const char *root, bool redact, struct tree *ret)
{
	struct reading reading = { .running = !root };
	clock_gettime(CLOCK_MONOTONIC, &reading.start);
	_cleanup_tree_ struct tree tree = { 0 };
	int status = load(root ? root : "/", &reading, &tree);
	if (!status)
		warn_of_losses(&reading);
	buf_done(&reading.first);
	if (status)
		return status;
	if (redact) {
		sysfs_redact(&tree, ret);
		return EXIT_OK;
	}
	*ret = tree;
	tree = (struct tree){ 0 };
	return EXIT_OK;
}

static bool has_scope(const struct scope *scope)
{
	return scope->pci || scope->devices || scope->cpus || scope->nodes;
}

int describe_tree(const char *name, const struct tree *tree, const char *arch, struct topo *ret)
{
	struct err err = { 0 };
	return settle(tree, arch, ret, &err) || sysfs_explain(tree, ret, &err) ? complain(name, &err) : EXIT_OK;
}

static bool is_folder(const struct extra *extra, const struct tree *unused)
{
	(void)unused;
	return extra->kind == EXTRA_DIR;
}

static bool leads_nowhere(const struct extra *extra, const struct tree *built)
{
	return extra->kind == EXTRA_LINK && tree_walk(built, extra->path + 1) == TREE_NONE;
}

static void drop_extras(struct topo *topo, bool (*goes)(const struct extra *, const struct tree *),
			const struct tree *built)
{
	size_t kept = 0;
	for (size_t i = 0; i < topo->extras.n; i++)
		if (!goes(&topo->extras.at[i], built))
			topo->extras.at[kept++] = topo->extras.at[i];
	topo->extras.n = kept;
}

/* Of a running machine the way to files that no row asked for was read too, and links to such: nothing is there. */
static int drop_shells(struct topo *topo, struct err *err)
{
	_cleanup_tree_ struct tree built = { 0 };
	drop_extras(topo, is_folder, NULL);
	if (sysfs_build(topo, &built, err))
		return -EINVAL;
	drop_extras(topo, leads_nowhere, &built);
	return 0;
}

bool is_recording(const char *name)
{
	struct stat st;
	return !is_installed(name) && !stat(name, &st) &&
	       (S_ISDIR(st.st_mode) || !fnmatch("*.tar", name, 0) || !fnmatch("*.tar.*", name, 0));
}

static bool is_running_machine(const char *root)
{
	struct stat here, there;
	return !root || (!stat("/", &here) && !stat(root, &there) && here.st_dev == there.st_dev &&
			 here.st_ino == there.st_ino);
}

int capture_as(const char *root, const struct capture_options *how, struct topo *ret)
{
	_cleanup_tree_ struct tree tree = { 0 };
	_cleanup_topo_ struct topo topo = { 0 };
	struct utsname machine;
	struct err err = { 0 };
	if (is_running_machine(root))
		root = NULL;
	int status = load_as(root, how->redact, &tree);
	if (status)
		return status;
	const char *arch = !root && !uname(&machine) ? machine.machine : NULL;
	status = describe_tree(root ? root : "/", &tree, arch, &topo);
	if (status)
		return status;
	if (!root && drop_shells(&topo, &err))
		return complain("/", &err);
	if (has_scope(&how->scope) && scope_apply(&topo, &how->scope, &err))
		return fail("%s: %s", err.where, err.what);
	drop_unsayable(&topo);
	*ret = topo;
	topo = (struct topo){ 0 };
	return EXIT_OK;
}

int capture_machine(const char *root, struct topo *ret)
{
	return capture_as(root, &(struct capture_options){ 0 }, ret);
}
