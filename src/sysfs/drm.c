/* SPDX-License-Identifier: Apache-2.0 */

/* Graphics devices: drivers/gpu/drm/drm_sysfs.c. */

#include "classes.h"

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
	if (minor_of(&o) == TOPO_UNKNOWN || !link_to_function(f, f->topo->drms.at[i].function, path))
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

static bool link_device(const struct attr *attr, const struct object *o, size_t i, struct buf *name,
			struct buf *place)
{
	(void)attr;
	(void)name;
	return i == 0 && link_to_function(o->facts, ((const struct drm *)o->self)->function, place);
}

static const struct attr drm_attrs[] = {
	{ "dev", "Numbers of its device file.", show_dev },
	{ "uevent", "What udev is told.", show_uevent, .mode = 0644 },
	{ "device", "The function it sits on.", .link = link_device },
};

const struct class drm_class = {
	"drm", "A graphics device.", "/sys/class/drm/*", count_drms, two_minors, at_drm, ROWS(drm_attrs),
	.subsystem = "class/drm", .listed = { "class/drm" },
};
