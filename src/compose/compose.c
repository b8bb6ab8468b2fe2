/* SPDX-License-Identifier: Apache-2.0 */

/* Putting a machine's files into place, and taking them away. */

#include "union.h"

#include "topofs/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

/* A file of the machine's, and the place that it is to cover. */
struct covering {
	int mount, folder; /* the place is `name` in this folder */
	const char *name;
};

struct composing {
	const struct compose *how;
	const struct policy *policy; /* NULL: the machine's /sys alone */
	int root, machine, real;     /* root: -1: no /proc is covered; real: a mount of the real sysfs; -1: none */
	int sys;		     /* what is to cover /sys: a mount */
	LIST_OF(struct covering) proc;
	struct arena arena;
	struct err *err;
};

/* --- files of /proc -------------------------------------------------------------------------------------- */

static bool is_counterpart(int machine, int real, const char *name)
{
	mode_t kind = kind_at(machine, name);
	return kind && kind != S_IFLNK && kind_at(real, name) == kind;
}

/*
 * Whether the files of a folder can be covered one by one: all it has is also in the real one, which has nothing more
 * that tells of the real machine, as /proc/driver and /proc/bus/pci have. What is in the folders below is looked at in
 * turn.
 */
static bool has_all_names(int machine, int real)
{
	_cleanup_arena_ struct arena a = { 0 };
	name_list names = { 0 }, there = { 0 };
	bool only_files = true, all = list_names(&a, machine, &names) == 0 && list_names(&a, real, &there) == 0;

	for (size_t i = 0; i < names.n; i++)
		only_files &= kind_at(machine, names.at[i]) != S_IFDIR;
	all = all && (names.n == there.n || !only_files);
	for (size_t i = 0; all && i < names.n; i++)
		all = is_counterpart(machine, real, names.at[i]);
	return all;
}

static void cannot(const struct composing *c, const char *path, const char *why)
{
	if (c->how->cannot)
		c->how->cannot(c->how->ctx, path, why);
}

/* Finds what covers what, without doing it. A folder that has more in the machine is covered whole. */
static void find_covers(struct composing *c, int machine, int real, const char *path)
{
	name_list names = { 0 };
	int rc = list_names(&c->arena, machine, &names);
	if (rc < 0)
		cannot(c, path, why_not(rc));
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.at[i], *below = arena_printf(&c->arena, "%s/%s", path, name);
		if (!is_counterpart(machine, real, name)) {
			cannot(c, below, "there is no such file here to cover");
			continue;
		}
		_cleanup_close_ int m = open_place(machine, name);
		_cleanup_close_ int r = open_place(real, name);
		if (kind_at(machine, name) == S_IFDIR && has_all_names(m, r)) {
			find_covers(c, m, r, below);
			continue;
		}
		struct covering cover = { mount_clone(m, "", false), open_place(real, "."), name };
		if (cover.mount >= 0 && cover.folder >= 0) {
			*LIST_ADD(&c->arena, &c->proc) = cover;
			continue;
		}
		cannot(c, below, why_not(cover.mount < 0 ? cover.mount : cover.folder));
		close_fd(&cover.mount);
		close_fd(&cover.folder);
	}
}

/* --- together -------------------------------------------------------------------------------------------- */

static int mount_at(int mount, int scratch, const char *name)
{
	if (mkdirat(scratch, name, 0755) < 0)
		return -errno;
	_cleanup_close_ int place = open_place(scratch, name);
	int rc = place < 0 ? place : mount_onto(mount, place);
	return rc < 0 ? rc : 0;
}

/* In a mount namespace of this process's own: nothing here is seen by anybody. */
static int put_together(void *ctx)
{
	struct composing *c = ctx;
	_cleanup_close_ int scratch = make_scratch(c->err);
	if (scratch < 0)
		return scratch;
	int rc = mount_at(c->machine, scratch, "machine");
	if (rc == 0 && c->real >= 0)
		rc = mount_at(c->real, scratch, "real");
	if (rc < 0)
		return say_why_not(c->err, rc, "cannot mount the machine's files where they are put together");
	_cleanup_close_ int machine = open_within(scratch, "machine/sys", O_PATH | O_DIRECTORY);
	if (machine < 0)
		return say_why_not(c->err, machine, "no sys in the machine's files");
	if (c->policy)
		rc = lay_union(c->policy, scratch, machine, c->real, c->err);
	if (rc < 0)
		return rc;
	c->sys = mount_clone(c->policy ? scratch : machine, c->policy ? "sys" : "", true);

	_cleanup_close_ int proc = open_within(scratch, "machine/proc", O_PATH | O_DIRECTORY);
	_cleanup_close_ int real = c->root < 0 ? -1 : open_within(c->root, "proc", O_PATH | O_DIRECTORY);
	if (proc >= 0 && real >= 0)
		find_covers(c, proc, real, "/proc");
	return c->sys < 0 ? say_why_not(c->err, c->sys, "cannot copy the mounts that were put together") : 0;
}

