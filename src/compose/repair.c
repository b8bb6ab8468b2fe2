/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Dead mounts, and what takes their place. A mount is known by its source, which names the machine, and by the user who
 * made it, so that nobody's files come into the place of somebody else's; and only what is mounted where this process
 * is, is taken for it, not what is said to be the same elsewhere.
 */

#include "repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* --- what is the same ------------------------------------------------------------------------------------ */

/* "user_id=0" of what is mounted, up to the comma; "" where there is none */
static size_t owner_of(const struct mount_line *m, const char **ret)
{
	const char *word = strstr(m->super, "user_id=");
	*ret = word ? word : "";
	return strcspn(*ret, ",");
}

static bool is_of_same(const struct mount_line *a, const struct mount_line *b)
{
	const char *x, *y;
	size_t n = owner_of(a, &x), m = owner_of(b, &y);
	return is_served(a) && is_served(b) && !strcmp(a->source, b->source) && n == m && !strncmp(x, y, n);
}

/* The path of a mount's root below another's, "" where it is the same; NULL: it is not below. */
static const char *part_of(struct arena *a, const struct mount_line *m, const struct mount_line *whole)
{
	static const char deleted[] = "//deleted"; /* as the kernel calls what has lost its name */
	size_t len = strcmp(whole->root, "/") != 0 ? strlen(whole->root) : 0, end = strlen(m->root);
	if (end >= sizeof deleted && !strcmp(m->root + end - sizeof deleted + 1, deleted))
		end -= sizeof deleted - 1;
	if (end < len || strncmp(m->root, whole->root, len) != 0 || (end > len && m->root[len] != '/'))
		return NULL;
	return arena_strndup(a, m->root + len + (end > len), end - len - (end > len));
}

/* The one mounted last, as that is what was started again. */
static bool find_living(struct repair *r, struct healing *h)
{
	for (size_t i = r->own.n; i-- > 0;) {
		const struct mount_line *m = &r->own.at[i];
		if (!is_of_same(m, h->dead) || !(h->part = part_of(&r->arena, h->dead, m)) ||
		    life_of(r, &r->views.at[0], m) != ALIVE)
			continue;
		h->living = m;
		return true;
	}
	return false;
}

static bool has_same_on(const mount_list *mounts, const struct mount_line *on, const struct mount_line *m)
{
	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount_line *other = &mounts->at[i];
		if (other->parent == on->id && !strcmp(other->mountpoint, m->mountpoint) && other->major == m->major &&
		    other->minor == m->minor && !strcmp(other->root, m->root))
			return true;
	}
	return false;
}

/* One that an interrupted repair left: what is to be seen is beneath it already, with all that is mounted on it. */
static bool is_healed_beneath(struct repair *r, const struct healing *h)
{
	const struct mount_line *below = find_mount(h->mounts, h->dead->parent);
	if (!below || !is_of_same(below, h->dead) || strcmp(below->mountpoint, h->dead->mountpoint) != 0 ||
	    strcmp(below->root, h->dead->root) != 0 || life_of(r, h->view, below) != ALIVE)
		return false;
	for (size_t i = 0; i < h->mounts->n; i++)
		if (h->mounts->at[i].parent == h->dead->id && !has_same_on(h->mounts, below, &h->mounts->at[i]))
			return false;
	return true;
}

/* --- one after the other --------------------------------------------------------------------------------- */

static int repair_one(struct repair *r, const struct view *v, const mount_list *mounts, const struct mount_line *m)
{
	struct err err = { 0 };
	struct healing h = { .repair = r, .view = v, .mounts = mounts, .dead = m, .err = &err };
	struct compose_dead dead = { v->pid, m->mountpoint, m->source, NULL };
	int rc = find_living(r, &h) ? 0 : -ENODEV;

	if (rc == 0) {
		dead.living = h.living->mountpoint;
		h.is_beneath = is_healed_beneath(r, &h);
		if (!r->how->dry_run)
			rc = heal(&h);
	}
	/* a container that has ended meanwhile has taken it along */
	if (rc == 0 || rc == -ENODEV || is_dead_there(r, v, m))
		r->how->found(r->how->ctx, &dead, rc, &err);
	return rc;
}

