/* SPDX-License-Identifier: Apache-2.0 */

/* A specification of the Container Device Interface (CDI), by which container runtimes give machines to containers. */

#include "container.h"
#include "enter.h"

#include "topofs/buf.h"

#include <ctype.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIND "topofs.dev/machine"

/* Fields unknown to a runtime make it refuse all: the version is the lowest that has those that are used. */
#define VERSION_BASE "0.3.0"
#define VERSION_DIGIT_FIRST "0.5.0"

/* The only files of /proc that runc lets anything be mounted on, of those a machine has. */
static const char *const proc_files[] = { "cpuinfo", "meminfo", "stat" };

struct plan {
	const char *folder;	  /* where machines are mounted, each in a folder of its name */
	const char *union_policy; /* as --union says it; NULL: as the machine says, or mounts alone */
	const char *program;	  /* topofs, as the runtime finds it */
};

/* No JSON can be anything but UTF-8. */
static bool is_text(const char *text)
{
	json_t *string = json_string(text);
	json_decref(string);
	return string;
}

/* --- names ----------------------------------------------------------------------------------------------- */

/* As topofs@.service names instances: a file's name without its folder and .json. */
static void name_device(const char *topology, struct buf *name)
{
	static const char suffix[] = ".json";
	const char *slash = strrchr(topology, '/');
	const char *base = slash ? slash + 1 : topology;
	size_t len = strlen(base);
	if (len > strlen(suffix) && !strcmp(base + len - strlen(suffix), suffix))
		len -= strlen(suffix);
	buf_add(name, base, len);
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);
	return len && len <= 63 && isalnum((unsigned char)name[0]) && isalnum((unsigned char)name[len - 1]) &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:") == len;
}

/* --- one machine ----------------------------------------------------------------------------------------- */

static json_t *describe_mount(const struct plan *p, const char *name, const char *path)
{
	_cleanup_buf_ struct buf source = { 0 };
	buf_printf(&source, "%s/%s%s", p->folder, name, path);
	return json_pack("{ss ss s[ssssss]}", "hostPath", buf_text(&source), "containerPath", path, "options", "rbind",
			 "ro", "nosuid", "nodev", "noexec", "rslave");
}

/* All of /sys, as links between its folders would lead nowhere else; what is mounted below comes over it. */
static json_t *describe_mounts(const struct plan *p, const char *name, const struct tree *tree)
{
	json_t *mounts = json_array();
	json_array_append_new(mounts, describe_mount(p, name, "/sys"));
	for (size_t i = 0; i < sizeof proc_files / sizeof *proc_files; i++) {
		_cleanup_buf_ struct buf path = { 0 };
		buf_printf(&path, "/proc/%s", proc_files[i]);
		if (tree_find(tree, buf_text(&path) + 1) != TREE_NONE)
			json_array_append_new(mounts, describe_mount(p, name, buf_text(&path)));
	}
	return mounts;
}

static json_t *describe_hook(const struct plan *p, const char *name)
{
	_cleanup_buf_ struct buf folder = { 0 }, policy = { 0 };
	buf_printf(&folder, "%s/%s", p->folder, name);
	json_t *args = json_pack("[ss]", "topofs", "hook");
	/* without it the hook asks the mount, whose machine may be another one by then */
	if (p->union_policy)
		buf_printf(&policy, "--union%s%s", *p->union_policy ? "=" : "", p->union_policy);
	if (p->union_policy)
		json_array_append_new(args, json_string(buf_text(&policy)));
	json_array_append_new(args, json_string(buf_text(&folder)));
	return json_pack("{ss ss so}", "hookName", "createContainer", "path", p->program, "args", args);
}

static json_t *describe_variable(const char *name, const char *value)
{
	_cleanup_buf_ struct buf text = { 0 };
	buf_printf(&text, "%s=%s", name, value);
	return json_string(buf_text(&text));
}

static json_t *describe_device(const struct plan *p, const char *name, const char *machine, const struct tree *tree,
			       bool hooked)
{
	json_t *edits = json_pack("{s[o]}", "env", describe_variable(MACHINE_VARIABLE, machine));
	if (hooked)
		json_object_set_new(edits, "hooks", json_pack("[o]", describe_hook(p, name)));
	else
		json_object_set_new(edits, "mounts", describe_mounts(p, name, tree));
	return json_pack("{ss so}", "name", name, "containerEdits", edits);
}

/* --------------------------------------------------------------------------------------------------------- */

static const char *name_of(const json_t *devices, size_t i)
{
	return json_string_value(json_object_get(json_array_get(devices, i), "name"));
}