/* Takes those of the first n away again. */
static void uncover(const struct composing *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fchdir(c->proc.at[i].folder) == 0)
			umount2(c->proc.at[i].name, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* /sys last and in one step, so that whoever sees the machine's sees all of it. */
static int put_in_place(struct composing *c, int sys)
{
	size_t n = 0;
	int rc = 0;
	for (; n < c->proc.n && rc == 0; n += rc == 0) {
		_cleanup_close_ int place = open_place(c->proc.at[n].folder, c->proc.at[n].name);
		rc = place < 0 ? place : mount_onto(c->proc.at[n].mount, place);
	}
	if (rc < 0)
		say_why_not(c->err, rc, arena_printf(&c->arena, "cannot cover %s of /proc", c->proc.at[n].name));
	else if ((rc = mount_onto(c->sys, sys)) < 0)
		say_why_not(c->err, rc, "cannot cover /sys");
	if (rc < 0)
		uncover(c, n);
	return rc;
}

static void composing_done(struct composing *c)
{
	for (size_t i = 0; i < c->proc.n; i++) {
		close(c->proc.at[i].mount);
		close(c->proc.at[i].folder);
	}
	close_fd(&c->sys);
	close_fd(&c->real);
	arena_done(&c->arena);
}

static bool is_of_type(int place, long type)
{
	struct statfs fs;
	return fstatfs(place, &fs) == 0 && fs.f_type == type;
}

/* Whole, or as systemd-nspawn has it in a network of its own: a tmpfs with folders of sysfs. */
static bool shows_sysfs(int place)
{
	_cleanup_close_ int devices = open_place(place, "devices");
	return is_of_type(devices, SYSFS_MAGIC);
}

static int compose(const struct compose *how, int real, int root, int place, struct err *err)
{
	__attribute__((cleanup(composing_done))) struct composing c = {
		.how = how, .root = root, .machine = how->machine, .real = -1, .sys = -1, .err = err
	};
	struct policy policy = { 0 };
	if (how->policy && policy_read(&c.arena, how->policy, &policy, err) < 0)
		return -EINVAL;
	c.policy = how->policy ? &policy : NULL;
	if ((policy.host || policy.real.n) && !shows_sysfs(real)) {
		err_set(err, "", "/sys is no sysfs, so there is nothing real to show beside the machine");
		return -ENOTTY;
	}
	if (c.policy && (c.real = mount_clone(real, "", true)) < 0)
		return say_why_not(err, c.real, "cannot copy the mount of the real /sys");
	int rc = compose_apart(put_together, &c);
	return rc < 0 ? rc : put_in_place(&c, place);
}

static bool is_on(const mount_list *mounts, int place, bool (*is)(const struct mount_line *m))
{
	const struct mount_line *m = place < 0 ? NULL : find_mount(mounts, mount_id(place));
	return m && is(m);
}

/*
 * Of topofs', as LXC has the CPUs of lxcfs there. The top may be a tmpfs, where there is something that it needs a place
 * for.
 */
static int shows_machine(int proc, int sys, struct err *err)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int cpus = open_within(sys, "devices/system/cpu", O_PATH | O_DIRECTORY);
	mount_list mounts = { 0 };
	int rc = read_mounts(&a, proc, 0, &mounts);
	if (rc < 0)
		return say_why_not(err, rc, "cannot read the list of mounts");
	return is_on(&mounts, sys, is_ours) || is_on(&mounts, cpus, is_served);
}

int compose_onto(const struct compose *c, int root, bool again, struct err *err)
{
	_cleanup_close_ int sys = open_within(root, "sys", O_PATH | O_DIRECTORY);
	if (sys < 0)
		return say_why_not(err, sys, "cannot open /sys");
	int rc = again ? 0 : shows_machine(c->proc, sys, err);
	if (rc > 0) {
		err_set(err, "", "something of topofs covers /sys already");
		return -EBUSY;
	}
	return rc < 0 ? rc : compose(c, sys, root, sys, err);
}

