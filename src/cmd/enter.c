/* SPDX-License-Identifier: Apache-2.0 */

/* A process in a machine: what `topofs run` makes for its command. */

#include "enter.h"
#include "container.h"
#include "namespaces.h"

#include "topofs/cmd.h"
#include "topofs/compose.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A working folder below /sys is the real machine's still: go to the same place in the new one. */
static int follow_working_folder(const char *folder)
{
	if (strncmp(folder, "/sys/", 5) && strcmp(folder, "/sys"))
		return 0;
	return chdir(folder) < 0 && chdir("/") < 0 ? -errno : 0;
}

static void say_unseen(void *ctx, const char *path, const char *why)
{
	(void)ctx;
	fail("the command will not see the machine's %s: %s", path, why);
}

static int cover(const struct compose *how, struct err *err)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int rc = root < 0 ? -errno : compose_onto(how, root, true, err);
	if (root >= 0)
		close(root);
	return rc;
}

int enter_machine(const struct serve_what *what, const char *policy, struct err *err)
{
	struct compose how = { .policy = policy, .cannot = say_unseen };
	char folder[PATH_MAX] = "";
	int connection;

	if (!getcwd(folder, sizeof folder))
		folder[0] = '\0';
	int channel = serve_start(what, err);
	int rc = channel < 0 ? channel : enter_namespaces(err);
	if (rc >= 0)
		rc = how.machine = mount_hidden(-1, what->document, &connection, err);
	if (rc >= 0)
		rc = serve_hand_over(channel, connection, NULL, err);
	if (rc >= 0)
		rc = cover(&how, err);
	if (rc >= 0 && (rc = follow_working_folder(folder)) < 0)
		err_set(err, "", "cannot enter a folder of the machine's: %s", strerror(-rc));
	return rc;
}

const struct variable machine_environment[] = {
	{ "HWLOC_COMPONENTS", "-x86" },
	{ "SYSTEMD_DEVICE_VERIFY_SYSFS", "0" },
	{ NULL, NULL },
};

void set_machine_environment(const char *machine)
{
	for (const struct variable *v = machine_environment; v->name; v++)
		setenv(v->name, v->value, 0);
	setenv(MACHINE_VARIABLE, machine, 1);
}
