/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 14)
#include "served.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <string.h>
#include <sys/stat.h>

/* How long the kernel may keep what it is told: 30 years, well within its jiffies. */
#define FOREVER 1e9

/* An inode's number is the place of its entry; FUSE_ROOT_ID is 1. */
static uint32_t entry_of(fuse_ino_t ino)
{
	return (uint32_t)(ino - FUSE_ROOT_ID);
}

static void describe(const struct served *s, uint32_t e, struct stat *st)
{
	const struct entry *entry = &s->tree->entries[e];

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
	struct served *s = userdata;
	const unsigned wanted = FUSE_CAP_READDIRPLUS | FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_EXPLICIT_INVAL_DATA |
				FUSE_CAP_PARALLEL_DIROPS;
	/* READDIRPLUS_AUTO would leave most entries of a folder to be looked up one by one */
	const unsigned unwanted = FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_READ |
				  FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE;

	conn->want &= ~unwanted;
	conn->want |= wanted & conn->capable;
	/* also bounds the folders and files that one request asks for */
	conn->max_write = REPLY_ROOM;
	s->no_open = conn->capable & FUSE_CAP_NO_OPEN_SUPPORT;
	s->no_opendir = conn->capable & FUSE_CAP_NO_OPENDIR_SUPPORT;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	const struct served *s = fuse_req_userdata(req);
	struct fuse_entry_param reply;

	describe_entry(s, tree_child(s->tree, entry_of(parent), name, strlen(name)), &reply);
	fuse_reply_entry(req, &reply);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)fi;
	struct stat st;

	describe(fuse_req_userdata(req), entry_of(ino), &st);
	fuse_reply_attr(req, &st, FOREVER);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	const struct served *s = fuse_req_userdata(req);

	fuse_reply_readlink(req, tree_data(s->tree, entry_of(ino)));
}

/* After one ENOSYS the kernel opens files by itself, and keeps their pages from one opening to the next. */
static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	const struct served *s = fuse_req_userdata(req);

	fi->keep_cache = 1;
	if (s->no_open)
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
	if (s->no_opendir)
		fuse_reply_err(req, ENOSYS);
	else
		fuse_reply_open(req, fi);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)fi;
	const struct served *s = fuse_req_userdata(req);
	uint32_t e = entry_of(ino);
	size_t len = s->tree->entries[e].size;
	size_t from = (size_t)off < len ? (size_t)off : len;

	fuse_reply_buf(req, tree_data(s->tree, e) + from, size < len - from ? size : len - from);
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

static bool is_child(const struct tree *t, uint32_t dir, off_t off)
{
	return off - AT_CHILDREN > dir && t->entries[off - AT_CHILDREN].parent == dir;
}

static void list_folder(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	struct served *s = fuse_req_userdata(req);
	const struct entry *entries = s->tree->entries;
	uint32_t dir = entry_of(ino);
	size_t used = 0, room = size < sizeof s->reply ? size : sizeof s->reply;

	/* a place that is none of this folder's: somebody sought there */
	if (off < 0 || (off >= AT_CHILDREN && off - AT_CHILDREN < entries[dir].end && !is_child(s->tree, dir, off)))
		room = 0;
	while (off < AT_CHILDREN || off - AT_CHILDREN < entries[dir].end) {
		const char *name;
		uint32_t e, next;

		if (off == AT_SELF) {
			name = ".", e = dir, next = AT_PARENT;
		} else if (off == AT_PARENT) {
			name = "..", e = entries[dir].parent, next = dir + 1 + AT_CHILDREN;
		} else {
			e = (uint32_t)(off - AT_CHILDREN);
			name = tree_name(s->tree, e), next = entries[e].end + AT_CHILDREN;
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
		req, &(struct statvfs){ .f_bsize = 4096, .f_frsize = 4096, .f_files = s->tree->n, .f_namemax = 255 });
}

/*
 * What is not here (access, xattr, poll, lseek, ioctl ...) is answered ENOSYS by libfuse, and not asked again;
 * what would change something does not pass the read-only mount.
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
};
