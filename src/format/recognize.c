/* SPDX-License-Identifier: Apache-2.0 */
#include "recognize.h"

#include <string.h>

struct view {
	const char *at, *end;
};

static void skip_blanks(struct view *v)
{
	while (v->at < v->end && strchr(" \t\r\n", *v->at) && *v->at)
		v->at++;
}

/* Goes behind the next occurrence of a text; to the end where there is none. */
static void skip_behind(struct view *v, const char *text)
{
	const char *found = memmem(v->at, (size_t)(v->end - v->at), text, strlen(text));
	v->at = found ? found + strlen(text) : v->end;
}

static bool starts_with(const struct view *v, const char *text)
{
	return (size_t)(v->end - v->at) >= strlen(text) && !memcmp(v->at, text, strlen(text));
}

static struct view view_of(const char *bytes, size_t len)
{
	struct view v = { bytes, bytes + len };
	if (starts_with(&v, "\xef\xbb\xbf"))
		v.at += 3;
	skip_blanks(&v);
	return v;
}

bool is_xml(const char *bytes, size_t len)
{
	struct view v = view_of(bytes, len);
	return starts_with(&v, "<");
}

bool begins_with_element(const char *bytes, size_t len, const char *name)
{
	struct view v = view_of(bytes, len);
	while (starts_with(&v, "<?") || starts_with(&v, "<!")) {
		skip_behind(&v, starts_with(&v, "<!--") ? "-->" : ">");
		skip_blanks(&v);
	}
	if (!starts_with(&v, "<"))
		return false;
	v.at++;
	if (!starts_with(&v, name))
		return false;
	v.at += strlen(name);
	return v.at < v.end && *v.at && strchr(" \t\r\n/>", *v.at);
}
