/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/policy.h"

#include <stdbool.h>
#include <string.h>

static const char between[] = ", \t\n";
static const char root[] = "/sys/";
enum { ROOT_LEN = sizeof root - 1 };

static bool is_dots(const char *name, size_t len)
{
	return (len == 1 || len == 2) && !strncmp(name, "..", len);
}

/* Names of files, without the detours that would make one place have several paths. */
static bool is_path(const char *path, size_t len)
{
	for (const char *p = path, *end; p < path + len; p = end + 1) {
		const char *slash = memchr(p, '/', (size_t)(path + len - p));
		end = slash ? slash : path + len;
		if (end == p || is_dots(p, (size_t)(end - p)) || slash == path + len - 1)
			return false;
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f)
			return false;
	return len > 0;
}

static bool is(const struct policy_word *w, const char *name)
{
	return strlen(name) == w->len && !strncmp(name, w->text, w->len);
}

int policy_next(const char **text, struct policy_word *ret, struct err *err)
{
	const char *word = *text + strspn(*text, between);
	struct policy_word w = { .text = word, .len = strcspn(word, between) };

	if (!w.len)
		return 0;
	size_t before = (size_t)(*word == '!') + ROOT_LEN;
	if (is(&w, "host") || is(&w, "hide")) {
		w.kind = word[1] == 'o' ? POLICY_HOST : POLICY_HIDE;
	} else if (w.len > before && !strncmp(word + before - ROOT_LEN, root, ROOT_LEN) &&
		   is_path(word + before, w.len - before)) {
		w.kind = *word == '!' ? POLICY_HIDDEN : POLICY_REAL;
		w.path = word + before;
		w.path_len = w.len - before;
	} else {
		return err_set(err, "", "\"%.*s\" is none of host, hide, /sys/PATH and !/sys/PATH",
			       w.len < 200 ? (int)w.len : 200, word);
	}
	*text = word + w.len;
	*ret = w;
	return 1;
}
