/* SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include "topofs/buf.h"
#include "topofs/compose.h"
#include "topofs/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct request {
	const char *topology, *mountpoint, *options;
	struct load_options load;
	bool foreground, store;
	bool fake; /* all but the mount itself: mount -f */
};

/* The mount point without links and dots, for /proc/mounts and for unmounting it from another folder. */
static int find_mountpoint(const char *mountpoint, char folder[PATH_MAX], struct err *err)
{
	struct stat st;
	int error = realpath(mountpoint, folder) && stat(folder, &st) == 0 ? 0 : errno;

	if (error == 0 && S_ISDIR(st.st_mode))
		return 0;
	if (error == 0 || error == ENOTDIR)
		err_set(err, "", "not a folder");
	else if (error == ENOENT)
		err_set(err, "", "no such folder");
	else if (error == ENOTCONN)
		err_set(err, "", "the server of what is mounted here is gone: unmount it first");
	else
		err_set(err, "", "%s", strerror(error));
	return error ? -error : -ENOTDIR;
}

/* The same for what is mounted already and waits for an answer, as whoever looks into it would. */
static int find_lent(const char *mountpoint, char folder[PATH_MAX], struct err *err)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *name = basename(arena_strdup(&a, mountpoint));

	if (!realpath(dirname(arena_strdup(&a, mountpoint)), folder))
		return err_set(err, "", "%s", strerror(errno));
	size_t len = strcmp(folder, "/") ? strlen(folder) : 0;
	if ((size_t)snprintf(folder + len, PATH_MAX - len, "/%s", name) >= PATH_MAX - len)
		return err_set(err, "", "%s", strerror(ENAMETOOLONG));
	return 0;
}

static int mount_named(const struct request *r, const char *folder, struct err *err)
{
	_cleanup_buf_ struct buf source = { 0 };
	topology_source(r->topology, &source);
	return serve_mount(buf_text(&source), folder, r->options, err);
}

/* The real /sys beside the machine: with -o union. */
struct beside {
	const char *mountpoint;	     /* for complaints */
	const char *folder, *policy; /* policy: NULL: nothing of it */
	int real;		     /* /sys, as it was before anything was mounted */
};

