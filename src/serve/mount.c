/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include "topofs/buf.h"
#include "topofs/child.h"
#include "topofs/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What mount(8) and fstab(5) may say, and what becomes of it. */
enum option_kind {
	OPTION_SET,	/* a flag of mount(2) */
	OPTION_CLEAR,	/* its opposite */
	OPTION_KERNEL,	/* goes to the kernel's FUSE as it is */
	OPTION_SOURCE,	/* what /proc/mounts shows first */
	OPTION_SUBTYPE, /* what it shows behind "fuse." */
	OPTION_WARM,	/* the caches are filled before the mount is called ready */
	OPTION_UNION,	/* the caller shows real files beside the tree's */
	OPTION_SLOPPY,	/* unknown ones are no error: mount -s */
	OPTION_DONE	/* true already, or the concern of mount(8) or systemd alone */
};

struct mount_option {
	const char *name;
	bool has_value;
	enum option_kind kind;
	unsigned long flag;
};

static const struct mount_option mount_options[] = {
	{ "ro", false, OPTION_SET, MS_RDONLY },
	{ "rw", false, OPTION_DONE, 0 }, /* mount(8) says so unless told otherwise */
	{ "nosuid", false, OPTION_SET, MS_NOSUID },
	{ "suid", false, OPTION_CLEAR, MS_NOSUID },
	{ "nodev", false, OPTION_SET, MS_NODEV },
	{ "dev", false, OPTION_CLEAR, MS_NODEV },
	{ "noexec", false, OPTION_SET, MS_NOEXEC },
	{ "exec", false, OPTION_CLEAR, MS_NOEXEC },
	{ "noatime", false, OPTION_SET, MS_NOATIME },
	{ "atime", false, OPTION_CLEAR, MS_NOATIME },
	{ "sync", false, OPTION_SET, MS_SYNCHRONOUS },
	{ "async", false, OPTION_CLEAR, MS_SYNCHRONOUS },
	{ "dirsync", false, OPTION_SET, MS_DIRSYNC },
	{ "allow_other", false, OPTION_KERNEL, 0 },
	{ "max_read", true, OPTION_KERNEL, 0 },
	{ "context", true, OPTION_KERNEL, 0 },
	{ "fscontext", true, OPTION_KERNEL, 0 },
	{ "defcontext", true, OPTION_KERNEL, 0 },
	{ "rootcontext", true, OPTION_KERNEL, 0 },
	{ "fsname", true, OPTION_SOURCE, 0 },
	{ "subtype", true, OPTION_SUBTYPE, 0 },
	{ "default_permissions", false, OPTION_DONE, 0 },
	{ "warm", false, OPTION_WARM, 0 },
	{ "union", false, OPTION_UNION, 0 },
	{ "union", true, OPTION_UNION, 0 },
	{ "sloppy", false, OPTION_SLOPPY, 0 },
	{ "defaults", false, OPTION_DONE, 0 },
	{ "auto", false, OPTION_DONE, 0 },
	{ "noauto", false, OPTION_DONE, 0 },
	{ "nofail", false, OPTION_DONE, 0 },
	{ "user", false, OPTION_DONE, 0 },
	{ "user", true, OPTION_DONE, 0 },
	{ "nouser", false, OPTION_DONE, 0 },
	{ "users", false, OPTION_DONE, 0 },
	{ "owner", false, OPTION_DONE, 0 },
	{ "group", false, OPTION_DONE, 0 },
	{ "_netdev", false, OPTION_DONE, 0 },
	{ "relatime", false, OPTION_DONE, 0 },
	{ "norelatime", false, OPTION_DONE, 0 },
	{ "strictatime", false, OPTION_DONE, 0 },
	{ "nostrictatime", false, OPTION_DONE, 0 },
	{ "lazytime", false, OPTION_DONE, 0 },
	{ "nolazytime", false, OPTION_DONE, 0 },
	{ "diratime", false, OPTION_DONE, 0 },
	{ "nodiratime", false, OPTION_DONE, 0 },
	{ "silent", false, OPTION_DONE, 0 },
	{ "loud", false, OPTION_DONE, 0 },
	{ "comment", true, OPTION_DONE, 0 },
};
enum { N_MOUNT_OPTIONS = sizeof mount_options / sizeof *mount_options };

struct plan {
	unsigned long flags;
	bool sloppy, warm, beside;
	struct buf policy;
	struct buf kernel;	 /* ",allow_other,max_read=4096" */
	struct buf source, type; /* type: "fuse.topofs" */
};

