/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * A file or link whose content changed has another inode, so that who reads one reads the old content or the new, and
 * never a mixture: the kernel keeps sizes and pages apart, and asks for them when it likes. So it is a name that has to
 * be looked up anew. It is expired, not taken away: looked up again a folder is the same inode, and what is mounted on
 * it stays. Names come before lists: expiring one waits for whoever reads the list at the moment.
 */

struct renewal {
	const struct served *s;
	const struct generation *old;
	int fd;
};

static void notify(int fd, int code, const void *message, size_t message_len, const char *name)
{
	struct fuse_out_header header = { .error = code };
	struct iovec parts[] = {
		{ &header, sizeof header },
		{ (void *)message, message_len },
		{ (void *)name, name ? strlen(name) + 1 : 0 },
	};

	for (size_t i = 0; i < 3; i++)
		header.len += (uint32_t)parts[i].iov_len;
	/* ENOENT: the kernel does not know it */
	while (writev(fd, parts, 3) < 0 && errno == EINTR)
		;
}

/* Attributes, pages, or the list of a folder. */
static void drop_inode(const struct renewal *r, uint64_t inode)
{
	const struct fuse_notify_inval_inode_out out = { .ino = inode };

	notify(r->fd, FUSE_NOTIFY_INVAL_INODE, &out, sizeof out, NULL);
}

/*
 * A kernel that cannot expire a name would take away what is mounted on it. A name that is not there has nothing on it;
 * any other is found to be gone when its inode is asked for.
 */
static void expire_name(const struct renewal *r, const struct tree *t, uint32_t e, uint64_t folder, bool is_new)
{
	const char *name = tree_name(t, e);
	const struct fuse_notify_inval_entry_out out = {
		.parent = folder,
		.namelen = (uint32_t)strlen(name),
		.flags = r->s->no_expire ? 0 : FUSE_EXPIRE_ONLY,
	};

	if (is_new || !r->s->no_expire)
		notify(r->fd, FUSE_NOTIFY_INVAL_ENTRY, &out, sizeof out, name);
}

static uint64_t folder_of(const struct generation *g, uint32_t e)
{
	return generation_inode(g, g->tree->entries[e].parent);
}

static void renew_pair(void *ctx, uint32_t a, uint32_t b)
{
	const struct renewal *r = ctx;
	const struct generation *now = &r->s->now;
	uint64_t was = a == TREE_NONE ? 0 : generation_inode(r->old, a);
	uint64_t is = b == TREE_NONE ? 0 : generation_inode(now, b);

	if (was == is || b == TREE_ROOT)
		return;
	if (b == TREE_NONE)
		expire_name(r, r->old->tree, a, folder_of(r->old, a), false);
	else
		expire_name(r, now->tree, b, folder_of(now, b), a == TREE_NONE);
	if (r->s->no_expire && was)
		drop_inode(r, was);
}

/* What kept its inode: folders with other names or permissions, and what is pinned. */
static void renew_kept(void *ctx, uint32_t a, uint32_t b)
{
	const struct renewal *r = ctx;
	const struct generation *now = &r->s->now;
	uint64_t was = a == TREE_NONE ? 0 : generation_inode(r->old, a);
	uint64_t is = b == TREE_NONE ? 0 : generation_inode(now, b);

	if (inode_number(was) != inode_number(is))
		drop_inode(r, b == TREE_NONE ? folder_of(r->old, a) : folder_of(now, b));
	else if (was == is && !is_same(r->old->tree, a, now->tree, b))
		drop_inode(r, is);
}

void renew_names(const struct served *s, int fd, const struct generation *old)
{
	struct renewal r = { s, old, fd };

	each_pair(old->tree, s->now.tree, renew_pair, &r);
	each_pair(old->tree, s->now.tree, renew_kept, &r);
}

static bool is_kept(const struct served *s, uint64_t inode)
{
	for (size_t i = 0; i < s->n_past; i++)
		if (generation_place(&s->past[i], inode, false) != TREE_NONE)
			return true;
	return false;
}

static void renew_opened(void *ctx, uint32_t a, uint32_t b)
{
	const struct renewal *r = ctx;

	if (a != TREE_NONE && b != TREE_NONE && generation_inode(r->old, a) != generation_inode(&r->s->now, b) &&
	    !is_kept(r->s, generation_inode(r->old, a)))
		drop_inode(r, generation_inode(r->old, a));
}

void renew_open(const struct served *s, int fd, const struct generation *old)
{
	struct renewal r = { s, old, fd };

	/* names and lists again: whoever was just being told of the old ones has kept them by now */
	renew_names(s, fd, old);
	each_pair(old->tree, s->now.tree, renew_opened, &r);
}
