/* SPDX-License-Identifier: Apache-2.0 */

/* The list of classes, and how a machine becomes files. */

#include "topofs/sysfs.h"

#include "classes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct class *const classes[] = {
	&system_class,
	&cpus_class, &cpu_class, &cache_class, &cpufreq_class, &cpu_kind_class,
	&nodes_class, &node_class, &hugepages_class, &access_class, &memory_side_cache_class, &kernel_hugepages_class,
	&host_bridge_class, &pci_class, &pci_bus_class, &pci_driver_class, &pci_slot_class, &iommu_group_class,
	&virtio_class, &virtio_driver_class, &net_class, &infiniband_class, &ib_port_class, &uverbs_class, &drm_class,
	&nvme_class, &namespace_class, &block_class, &scsi_class,
	&dmi_class, &module_class,
	&proc_class, &nvidia_class, &nvidia_gpu_class,
};
const size_t n_classes = sizeof classes / sizeof *classes;

enum { MAX_ROWS = 64 };

/* What of a class the kernel of the description lacks. */
struct lacks {
	bool all, subsystem, listed;
	bool rows[MAX_ROWS];
};

struct builder {
	struct tree *tree;
	struct buf name, text;
	const struct class *class; /* being built */
	uint32_t listings[2];	   /* its folders of links to all objects */
	struct lacks lacks;
	const char *endings[MAX_ROWS]; /* by row: what its files end in */
	sysfs_trace *trace; /* told of everything that is made; NULL: nobody wants to know */
	void *ctx;
	int failed; /* first error of the tree, which only a bug in a row can cause */
};

static void keep(struct builder *b, int ret)
{
	if (ret && !b->failed)
		b->failed = ret;
}

static void trace(struct builder *b, const char *row, const char *folder, const char *name)
{
	if (!b->trace)
		return;
	_cleanup_buf_ struct buf path = { 0 };
	buf_printf(&path, "%s%s%s", folder, *name ? "/" : "", name);
	b->trace(b->ctx, b->class, row, buf_text(&path));
}

/* The row's i-th file or link, with its name settled. */
static bool next_of_row(struct builder *b, const struct attr *attr, const struct object *o, size_t i)
{
	buf_cut(&b->name, 0);
	buf_cut(&b->text, 0);
	if (!(attr->link ? attr->link : attr->each)(attr, o, i, &b->name, &b->text))
		return false;
	if (!b->name.len)
		buf_puts(&b->name, attr->name);
	trace(b, attr->name, o->path, buf_text(&b->name));
	return true;
}

/* Some recordings wrote links anew: "." for all of them, or a slash behind. */
static void end_link(struct builder *b, uint32_t dir, const char *name, const char *ending)
{
	uint32_t link = tree_child(b->tree, dir, name, strlen(name));
	if (!ending || link == TREE_NONE)
		return;
	buf_cut(&b->text, 0);
	buf_printf(&b->text, "%s", strcmp(ending, "dot") ? tree_data(b->tree, link) : ".");
	buf_puts(&b->text, strcmp(ending, "slash") ? "" : "/");
	keep(b, tree_link(b->tree, dir, name, buf_text(&b->text)));
}

static void add_links(struct builder *b, uint32_t dir, const struct attr *attr, const struct object *o)
{
	for (size_t i = 0; next_of_row(b, attr, o, i); i++) {
		keep(b, tree_link_to(b->tree, dir, buf_text(&b->name), buf_text(&b->text)));
		end_link(b, dir, buf_text(&b->name), b->endings[attr - b->class->attrs]);
	}
}

/* The value of most files is a line. */
static void end_file(struct builder *b, const struct attr *attr)
{
	const char *ending = b->endings[attr - b->class->attrs];
	if (!attr->raw && (!ending || strcmp(ending, "none")))
		buf_putc(&b->text, '\n');
	if (ending && !strcmp(ending, "double"))
		buf_putc(&b->text, '\n');
	if (ending && !strcmp(ending, "nul"))
		buf_putc(&b->text, '\0');
}

static void add_files(struct builder *b, uint32_t dir, const struct attr *attr, const struct object *o)
{
	for (size_t i = 0; next_of_row(b, attr, o, i); i++) {
		end_file(b, attr);
		keep(b, tree_file(b->tree, dir, buf_text(&b->name), attr->mode ? attr->mode : 0444, b->text.data,
				  b->text.len));
	}
}

static void add_file(struct builder *b, uint32_t dir, const struct attr *attr, const struct object *o)
{
	buf_cut(&b->text, 0);
	attr->show(attr, o, &b->text);
	end_file(b, attr);
	keep(b, tree_file(b->tree, dir, attr->name, attr->mode ? attr->mode : 0444, buf_text(&b->text), b->text.len));
	trace(b, attr->name, o->path, attr->name);
}

