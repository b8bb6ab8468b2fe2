/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 14)
#include "served.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>

/* How long the kernel may keep what it is told: 30 years, well within its jiffies. */
#define FOREVER 1e9

/* Where an inode is: in the tree of today, or in one of those that who opened something before still reads. */
struct place {
	const struct generation *g;
	uint32_t e;
};

static const struct entry *entry_at(struct place at)
{
	return &at.g->tree->entries[at.e];
}

static const char *data_at(struct place at)
{
	return tree_data(at.g->tree, at.e);
}

/* What is in none of them any more but has its number still is what is there now. */
static bool find_inode(const struct served *s, fuse_ino_t ino, struct place *ret)
{
	for (size_t i = 0; i <= s->n_past; i++) {
		ret->g = i ? &s->past[i - 1] : &s->now;
		ret->e = generation_place(ret->g, ino, false);
		if (ret->e != TREE_NONE)
			return true;
	}
	ret->g = &s->now;
	ret->e = ino >> 32 < s->now.record->generation ? generation_place(ret->g, ino, true) : TREE_NONE;
	return ret->e != TREE_NONE;
}

/*
 * The kernel only asks for what it was told of, as what it was told it was: anything else is answered here, and what
 * follows can rely on the entry. Kind 0 is any. After ESTALE the kernel looks the path up anew.
 */
static bool entry_of(fuse_req_t req, fuse_ino_t ino, mode_t kind, struct place *ret)
{
	if (find_inode(fuse_req_userdata(req), ino, ret) && (!kind || (entry_at(*ret)->mode & S_IFMT) == kind))
		return true;
	fuse_reply_err(req, ESTALE);
	return false;
}

static void describe(struct place at, struct stat *st)
{
	const struct entry *entry = entry_at(at);
	const struct record *r = at.g->record;

	*st = (struct stat){
		.st_ino = inode_number(generation_inode(at.g, at.e)),
		.st_mode = entry->mode,
		.st_nlink = S_ISDIR(entry->mode) ? 2u + entry->subdirs : 1u,
		.st_uid = r->uid,
		.st_gid = r->gid,
		.st_size = entry->size,
		.st_blksize = 4096,
		.st_blocks = (entry->size + 511) / 512,
		.st_atim = r->since,
		.st_mtim = r->since,
		.st_ctim = r->since,
	};
}

/* A name that does not exist is an entry without inode, so that the kernel keeps that too. */
static void describe_entry(struct place at, struct fuse_entry_param *reply)
{
	*reply = (struct fuse_entry_param){ .entry_timeout = FOREVER, .attr_timeout = FOREVER };
	if (at.e == TREE_NONE)
		return;
	reply->ino = generation_inode(at.g, at.e);
	describe(at, &reply->attr);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	/* what is asked of the kernel session.c says; this is what libfuse does by itself */
	conn->want = FUSE_CAP_IOCTL_DIR;
	/* also bounds the folders and files that one request asks for */
	conn->max_write = REPLY_ROOM;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct served *s = fuse_req_userdata(req);
	struct fuse_entry_param reply;
	struct place at;

	if (!entry_of(req, parent, S_IFDIR, &at))
		return;
	at.e = tree_child(at.g->tree, at.e, name, strlen(name));
	if (at.e == TREE_NONE)
		atomic_fetch_add_explicit(&s->state->absent, 1, memory_order_relaxed);
	describe_entry(at, &reply);
	fuse_reply_entry(req, &reply);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)fi;
	struct stat st;
	struct place at;

	if (!entry_of(req, ino, 0, &at))
		return;
	describe(at, &st);
	fuse_reply_attr(req, &st, FOREVER);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct place at;

	if (entry_of(req, ino, S_IFLNK, &at))
		fuse_reply_readlink(req, data_at(at));
}

/* After one ENOSYS the kernel opens files by itself, and keeps their pages from one opening to the next. */
static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	const struct served *s = fuse_req_userdata(req);

	fi->keep_cache = 1;
	if (s->used & FUSE_NO_OPEN_SUPPORT)
		fuse_reply_err(req, ENOSYS);
	else
		fuse_reply_open(req, fi);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	const struct served *s = fuse_req_userdata(req);

	fi->keep_cache = 1;
	fi->cache_readdir = 1;
	if (s->used & FUSE_NO_OPENDIR_SUPPORT)
		fuse_reply_err(req, ENOSYS);
	else
		fuse_reply_open(req, fi);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)fi;
	struct place at;

	if (!entry_of(req, ino, S_IFREG, &at))
		return;
	size_t len = entry_at(at)->size;
	/* an offset below zero becomes one beyond the end */
	size_t from = (uint64_t)off < len ? (size_t)off : len;

	fuse_reply_buf(req, data_at(at) + from, size < len - from ? size : len - from);
}

/*
 * Where a listing goes on: 0 is at ".", 1 at "..", 2 at the first child, and behind a child it is that one's number
 * plus 2, which it keeps when the tree is replaced meanwhile. So nothing needs to be remembered between two requests.
 */
