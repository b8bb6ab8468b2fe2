/* SPDX-License-Identifier: Apache-2.0 */

/* Which files of a running machine are asked for at all: those that a row would make, or a class lists. */

#include "scan.h"

#include "classes.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
static bool fits_name(const char *pattern, size_t pattern_len, const char *text, size_t len)
{
	char part[256], name[256];
	if (pattern_len == 1 && *pattern == '*')
		return true;
	if (!memchr(pattern, '*', pattern_len) && !memchr(pattern, '[', pattern_len))
		return pattern_len == len && !memcmp(pattern, text, len);
	if (pattern_len >= sizeof part || len >= sizeof name)
		return false;
	memcpy(part, pattern, pattern_len);
	memcpy(name, text, len);
	part[pattern_len] = name[len] = '\0';
	return !fnmatch(part, name, 0);
}

/* The pattern goes on in `rest`, if that is not NULL. */
static bool fits(const char *pattern, const char *rest, const char *path, bool folder)
{
	if (!*pattern && rest)
		return fits(rest, NULL, path, folder);
	if (!*path)
		return !*pattern || folder;
	if (!*pattern)
		return false;
	size_t part_len = strcspn(pattern, "/"), name_len = strcspn(path, "/");
	const char *next_part = pattern + part_len + (pattern[part_len] == '/');
	const char *next_name = path + name_len + (path[name_len] == '/');
	if (part_len == 2 && !memcmp(pattern, "**", 2))
		return fits(next_part, rest, path, folder) || fits(pattern, rest, next_name, folder);
	return fits_name(pattern, part_len, path, name_len) && fits(next_part, rest, next_name, folder);
}

bool scan_fits(const char *pattern, const char *path, bool folder)
{
	return fits(pattern, NULL, path, folder);
}

/* A folder may lead on to what a row makes. */
static bool may_make(const struct attr *attr, mode_t mode)
{
	return S_ISDIR(mode) || (attr->link ? S_ISLNK(mode) : S_ISREG(mode));
}

static bool class_wants(const struct class *class, const char *path, mode_t mode)
{
	const char *dir = class->dir + 1;
	bool folder = S_ISDIR(mode);
	for (size_t l = 0; l < 2 && class->listed[l]; l++) {
		char listed[128];
		snprintf(listed, sizeof listed, "sys/%s", class->listed[l]);
		if (fits(listed, "*", path, folder))
			return true;
	}
	/* most paths are nowhere near */
	if (!fits(dir, "**", path, true))
		return false;
	if (fits(dir, NULL, path, folder) || (class->subsystem && fits(dir, "subsystem", path, folder)))
		return true;
	for (size_t a = 0; a < class->n_attrs; a++)
		if (may_make(&class->attrs[a], mode) && fits(dir, class->attrs[a].name, path, folder))
			return true;
	return false;
}

bool sysfs_wants(const char *path, mode_t mode)
{
	for (size_t c = 0; c < n_classes; c++)
		if (class_wants(classes[c], path, mode))
			return true;
	return false;
}
