/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_UNION_H
#define TOPOFS_UNION_H

#include "mounts.h"

/* Whose files a place shows. */
enum rule {
	RULE_MACHINE,  /* the machine's */
	RULE_REAL,     /* the real ones, and beside them those that only the machine has */
	RULE_ALONE,    /* the real ones alone */
	RULE_MIX,      /* folder by folder, as the rules of those say */
	RULE_RESOLVES, /* the machine's, else the real ones where a link in it leads somewhere */
	RULE_HIDE      /* none */
};

/* policy.c: rules of places, paths below /sys without a slash before them. */
struct policy {
	bool host; /* the usual ones apply */
	LIST_OF(const char *) real, hidden;
};
/* Adds the words of a text, as of `struct compose`; -EINVAL with the word that is wrong in err->what. */
int policy_read(struct arena *a, const char *text, struct policy *ret, struct err *err);
/* The rule of a place, below a folder of the other rule; whether some place below has a rule of its own. */
enum rule policy_rule(const struct policy *p, const char *path, enum rule above);
bool policy_has_below(const struct policy *p, const char *path);

/* A tree that is being put together, in a scratch place. */
struct laying {
	const struct policy *policy;
	int machine, real; /* sys of both, mounted */
	int top;	   /* folder that holds the mount `sys` */
	int store;	   /* folder of folders that neither has: tmpfs */
	unsigned stored;
	dev_t real_device, store_device;
	struct arena arena;
	LIST_OF(const char *) areas; /* places that show something real */
};

/* union.c: puts it together below top/sys. `machine` and `real` are folders that are mounted; real -1: none. */
int lay_union(const struct policy *policy, int scratch, int machine, int real, struct err *err);

/* links.c: takes away links that lead nowhere, from all areas. */
int drop_dangling(struct laying *l);
/* Whether the link at a place, with this text, will lead to something by the rules. */
bool will_resolve(const struct laying *l, const char *folder, const char *text);

/* A new folder in the store. */
int store_folder(struct laying *l);
/* Mounts a place on another as well; gives the mount. */
int put(int from, const char *name, bool recursive, int place);
/* Makes one thing of a folder in a folder of the store: a link is copied, all else mounted. */
int copy_into(int from, const char *name, mode_t kind, int folder);
/* Mounts a folder of the store, with all that is mounted in it; gives the mount, which is read-only. */
int put_stored(int folder, int place);

#endif