static int show_beside(const struct beside *b, struct err *err)
{
	struct compose how = { .machine = compose_clone(AT_FDCWD, b->folder, err), .policy = b->policy };
	int folder = how.machine < 0 ? -1 : open(b->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int rc = how.machine < 0 ? how.machine : folder < 0 ? -errno : compose_beside(&how, b->real, folder, err);

	if (how.machine >= 0)
		close(how.machine);
	if (folder >= 0)
		close(folder);
	return rc;
}

static int prepare_beside(void *ctx)
{
	const struct beside *b = ctx;
	struct err err = { 0 };

	return show_beside(b, &err) < 0 ? complain(b->mountpoint, &err) : EXIT_OK;
}

static int serve_here(const struct request *r, const char *folder, const struct serve_what *what, struct beside *b,
		      struct err *err)
{
	const struct serve_ready ready = {
		.call = serve_notify_ready, .prepare = b->policy ? prepare_beside : NULL, .ctx = b
	};
	int fd = what->lent ? serve_take_connection() : mount_named(r, folder, err);

	return fd < 0 ? fd : serve(what, fd, folder, &ready, err);
}

static int serve_apart(const struct request *r, const char *folder, const struct serve_what *what,
		       const struct beside *b, struct err *err)
{
	int channel = serve_start(what, err);
	if (channel < 0)
		return channel;
	/* a failure leaves the server to the end of this process, which closes the channel */
	int fd = mount_named(r, folder, err);
	if (fd < 0)
		return fd;
	int rc = serve_hand_over(channel, fd, folder, err);
	if (rc == 0 && b->policy)
		rc = show_beside(b, err);
	if (rc < 0)
		serve_unmount(folder);
	return rc;
}

/*
 * The topology itself goes before anything is served: what serves it is left with the files, in memory that other
 * processes can be given.
 */
static int load_files(const struct request *r, struct serve_what *what, struct buf *name, struct buf *unlisted)
{
	_cleanup_topo_ struct topo topo = { 0 };
	_cleanup_tree_ struct tree t = { 0 };
	struct err err = { 0 };
	int status = load_topology(r->topology, &r->load, &topo);

	if (status)
		return status;
	buf_puts(name, topo.name ? topo.name : r->topology);
	status = build_tree(r->topology, &topo, &t);
	if (status)
		return status;
	if (topo.unlisted)
		buf_puts(unlisted, topo.unlisted);
	what->image = tree_image(&t, &err);
	return what->image < 0 ? fail("%s", err.what) : EXIT_OK;
}

/* What a SIGHUP asks for. */
static void reread(int channel, const struct serve_status *status, const char *folder)
{
	const struct load_options how = { .force = status->force, .strict = status->strict, .for_others = true };

	reload_mount(channel, status, folder, NULL, &how);
}

/* What was handed cannot be used: the same again, without it, can. */
static int give_up(const struct request *r, int rc, const struct err *err)
{
	complain(r->mountpoint, err);
	if (rc != -ESTALE)
		return EXIT_FAILED;
	serve_unmount(r->mountpoint);
	return EXIT_AGAIN;
}

static int go_on(const struct request *r)
{
	const struct serve_what what = { .reload = reread };
	const struct serve_ready ready = { .call = serve_notify_ready };
	struct err err = { 0 };

	int rc = serve_handed(&what, &ready, &err);
	return rc < 0 ? give_up(r, rc, &err) : EXIT_OK;
}

/* What the kernel keeps does not tell: it has to be asked for something that it keeps never. */
static bool is_dead(const char *mountpoint)
{
	struct statvfs st;

	return statvfs(mountpoint, &st) < 0 && errno == ENOTCONN;
}

/* The half of it that needs privileges, for a service whose other half has none. */
static int mount_and_store(const struct request *r)
{
	struct err err = { 0 };
	char folder[PATH_MAX];

	if (is_dead(r->mountpoint))
		serve_unmount(r->mountpoint);
	int rc = find_mountpoint(r->mountpoint, folder, &err);
	if (rc == 0)
		rc = mount_named(r, folder, &err);
	if (rc < 0)
		return complain(r->mountpoint, &err);
	if (serve_store(rc, &err) == 0)
		return EXIT_OK;
	serve_unmount(folder);
	return complain(r->mountpoint, &err);
}

static int mount_with(const struct request *r, const struct serve_options *options)
{
	_cleanup_buf_ struct buf name = { 0 }, path = { 0 }, unlisted = { 0 };
	struct err err = { 0 };
	char folder[PATH_MAX];
	struct serve_what what = {
		.document = r->topology,
		.force = r->load.force,
		.strict = r->load.strict,
		.warm = options->warm,
		.reload = reread,
	};

	what.lent = serve_is_handed();
	if ((what.lent ? find_lent : find_mountpoint)(r->mountpoint, folder, &err) < 0)
		return complain(r->mountpoint, &err);
	int status = load_files(r, &what, &name, &unlisted);
	if (status || r->fake)
		return status;
	topology_path(r->topology, &path);
	what.name = buf_text(&name);
	what.path = buf_text(&path);
	what.unlisted = buf_text(&unlisted);
	struct beside beside = { .mountpoint = r->mountpoint, .folder = folder, .real = -1 };
	if (options->beside)
		beside.policy = policy_of(buf_text(&options->policy), what.unlisted, "");
	if (beside.policy && (beside.real = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return fail("/sys: %s", strerror(errno));
	int rc = r->foreground ? serve_here(r, folder, &what, &beside, &err)
			       : serve_apart(r, folder, &what, &beside, &err);
	if (rc == -ECANCELED) /* it has been said why */
		return EXIT_FAILED;
	return rc < 0 ? give_up(r, rc, &err) : EXIT_OK;
}

static int mount_topology(const struct request *r)
{
	struct serve_options options = { 0 };
	struct err err = { 0 };

	serve_hold_standard_files();
	if (serve_is_handed() == SERVE_HANDED_MOUNT)
		return go_on(r);
	int status = serve_check_options(r->options, &options, &err) < 0 ? fail("%s", err.what) : EXIT_OK;
	if (!status && compose_check_policy(buf_text(&options.policy), &err) < 0)
		status = fail("-o union: %s", err.what);
	if (!status && options.beside && (r->store || serve_is_handed()))
		status = fail("-o union: not where one process mounts and another one serves");
	if (!status)
		status = r->store ? mount_and_store(r) : mount_with(r, &options);
	buf_done(&options.policy);
	return status;
}

enum { OPT_OPTIONS, OPT_FOREGROUND, OPT_STORE, OPT_FORCE, OPT_STRICT };

/* Those that matter here; mount(8)'s are taken, too. */
static void own_options(struct buf *out)
{
	buf_puts(out, "allow_other union warm ");
}

static const struct opt opts[] = {
	{ 'o', "options", "OPTIONS", "mount options, separated by commas, as for mount(8)", own_options },
	{ 'f', "foreground", NULL, "keep the mount in this process until it is unmounted or ended by a signal" },
	{ 0, "store", NULL, "only mount, and leave the serving to what the service manager starts next" },
	{ 0, "force", NULL, "mount also what can crash programs that read it" },
	{ 0, "strict", NULL, "refuse also what no real machine looks like, or others can change" },
};

static int run(char **args, int n_args, const char *const *values)
{
	(void)n_args;
	const struct request r = {
		.topology = args[0],
		.mountpoint = args[1],
		.options = values[OPT_OPTIONS] ? values[OPT_OPTIONS] : "",
		.load = { .force = values[OPT_FORCE], .strict = values[OPT_STRICT], .for_others = true },
		.foreground = values[OPT_FOREGROUND],
		.store = values[OPT_STORE],
	};

	return mount_topology(&r);
}

/* What mount(8) expects of a helper. */
enum { HELPER_MISUSE = 1, HELPER_FAILED = 32 };

int mount_helper(int argc, char **argv)
{
	_cleanup_buf_ struct buf options = { 0 };
	struct request r = { .load = { .for_others = true } };

	opterr = 0;
	for (int c; (c = getopt(argc, argv, "sfnvo:t:")) != -1;) {
		if (c == '?') {
			fail("unknown option -%c", optopt);
			return HELPER_MISUSE;
		} else if (c == 'o') {
			buf_printf(&options, ",%s", optarg);
		} else if (c == 's') {
			buf_puts(&options, ",sloppy");
		} else if (c == 'f') {
			r.fake = true;
		} else if (c == 'v') {
			r.load.verbose = true;
		}
	}
	if (argc - optind != 2) {
		fail("usage: mount -t topofs [-o OPTIONS] TOPOLOGY MOUNTPOINT");
		return HELPER_MISUSE;
	}
	r.topology = argv[optind];
	r.mountpoint = argv[optind + 1];
	r.options = buf_text(&options);
	return mount_topology(&r) ? HELPER_FAILED : EXIT_OK;
}

const struct cmd cmd_mount = {
	.name = "mount",
	.args = "TOPOLOGY MOUNTPOINT",
	.doc = "serve the files of a machine in a folder",
	.text = "Returns when MOUNTPOINT/sys and MOUNTPOINT/proc can be read; a keeper and a worker serve them until\n"
		"MOUNTPOINT is unmounted (umount, or fusermount3 -u as an ordinary user) or the keeper gets a SIGTERM.\n"
		"When the worker dies the keeper starts another one, and readers notice no more than a pause.\n"
		"A SIGHUP to the keeper reads TOPOLOGY anew, as topofs reload does.\n"
		"In the foreground it tells the service manager when it is ready (Type=notify). With -o warm it is\n"
		"ready once everything was read, so that no reader waits for the server.\n"
		"\n"
		"The mount is read-only, nosuid, nodev and noexec. What root mounts everybody may read; an ordinary\n"
		"user asks for that with -o allow_other, where /etc/fuse.conf permits it.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
