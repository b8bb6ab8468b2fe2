/* SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include "topofs/compose.h"
#include "topofs/serve.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

int read_pid(const struct cmd *cmd, const char *text, pid_t *ret)
{
	char *end = NULL;
	long pid = text ? strtol(text, &end, 10) : 0;
	if (!text)
		return misuse(cmd, "--pid is missing");
	if (end == text || *end || pid <= 0 || pid > INT_MAX)
		return misuse(cmd, "\"%s\" is no process", text);
	*ret = (pid_t)pid;
	return EXIT_OK;
}

int check_policy(const struct cmd *cmd, const char *value)
{
	struct err err = { 0 };
	return value && compose_check_policy(value, &err) < 0 ? misuse(cmd, "--union: %s", err.what) : EXIT_OK;
}

const char *policy_of(const char *value, const char *unlisted, const char *otherwise)
{
	if (value && *value)
		return value;
	if (unlisted && *unlisted)
		return unlisted;
	return value ? "host" : otherwise;
}

int policy_of_mount(const char *value, const char *folder, struct buf *ret)
{
	struct serve_status status = { 0 };
	struct err err = { 0 };
	if (!(value && *value) && serve_status(folder, &status, &err) < 0)
		return complain(folder, &err);
	buf_puts(ret, policy_of(value, status.unlisted, ""));
	return EXIT_OK;
}

struct hidden {
	int process;
	const char *source;
	int connection;
	struct err *err;
};

/* What is mounted on /sys here goes with this process, but for the mount that is returned. */
static int mount_apart(void *ctx)
{
	struct hidden *h = ctx;
	int rc = h->process >= 0 ? compose_enter_user(h->process, h->err) : 0;
	if (rc >= 0)
		rc = compose_hide(h->err);
	if (rc >= 0)
		rc = h->connection = serve_mount_direct(h->source, "/sys", "", h->err);
	return rc < 0 ? rc : compose_clone(AT_FDCWD, "/sys", h->err);
}

int mount_hidden(int process, const char *topology, int *connection, struct err *err)
{
	_cleanup_buf_ struct buf source = { 0 };
	topology_source(topology, &source);
	struct hidden h = { .process = process, .source = buf_text(&source), .connection = -1, .err = err };
	int mount = compose_apart(mount_apart, &h);
	*connection = h.connection;
	return mount;
}

void say_cannot(void *ctx, const char *path, const char *why)
{
	(void)ctx;
	fail("nobody will see the machine's %s: %s", path, why);
}
