/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A described and a real sysfs as one.
 *
 * The machine's tree is the ground: where it has a folder, the real one can be mounted on it. So what is served stays in
 * view as it is, also when the server takes another description, and real files are the kernel's own: they move, can be
 * written and mapped. A folder that needs a name of both, where neither has a folder to mount on, is made in a tmpfs,
 * with a mount, or a copied link, for each of its names.
 */

#include "union.h"

#include "topofs/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- pieces ---------------------------------------------------------------------------------------------- */

int put(int from, const char *name, bool recursive, int place)
{
	int mount = mount_clone(from, name, recursive);
	int rc = mount < 0 ? mount : mount_onto(mount, place);
	if (rc < 0 && mount >= 0)
		close(mount);
	return rc < 0 ? rc : mount;
}

int store_folder(struct laying *l)
{
	char name[16];
	snprintf(name, sizeof name, "%u", l->stored++);
	if (mkdirat(l->store, name, 0755) < 0)
		return -errno;
	return open_place(l->store, name);
}

int put_stored(int folder, int place)
{
	int mount = put(folder, "", true, place);
	if (mount >= 0) {
		int rc = mount_read_only(mount);
		if (rc < 0) {
			close(mount);
			return rc;
		}
	}
	return mount;
}

static int copy_link(int from, const char *name, int folder)
{
	char text[PATH_MAX];
	ssize_t len = readlinkat(from, name, text, sizeof text - 1);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	return symlinkat(text, folder, name) < 0 ? -errno : 0;
}

/* An empty file or folder, to be mounted on. */
static int make_place(int folder, const char *name, mode_t kind)
{
	int rc = kind == S_IFDIR ? mkdirat(folder, name, 0755) : mknodat(folder, name, S_IFREG | 0444, 0);
	return rc < 0 ? -errno : open_place(folder, name);
}

int copy_into(int from, const char *name, mode_t kind, int folder)
{
	if (kind == S_IFLNK)
		return copy_link(from, name, folder);
	_cleanup_close_ int place = make_place(folder, name, kind);
	_cleanup_close_ int mount = place < 0 ? place : put(from, name, true, place);
	return mount < 0 ? mount : 0;
}

/* --- deciding -------------------------------------------------------------------------------------------- */

enum from { FROM_NONE, FROM_MACHINE, FROM_REAL, FROM_BOTH };

struct child {
	const char *name, *path;
	mode_t machine, real; /* its kind in both; 0: not there */
	enum rule rule;
	enum from from;
};
typedef LIST_OF(struct child) children;

static bool has_files(int folder, const char *name)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int fd = open_place(folder, name);
	name_list names = { 0 };
	if (fd < 0 || list_names(&a, fd, &names) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (kind_at(fd, names.at[i]) != S_IFDIR || has_files(fd, names.at[i]))
			return true;
	return false;
}

static bool link_resolves(const struct laying *l, int folder, const char *name, const char *path)
{
	char text[PATH_MAX];
	ssize_t len = readlinkat(folder, name, text, sizeof text - 1);
	text[len > 0 ? len : 0] = '\0';
	return len > 0 && will_resolve(l, path, text);
}

/* Whether a class, or a bus by its folder `devices`, has a link that leads to something. */
static bool any_resolves(const struct laying *l, const char *path)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *folder = strncmp(path, "bus/", 4) ? path : arena_printf(&a, "%s/devices", path);
	_cleanup_close_ int fd = open_within(l->real, folder, O_PATH | O_DIRECTORY);
	name_list names = { 0 };
	if (fd < 0 || list_names(&a, fd, &names) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (kind_at(fd, names.at[i]) == S_IFLNK && link_resolves(l, fd, names.at[i], folder))
			return true;
	return false;
}

static bool same_link(int a, int b, const char *name)
{
	char texts[2][PATH_MAX];
	ssize_t n = readlinkat(a, name, texts[0], PATH_MAX), m = readlinkat(b, name, texts[1], PATH_MAX);
	return n == m && n > 0 && !memcmp(texts[0], texts[1], (size_t)n);
}