int compose_beside(const struct compose *how, int real, int folder, struct err *err)
{
	_cleanup_close_ int sys = open_place(folder, "sys");
	return sys < 0 ? say_why_not(err, sys, "no sys in the machine's files") : compose(how, real, -1, sys, err);
}

/* --- away ------------------------------------------------------------------------------------------------ */

/* Where compose_onto() mounts, and nobody else of topofs'; a repair may have covered that by the same. */
static bool is_composed(const mount_list *mounts, const struct mount_line *m)
{
	const struct mount_line *on = find_mount(mounts, m->parent);
	bool covers = on && is_ours(on) && !strcmp(on->mountpoint, m->mountpoint);
	return is_ours(m) && (covers || !(on && is_ours(on))) &&
	       (!strcmp(m->mountpoint, "/sys") || !strncmp(m->mountpoint, "/proc/", 6));
}

/* The last one mounted that is to go and can be reached by its path; else `*hidden` is one that cannot, if there is. */
static const struct mount_line *last_composed(const mount_list *mounts, const struct mount_line **hidden, int *place)
{
	*hidden = NULL;
	for (size_t i = mounts->n; i-- > 0;) {
		const struct mount_line *m = &mounts->at[i];
		if (!is_composed(mounts, m))
			continue;
		*place = open(m->mountpoint, O_PATH | O_CLOEXEC | O_NOFOLLOW);
		if (mount_id(*place) == m->id)
			return m;
		close_fd(place);
		*hidden = *hidden ? *hidden : m;
	}
	return NULL;
}

/* 1: one was taken away, 0: there is none. */
static int take_off(int proc, struct err *err)
{
	_cleanup_arena_ struct arena a = { 0 };
	mount_list mounts = { 0 };
	const struct mount_line *hidden;
	int place, rc = read_mounts(&a, proc, 0, &mounts);

	if (rc < 0)
		return say_why_not(err, rc, "cannot read the list of mounts");
	const struct mount_line *m = last_composed(&mounts, &hidden, &place);
	if (!m && hidden) {
		err_set(err, "", "something else is mounted on its %s", hidden->mountpoint);
		return -EBUSY;
	}
	if (!m)
		return 0;
	rc = unmount_place(proc, place);
	close_fd(&place);
	return rc < 0 ? say_why_not(err, rc, arena_printf(&a, "cannot unmount its %s", m->mountpoint)) : 1;
}

/*
 * The list is read anew each time: where the mount below is shared, as systemd-nspawn's /proc is with its /proc/bus, a
 * mount has a copy that no path leads to, and which goes with it.
 */
int compose_off(int proc, size_t *n, struct err *err)
{
	int rc;

	for (*n = 0; (rc = take_off(proc, err)) > 0; ++*n)
		;
	if (rc < 0 || *n)
		return rc;
	err_set(err, "", "nothing of topofs is attached");
	return -ENOENT;
}

/* --- what is mounted ------------------------------------------------------------------------------------- */

int compose_clone(int folder, const char *path, struct err *err)
{
	int fd = mount_clone(folder, path, false);
	if (fd < 0)
		err_set(err, "", "%s", why_not(fd));
	return fd;
}

int compose_is_alive(const char *folder, struct err *err)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int proc = open("/proc", O_PATH | O_CLOEXEC | O_DIRECTORY);
	mount_list mounts = { 0 };
	struct statfs fs;
	int rc = statfs(folder, &fs) < 0 ? -errno : fs.f_type == FUSE_SUPER_MAGIC ? 0 : -ENODEV;
	if (rc == 0)
		rc = read_mounts(&a, proc, 0, &mounts);
	if (rc == 0) {
		_cleanup_close_ int fd = open(folder, O_PATH | O_CLOEXEC | O_DIRECTORY);
		rc = is_on(&mounts, fd, is_served) && kind_at(fd, "sys") == S_IFDIR ? 0 : -ENODEV;
	}
	if (rc == -ENOTCONN)
		err_set(err, "", "the server of what is mounted here is gone");
	else if (rc == -ENODEV)
		err_set(err, "", "nothing of topofs is mounted here");
	else if (rc < 0)
		err_set(err, "", "%s", strerror(-rc));
	return rc;
}
