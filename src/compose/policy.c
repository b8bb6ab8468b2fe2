/* SPDX-License-Identifier: Apache-2.0 */

/* What of the real sysfs is seen beside a machine. */

#include "union.h"

#include "topofs/policy.h"

#include <string.h>

struct row {
	const char *path;
	enum rule rule;
};

/*
 * Of the real sysfs: what is the kernel's own, or the container's, and not the machine's. Devices of the machine are
 * those of the document alone, and so are the buses and classes that it has.
 */
static const struct row usual[] = {
	{ "", RULE_MIX },
	{ "block", RULE_ALONE },
	{ "bus", RULE_MIX },
	{ "class", RULE_MIX },
	{ "class/block", RULE_ALONE },
	{ "class/net", RULE_ALONE },
	{ "dev", RULE_REAL },
	{ "devices", RULE_MIX },
	{ "devices/system", RULE_MIX },
	{ "devices/system/clockevents", RULE_REAL },
	{ "devices/system/clocksource", RULE_REAL },
	{ "devices/virtual", RULE_REAL },
	{ "devices/virtual/dmi", RULE_MACHINE },
	{ "devices/virtual/powercap", RULE_HIDE },
	{ "devices/virtual/thermal", RULE_HIDE },
	{ "firmware", RULE_REAL },
	{ "fs", RULE_REAL },
	{ "kernel", RULE_REAL },
	{ "kernel/iommu_groups", RULE_MACHINE },
	{ "module", RULE_REAL },
	{ "power", RULE_REAL },
};

/* Without these runtimes do not start a container, whatever else is hidden. */
static const struct row always[] = {
	{ "", RULE_MIX },
	{ "fs", RULE_MIX },
	{ "fs/cgroup", RULE_ALONE },
};

static const struct row *rows_of(const struct policy *p, size_t *n)
{
	*n = p->host ? sizeof usual / sizeof *usual : sizeof always / sizeof *always;
	return p->host ? usual : always;
}

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);
	return len == 0 || (!strncmp(path, folder, len) && path[len] == '/');
}

static bool is_listed(const char *const *at, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(at[i], path))
			return true;
	return false;
}

static bool any_below(const char *const *at, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(at[i], path) != 0 && is_below(at[i], path))
			return true;
	return false;
}

bool policy_has_below(const struct policy *p, const char *path)
{
	size_t n;
	const struct row *rows = rows_of(p, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].path, path) != 0 && is_below(rows[i].path, path))
			return true;
	return any_below(p->real.at, p->real.n, path) || any_below(p->hidden.at, p->hidden.n, path);
}

enum rule policy_rule(const struct policy *p, const char *path, enum rule above)
{
	size_t n;
	const struct row *rows = rows_of(p, &n);
	if (is_listed(p->hidden.at, p->hidden.n, path))
		return RULE_HIDE;
	if (is_listed(p->real.at, p->real.n, path))
		return RULE_REAL;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(rows[i].path, path))
			return rows[i].rule;
	if (above == RULE_MIX && p->host && (is_below(path, "class") || is_below(path, "bus")) &&
	    !any_below(p->real.at, p->real.n, path))
		return RULE_RESOLVES;
	if (above == RULE_MIX || above == RULE_MACHINE)
		return policy_has_below(p, path) ? RULE_MIX : RULE_MACHINE;
	return above;
}

int policy_read(struct arena *a, const char *text, struct policy *ret, struct err *err)
{
	struct policy_word word;
	int rc;

	while ((rc = policy_next(&text, &word, err)) > 0) {
		if (word.kind == POLICY_HIDDEN)
			*LIST_ADD(a, &ret->hidden) = arena_strndup(a, word.path, word.path_len);
		else if (word.kind == POLICY_REAL)
			*LIST_ADD(a, &ret->real) = arena_strndup(a, word.path, word.path_len);
		else if (word.kind == POLICY_HOST)
			ret->host = true;
		else
			*ret = (struct policy){ 0 };
	}
	return rc;
}

int compose_check_policy(const char *policy, struct err *err)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy ignored = { 0 };
	return policy_read(&arena, policy, &ignored, err);
}