enum { AT_SELF = 0, AT_PARENT = 1, AT_CHILDREN = 2 };

static size_t add_name(fuse_req_t req, char *at, size_t room, const char *name, struct place e, off_t next, bool plus)
{
	struct fuse_entry_param entry;

	describe_entry(e, &entry);
	if (!plus)
		return fuse_add_direntry(req, at, room, name, &entry.attr, next);
	/* the kernel knows these two already, and would count another look-up */
	if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')))
		entry.ino = 0;
	return fuse_add_direntry_plus(req, at, room, name, &entry, next);
}

/* The first child whose name comes after one that is there no more. */
static uint32_t child_after(const struct tree *t, uint32_t dir, const char *name)
{
	uint32_t e = dir + 1;

	while (e < t->entries[dir].end && strcmp(tree_name(t, e), name) <= 0)
		e = t->entries[e].end;
	return e;
}

/* The child to go on with, or the folder's end, also where somebody sought who did not ask where entries are. */
static uint32_t child_at(const struct served *s, struct place dir, off_t off)
{
	const struct tree *t = dir.g->tree;
	struct place last;

	if (off <= AT_CHILDREN)
		return dir.e + 1;
	if (off - AT_CHILDREN > UINT32_MAX)
		return t->entries[dir.e].end;
	last.e = generation_place(dir.g, (fuse_ino_t)(off - AT_CHILDREN), true);
	if (last.e != TREE_NONE)
		return last.e != TREE_ROOT && t->entries[last.e].parent == dir.e ? t->entries[last.e].end
										 : t->entries[dir.e].end;
	for (size_t i = 0; i < s->n_past; i++) {
		last.g = &s->past[i];
		last.e = generation_place(last.g, (fuse_ino_t)(off - AT_CHILDREN), true);
		if (last.e != TREE_NONE)
			return child_after(t, dir.e, tree_name(last.g->tree, last.e));
	}
	return t->entries[dir.e].end;
}

/* The two that every folder has; returns where it goes on. */
static off_t list_dots(fuse_req_t req, struct place dir, off_t off, size_t room, size_t *used, bool plus)
{
	struct served *s = fuse_req_userdata(req);
	struct place parent = { dir.g, entry_at(dir)->parent };

	for (; off < AT_CHILDREN; off++) {
		size_t need = add_name(req, s->reply + *used, room - *used, off ? ".." : ".", off ? parent : dir,
				       off + 1, plus);
		if (need > room - *used)
			break;
		*used += need;
	}
	return off;
}

static void list_folder(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	struct served *s = fuse_req_userdata(req);
	size_t used = 0, room = size < sizeof s->reply ? size : sizeof s->reply;
	struct place dir;

	if (!entry_of(req, ino, S_IFDIR, &dir))
		return;
	if (off >= AT_SELF)
		off = list_dots(req, dir, off, room, &used, plus);
	if (off < AT_CHILDREN) {
		fuse_reply_buf(req, s->reply, used);
		return;
	}
	struct place child = { dir.g, child_at(s, dir, off) };
	for (; child.e < entry_at(dir)->end; child.e = entry_at(child)->end) {
		off_t next = (off_t)inode_number(generation_inode(child.g, child.e)) + AT_CHILDREN;
		size_t need = add_name(req, s->reply + used, room - used, tree_name(child.g->tree, child.e), child,
				       next, plus);
		if (need > room - used)
			break;
		used += need;
	}
	fuse_reply_buf(req, s->reply, used);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)fi;
	list_folder(req, ino, size, off, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)fi;
	list_folder(req, ino, size, off, true);
}

/* No blocks, as on the real sysfs, so that df leaves it out. */
static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	(void)ino;
	const struct served *s = fuse_req_userdata(req);

	fuse_reply_statfs(
		req,
		&(struct statvfs){ .f_bsize = 4096, .f_frsize = 4096, .f_files = s->now.tree->n, .f_namemax = 255 });
}

/* Whoever opens a file and asks whether it is a terminal, as Python does, is told that it is not. */
static void op_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned cmd, void *arg, struct fuse_file_info *fi, unsigned flags,
		     const void *in, size_t in_len, size_t out_room)
{
	(void)ino, (void)arg, (void)fi, (void)in, (void)in_len;
	struct serve_status status;

	if (cmd != SERVE_STATUS || !(flags & FUSE_IOCTL_DIR) || out_room < sizeof status) {
		fuse_reply_err(req, ENOTTY);
		return;
	}
	status_of(fuse_req_userdata(req), &status);
	fuse_reply_ioctl(req, 0, &status, sizeof status);
}

/*
 * What is not here (access, xattr, poll, lseek ...) is answered ENOSYS by libfuse, and not asked again; what would
 * change something does not pass the read-only mount.
 */
const struct fuse_lowlevel_ops serve_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.readlink = op_readlink,
	.open = op_open,
	.opendir = op_opendir,
	.read = op_read,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.statfs = op_statfs,
	.ioctl = op_ioctl,
};
