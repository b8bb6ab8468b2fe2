/* SPDX-License-Identifier: Apache-2.0 */

/* The list of classes, and how a machine becomes files. */

#include "topofs/sysfs.h"

#include "classes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct class *const classes[] = {
	&system_class,
	&cpus_class, &cpu_class, &cache_class, &cpu_kind_class,
	&nodes_class, &node_class, &hugepages_class, &access_class, &memory_side_cache_class, &kernel_hugepages_class,
	&host_bridge_class, &pci_class, &pci_bus_class, &pci_driver_class, &pci_slot_class, &iommu_group_class,
	&net_class, &infiniband_class, &ib_port_class, &uverbs_class, &drm_class, &nvme_class, &namespace_class,
	&dmi_class, &module_class,
	&proc_class, &nvidia_class,
};
const size_t n_classes = sizeof classes / sizeof *classes;

struct builder {
	struct tree *tree;
	struct buf name, text;
	int failed; /* first error of the tree, which only a bug in a row can cause */
};

static void keep(struct builder *b, int ret)
{
	if (ret && !b->failed)
		b->failed = ret;
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
	return true;
}

static void add_links(struct builder *b, uint32_t dir, const struct attr *attr, const struct object *o)
{
	for (size_t i = 0; next_of_row(b, attr, o, i); i++)
		keep(b, tree_link_to(b->tree, dir, buf_text(&b->name), buf_text(&b->text)));
}

static void add_files(struct builder *b, uint32_t dir, const struct attr *attr, const struct object *o)
{
	for (size_t i = 0; next_of_row(b, attr, o, i); i++) {
		buf_putc(&b->text, '\n');
		keep(b, tree_file(b->tree, dir, buf_text(&b->name), attr->mode ? attr->mode : 0444, b->text.data,
				  b->text.len));
	}
}

static void add_file(struct builder *b, uint32_t dir, const struct attr *attr, const struct object *o)
{
	buf_cut(&b->text, 0);
	attr->show(attr, o, &b->text);
	if (!attr->raw)
		buf_putc(&b->text, '\n');
	keep(b, tree_file(b->tree, dir, attr->name, attr->mode ? attr->mode : 0444, buf_text(&b->text), b->text.len));
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
	else if (tree_dir(b->tree, dir, attr->name) == TREE_NONE)
		keep(b, -ENOTDIR);
}

/* The links that every object of a class has: to its subsystem, and to itself from where they are listed. */
static void add_class_links(struct builder *b, uint32_t dir, const struct class *class, const struct object *o)
{
	buf_cut(&b->text, 0);
	if (class->subsystem) {
		buf_printf(&b->text, "sys/%s", class->subsystem);
		keep(b, tree_link_to(b->tree, dir, "subsystem", buf_text(&b->text)));
	}
	for (size_t l = 0; l < 2 && class->listed[l]; l++) {
		buf_cut(&b->text, 0);
		buf_printf(&b->text, "sys/%s%s", class->listed[l], strrchr(o->path, '/'));
		keep(b, tree_link_to(b->tree, TREE_ROOT, buf_text(&b->text), o->path));
	}
}

static void add_object(struct builder *b, const struct class *class, const struct object *o)
{
	uint32_t dir = tree_dir(b->tree, TREE_ROOT, o->path);
	if (dir == TREE_NONE) {
		keep(b, -ENOTDIR);
		return;
	}
	add_class_links(b, dir, class, o);
	for (size_t a = 0; a < class->n_attrs; a++)
		add_row(b, dir, &class->attrs[a], o);
}

static void add_class(struct builder *b, const struct facts *f, const struct class *class)
{
	_cleanup_buf_ struct buf path = { 0 };
	for (size_t l = 0; l < 2 && class->listed[l]; l++) {
		buf_printf(&path, "sys/%s", class->listed[l]);
		tree_dir(b->tree, TREE_ROOT, buf_text(&path));
		buf_cut(&path, 0);
	}
	for (size_t i = 0, n = class->count(f); i < n; i++)
		for (size_t k = 0, parts = class->parts ? class->parts(f, i) : 1; k < parts; k++) {
			struct object o = { .facts = f, .topo = f->topo, .index = i, .part = k };
			buf_cut(&path, 0);
			if (!class->at(f, i, k, &o.self, &path))
				continue;
			o.path = buf_text(&path);
			add_object(b, class, &o);
		}
}

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

int sysfs_build(const struct topo *t, struct tree *ret, struct err *err)
{
	_cleanup_facts_ struct facts facts = { 0 };
	_cleanup_tree_ struct tree tree = { 0 };
	struct builder b = { .tree = &tree };
	facts_init(&facts, t);
	for (size_t c = 0; c < n_classes; c++)
		add_class(&b, &facts, classes[c]);
	buf_done(&b.name);
	buf_done(&b.text);
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
