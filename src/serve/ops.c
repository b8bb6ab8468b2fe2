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

/*
 * An inode's number is the place of its entry; FUSE_ROOT_ID is 1. The kernel only asks for what it was told of, as
 * what it was told it was: anything else is answered here, and what follows can rely on the entry. Kind 0 is any.
 */
static bool entry_of(fuse_req_t req, fuse_ino_t ino, mode_t kind, uint32_t *ret)
{
	const struct served *s = fuse_req_userdata(req);
	const struct tree *t = s->what->tree;

	*ret = (uint32_t)(ino - FUSE_ROOT_ID);
	if (ino - FUSE_ROOT_ID < t->n && (!kind || (t->entries[*ret].mode & S_IFMT) == kind))
		return true;
	fuse_reply_err(req, ESTALE);
	return false;
}

static void describe(const struct served *s, uint32_t e, struct stat *st)
{
	const struct entry *entry = &s->what->tree->entries[e];

	*st = (struct stat){
		.st_ino = e + FUSE_ROOT_ID,
		.st_mode = entry->mode,
		.st_nlink = S_ISDIR(entry->mode) ? 2u + entry->subdirs : 1u,
		.st_uid = s->uid,
		.st_gid = s->gid,
		.st_size = entry->size,
		.st_blksize = 4096,
		.st_blocks = (entry->size + 511) / 512,
		.st_atim = s->since,
		.st_mtim = s->since,
		.st_ctim = s->since,
	};
}

/* A name that does not exist is an entry without inode, so that the kernel keeps that too. */
static void describe_entry(const struct served *s, uint32_t e, struct fuse_entry_param *reply)
{
	*reply = (struct fuse_entry_param){ .entry_timeout = FOREVER, .attr_timeout = FOREVER };
	if (e == TREE_NONE)
		return;
	reply->ino = e + FUSE_ROOT_ID;
	describe(s, e, &reply->attr);
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
	uint32_t dir;

	if (!entry_of(req, parent, S_IFDIR, &dir))
		return;
	uint32_t e = tree_child(s->what->tree, dir, name, strlen(name));
	if (e == TREE_NONE)
		atomic_fetch_add_explicit(&s->absent, 1, memory_order_relaxed);
	describe_entry(s, e, &reply);
	fuse_reply_entry(req, &reply);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)fi;
	struct stat st;
	uint32_t e;

	if (!entry_of(req, ino, 0, &e))
		return;
	describe(fuse_req_userdata(req), e, &st);
	fuse_reply_attr(req, &st, FOREVER);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	const struct served *s = fuse_req_userdata(req);
	uint32_t e;

	if (entry_of(req, ino, S_IFLNK, &e))
		fuse_reply_readlink(req, tree_data(s->what->tree, e));
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
	const struct served *s = fuse_req_userdata(req);
	uint32_t e;

	if (!entry_of(req, ino, S_IFREG, &e))
		return;
	size_t len = s->what->tree->entries[e].size;
	/* an offset below zero becomes one beyond the end */
	size_t from = (uint64_t)off < len ? (size_t)off : len;

	fuse_reply_buf(req, tree_data(s->what->tree, e) + from, size < len - from ? size : len - from);
}

/*
 * The place in a folder that comes after an entry: 0 is ".", 1 is "..", and a child stands at its entry plus 2.
 * So nothing needs to be remembered between two requests.
 */
enum { AT_SELF = 0, AT_PARENT = 1, AT_CHILDREN = 2 };

static size_t add_name(fuse_req_t req, char *at, size_t room, const char *name, uint32_t e, off_t next, bool plus)
{
	const struct served *s = fuse_req_userdata(req);
	struct fuse_entry_param entry;

	describe_entry(s, e, &entry);
	if (!plus)
		return fuse_add_direntry(req, at, room, name, &entry.attr, next);
	/* the kernel knows these two already, and would count another look-up */
	if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')))
		entry.ino = 0;
	return fuse_add_direntry_plus(req, at, room, name, &entry, next);
}

/* Whether a reply can go on there; elsewhere somebody sought who did not ask where entries are. */
static bool is_place(const struct tree *t, uint32_t dir, off_t off)
{
	if (off < AT_CHILDREN)
		return off >= AT_SELF;
	off -= AT_CHILDREN;
	return off > dir && off < t->entries[dir].end && t->entries[off].parent == dir;
}

static void list_folder(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	struct served *s = fuse_req_userdata(req);
	const struct tree *t = s->what->tree;
	size_t used = 0, room = size < sizeof s->reply ? size : sizeof s->reply;
	uint32_t dir;

	if (!entry_of(req, ino, S_IFDIR, &dir))
		return;
	while (is_place(t, dir, off)) {
		const char *name;
		uint32_t e, next;

		if (off == AT_SELF) {
			name = ".", e = dir, next = AT_PARENT;
		} else if (off == AT_PARENT) {
			name = "..", e = t->entries[dir].parent, next = dir + 1 + AT_CHILDREN;
		} else {
			e = (uint32_t)(off - AT_CHILDREN);
			name = tree_name(t, e), next = t->entries[e].end + AT_CHILDREN;
		}
		size_t need = add_name(req, s->reply + used, room - used, name, e, next, plus);
		if (need > room - used)
			break;
		used += need;
		off = next;
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
		&(struct statvfs){ .f_bsize = 4096, .f_frsize = 4096, .f_files = s->what->tree->n, .f_namemax = 255 });
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