static int add_device(const struct plan *p, const char *topology, json_t *devices)
{
	const struct load_options how = { .for_others = true };
	_cleanup_topo_ struct topo topo = { 0 };
	_cleanup_tree_ struct tree tree = { 0 };
	_cleanup_buf_ struct buf name = { 0 };

	name_device(topology, &name);
	if (!is_name(buf_text(&name)))
		return fail("%s: \"%s\" cannot be a device's name: up to 63 letters, digits, _ - . and : that begin and "
			    "end with a letter or digit",
			    topology, buf_text(&name));
	for (size_t i = 0; i < json_array_size(devices); i++)
		if (!strcmp(name_of(devices, i), buf_text(&name)))
			return fail("%s: there are two machines of the name %s", topology, buf_text(&name));
	if (load_topology(topology, &how, &topo) || build_tree(topology, &topo, &tree))
		return EXIT_FAILED;
	bool hooked = p->union_policy || topo.unlisted;
	if (hooked && !is_text(p->program))
		return fail("the path of topofs is not UTF-8: %s", p->program);
	const char *machine = topo.name ? topo.name : buf_text(&name);
	if (!is_text(machine))
		return fail("%s: its name is not UTF-8: %s", topology, machine);
	json_array_append_new(devices, describe_device(p, buf_text(&name), machine, &tree, hooked));
	return EXIT_OK;
}

static bool begins_with_digit(const json_t *devices)
{
	for (size_t i = 0; i < json_array_size(devices); i++)
		if (isdigit((unsigned char)*name_of(devices, i)))
			return true;
	return false;
}

static int write_specification(json_t *devices, const char *path)
{
	json_t *env = json_array();
	for (const struct variable *v = machine_environment; v->name; v++)
		json_array_append_new(env, describe_variable(v->name, v->value));
	json_t *all = json_pack("{ss ss sO s{so}}", "cdiVersion",
				begins_with_digit(devices) ? VERSION_DIGIT_FIRST : VERSION_BASE, "kind", KIND,
				"devices", devices, "containerEdits", "env", env);
	char *dumped = json_dumps(all, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	_cleanup_buf_ struct buf text = { 0 };
	buf_printf(&text, "%s\n", dumped ? dumped : "");
	free(dumped);
	json_decref(all);
	return write_text(&text, path);
}

static int make_specification(const struct plan *p, char **topologies, int n, const char *path)
{
	json_t *devices = json_array();
	int status = EXIT_OK;
	for (int i = 0; i < n && !status; i++)
		status = add_device(p, topologies[i], devices);
	if (!status)
		status = write_specification(devices, path);
	json_decref(devices);
	return status;
}

enum { OPT_OUTPUT, OPT_UNION, OPT_FOLDER, OPT_PROGRAM };

static const struct opt opts[] = {
	{ 'o', "output", "FILE", "write to this file instead of standard output" },
	UNION_OPT,
	{ 0, "folder", "DIR", "where the machines are mounted; /run/topofs where not said" },
	{ 0, "program", "PATH", "where the runtime finds topofs for the hook; this one where not said" },
};

static int run(char **args, int n_args, const char *const *values)
{
	char self[PATH_MAX] = "";
	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
		self[0] = '\0';
	const struct plan p = {
		.folder = values[OPT_FOLDER] ? values[OPT_FOLDER] : "/run/topofs",
		.union_policy = values[OPT_UNION],
		.program = values[OPT_PROGRAM] ? values[OPT_PROGRAM] : self,
	};
	if (*p.folder != '/')
		return misuse(&cmd_cdi, "--folder must begin with a slash");
	if ((p.union_policy || values[OPT_PROGRAM]) && *p.program != '/')
		return misuse(&cmd_cdi, "--program must begin with a slash");
	if (!is_text(p.folder))
		return misuse(&cmd_cdi, "--folder is not UTF-8: %s", p.folder);
	if (values[OPT_PROGRAM] && !is_text(p.program))
		return misuse(&cmd_cdi, "--program is not UTF-8: %s", p.program);
	if (p.union_policy && !is_text(p.union_policy))
		return misuse(&cmd_cdi, "--union is not UTF-8: %s", p.union_policy);
	int status = check_policy(&cmd_cdi, p.union_policy);
	return status ? status : make_specification(&p, args, n_args, values[OPT_OUTPUT]);
}

const struct cmd cmd_cdi = {
	.name = "cdi",
	.args = "TOPOLOGY...",
	.doc = "describe machines to container runtimes",
	.text = "Prints a specification of the Container Device Interface, for containerd, CRI-O, Docker and Podman,\n"
		"which look for it in /etc/cdi. A container then gets a machine by its name: podman run --device\n"
		"topofs.dev/machine=dgx-h100. Each machine must be mounted at /run/topofs/NAME, as topofs@NAME.service\n"
		"does; NAME is the file's name without .json.\n"
		"\n"
		"The machine's /sys covers the container's. With --union, or where the machine says what is to be seen\n"
		"of the real one (\"unlisted\"), a hook does it.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
