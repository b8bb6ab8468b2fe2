/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_DOCTOR_H
#define TOPOFS_DOCTOR_H

/*
 * What doctor.c asks and prints, and who answers: one row and one function a check. A function looks at this host, by
 * trying where that harms nobody, and says one of three things; nothing is well that could not be looked at.
 */

#include "topofs/arena.h"
#include "topofs/buf.h"
#include "topofs/err.h"
#include "topofs/mountinfo.h"
#include "topofs/serve.h"

#include <stdbool.h>
#include <stddef.h>

enum level { OK, NOTE, PROBLEM };

struct verdict {
	enum level level;
	struct buf what;   /* what there is, and what it means for a user */
	struct buf advice; /* what to do about it; "" where there is nothing */
};
void say(struct verdict *v, enum level level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void advise(struct verdict *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A mount of topofs, and what its server said. */
struct seen_mount {
	char *folder;
	int rc; /* 0, or a negative errno: -ENOTCONN where nobody answers any more, -ETIMEDOUT where nobody does now */
	struct serve_status status;
};

/* What several checks look at, learnt once. */
struct host {
	bool root;
	int mounts_rc; /* of a mount in namespaces of its own: 0, or a negative errno and why */
	struct err why;
	struct serve_probe kernel;
	struct arena arena;
	mount_list lines; /* all, and those of topofs */
	LIST_OF(struct seen_mount) mounts;
	size_t n_dead; /* in all mount namespaces, and one of them */
	char dead[256];
	int dead_rc; /* 0, or why it could not be looked for them */
	struct err dead_why;
};

/* doctor_kernel.c */
void learn_kernel(struct host *h);
void look_at_fuse(const struct host *h, struct verdict *v);
void look_at_mounting(const struct host *h, struct verdict *v);
void look_at_users(const struct host *h, struct verdict *v);
void look_at_requests(const struct host *h, struct verdict *v);
void look_at_reload(const struct host *h, struct verdict *v);
void look_at_resend(const struct host *h, struct verdict *v);
void look_at_timeout(const struct host *h, struct verdict *v);

/* doctor_mounts.c */
void learn_mounts(struct host *h);
void look_at_mounts(const struct host *h, struct verdict *v);
void look_at_dead(const struct host *h, struct verdict *v);
void look_at_memory(const struct host *h, struct verdict *v);
void look_at_propagation(const struct host *h, struct verdict *v);
void look_at_systemd(const struct host *h, struct verdict *v);

/* doctor_host.c */
void look_at_fusermount(const struct host *h, struct verdict *v);
void look_at_udev(const struct host *h, struct verdict *v);
void look_at_mempolicy(const struct host *h, struct verdict *v);
void look_at_affinity(const struct host *h, struct verdict *v);
void look_at_masks(const struct host *h, struct verdict *v);

#endif
