/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A recorded machine as it was packed: the entries of a tar file go straight into a tree, nothing is unpacked. It is
 * read twice, as what holds sys and proc need not come first.
 */

#include "unpack.h"

#include "topofs/arena.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 16 << 20, TOTAL_MAX = 1 << 30, ENTRIES_MAX = 1000000, DEPTH_MAX = 256 };

struct unpacking {
	struct archive *archive;
	const struct tree_picker *picker;
	struct tree *tree;
	struct err *err;
	struct buf prefix, path, bytes; /* what holds sys and proc, with its slash; the path behind that */
	bool has_prefix;
	size_t depth; /* of the prefix */
	size_t total;
};

static int damaged(struct unpacking *u)
{
	const char *why = archive_error_string(u->archive);
	return err_set(u->err, "", "cannot be read as a tar file: %s", why ? why : "it is damaged");
}

/* Returns 1 for an entry, 0 at the end. */
static int next_entry(struct unpacking *u, struct archive_entry **entry)
{
	int ret = archive_read_next_header(u->archive, entry);
	while (ret == ARCHIVE_RETRY)
		ret = archive_read_next_header(u->archive, entry);
	return ret == ARCHIVE_EOF ? 0 : ret == ARCHIVE_OK || ret == ARCHIVE_WARN ? 1 : damaged(u);
}

/* Names with one slash between them and none around, of which there may be none. False: it leads out. */
static bool clean_path(const char *text, struct buf *path)
{
	buf_cut(path, 0);
	for (const char *end; text && *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '/');
		size_t len = (size_t)(end - text);
		if (!len || (len == 1 && *text == '.'))
			continue;
		if (len == 2 && !strncmp(text, "..", 2))
			return false;
		buf_puts(path, path->len ? "/" : "");
		buf_add(path, text, len);
	}
	return text;
}

/* Notes the folder that holds sys or proc, the outermost of them. */
static void note_prefix(struct unpacking *u, const char *path, bool folder)
{
	size_t depth = 0;
	for (const char *name = path, *end; *name; name = *end ? end + 1 : end, depth++) {
		end = strchrnul(name, '/');
		size_t len = (size_t)(end - name);
		if (!(len == 3 && !strncmp(name, "sys", 3)) && !(len == 4 && !strncmp(name, "proc", 4)))
			continue;
		if ((!*end && !folder) || (u->has_prefix && depth >= u->depth))
			return;
		buf_cut(&u->prefix, 0);
		buf_add(&u->prefix, path, (size_t)(name - path));
		u->depth = depth;
		u->has_prefix = true;
		return;
	}
}

static int find_prefix(struct unpacking *u)
{
	struct archive_entry *entry;
	int ret;
	for (size_t n = 0; (ret = next_entry(u, &entry)) > 0; n++) {
		if (n == ENTRIES_MAX)
			return err_set(u->err, "", "holds more than %d entries", ENTRIES_MAX);
		if (clean_path(archive_entry_pathname(entry), &u->path))
			note_prefix(u, buf_text(&u->path), archive_entry_filetype(entry) == AE_IFDIR);
	}
	return ret ? ret : u->has_prefix ? 0 : err_set(u->err, "", "holds no folder sys or proc");
}

static void tell(struct unpacking *u, const char *why)
{
	u->picker->cannot(u->picker->ctx, buf_text(&u->path), why);
}

/* -EFBIG past the limit, -EINVAL when the archive is damaged. */
static int read_bytes(struct unpacking *u)
{
	char part[16384];
	la_ssize_t n;
	buf_cut(&u->bytes, 0);
	while ((n = archive_read_data(u->archive, part, sizeof part)) != 0) {
		/* also where it says that one may try again: of a sparse file in disorder it says so for ever */
		if (n < 0)
			return damaged(u);
		buf_add(&u->bytes, part, (size_t)n);
		if (u->bytes.len > FILE_SIZE_MAX)
			return -EFBIG;
	}
	u->total += u->bytes.len;
	return u->total > TOTAL_MAX ? err_set(u->err, "", "holds more than %d MiB", TOTAL_MAX >> 20) : 0;
}

static void told(struct unpacking *u, int rc)
{
	if (rc)
		tell(u, rc == -EFBIG ? "larger than 16 MiB" : strerror(-rc));
}

static int unpack_file(struct unpacking *u, struct archive_entry *entry)
{
	int ret = archive_entry_size(entry) > FILE_SIZE_MAX ? -EFBIG : read_bytes(u);
	if (ret && ret != -EFBIG)
		return ret;
	told(u, ret ? ret
		    : tree_file(u->tree, TREE_ROOT, buf_text(&u->path), archive_entry_perm(entry) & 07777,
				buf_text(&u->bytes), u->bytes.len));
	return 0;
}