/* What both have: the machine's word counts where a link leads elsewhere; a folder is looked into. */
static enum from decide_both(const struct child *c, bool below, int machine, int real)
{
	if (c->machine == S_IFDIR && c->real == S_IFDIR)
		return below || has_files(machine, c->name) ? FROM_BOTH : FROM_REAL;
	return c->machine == S_IFLNK && !(c->real == S_IFLNK && same_link(machine, real, c->name)) ? FROM_MACHINE : FROM_REAL;
}

static enum from decide(const struct laying *l, const struct child *c, int machine, int real)
{
	enum from machine_alone = c->machine ? FROM_MACHINE : FROM_NONE;
	switch (c->rule) {
	case RULE_HIDE:
		return FROM_NONE;
	case RULE_MACHINE:
		return machine_alone;
	case RULE_ALONE:
		return c->real ? FROM_REAL : machine_alone;
	case RULE_RESOLVES:
		return c->machine ? FROM_MACHINE : c->real == S_IFDIR && any_resolves(l, c->path) ? FROM_REAL : FROM_NONE;
	case RULE_MIX:
		return c->machine == S_IFDIR || c->real == S_IFDIR ? FROM_BOTH : machine_alone;
	case RULE_REAL:
		break;
	}
	bool below = policy_has_below(l->policy, c->path);
	if (c->machine && c->real)
		return decide_both(c, below, machine, real);
	if (c->real)
		return c->real == S_IFDIR && below ? FROM_BOTH : FROM_REAL;
	return c->machine == S_IFDIR && !has_files(machine, c->name) ? FROM_NONE : FROM_MACHINE;
}

static void add_child(struct laying *l, const char *path, enum rule above, int machine, int real, const char *name,
		      children *ret)
{
	struct child c = { .name = name, .machine = kind_at(machine, name), .real = kind_at(real, name) };
	c.path = *path ? arena_printf(&l->arena, "%s/%s", path, name) : name;
	c.rule = policy_rule(l->policy, c.path, above);
	c.from = decide(l, &c, machine, real);
	*LIST_ADD(&l->arena, ret) = c;
}

/* The names of both, each once. */
static int list_children(struct laying *l, const char *path, enum rule rule, int machine, int real, children *ret)
{
	name_list names = { 0 }, more = { 0 };
	int rc = machine < 0 ? 0 : list_names(&l->arena, machine, &names);
	if (rc == 0 && real >= 0)
		rc = list_names(&l->arena, real, &more);
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		add_child(l, path, rule, machine, real, names.at[i], ret);
	for (size_t i = 0; rc == 0 && i < more.n; i++)
		if (!kind_at(machine, more.at[i]))
			add_child(l, path, rule, machine, real, more.at[i], ret);
	return rc;
}

/* --- laying ---------------------------------------------------------------------------------------------- */

/* Whether what is to differ from the ground, the files of one of the two, has a folder there to be mounted on. */
static bool fits_on(const children *all, enum from ground)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct child *c = &all->at[i];
		mode_t there = ground == FROM_MACHINE ? c->machine : c->real;
		mode_t other = ground == FROM_MACHINE ? c->real : c->machine;
		if (c->from == ground || (c->from == FROM_NONE && !there))
			continue;
		if (there != S_IFDIR || (c->from != FROM_NONE && c->from != FROM_BOTH && other != S_IFDIR))
			return false;
	}
	return true;
}

static int lay(struct laying *l, const char *path, enum rule rule, int machine, int real, int place, enum from shown);

static int lay_child(struct laying *l, const struct child *c, int machine, int real, int place, enum from shown)
{
	_cleanup_close_ int mount = -1;
	if (c->from == FROM_NONE) {
		_cleanup_close_ int empty = store_folder(l);
		mount = empty < 0 ? empty : put_stored(empty, place);
		return mount < 0 ? mount : 0;
	}
	if (c->from == FROM_BOTH) {
		_cleanup_close_ int m = c->machine == S_IFDIR ? open_place(machine, c->name) : -1;
		_cleanup_close_ int r = c->real == S_IFDIR ? open_place(real, c->name) : -1;
		return lay(l, c->path, c->rule, m, r, place, shown);
	}
	if (c->from == FROM_REAL)
		*LIST_ADD(&l->arena, &l->areas) = c->path;
	mount = put(c->from == FROM_REAL ? real : machine, c->name, true, place);
	return mount < 0 ? mount : 0;
}

