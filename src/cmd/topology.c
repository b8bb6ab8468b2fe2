/* SPDX-License-Identifier: Apache-2.0 */

/* TOPOLOGY of the command line: found, read, and checked against the rules and this host's kernel. */

#include "topofs/cmd.h"
#include "topofs/io.h"
#include "topofs/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- finding --------------------------------------------------------------------------------------------- */

void machine_folders(struct buf *out)
{
	const char *own = getenv("TOPOFS_PATH");
	buf_printf(out, "%s:" SYSCONFDIR "/topofs:" PKGDATADIR "/machines", own ? own : "");
}

/* NAME.json in the first of the folders, separated by colons, that has it. */
static bool find_in(const char *folders, const char *name, struct buf *path)
{
	for (const char *end; *folders; folders = *end ? end + 1 : end) {
		end = strchrnul(folders, ':');
		buf_cut(path, 0);
		buf_printf(path, "%.*s/%s.json", (int)(end - folders), folders, name);
		if (end > folders && !access(buf_text(path), F_OK))
			return true;
	}
	return false;
}

/* A name has no slash; a file of that name wins only where no machine is called so. */
static void find_topology(const char *topology, struct buf *path)
{
	_cleanup_buf_ struct buf folders = { 0 };
	bool name = !strchr(topology, '/') && *topology;
	machine_folders(&folders);
	if (name && find_in(buf_text(&folders), topology, path))
		return;
	buf_cut(path, 0);
	buf_puts(path, topology);
}

/* How to read a TOPOLOGY that is no file's name but text itself; NULL: it is a file's. */
static const struct format *format_of_text(const char *path, const struct format *said)
{
	const struct format *format = format_of_argument(path);
	if (said && said->is_argument)
		format = said;
	return format && access(path, F_OK) ? format : NULL;
}

void topology_path(const char *topology, struct buf *ret)
{
	_cleanup_buf_ struct buf path = { 0 };
	find_topology(topology, &path);
	if (format_of_text(buf_text(&path), NULL)) {
		buf_puts(ret, topology);
		return;
	}
	char *folder = *buf_text(&path) == '/' ? NULL : get_current_dir_name();
	if (folder)
		buf_printf(ret, "%s/", folder);
	if (folder || *buf_text(&path) == '/')
		buf_puts(ret, buf_text(&path));
	free(folder);
}

bool is_installed(const char *topology)
{
	_cleanup_buf_ struct buf path = { 0 };
	find_topology(topology, &path);
	return strcmp(buf_text(&path), topology) != 0;
}

void topology_source(const char *topology, struct buf *ret)
{
	if (!is_installed(topology))
		topology_path(topology, ret);
	if (!ret->len)
		buf_puts(ret, topology);
}

/* --- reading --------------------------------------------------------------------------------------------- */

/*
 * Whether a user namespace has this number, by its map. One that it has not stands for all outside, who cannot be told
 * from root there (user_namespaces(7), "Unmapped user and group IDs").
 */
static bool is_mapped(const char *map, unsigned id)
{
	FILE *file = fopen(map, "re");
	unsigned first, outside, n;
	bool found = !file;
	while (!found && fscanf(file, "%u %u %u", &first, &outside, &n) == 3)
		found = id - first < n;
	if (file)
		fclose(file);
	return found;
}

/*
 * Who but root can change the document, and with it what everybody sees at the next start or reload; NULL: nobody. Who
 * called sudo may serve their own.
 */
static const char *who_can_change(const struct stat *st)
{
	static char text[64];
	const char *sudo = getenv("SUDO_UID");
	if (st->st_mode & S_IWOTH)
		return "anybody";
	if (st->st_mode & S_IWGRP && st->st_gid != 0 && is_mapped("/proc/self/gid_map", st->st_gid))
		snprintf(text, sizeof text, "group %u", st->st_gid);
	else if (st->st_uid != 0 && !(sudo && strtoul(sudo, NULL, 10) == st->st_uid) &&
		 is_mapped("/proc/self/uid_map", st->st_uid))
		snprintf(text, sizeof text, "user %u", st->st_uid);
	else
		return NULL;
	return text;
}

/* A folder that others can write to without its being sticky lets them put another file in the place of this one. */
static const char *who_can_replace(const char *path)
{
	_cleanup_buf_ struct buf folder = { 0 };
	const char *slash = strrchr(path, '/');
	struct stat st;
	buf_add(&folder, path, slash ? (size_t)(slash - path) : 0);
	if (stat(slash == path ? "/" : slash ? buf_text(&folder) : ".", &st))
		return NULL;
	if (st.st_mode & S_ISVTX)
		st.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	return who_can_change(&st);
}

static int check_owner(const char *path, int fd, const struct load_options *how, struct err *err)
{
	struct stat st;
	if (!how->for_others || geteuid() != 0 || fstat(fd, &st))
		return 0;
	const char *who = who_can_change(&st), *way = "change it";
	char real[PATH_MAX];
	if (!who && (who = who_can_replace(path)))
		way = "put another in its place";
	if (!who && realpath(path, real) && (who = who_can_replace(real)))
		way = "put another in its place";
	if (!who)
		return 0;
	err_set(err, "document", "%s%s can %s, and so what is served", how->strict ? "" : "warning: ", who, way);
	if (how->strict)
		return -EPERM;
	complain(path, err);
	return 0;
}