static void plan_done(struct plan *p)
{
	buf_done(&p->policy);
	buf_done(&p->kernel);
	buf_done(&p->source);
	buf_done(&p->type);
}

#define _cleanup_plan_ __attribute__((cleanup(plan_done)))

/* A value, without the backslashes and quotes that keep its commas from ending it. */
static void set_text(struct buf *b, const char *prefix, const char *text, size_t len)
{
	buf_cut(b, 0);
	buf_puts(b, prefix);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			continue;
		if (text[i] == '\\' && i + 1 < len)
			i++;
		buf_putc(b, text[i]);
	}
}

/* The end of the option at `text`: a comma within double quotes (SELinux categories) or behind a backslash is part. */
static size_t option_length(const char *text)
{
	bool quoted = false;
	size_t i = 0;

	for (; text[i] && (quoted || text[i] != ','); i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '\\' && text[i + 1])
			i++;
	}
	return i;
}

static const struct mount_option *find_option(const char *text, size_t name_len, bool has_value)
{
	for (size_t i = 0; i < N_MOUNT_OPTIONS; i++) {
		const struct mount_option *o = &mount_options[i];
		if (strlen(o->name) == name_len && !memcmp(o->name, text, name_len) && o->has_value == has_value)
			return o;
	}
	return NULL;
}

static void apply_option(struct plan *p, const struct mount_option *o, const char *text, size_t len)
{
	const char *value = text + strlen(o->name) + 1;
	size_t value_len = o->has_value ? (size_t)(text + len - value) : 0;

	switch (o->kind) {
	case OPTION_SET:
		p->flags |= o->flag;
		break;
	case OPTION_CLEAR:
		p->flags &= ~o->flag;
		break;
	case OPTION_KERNEL:
		buf_putc(&p->kernel, ',');
		buf_add(&p->kernel, text, len);
		break;
	case OPTION_SOURCE:
		set_text(&p->source, "", value, value_len);
		break;
	case OPTION_SUBTYPE:
		set_text(&p->type, "fuse.", value, value_len);
		break;
	case OPTION_WARM:
		p->warm = true;
		break;
	case OPTION_UNION:
		p->beside = true;
		set_text(&p->policy, "", value, value_len);
		break;
	case OPTION_SLOPPY:
		p->sloppy = true;
		break;
	case OPTION_DONE:
		break;
	}
}

static int make_plan(const char *source, const char *options, struct plan *p, struct err *err)
{
	p->flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
	buf_puts(&p->source, source);
	buf_puts(&p->type, "fuse.topofs");

	for (size_t len; *options; options += len + (options[len] == ',')) {
		len = option_length(options);
		if (len == 0 || !strncmp(options, "x-", 2) || !strncmp(options, "X-", 2))
			continue;
		size_t name_len = strcspn(options, "=,");
		const struct mount_option *o = find_option(options, name_len, name_len < len);
		if (o)
			apply_option(p, o, options, len);
		else if (!p->sloppy)
			return err_set(err, "", "unknown mount option \"%.*s\"", (int)len, options);
	}
	return 0;
}

int serve_check_options(const char *options, struct serve_options *ret, struct err *err)
{
	_cleanup_plan_ struct plan p = { 0 };
	int rc = make_plan("", options, &p, err);

	*ret = (struct serve_options){ .warm = p.warm, .beside = p.beside };
	buf_puts(&ret->policy, buf_text(&p.policy));
	return rc;
}

static const char *mount_failure(int error)
{
	switch (error) {
	case ENODEV:
		return "this kernel has no FUSE";
	case EPERM:
		return "not permitted to mount here";
	case EINVAL:
		return "the kernel refuses these mount options";
	default:
		return strerror(error);
	}
}

static int open_fuse(struct err *err)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	int error = errno;
	err_set(err, "",
		error == ENOENT || error == ENODEV ? "cannot open /dev/fuse: %s (modprobe fuse?)"
						   : "cannot open /dev/fuse: %s",
		strerror(error));
	return -error;
}

static int mount_direct(const struct plan *p, const char *folder, struct err *err)
{
	_cleanup_buf_ struct buf data = { 0 };

	int fd = open_fuse(err);
	if (fd < 0)
		return fd;
	buf_printf(&data, "fd=%d,rootmode=40000,user_id=%u,group_id=%u,default_permissions,allow_other%s", fd,
		   geteuid(), getegid(), buf_text(&p->kernel));
	if (mount(buf_text(&p->source), folder, buf_text(&p->type), p->flags, buf_text(&data)) == 0)
		return fd;
	int error = errno;
	close(fd);
	err_set(err, "", "%s", mount_failure(error));
	return -error;
}

