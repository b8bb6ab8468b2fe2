/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Links of the real sysfs lead to devices, many of which are not there beside another machine. A folder that holds such
 * a link is covered by a tmpfs with all its other names: links copied, files and folders mounted.
 */

#include "union.h"

#include "topofs/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The place a link leads to, from the root of sysfs: "devices/virtual/tty/tty0"; false: out of it. */
static bool place_of(const char *folder, const char *text, struct buf *place)
{
	if (*text == '/')
		return false;
	buf_puts(place, folder);
	for (const char *p = text, *end; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, '/');
		size_t len = (size_t)(end - p);
		if (len == 2 && !strncmp(p, "..", 2)) {
			const char *slash = place->len ? strrchr(place->data, '/') : NULL;
			if (!place->len)
				return false;
			buf_cut(place, slash ? (size_t)(slash - place->data) : 0);
		} else if (len && !(len == 1 && *p == '.')) {
			buf_printf(place, "%s%.*s", place->len ? "/" : "", (int)len, p);
		}
	}
	return true;
}

bool will_resolve(const struct laying *l, const char *folder, const char *text)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf place = { 0 };
	if (!place_of(folder, text, &place))
		return false;
	enum rule rule = RULE_MIX;
	for (const char *p = buf_text(&place), *end; *p && rule != RULE_HIDE; p = *end ? end + 1 : end) {
		end = strchrnul(p, '/');
		rule = policy_rule(l->policy, arena_strndup(&a, place.data, (size_t)(end - place.data)), rule);
	}
	if (rule == RULE_REAL || rule == RULE_ALONE)
		return kind_at(l->real, buf_text(&place)) != 0;
	return rule != RULE_HIDE && kind_at(l->machine, buf_text(&place)) != 0;
}

static bool dangles(int folder, const char *name)
{
	struct stat st;
	return fstatat(folder, name, &st, AT_NO_AUTOMOUNT) < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP);
}

/* The folder of the store that a mount of it shows, to be written through; -1: none. */
static int stored_folder(const struct laying *l, ino_t number)
{
	for (unsigned i = l->stored; i-- > 0;) {
		_cleanup_arena_ struct arena a = { 0 };
		const char *name = arena_printf(&a, "%u", i);
		struct stat st;
		if (fstatat(l->store, name, &st, 0) == 0 && st.st_ino == number)
			return open_place(l->store, name);
	}
	return -1;
}

/* A folder of sysfs without those of its links that lead nowhere. */
static int cover(struct laying *l, int folder, const name_list *names)
{
	_cleanup_close_ int copy = store_folder(l);
	int rc = copy < 0 ? copy : 0;
	for (size_t i = 0; i < names->n && rc == 0; i++) {
		mode_t kind = kind_at(folder, names->at[i]);
		if (kind && !(kind == S_IFLNK && dangles(folder, names->at[i])))
			rc = copy_into(folder, names->at[i], kind, copy);
	}
	_cleanup_close_ int mount = rc < 0 ? rc : put_stored(copy, folder);
	return mount < 0 ? mount : 0;
}

static int remove_links(struct laying *l, int folder, ino_t number, const name_list *names)
{
	_cleanup_close_ int stored = stored_folder(l, number);
	for (size_t i = 0; i < names->n; i++)
		if (kind_at(folder, names->at[i]) == S_IFLNK && dangles(folder, names->at[i]) &&
		    (stored < 0 || unlinkat(stored, names->at[i], 0) < 0))
			return stored < 0 ? -ENOENT : -errno;
	return 0;
}

/* Deeper than any sysfs: each level has a folder open, and a place on the stack. */
enum { DEEPEST = 64 };

/* Sets whether a folder below was changed; control groups and all else that is mounted in it is none of ours. */
static int clean(struct laying *l, int above, const char *name, int depth, bool *changed)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int folder = open_place(above, name);
	name_list names = { 0 };
	struct stat st;
	if (depth > DEEPEST || folder < 0 || fstat(folder, &st) < 0 || !S_ISDIR(st.st_mode) ||
	    (st.st_dev != l->real_device && st.st_dev != l->store_device))
		return 0;
	if (list_names(&a, folder, &names) < 0)
		return 0; /* what cannot be listed is nobody's to see */
	bool dangling = false;
	int rc = 0;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		mode_t kind = kind_at(folder, names.at[i]);
		if (kind == S_IFDIR)
			rc = clean(l, folder, names.at[i], depth + 1, changed);
		else if (kind == S_IFLNK && !dangling)
			dangling = dangles(folder, names.at[i]);
	}
	if (rc < 0 || !dangling)
		return rc;
	*changed = true;
	return st.st_dev == l->store_device ? remove_links(l, folder, st.st_ino, &names) : cover(l, folder, &names);
}

/* Whether the folder above an area is one too, so that going through that goes through this. */
static bool is_in_another(const struct laying *l, const char *path)
{
	const char *slash = strrchr(path, '/');
	for (size_t i = 0; slash && i < l->areas.n; i++) {
		const char *other = l->areas.at[i];
		if (strlen(other) == (size_t)(slash - path) && !strncmp(other, path, (size_t)(slash - path)))
			return true;
	}
	return false;
}

/* What led to a link that is gone dangles then: until nothing does. */
int drop_dangling(struct laying *l)
{
	_cleanup_close_ int sys = open_place(l->top, "sys");
	int rc = 0;
	bool changed = true;
	for (int round = 0; changed && round < 8 && rc == 0; round++) {
		changed = false;
		for (size_t i = 0; i < l->areas.n && rc == 0; i++) {
			const char *path = l->areas.at[i];
			_cleanup_close_ int area = -1;
			if (!is_in_another(l, path) && (area = open_within(sys, *path ? path : ".", O_PATH | O_DIRECTORY)) >= 0)
				rc = clean(l, area, ".", 0, &changed);
		}
	}
	return rc;
}
