/* SPDX-License-Identifier: Apache-2.0 */

/* The mounts there are, who sees them, and what keeps them. */

#include "doctor.h"

#include "topofs/child.h"
#include "topofs/cmd.h"
#include "topofs/compose.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- what servers say ------------------------------------------------------------------------------------ */

static int ask(void *folder, void *answer)
{
	struct err ignored;
	return serve_status(folder, answer, &ignored);
}

static void note_dead(void *ctx, const struct compose_dead *dead, int rc, const struct err *why)
{
	struct host *h = ctx;
	(void)rc, (void)why;
	if (h->n_dead++ == 0)
		snprintf(h->dead, sizeof h->dead, "%s of process %d", dead->folder,
			 (int)(dead->pid ? dead->pid : getpid()));
}

void learn_mounts(struct host *h)
{
	read_own_mounts(&h->arena, &h->lines);
	for (size_t i = 0; i < h->lines.n; i++) {
		if (!is_served(&h->lines.at[i]))
			continue;
		struct seen_mount *seen = LIST_ADD(&h->arena, &h->mounts);
		seen->folder = arena_strdup(&h->arena, h->lines.at[i].mountpoint);
		seen->rc = call_in_time(ask, seen->folder, &seen->status, sizeof seen->status, false);
	}
	const struct compose_repair how = { .dry_run = true, .found = note_dead, .ctx = h };
	h->dead_rc = compose_repair(&how, &h->dead_why);
}

static const struct seen_mount *find_seen(const struct host *h, bool (*has)(const struct seen_mount *))
{
	for (size_t i = 0; i < h->mounts.n; i++)
		if (has(&h->mounts.at[i]))
			return &h->mounts.at[i];
	return NULL;
}

static bool is_dead(const struct seen_mount *m)
{
	return m->rc == -ENOTCONN || m->rc == -ECONNABORTED;
}

static bool is_silent(const struct seen_mount *m)
{
	return m->rc == -ETIMEDOUT;
}

void look_at_mounts(const struct host *h, struct verdict *v)
{
	const struct seen_mount *m;
	if ((m = find_seen(h, is_dead))) {
		say(v, PROBLEM, "the server of %s is gone: no file there can be read", m->folder);
		advise(v, "umount -l takes it away; topofs mount makes a living one, "
			  "which topofs repair puts in the place of others that are dead");
	} else if ((m = find_seen(h, is_silent))) {
		say(v, PROBLEM, "the server of %s does not answer: whoever reads what was not read before waits",
		    m->folder);
		advise(v, "look at the processes of topofs status %s: stopped, or short of CPU or memory?", m->folder);
	} else {
		say(v, OK, "%zu of topofs in this mount namespace, all alive", h->mounts.n);
	}
}

void look_at_dead(const struct host *h, struct verdict *v)
{
	if (h->dead_rc < 0) {
		say(v, NOTE, "not known: %s", h->dead_why.what);
	} else if (h->n_dead) {
		say(v, PROBLEM, "%zu mounts of topofs have no server any more, such as %s", h->n_dead, h->dead);
		advise(v, "topofs repair puts living ones in their place, where the machine is mounted again");
	} else {
		say(v, OK, "no mount of topofs without a server in any mount namespace that can be looked into");
	}
}

/* --- what keeps them ------------------------------------------------------------------------------------- */

/* The keeper's, where it is in this process' pid namespace. */
static bool read_oom_score(uint64_t pid, int *ret)
{
	char file[64];
	snprintf(file, sizeof file, "/proc/%llu/oom_score_adj", (unsigned long long)pid);
	FILE *in = pid ? fopen(file, "re") : NULL;
	bool known = in && fscanf(in, "%d", ret) == 1;
	if (in)
		fclose(in);
	return known;
}

void look_at_memory(const struct host *h, struct verdict *v)
{
	enum { SAFE = -500 };
	size_t n = 0;
	for (size_t i = 0; i < h->mounts.n; i++) {
		const struct seen_mount *m = &h->mounts.at[i];
		int score;
		if (m->rc || !read_oom_score(m->status.keeper, &score))
			continue;
		n++;
		if (score <= SAFE)
			continue;
		say(v, NOTE,
		    "when memory runs out, the keeper of %s (process %llu, oom_score_adj %d) may be killed, "
		    "and nobody starts another worker then",
		    m->folder, (unsigned long long)m->status.keeper, score);
		advise(v, "mount it by topofs@.service, or echo -900 >/proc/%llu/oom_score_adj",
		       (unsigned long long)m->status.keeper);
		return;
	}
	if (n == h->mounts.n)
		say(v, OK, "%s when memory runs out",
		    n ? "the keepers of all mounts are the last to be killed"
		      : "no mounts, no keepers that could be killed");
	else
		say(v, NOTE, "not known of %zu mounts, whose keepers are not seen from here", h->mounts.n - n);
}

/* --- who sees them --------------------------------------------------------------------------------------- */

static const struct mount_line *find_root_mount(const mount_list *mounts)
{
	const struct mount_line *found = NULL;
	for (size_t i = 0; i < mounts->n; i++)
		if (!strcmp(mounts->at[i].mountpoint, "/"))
			found = &mounts->at[i];
	return found;
}

void look_at_propagation(const struct host *h, struct verdict *v)
{
	const struct mount_line *root = find_root_mount(&h->lines);
	if (!root) {
		say(v, NOTE, "not known, as /proc/self/mountinfo has no mount on /");
	} else if (root->shared) {
		say(v, OK, "/ is shared, so that mounts reach services and containers that follow the host's");
	} else {
		say(v, NOTE, "/ is not shared: services and containers that are running do not see mounts made later");
		advise(v, "mount before they start, or mount --make-rshared /");
	}
}

/* --- systemd --------------------------------------------------------------------------------------------- */

static unsigned systemd_version(void)
{
	unsigned version = 0;
	FILE *in = popen("systemctl --version 2>/dev/null", "re");
	if (in && fscanf(in, "systemd %u", &version) != 1)
		version = 0;
	if (in)
		pclose(in);
	return version;
}

void look_at_systemd(const struct host *h, struct verdict *v)
{
	enum { HAS_FDPOLL = 246 };
	(void)h;
	if (access("/run/systemd/system", F_OK) < 0) {
		say(v, OK, "systemd does not run here: the keeper of a mount alone keeps it");
		return;
	}
	unsigned version = systemd_version();
	if (!version)
		say(v, NOTE, "systemd runs here, but its version is not known, as systemctl cannot be run");
	else if (version < HAS_FDPOLL)
		say(v, NOTE,
		    "systemd %u cannot keep the connection of a mount without watching it, as systemd %d does: "
		    "a restart of topofs@.service ends its mount",
		    version, HAS_FDPOLL);
	else
		say(v, OK, "systemd %u keeps mounts over restarts of topofs@.service", version);
}
