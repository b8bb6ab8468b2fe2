/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A living mount in the place of a dead one: made ready where nobody sees it, with all that is mounted on the dead one,
 * put beneath that, which is then taken away. So there is no moment at which the place shows anything else. Where nothing
 * can be put beneath it, it is covered, and stays: taken away first it would show what is under it, for good where this
 * process ends then.
 */

#include "repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* What is mounted on the dead one. */
struct burden {
	int mount;
	const char *at; /* below the dead one's root */
};

struct surgery {
	const struct healing *h;
	int mount; /* what is to be in its place */
	struct arena arena;
	LIST_OF(struct burden) burdens;
};

static void surgery_done(struct surgery *s)
{
	for (size_t i = 0; i < s->burdens.n; i++)
		close(s->burdens.at[i].mount);
	close_fd(&s->mount);
	arena_done(&s->arena);
}

static int failed(const struct surgery *s, int rc, const char *what)
{
	err_set(s->h->err, "", "%s: %s", what, strerror(-rc));
	return rc;
}

static int enter_view(const struct surgery *s)
{
	_cleanup_close_ int process = s->h->view->pid ? compose_open_process(s->h->view->pid, s->h->err) : -1;
	int rc = !s->h->view->pid ? 0 : process < 0 ? process : compose_enter(process, s->h->err);
	int root = rc < 0 ? rc : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return rc == 0 && root < 0 ? failed(s, -errno, "cannot open its root") : root;
}

/* --- a copy of the living one ---------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint64_t flag;
} flags[] = {
	{ "ro", MOUNT_ATTR_RDONLY },	       { "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },	       { "noexec", MOUNT_ATTR_NOEXEC },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME }, { "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
};

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = words; (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ',') && (at[len] == ',' || !at[len]))
			return true;
	return false;
}

/* Those of the dead one. A user namespace may not take away what was not allowed outside. */
static int keep_flags(int mount, const char *options)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR__ATIME };
	attr.attr_set = has_word(options, "noatime")  ? MOUNT_ATTR_NOATIME :
			has_word(options, "relatime") ? MOUNT_ATTR_RELATIME :
							MOUNT_ATTR_STRICTATIME;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		*(has_word(options, flags[i].name) ? &attr.attr_set : &attr.attr_clr) |= flags[i].flag;
	if (mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof attr) == 0)
		return 0;
	attr.attr_set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	attr.attr_clr = 0;
	return mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0 ? -errno : 0;
}

static int copy_living(struct surgery *s)
{
	const struct healing *h = s->h;
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int living = root < 0 ? -errno : open_mounted(root, h->living);
	const char *name = *h->part ? h->part : ".";
	_cleanup_close_ int part = living < 0 ? living : open_within(living, name, O_PATH | O_NOFOLLOW);
	if (part < 0)
		return failed(s, part, arena_printf(&s->arena, "%s/%s", h->living->mountpoint, h->part));
	if (mount_id(part) != h->living->id) {
		err_set(h->err, "", "something else is mounted on %s/%s", h->living->mountpoint, h->part);
		return -EBUSY;
	}
	int rc = s->mount = mount_clone(part, "", false);
	if (rc >= 0)
		rc = keep_flags(s->mount, h->dead->options);
	return rc < 0 ? failed(s, rc, arena_printf(&s->arena, "cannot copy the mount %s", h->living->mountpoint)) : 0;
}

/* --- what is mounted on the dead one --------------------------------------------------------------------- */

/* What is to be seen there; what that covers is of no use to anybody, and cannot be reached. */
static int take_burden(struct surgery *s, int root, const struct mount_line *m)
{
	_cleanup_close_ int place = open_within(root, m->mountpoint, O_PATH | O_NOFOLLOW);
	if (place < 0)
		return failed(s, place, arena_printf(&s->arena, "cannot reach what is mounted on its %s", m->mountpoint));
	int mount = mount_copy(place, "", true);
	if (mount < 0)
		return failed(s, mount, arena_printf(&s->arena, "cannot copy what is mounted on its %s", m->mountpoint));
	struct burden b = { mount, m->mountpoint + strlen(s->h->dead->mountpoint) + 1 };
	*LIST_ADD(&s->arena, &s->burdens) = b;
	return 0;
}