/* On the ground's own folders. */
static int lay_on(struct laying *l, const children *all, enum from ground, int machine, int real, int place)
{
	int rc = 0;
	for (size_t i = 0; i < all->n && rc == 0; i++) {
		const struct child *c = &all->at[i];
		mode_t there = ground == FROM_MACHINE ? c->machine : c->real;
		if (c->from == ground || (c->from == FROM_NONE && !there))
			continue;
		_cleanup_close_ int on = open_place(place, c->name);
		rc = on < 0 ? on : lay_child(l, c, machine, real, on, ground);
	}
	return rc;
}

/* In a folder of the store, which is then mounted on the place. */
static int lay_stored(struct laying *l, const char *path, const children *all, int machine, int real, int place)
{
	_cleanup_close_ int folder = store_folder(l);
	int rc = folder < 0 ? folder : 0;
	for (size_t i = 0; i < all->n && rc == 0; i++) {
		const struct child *c = &all->at[i];
		int from = c->from == FROM_REAL ? real : machine;
		mode_t kind = c->from == FROM_REAL ? c->real : c->machine;
		if (c->from == FROM_NONE)
			continue;
		if (c->from == FROM_BOTH || kind == S_IFDIR) {
			_cleanup_close_ int on = make_place(folder, c->name, S_IFDIR);
			rc = on < 0 ? on : lay_child(l, c, machine, real, on, FROM_NONE);
		} else {
			rc = copy_into(from, c->name, kind, folder);
		}
	}
	*LIST_ADD(&l->arena, &l->areas) = path;
	_cleanup_close_ int mount = rc < 0 ? rc : put_stored(folder, place);
	return mount < 0 ? mount : 0;
}

/* Makes a place, where the files of `shown` are in view already, show what the rules say. */
static int lay(struct laying *l, const char *path, enum rule rule, int machine, int real, int place, enum from shown)
{
	children all = { 0 };
	enum from ground = rule == RULE_REAL ? FROM_REAL : FROM_MACHINE;
	int from = ground == FROM_REAL ? real : machine;

	int rc = list_children(l, path, rule, machine, real, &all);
	if (rc < 0)
		return rc;
	if (from < 0 || !fits_on(&all, ground))
		return lay_stored(l, path, &all, machine, real, place);
	if (ground == FROM_REAL)
		*LIST_ADD(&l->arena, &l->areas) = path;
	if (shown == ground)
		return lay_on(l, &all, ground, machine, real, place);
	_cleanup_close_ int mount = put(from, "", true, place);
	return mount < 0 ? mount : lay_on(l, &all, ground, machine, real, mount);
}

static dev_t device_of(int place)
{
	struct stat st;
	return fstat(place, &st) == 0 ? st.st_dev : 0;
}

int lay_union(const struct policy *policy, int scratch, int machine, int real, struct err *err)
{
	int rc = mkdirat(scratch, "store", 0755) < 0 || mkdirat(scratch, "sys", 0755) < 0 ? -errno : 0;
	_cleanup_close_ int store = rc < 0 ? -1 : open_place(scratch, "store");
	_cleanup_close_ int place = rc < 0 ? -1 : open_place(scratch, "sys");
	struct laying l = { .policy = policy, .machine = machine, .real = real, .top = scratch, .store = store };
	l.store_device = device_of(scratch);
	_cleanup_close_ int devices = real < 0 ? -1 : open_place(real, "devices");
	l.real_device = devices < 0 ? 0 : device_of(devices);
	if (rc == 0)
		rc = lay(&l, "", RULE_MIX, machine, real, place, FROM_NONE);
	if (rc == 0 && real >= 0)
		rc = drop_dangling(&l);
	arena_done(&l.arena);
	if (rc < 0)
		err_set(err, "", "cannot put the machine's /sys and the real one together: %s", why_not(rc));
	return rc;
}