static int open_document(const char *path, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		int error = errno;
		if (error == ENOENT && !strchr(path, '/'))
			err_set(err, "", "no such file, and no machine of that name is installed");
		else
			err_set(err, "", "%s", strerror(error));
		return -error;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > DOCUMENT_MAX) {
		close(fd);
		return err_set(err, "",
			       st.st_size > DOCUMENT_MAX && S_ISREG(st.st_mode) ? "larger than %d MiB"
			       : S_ISDIR(st.st_mode)				? "a folder, not a file"
										: "not a regular file",
			       DOCUMENT_MAX >> 20);
	}
	return fd;
}

static int read_document(const char *path, const struct load_options *how, struct buf *bytes, struct err *err)
{
	int fd = open_document(path, err);
	if (fd < 0)
		return fd;
	int refused = check_owner(path, fd, how, err);
	if (refused) {
		close(fd);
		return refused;
	}
	int rc = read_to_end(fd, bytes, DOCUMENT_MAX);
	close(fd);
	if (rc == -EFBIG)
		return err_set(err, "", "larger than %d MiB", DOCUMENT_MAX >> 20);
	return rc < 0 ? err_set(err, "", "%s", strerror(-rc)) : 0;
}

/* --- checking -------------------------------------------------------------------------------------------- */

/* Digits of Mems_allowed, without their commas, times 4. */
static uint32_t kernel_node_bits(void)
{
	char line[4096];
	uint32_t digits = 0;
	FILE *status = fopen("/proc/self/status", "re");
	while (status && fgets(line, sizeof line, status))
		if (!strncmp(line, "Mems_allowed:", 13))
			for (const char *p = line + 13; *p; p++)
				digits += strchr("0123456789abcdef", *p) != NULL;
	if (status)
		fclose(status);
	return digits * 4;
}

/* What the kernel copies out for the longest mask, in whole words of 64 bits, as libnuma reckons. */
static uint32_t kernel_cpu_bits(void)
{
	unsigned long mask[65536 / 8 / sizeof(unsigned long)];
	long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
	return bytes > 0 ? (uint32_t)(bytes + 7) / 8 * 64 : 0;
}

struct host_limits this_kernel(void)
{
	return (struct host_limits){ kernel_node_bits(), kernel_cpu_bits() };
}

static bool is_refused(const struct finding *finding, const struct load_options *how)
{
	return finding->severity == BROKEN || (finding->severity == HARMFUL && !how->force) || how->strict;
}

static void print_finding(const char *path, const struct finding *finding, bool refused)
{
	struct err line = { 0 };
	err_set(&line, finding->where, "%s%s%s", refused ? "" : "warning: ", finding->what,
		refused && finding->severity == HARMFUL ? " (--force overrides)" : "");
	complain(path, &line);
}

/* Prints the first that is refused, or with `verbose` all; returns whether any was. */
static bool print_findings(const char *path, const findings *found, const struct load_options *how)
{
	bool any = false;
	for (size_t i = 0; i < found->n; i++) {
		bool refused = is_refused(&found->at[i], how);
		if (how->verbose || (refused && !any))
			print_finding(path, &found->at[i], refused);
		any |= refused;
	}
	return any;
}

static bool passes_rules(const char *path, const struct topo *topo, const struct load_options *how)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct host_limits limits = this_kernel();
	findings found = { 0 };
	rules_check(topo, &limits, &arena, &found);
	return !print_findings(path, &found, how);
}

/* --------------------------------------------------------------------------------------------------------- */

/* What is wrong with all of a document has its place too. */
static int complain_of_document(const char *path, struct err *err)
{
	if (!*err->where)
		strcpy(err->where, "document");
	return complain(path, err);
}

static int parse_document(const struct buf *bytes, const struct format *format, struct topo *ret, struct err *err)
{
	if (!format)
		format = format_of(buf_text(bytes), bytes->len);
	if (!format)
		return err_set(err, "", "XML of a kind that is not known: topofs convert --list tells which are");
	return format->read(buf_text(bytes), bytes->len, ret, err);
}

int load_topology(const char *topology, const struct load_options *how, struct topo *ret)
{
	_cleanup_buf_ struct buf path = { 0 };
	_cleanup_buf_ struct buf bytes = { 0 };
	_cleanup_topo_ struct topo topo = { 0 };
	struct err err = { 0 };
	find_topology(topology, &path);
	const struct format *format = how->format, *of_text = format_of_text(buf_text(&path), format);
	if (of_text) {
		buf_puts(&bytes, topology);
		format = of_text;
	}
	int rc = of_text ? 0 : read_document(buf_text(&path), how, &bytes, &err);
	/* there is no document to find a place in */
	if (rc == -ENOENT || rc == -ENOTDIR || rc == -ENAMETOOLONG || rc == -EACCES)
		return complain(buf_text(&path), &err);
	if (rc || parse_document(&bytes, format, &topo, &err))
		return complain_of_document(buf_text(&path), &err);
	if (!passes_rules(buf_text(&path), &topo, how))
		return EXIT_FAILED;
	*ret = topo;
	topo = (struct topo){ 0 };
	return EXIT_OK;
}

int build_tree(const char *topology, const struct topo *topo, struct tree *ret)
{
	struct err err = { 0 };
	return sysfs_build(topo, ret, &err) ? complain_of_document(topology, &err) : EXIT_OK;
}

int load_tree(const char *topology, const struct load_options *how, struct tree *ret)
{
	_cleanup_topo_ struct topo topo = { 0 };
	int status = load_topology(topology, how, &topo);
	return status ? status : build_tree(topology, &topo, ret);
}