static void add_folder(struct builder *b, uint32_t dir, const struct attr *attr, const struct object *o)
{
	keep(b, tree_dir(b->tree, dir, attr->name) == TREE_NONE ? -ENOTDIR : 0);
	trace(b, attr->name, o->path, attr->name);
}

static void add_row(struct builder *b, uint32_t dir, const struct attr *attr, const struct object *o)
{
	if (attr->has && !attr->has(attr, o))
		return;
	if (attr->link)
		add_links(b, dir, attr, o);
	else if (attr->each)
		add_files(b, dir, attr, o);
	else if (attr->show)
		add_file(b, dir, attr, o);
	else
		add_folder(b, dir, attr, o);
}

/* The links that every object of a class has: to its subsystem, and to itself from where they are listed. */
static void add_class_links(struct builder *b, uint32_t dir, const struct object *o)
{
	buf_cut(&b->text, 0);
	if (b->class->subsystem && !b->lacks.subsystem) {
		buf_puts(&b->text, "sys/");
		buf_puts(&b->text, b->class->subsystem);
		keep(b, tree_link_to(b->tree, dir, "subsystem", buf_text(&b->text)));
		trace(b, "subsystem", o->path, "subsystem");
	}
	for (size_t l = 0; l < 2 && b->class->listed[l] && !b->lacks.listed; l++) {
		const char *name = strrchr(o->path, '/') + 1;
		keep(b, tree_link_to(b->tree, b->listings[l], name, o->path));
		buf_cut(&b->text, 0);
		tree_path(b->tree, b->listings[l], &b->text);
		trace(b, "listed", buf_text(&b->text), name);
	}
}

static void add_object(struct builder *b, const struct object *o)
{
	uint32_t dir = tree_dir(b->tree, TREE_ROOT, o->path);
	if (dir == TREE_NONE) {
		keep(b, -ENOTDIR);
		return;
	}
	trace(b, "", o->path, "");
	add_class_links(b, dir, o);
	for (size_t a = 0; a < b->class->n_attrs; a++)
		if (!b->lacks.rows[a])
			add_row(b, dir, &b->class->attrs[a], o);
}

/* Folders of devices of a class are there even when empty. */
static void add_listing_folders(struct builder *b)
{
	for (size_t l = 0; l < 2 && b->class->listed[l] && !b->lacks.listed; l++) {
		buf_cut(&b->text, 0);
		buf_printf(&b->text, "sys/%s", b->class->listed[l]);
		b->listings[l] = tree_dir(b->tree, TREE_ROOT, buf_text(&b->text));
		keep(b, b->listings[l] == TREE_NONE ? -ENOTDIR : 0);
		trace(b, "listed", buf_text(&b->text), "");
	}
}

/* A few words of a document can mean very many files, and the memory of each. */
static bool has_too_many(struct builder *b)
{
	if (b->tree->n > SYSFS_FILES_MAX)
		keep(b, -EFBIG);
	return b->tree->n > SYSFS_FILES_MAX;
}

static void add_class(struct builder *b, const struct facts *f)
{
	_cleanup_buf_ struct buf path = { 0 };
	add_listing_folders(b);
	for (size_t i = 0, n = b->class->count(f); i < n && !has_too_many(b); i++)
		for (size_t k = 0, parts = b->class->parts ? b->class->parts(f, i) : 1; k < parts; k++) {
			struct object o = { .facts = f, .topo = f->topo, .index = i, .part = k };
			buf_cut(&path, 0);
			if (!b->class->at(f, i, k, &o.self, &path))
				continue;
			o.path = buf_text(&path);
			add_object(b, &o);
		}
}

/* --- what the kernel lacks ------------------------------------------------------------------------------- */

/* Marks what "CLASS/ROW" or "CLASS" names; false: it is of another class, or names nothing. */
static bool mark_lack(struct lacks *lacks, const struct class *class, const char *name)
{
	size_t len = strlen(class->name);
	if (strncmp(name, class->name, len) || (name[len] && name[len] != '/'))
		return false;
	const char *row = name + len + (name[len] == '/');
	bool found = !*row || !strcmp(row, "subsystem") || !strcmp(row, "listed");
	lacks->all |= !*row;
	lacks->subsystem |= !strcmp(row, "subsystem");
	lacks->listed |= !strcmp(row, "listed");
	for (size_t a = 0; a < class->n_attrs; a++)
		if (!strcmp(class->attrs[a].name, row))
			found = lacks->rows[a] = true;
	return found;
}

static void find_lacks(struct lacks *lacks, const struct class *class, const struct topo *t)
{
	*lacks = (struct lacks){ 0 };
	for (size_t i = 0; i < t->without.n; i++)
		mark_lack(lacks, class, t->without.at[i]);
}

