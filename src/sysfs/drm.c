/* SPDX-License-Identifier: Apache-2.0 */

/* Graphics devices: drivers/gpu/drm/drm_sysfs.c. */

#include "classes.h"
#include "scan.h"

enum { DRM_MAJOR = 226 }; /* include/drm/drm_device.h */

/* A device has up to two minors: the card, and the render node from 128 on. */
static int64_t minor_of(const struct object *o)
{
	const struct drm *drm = o->self;
	return o->part ? drm->render : drm->card;
}

static const char *kind_of_minor(const struct object *o)
{
	return o->part ? "renderD" : "card";
}

static size_t count_drms(const struct facts *f)
{
	return f->topo->drms.n;
}

static size_t two_minors(const struct facts *f, size_t i)
{
	(void)f;
	(void)i;
	return 2;
}

static bool at_drm(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	struct object o = { .self = &f->topo->drms.at[i], .part = part };
	*self = o.self;
	if (minor_of(&o) == TOPO_UNKNOWN || !link_to_parent(f, &f->topo->drms.at[i].on, path))
		return false;
	buf_printf(path, "/drm/%s%lld", kind_of_minor(&o), (long long)minor_of(&o));
	return true;
}

static void show_dev(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%d:%lld", DRM_MAJOR, (long long)minor_of(o));
}

static void show_uevent(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "MAJOR=%d\nMINOR=%lld\nDEVNAME=dri/%s%lld\nDEVTYPE=drm_minor", DRM_MAJOR,
		   (long long)minor_of(o), kind_of_minor(o), (long long)minor_of(o));
}

static const struct attr drm_attrs[] = {
	{ "dev", "Numbers of its device file.", show_dev },
	{ "uevent", "What udev is told.", show_uevent, .mode = 0644 },
	PARENT(struct drm),
};

static bool is_same_site(const struct site *a, const struct site *b)
{
	return a->function == b->function && topo_same_text(a->parent, b->parent);
}

static void found_drm(const struct tree *tree, uint32_t dir, const struct site *on, struct topo *t)
{
	int64_t card = scan_id(tree_name(tree, dir), "card"), render = scan_id(tree_name(tree, dir), "renderD");
	struct drm *drm = t->drms.n ? &t->drms.at[t->drms.n - 1] : NULL;
	if (card < 0 && render < 0)
		return;
	/* a card and the render node behind it are one device */
	if (!drm || !is_same_site(&drm->on, on) || card >= 0 || drm->render != TOPO_UNKNOWN) {
		drm = LIST_ADD(&t->arena, &t->drms);
		*drm = (struct drm){ *on, TOPO_UNKNOWN, TOPO_UNKNOWN };
	}
	*(card >= 0 ? &drm->card : &drm->render) = card >= 0 ? card : render;
}

static void scan_drms(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	scan_class_devices(tree, t, "drm", found_drm);
}

const struct class drm_class = {
	"drm", "A graphics device.", "/sys/devices/**/*:*:*.[0-7]/**/drm/*", count_drms, two_minors, at_drm, ROWS(drm_attrs),
	.subsystem = "class/drm", .listed = { "class/drm" }, .scan = scan_drms,
};