static int take_burdens(void *ctx)
{
	struct surgery *s = ctx;
	_cleanup_close_ int root = enter_view(s);
	int rc = root < 0 ? root : 0;
	for (size_t i = 0; i < s->h->mounts->n && rc == 0; i++)
		if (s->h->mounts->at[i].parent == s->h->dead->id)
			rc = take_burden(s, root, &s->h->mounts->at[i]);
	return rc;
}

static int make_bed(int scratch, int mount)
{
	struct stat st;
	if (fstatat(mount, "", &st, AT_EMPTY_PATH | AT_NO_AUTOMOUNT) < 0)
		return -errno;
	int rc = S_ISDIR(st.st_mode) ? mkdirat(scratch, "bed", 0755) : mknodat(scratch, "bed", S_IFREG | 0444, 0);
	return rc < 0 ? -errno : open_place(scratch, "bed");
}

/* In a mount namespace of this process's own. */
static int lay_burdens(void *ctx)
{
	struct surgery *s = ctx;
	_cleanup_close_ int scratch = make_scratch(s->h->err);
	if (scratch < 0)
		return scratch;
	_cleanup_close_ int bed = make_bed(scratch, s->mount);
	int rc = bed < 0 ? bed : mount_onto(s->mount, bed);
	if (rc < 0)
		return failed(s, rc, "cannot mount the copy where it is made ready");
	for (size_t i = 0; i < s->burdens.n; i++) {
		_cleanup_close_ int place = open_within(s->mount, s->burdens.at[i].at, O_PATH | O_NOFOLLOW);
		rc = place < 0 ? place : mount_onto(s->burdens.at[i].mount, place);
		if (rc < 0)
			return failed(s, rc, arena_printf(&s->arena, "cannot carry over what is mounted on its %s", s->burdens.at[i].at));
	}
	rc = mount_copy(s->mount, "", true);
	if (rc < 0)
		return failed(s, rc, "cannot copy what was made ready");
	close(s->mount);
	s->mount = rc;
	return 0;
}

/* --- into its place -------------------------------------------------------------------------------------- */

static int put_in_place(void *ctx)
{
	struct surgery *s = ctx;
	_cleanup_close_ int root = enter_view(s);
	_cleanup_close_ int dead = root < 0 ? root : open_mounted(root, s->h->dead);
	if (root < 0)
		return root;
	int rc = dead < 0 ? dead : s->h->is_beneath ? 0 : mount_beneath(s->mount, dead);
	if (rc == 0)
		rc = unmount_place(s->h->repair->proc, dead);
	else if (rc == -EINVAL) /* before Linux 6.5, or it came with a less privileged user namespace and is locked there */
		rc = mount_onto(s->mount, dead);
	if (rc == -EXDEV)
		err_set(s->h->err, "", "it is another mount meanwhile");
	else if (rc < 0)
		failed(s, rc, "cannot put a living mount in its place");
	return rc;
}

int heal(const struct healing *h)
{
	__attribute__((cleanup(surgery_done))) struct surgery s = { .h = h, .mount = -1 };
	struct mount_attr shared = { .propagation = MS_SHARED };
	if (h->is_beneath)
		return compose_apart(put_in_place, &s);
	int rc = copy_living(&s);
	if (rc == 0)
		rc = compose_apart(take_burdens, &s);
	if (rc == 0 && s.burdens.n)
		rc = compose_apart(lay_burdens, &s);
	if (rc == 0 && h->dead->shared && mount_setattr(s.mount, "", AT_EMPTY_PATH, &shared, sizeof shared) < 0)
		rc = failed(&s, -errno, "cannot let mounts on it reach others");
	return rc < 0 ? rc : compose_apart(put_in_place, &s);
}
