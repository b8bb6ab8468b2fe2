/* SPDX-License-Identifier: Apache-2.0 */

/* A sealed tree as the bytes of a file of memory, which any process can map, and none can change. */

#include "topofs/io.h"
#include "topofs/memfile.h"
#include "topofs/tree.h"

#include "filling.h"
#include "pool.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Behind it entries, names and contents, each at a multiple of eight bytes. */
struct header {
	uint64_t magic, version, entry_size;
	uint64_t n, names, contents; /* entries, and bytes of the pools */
	uint64_t names_unit, contents_unit;
};
#define MAGIC UINT64_C(0x656572746f706f74) /* "topotree" */
enum { VERSION = 1 };

static uint64_t align(uint64_t n)
{
	return (n + 7) & ~UINT64_C(7);
}

static bool write_part(int fd, const void *bytes, size_t len)
{
	static const char padding[8];

	return write_all(fd, bytes, len) == 0 && write_all(fd, padding, align(len) - len) == 0;
}

int tree_image(const struct tree *t, struct err *err)
{
	const struct header h = {
		.magic = MAGIC,
		.version = VERSION,
		.entry_size = sizeof *t->entries,
		.n = t->n,
		.names = t->names->len,
		.contents = t->contents->len,
		.names_unit = t->names->unit,
		.contents_unit = t->contents->unit,
	};
	int fd = memfile_new("topofs-tree"), rc = fd;

	if (fd >= 0 && write_part(fd, &h, sizeof h) && write_part(fd, t->entries, t->n * sizeof *t->entries) &&
	    write_part(fd, t->names->bytes, t->names->len) && write_part(fd, t->contents->bytes, t->contents->len) &&
	    (rc = memfile_seal(fd)) == 0)
		return fd;
	if (fd >= 0)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	err_set(err, "", "cannot keep the files in memory: %s", strerror(-rc));
	return rc;
}

/* --- from bytes that anybody may have made --------------------------------------------------------------- */

static bool is_name(const struct tree *t, uint32_t place)
{
	size_t at = place * t->names->unit;

	if (at >= t->names->len)
		return false;
	const char *name = t->names->bytes + at;
	size_t len = strlen(name);
	return len > 0 && len <= NAME_LENGTH_MAX && !memchr(name, '/', len);
}

static bool is_content(const struct tree *t, const struct entry *e)
{
	size_t at = e->data * t->contents->unit;

	return e->size == 0 || (at < t->contents->len && e->size < t->contents->len - at &&
				t->contents->bytes[at + e->size] == '\0');
}

/* An entry of which only those before it are known to be good; `open` is the folder it must be in. */
static bool is_entry(const struct tree *t, uint32_t i, uint32_t open)
{
	const struct entry *e = &t->entries[i];
	bool folder = S_ISDIR(e->mode);

	if (e->parent != open || e->end <= i || e->end > t->entries[open].end || !is_name(t, e->name))
		return false;
	if (!folder && e->end != i + 1)
		return false;
	/* brothers stand in order, where they are brothers: the entry before is one, or below one */
	uint32_t before = i - 1;
	while (before != open && t->entries[before].parent != open)
		before = t->entries[before].parent;
	if (before != open && strcmp(tree_name(t, before), tree_name(t, i)) >= 0)
		return false;
	return folder ? e->size == 0 : (S_ISREG(e->mode) || (S_ISLNK(e->mode) && e->size)) && is_content(t, e);
}

static bool is_sound(const struct tree *t)
{
	const struct entry *root = t->entries;
	uint32_t open = TREE_ROOT;

	if (root->parent != TREE_ROOT || root->end != t->n || !S_ISDIR(root->mode) || root->size)
		return false;
	for (uint32_t i = 1; i < t->n; i++) {
		while (i >= t->entries[open].end)
			open = t->entries[open].parent;
		if (!is_entry(t, i, open))
			return false;
		if (S_ISDIR(t->entries[i].mode))
			open = i;
	}
	return true;
}

/* Takes so many bytes from what is left. */
static const void *take(const char **bytes, size_t *left, uint64_t len)
{
	const char *part = *bytes;

	if (len > *left || align(len) > *left)
		return NULL;
	*bytes += align(len);
	*left -= align(len);
	return part;
}

static bool is_pool(const struct pool *p, uint64_t unit)
{
	return p->bytes && unit >= 1 && unit <= 64 && (p->len == 0 || p->bytes[p->len - 1] == '\0');
}

static bool take_parts(struct tree *t, const char *bytes, size_t size)
{
	const struct header *h = take(&bytes, &size, sizeof *h);

	if (!h || h->magic != MAGIC || h->version != VERSION || h->entry_size != sizeof *t->entries || !h->n ||
	    h->n >= TREE_NONE)
		return false;
	t->n = t->room = h->n;
	t->entries = (void *)take(&bytes, &size, h->n * sizeof *t->entries);
	t->names->bytes = t->entries ? (void *)take(&bytes, &size, h->names) : NULL;
	t->contents->bytes = t->names->bytes ? (void *)take(&bytes, &size, h->contents) : NULL;
	t->names->len = h->names;
	t->names->unit = h->names_unit;
	t->contents->len = h->contents;
	t->contents->unit = h->contents_unit;
	return is_pool(t->names, h->names_unit) && is_pool(t->contents, h->contents_unit);
}

static int map(int fd, bool own, struct tree *ret, struct err *err)
{
	struct tree t = { .sealed = true };

	t.image = memfile_map(fd, &t.image_size);
	if (!t.image)
		return err_set(err, "", "not a sealed file in memory");
	t.names = pool_new(1);
	t.contents = pool_new(1);
	if (take_parts(&t, t.image, t.image_size) && (own || is_sound(&t))) {
		*ret = t;
		return 0;
	}
	tree_done(&t);
	return err_set(err, "", "not the image of a tree, or of another version of topofs");
}

int tree_map(int fd, struct tree *ret, struct err *err)
{
	return map(fd, false, ret, err);
}

int tree_map_own(int fd, struct tree *ret, struct err *err)
{
	return map(fd, true, ret, err);
}