static bool is_row(const char *name)
{
	struct lacks ignored = { 0 };
	for (size_t c = 0; c < n_classes; c++)
		if (mark_lack(&ignored, classes[c], name))
			return true;
	return false;
}

static int no_such_row(struct err *err, const char *where, const char *name)
{
	return err_set(err, where, "no file of \"topofs attributes\" is called \"%.80s\"", name);
}

/* Every name of a row is that of one there is. */
static int check_row_names(const struct topo *t, struct err *err)
{
	for (size_t i = 0; i < t->without.n; i++) {
		char where[32];
		snprintf(where, sizeof where, "without[%zu]", i);
		if (!is_row(t->without.at[i]))
			return no_such_row(err, where, t->without.at[i]);
	}
	for (size_t i = 0; i < t->endings.n; i++)
		if (!is_row(t->endings.at[i].key))
			return no_such_row(err, "endings", t->endings.at[i].key);
	return 0;
}

static void find_endings(struct builder *b, const struct topo *t)
{
	for (size_t a = 0; a < b->class->n_attrs; a++) {
		_cleanup_buf_ struct buf row = { 0 };
		buf_printf(&row, "%s/%s", b->class->name, b->class->attrs[a].name);
		b->endings[a] = t->endings.n ? topo_map_get(&t->endings, buf_text(&row)) : NULL;
	}
}

static void add_classes(struct builder *b, const struct topo *t)
{
	_cleanup_facts_ struct facts facts = { 0 };
	facts_init(&facts, t);
	for (size_t c = 0; c < n_classes; c++) {
		b->class = classes[c];
		find_lacks(&b->lacks, b->class, t);
		find_endings(b, t);
		if (!b->lacks.all)
			add_class(b, &facts);
	}
	buf_done(&b->name);
	buf_done(&b->text);
}

/* --- what the document says itself ----------------------------------------------------------------------- */

/*
 * The place of a path whose folder is reached through links, as /sys/class/dmi/id/product_name is; any other
 * path is its own place.
 */
static void settle_path(const struct tree *tree, const char *path, struct buf *place)
{
	const char *slash = strrchr(path, '/');
	_cleanup_buf_ struct buf above = { 0 };
	buf_add(&above, path, slash ? (size_t)(slash - path) : 0);
	uint32_t folder = tree_walk(tree, buf_text(&above));
	if (slash && folder != TREE_NONE) {
		tree_path(tree, folder, place);
		buf_puts(place, slash);
	} else {
		buf_puts(place, path);
	}
}

/* What the document says verbatim, whatever the rows made of it. */
static int add_extra(struct tree *tree, const struct extra *extra, struct err *err)
{
	static const char *const why[] = { [ENOTDIR] = "what is above it is no folder",
					   [ENOTEMPTY] = "a folder with files stands there" };
	_cleanup_buf_ struct buf place = { 0 };
	settle_path(tree, extra->path + 1, &place);
	const char *path = buf_text(&place);
	int ret = 0;
	switch (extra->kind) {
	case EXTRA_FILE:
		ret = tree_file(tree, TREE_ROOT, path, 0444, extra->data, extra->len);
		break;
	case EXTRA_LINK:
		ret = tree_link(tree, TREE_ROOT, path, extra->data);
		break;
	case EXTRA_DIR:
		ret = tree_dir(tree, TREE_ROOT, path) == TREE_NONE ? -ENOTDIR : 0;
		break;
	case EXTRA_ABSENT:
		tree_remove(tree, path);
		break;
	}
	if (!ret)
		return 0;
	_cleanup_buf_ struct buf where = { 0 };
	buf_printf(&where, "files[\"%s\"]", extra->path);
	return err_set(err, buf_text(&where), "%s", ret == -ENOTDIR || ret == -ENOTEMPTY ? why[-ret] : strerror(-ret));
}

/* --------------------------------------------------------------------------------------------------------- */

int sysfs_build_traced(const struct topo *t, sysfs_trace *trace, void *ctx, struct tree *ret, struct err *err)
{
	_cleanup_tree_ struct tree tree = { 0 };
	struct builder b = { .tree = &tree, .trace = trace, .ctx = ctx };
	if (check_row_names(t, err))
		return -EINVAL;
	add_classes(&b, t);
	if (b.failed == -EFBIG)
		return err_set(err, "", "the machine has more than %d files", SYSFS_FILES_MAX);
	if (b.failed)
		return err_set(err, "", "its files contradict each other: %s", strerror(-b.failed));
	for (size_t i = 0; i < t->extras.n; i++)
		if (add_extra(&tree, &t->extras.at[i], err))
			return -EINVAL;
	tree_seal(&tree);
	*ret = tree;
	tree = (struct tree){ 0 };
	return 0;
}

int sysfs_build(const struct topo *t, struct tree *ret, struct err *err)
{
	return sysfs_build_traced(t, NULL, NULL, ret, err);
}