static bool was_seen(const struct repair *r, uint64_t id)
{
	for (size_t i = 0; i < r->seen.n; i++)
		if (r->seen.at[i] == id)
			return true;
	return false;
}

static bool is_wanted(const struct repair *r, const struct mount_line *m)
{
	for (size_t i = 0; i < r->sources.n; i++)
		if (!strcmp(r->sources.at[i], m->source))
			return true;
	return r->sources.n == 0;
}

/* Of those not looked at yet one on which no other is left, as its place is the longest. */
static const struct mount_line *next_served(const struct repair *r, const mount_list *mounts)
{
	const struct mount_line *next = NULL;
	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount_line *m = &mounts->at[i];
		if (is_served(m) && is_wanted(r, m) && !was_seen(r, m->id) &&
		    (!next || strlen(m->mountpoint) > strlen(next->mountpoint)))
			next = m;
	}
	return next;
}

/* What is healed is another mount after that, so the list is read again. */
static bool repair_next(struct repair *r, const struct view *v)
{
	_cleanup_arena_ struct arena a = { 0 };
	mount_list mounts = { 0 };
	if (read_mounts(&a, r->proc, v->pid, &mounts) < 0)
		return false;
	for (const struct mount_line *m; (m = next_served(r, &mounts));) {
		*LIST_ADD(&r->arena, &r->seen) = m->id;
		if (is_dead_there(r, v, m) && repair_one(r, v, &mounts, m) == 0 && !r->how->dry_run)
			return true;
	}
	return false;
}

/*
 * One repair after the other in a namespace, as two would pile up mounts. Who holds the lock for another reason, as
 * anybody in the namespace can, is waited for two seconds.
 */
static int lock_view(const struct repair *r, const struct view *v)
{
	enum { TRIES = 100, PAUSE_US = 20000 };
	char path[32] = "self/ns/mnt";
	if (v->pid)
		snprintf(path, sizeof path, "%d/ns/mnt", (int)v->pid);
	int fd = openat(r->proc, path, O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < TRIES && fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
		usleep(PAUSE_US);
	return fd;
}

static void repair_view(struct repair *r, const struct view *v)
{
	int lock = r->how->dry_run ? -1 : lock_view(r, v);
	while (repair_next(r, v))
		;
	close_fd(&lock);
}

static int pick_source(struct repair *r, const char *folder, struct err *err)
{
	for (size_t i = r->own.n; i-- > 0;) {
		const struct mount_line *m = &r->own.at[i];
		if (is_served(m) && !strcmp(m->mountpoint, folder)) {
			*LIST_ADD(&r->arena, &r->sources) = m->source;
			return 0;
		}
	}
	err_set(err, "", "nothing of topofs is mounted here");
	return -ENODEV;
}

static void repair_done(struct repair *r)
{
	close_fd(&r->proc);
	arena_done(&r->arena);
}

int compose_repair(const struct compose_repair *how, struct err *err)
{
	__attribute__((cleanup(repair_done))) struct repair r = { .how = how };

	r.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int rc = r.proc < 0 ? -errno : read_mounts(&r.arena, r.proc, 0, &r.own);
	if (rc < 0) {
		err_set(err, "", "cannot read the list of mounts: %s", strerror(-rc));
		return rc;
	}
	if (how->folder)
		rc = pick_source(&r, how->folder, err);
	if (rc == 0)
		rc = find_views(&r, err);
	for (size_t i = 0; i < r.views.n && rc == 0; i++)
		repair_view(&r, &r.views.at[i]);
	if (rc == 0 && r.cannot_ask) {
		rc = r.cannot_ask;
		err_set(err, "", "cannot ask what is dead: %s", rc == -ECHILD ? "the process that asks was killed" : strerror(-rc));
	}
	return rc;
}