int serve_mount_direct(const char *source, const char *folder, const char *options, struct err *err)
{
	_cleanup_plan_ struct plan p = { 0 };
	int rc = make_plan(source, options, &p, err);

	return rc < 0 ? rc : mount_direct(&p, folder, err);
}

/* The options as fusermount3 takes them; it reads a backslash as "the next character is no comma". */
static void fusermount_options(const struct plan *p, struct buf *out)
{
	buf_printf(out, "subtype=%s,fsname=", buf_text(&p->type) + strlen("fuse."));
	for (const char *c = buf_text(&p->source); *c; c++) {
		if (*c == ',' || *c == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *c);
	}
	buf_printf(out, ",default_permissions%s", buf_text(&p->kernel));
	for (size_t i = 0; i < N_MOUNT_OPTIONS; i++)
		if (mount_options[i].kind == OPTION_SET && p->flags & mount_options[i].flag)
			buf_printf(out, ",%s", mount_options[i].name);
}

/* Runs fusermount3 with its complaints going to `complaints` and the descriptor coming over `socket`. */
static pid_t start_fusermount(const char *const *argv, int complaints, int socket)
{
	pid_t child = fork();
	if (child != 0)
		return child;
	if (socket >= 0) {
		char number[16];
		snprintf(number, sizeof number, "%d", socket);
		setenv("_FUSE_COMMFD", number, 1);
		fcntl(socket, F_SETFD, 0);
	}
	dup2(complaints, STDERR_FILENO);
	execvp(argv[0], (char *const *)argv);
	dprintf(complaints, "%s: %s", argv[0],
		errno == ENOENT ? "not found (it comes with FUSE 3 and lets ordinary users mount)" : strerror(errno));
	_exit(127);
}

/* Runs it to its end; the first line it printed becomes the error. */
static bool run_fusermount(const char *const *argv, int socket, struct err *err)
{
	int pipes[2], status = -1;
	char said[sizeof err->what];
	size_t len = 0;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return false;
	pid_t child = start_fusermount(argv, pipes[1], socket);
	close(pipes[1]);
	for (ssize_t n; (n = read(pipes[0], said + len, sizeof said - 1 - len)) != 0 && len < sizeof said - 1;)
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR)
			break;
	said[len] = '\0';
	close(pipes[0]);
	wait_for_child(child, &status);
	err_set(err, "", "%.*s", (int)strcspn(said, "\n"), len ? said : "fusermount3 failed");
	return status == 0;
}

static int mount_by_fusermount(const struct plan *p, const char *folder, struct err *err)
{
	_cleanup_buf_ struct buf options = { 0 };
	char nothing[8];
	int ends[2];

	fusermount_options(p, &options);
	const char *const argv[] = { "fusermount3", "-o", buf_text(&options), "--", folder, NULL };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(err, "", "cannot start fusermount3: %s", strerror(errno));
	bool done = run_fusermount(argv, ends[1], err);
	close(ends[1]);
	int fd = done ? receive_fd(ends[0], nothing, sizeof nothing) : -EPERM;
	close(ends[0]);
	return fd;
}

/* A second tree on the same folder would only hide the first until somebody wonders. */
static bool holds_tree(const char *folder, const char *type, size_t len)
{
	_cleanup_arena_ struct arena a = { 0 };
	mount_list mounts = { 0 };
	bool holds = false;

	read_own_mounts(&a, &mounts);
	for (size_t i = 0; i < mounts.n; i++)
		if (!strcmp(mounts.at[i].mountpoint, folder))
			holds = !strncmp(mounts.at[i].type, type, len);
	return holds;
}

bool holds_fuse(const char *folder)
{
	return holds_tree(folder, "fuse.", strlen("fuse."));
}

int serve_mount(const char *source, const char *folder, const char *options, struct err *err)
{
	_cleanup_plan_ struct plan p = { 0 };
	int rc = make_plan(source, options, &p, err);

	if (rc < 0)
		return rc;
	if (holds_tree(folder, buf_text(&p.type), strlen(buf_text(&p.type)) + 1)) {
		err_set(err, "", "something of topofs is mounted here already");
		return -EBUSY;
	}
	rc = mount_direct(&p, folder, err);
	if ((rc == -EPERM || rc == -EACCES) && geteuid() != 0)
		rc = mount_by_fusermount(&p, folder, err);
	return rc;
}

void serve_unmount(const char *folder)
{
	const char *const argv[] = { "fusermount3", "-u", "-z", "-q", "--", folder, NULL };
	struct err ignored;

	if (umount2(folder, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno == EPERM)
		run_fusermount(argv, -1, &ignored);
}
