/* SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include "topofs/buf.h"
#include "topofs/compose.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

/*
 * What an OCI runtime runs while it creates a container, in the container's mount namespace, before its root becomes
 * the root (runtime-spec, config.md, "createContainer hooks"). The state of the container comes by standard input; where
 * its root is stands in the config.json of its bundle.
 */

/* The runtime reads what hooks print where they fail, and shows the first lines of it. */
static json_t *read_state(void)
{
	json_error_t error;
	json_t *state = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, &error);
	if (!state)
		fail("standard input: no state of a container: %s", error.text);
	return state;
}

/* The root as its path now is, below the runtime's own root. */
static int find_root(const char *bundle, struct buf *ret)
{
	_cleanup_buf_ struct buf path = { 0 };
	json_error_t error;
	const char *root = NULL;

	buf_printf(&path, "%s/config.json", bundle);
	json_t *config = json_load_file(buf_text(&path), 0, &error);
	if (!config)
		return fail("%s: %s", buf_text(&path), error.text);
	if (json_unpack(config, "{s:{s:s}}", "root", "path", &root) == 0)
		buf_printf(ret, "%s%s%s", *root == '/' ? "" : bundle, *root == '/' ? "" : "/", root);
	json_decref(config);
	return root ? EXIT_OK : fail("%s: no root.path", buf_text(&path));
}

static int cover(const char *folder, const char *root, const char *policy)
{
	struct err err = { 0 };
	const struct compose how = { .machine = compose_clone(AT_FDCWD, folder, &err), .policy = policy, .cannot = say_cannot,
				     .proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	if (how.machine < 0)
		return complain(folder, &err);
	int at = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return fail("%s: %s", root, strerror(errno));
	int rc = compose_onto(&how, at, false, &err);
	close(at);
	return rc < 0 ? complain(root, &err) : EXIT_OK;
}

static const struct opt opts[] = { UNION_OPT };

static int run(char **args, int n_args, const char *const *values)
{
	(void)n_args;
	_cleanup_buf_ struct buf root = { 0 }, policy = { 0 };
	const char *bundle = NULL;
	struct err err = { 0 };

	int status = check_policy(&cmd_hook, values[0]);
	if (status)
		return status;
	if (compose_is_alive(args[0], &err) < 0)
		return complain(args[0], &err);
	json_t *state = read_state();
	if (!state)
		return EXIT_FAILED;
	if (json_unpack(state, "{s:s}", "bundle", &bundle) < 0)
		status = fail("standard input: no state of a container: no bundle");
	else
		status = find_root(bundle, &root);
	json_decref(state);
	if (!status)
		status = policy_of_mount(values[0], args[0], &policy);
	return status ? status : cover(args[0], buf_text(&root), buf_text(&policy));
}

const struct cmd cmd_hook = {
	.name = "hook",
	.args = "FOLDER",
	.doc = "give a new container the /sys of a machine",
	.text = "For OCI runtimes, as a createContainer hook: it reads the container's state from standard input. FOLDER\n"
		"is where topofs mount serves the machine. Where nothing does, the container is not created, and the\n"
		"runtime shows why.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