/* A second name of a file that came before. */
static void unpack_hard_link(struct unpacking *u, const char *target)
{
	_cleanup_buf_ struct buf place = { 0 };
	uint32_t e = TREE_NONE;
	if (clean_path(target, &place) && !strncmp(buf_text(&place), buf_text(&u->prefix), u->prefix.len))
		e = tree_find(u->tree, buf_text(&place) + u->prefix.len);
	/* of the root there is nothing before the first file */
	if (e == TREE_NONE || e == TREE_ROOT || !S_ISREG(u->tree->entries[e].mode)) {
		tell(u, "a second name of a file that is not there");
		return;
	}
	_cleanup_buf_ struct buf bytes = { 0 };
	buf_add(&bytes, tree_data(u->tree, e), u->tree->entries[e].size);
	told(u, tree_file(u->tree, TREE_ROOT, buf_text(&u->path), u->tree->entries[e].mode & 07777, buf_text(&bytes),
			  bytes.len));
}

static void unpack_folder(struct unpacking *u, struct archive_entry *entry)
{
	uint32_t e = tree_dir(u->tree, TREE_ROOT, buf_text(&u->path));
	if (e == TREE_NONE)
		told(u, -ENOTDIR);
	else
		u->tree->entries[e].mode = (uint16_t)(S_IFDIR | (archive_entry_perm(entry) & 07777));
}

static int unpack(struct unpacking *u, struct archive_entry *entry)
{
	const char *hard = archive_entry_hardlink(entry), *text = archive_entry_symlink(entry);
	mode_t kind = hard ? S_IFREG : archive_entry_filetype(entry);
	if (u->picker->wants && !u->picker->wants(u->picker->ctx, buf_text(&u->path), kind))
		return 0;
	if (hard)
		unpack_hard_link(u, hard);
	else if (kind == S_IFREG)
		return unpack_file(u, entry);
	else if (kind == S_IFDIR)
		unpack_folder(u, entry);
	else if (kind == S_IFLNK && text)
		told(u, tree_link(u->tree, TREE_ROOT, buf_text(&u->path), text));
	else
		tell(u, "neither a file nor a folder nor a link");
	return 0;
}

static bool is_too_deep(const char *path)
{
	size_t depth = 0;
	for (; *path; path++)
		depth += *path == '/';
	return depth >= DEPTH_MAX;
}

/* The path behind the prefix; NULL where it is beside the folder of sys and proc, and so nothing of the machine. */
static const char *behind_prefix(const struct unpacking *u, const struct buf *path)
{
	if (path->len <= u->prefix.len || strncmp(buf_text(path), buf_text(&u->prefix), u->prefix.len))
		return NULL;
	return buf_text(path) + u->prefix.len;
}

static int unpack_entry(struct unpacking *u, struct archive_entry *entry)
{
	_cleanup_buf_ struct buf path = { 0 };
	const char *name = archive_entry_pathname(entry);
	bool within = clean_path(name, &path);
	const char *behind = behind_prefix(u, &path);
	buf_cut(&u->path, 0);
	buf_puts(&u->path, within && behind ? behind : name ? name : "?");
	if (!within)
		tell(u, name ? "leads out of the archive" : "has a name that cannot be read");
	else if (within && behind && is_too_deep(behind))
		told(u, -ENAMETOOLONG);
	else if (within && behind)
		return unpack(u, entry);
	return 0;
}

static int unpack_all(struct unpacking *u)
{
	struct archive_entry *entry;
	int ret;
	while ((ret = next_entry(u, &entry)) > 0)
		if ((ret = unpack_entry(u, entry)) < 0)
			return ret;
	return ret;
}

/* Opens the tar file from its beginning and has it read. */
static int read_through(struct unpacking *u, int fd, int (*read)(struct unpacking *))
{
	u->archive = archive_read_new();
	if (!u->archive)
		out_of_memory();
	archive_read_support_filter_gzip(u->archive);
	archive_read_support_filter_bzip2(u->archive);
	archive_read_support_filter_xz(u->archive);
	archive_read_support_format_tar(u->archive);
	archive_read_set_format_option(u->archive, "tar", "hdrcharset", "BINARY");
	int ret = lseek(fd, 0, SEEK_SET) < 0 ? err_set(u->err, "", "%s", strerror(errno))
		  : archive_read_open_fd(u->archive, fd, 65536) != ARCHIVE_OK ? damaged(u)
									       : read(u);
	archive_read_free(u->archive);
	return ret;
}

int unpack_tree(int fd, const struct tree_picker *picker, struct tree *ret, struct err *err)
{
	_cleanup_tree_ struct tree tree = { 0 };
	struct unpacking u = { .picker = picker, .tree = &tree, .err = err };
	int failed = read_through(&u, fd, find_prefix);
	if (!failed)
		failed = read_through(&u, fd, unpack_all);
	buf_done(&u.prefix);
	buf_done(&u.path);
	buf_done(&u.bytes);
	if (failed)
		return failed;
	tree_seal(&tree);
	*ret = tree;
	tree = (struct tree){ 0 };
	return 0;
}
