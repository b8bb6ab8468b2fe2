/* SPDX-License-Identifier: Apache-2.0 */

/* What the kernel has, learnt by trying, and for whom. */

#include "doctor.h"

#include "namespaces.h"

#include "topofs/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* --- a mount in namespaces of its own -------------------------------------------------------------------- */

struct answer {
	int rc;
	struct err why;
	struct serve_probe kernel;
};

/* As topofs run would mount. A process that is no longer root must be made its own again to map its ids. */
static int try_mount(void *as_nobody, void *answer)
{
	enum { NOBODY = 65534 };
	struct answer *a = answer;
	if (*(bool *)as_nobody && (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
				   setresuid(NOBODY, NOBODY, NOBODY) || prctl(PR_SET_DUMPABLE, 1))) {
		a->rc = -errno;
		err_set(&a->why, "", "cannot become an ordinary user: %s", strerror(errno));
		return 0;
	}
	a->rc = enter_namespaces(&a->why);
	if (!a->rc)
		a->rc = serve_probe("/sys", &a->kernel, &a->why);
	return 0;
}

/* In a child, with which the namespaces go. */
static struct answer ask_kernel(bool as_nobody)
{
	struct answer a = { 0 };
	if (call_in_time(try_mount, &as_nobody, &a, sizeof a, false) < 0) {
		a.rc = -EIO;
		err_set(&a.why, "", "what was to try it died");
	}
	return a;
}

void learn_kernel(struct host *h)
{
	struct answer a = ask_kernel(false);
	h->mounts_rc = a.rc;
	h->why = a.why;
	h->kernel = a.kernel;
}

/* Checks that need that mount begin with this. */
static bool is_known(const struct host *h, struct verdict *v)
{
	if (h->mounts_rc)
		say(v, NOTE, "not known, as no mount could be made to ask the kernel");
	return !h->mounts_rc;
}

/* --- who can mount --------------------------------------------------------------------------------------- */

/* 0 or an errno: ENODEV where another device has its name, as containers hide devices. */
static int open_device(void)
{
	enum { MISC = 10, FUSE = 229 };
	struct stat st;
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno;
	int error = fstat(fd, &st) ? errno : S_ISCHR(st.st_mode) && st.st_rdev == makedev(MISC, FUSE) ? 0 : ENODEV;
	close(fd);
	return error;
}

void look_at_fuse(const struct host *h, struct verdict *v)
{
	(void)h;
	static const char usual[] = "its permissions are usually 0666, so that any user can have a machine of their own";
	struct stat st;
	int error = open_device();
	if (!error && !stat("/dev/fuse", &st) && (st.st_mode & 0006) != 0006) {
		say(v, NOTE, "/dev/fuse can be opened, but not by everybody: its permissions are %04o", st.st_mode & 07777);
		advise(v, "%s", usual);
		return;
	}
	if (!error) {
		say(v, OK, "/dev/fuse can be opened");
		return;
	}
	say(v, PROBLEM, "/dev/fuse cannot be opened: %s", strerror(error));
	if (error == EPERM)
		advise(v, "give the container or service this device: --device /dev/fuse, or DeviceAllow=/dev/fuse rw");
	else if (error == EACCES)
		advise(v, "%s", usual);
	else
		advise(v, "modprobe fuse; a container is given it with --device /dev/fuse");
}

void look_at_mounting(const struct host *h, struct verdict *v)
{
	if (!h->mounts_rc)
		say(v, OK, "this user can make mounts that only a command sees");
	else
		say(v, PROBLEM, "this user cannot use topofs run: %s", h->why.what);
}

void look_at_users(const struct host *h, struct verdict *v)
{
	if (!h->root) {
		if (is_known(h, v))
			say(v, OK, "this user needs no root for topofs run");
		return;
	}
	struct answer a = ask_kernel(true);
	if (!a.rc)
		say(v, OK, "ordinary users can use topofs run");
	else
		say(v, NOTE, "ordinary users cannot use topofs run: %s", a.why.what);
}

/* --- what mounts can do ---------------------------------------------------------------------------------- */

void look_at_requests(const struct host *h, struct verdict *v)
{
	_cleanup_buf_ struct buf lacks = { 0 };
	if (!is_known(h, v))
		return;
	for (size_t i = 0; i < serve_n_features; i++)
		if (!(serve_features[i].flag & h->kernel.offered))
			buf_printf(&lacks, "%s%s (Linux %s)", lacks.len ? ", " : "", serve_features[i].name,
				   serve_features[i].kernel);
	if (!lacks.len)
		say(v, OK, "the kernel spares the server all requests for what was read once");
	else
		say(v, NOTE, "the kernel asks the server again for some of what was read once, as it lacks %s",
		    buf_text(&lacks));
}

void look_at_resend(const struct host *h, struct verdict *v)
{
	if (!is_known(h, v))
		return;
	if (h->kernel.resend)
		say(v, OK, "the kernel sends again what a server that died had been asked");
	else
		say(v, NOTE,
		    "the kernel does not send again what a server that died had been asked, as Linux 6.9 does: "
		    "topofs has to remember it");
}

#ifndef FUSE_HAS_EXPIRE_ONLY
#define FUSE_HAS_EXPIRE_ONLY (1ULL << 35)
#endif

void look_at_reload(const struct host *h, struct verdict *v)
{
	if (!is_known(h, v))
		return;
	if (h->kernel.offered & FUSE_HAS_EXPIRE_ONLY)
		say(v, OK, "the kernel can be told of files that come and go without unmounting what is mounted there");
	else
		say(v, NOTE,
		    "the kernel cannot be told of files that come and go, as Linux 6.2 can: "
		    "what a reload adds may not be seen for some time");
}

/* Seconds, 0 for none, negative where the kernel has no such setting. */
static long read_setting(const char *file)
{
	char text[32] = "";
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -EIO;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	return n > 0 ? strtol(text, NULL, 10) : -EIO;
}

void look_at_timeout(const struct host *h, struct verdict *v)
{
	static const char *const names[] = { "default", "max" };
	char file[64];
	(void)h;
	say(v, OK, "the kernel waits for a server that is being replaced as long as it takes");
	for (size_t i = 0; i < 2; i++) {
		snprintf(file, sizeof file, "/proc/sys/fs/fuse/%s_request_timeout", names[i]);
		long seconds = read_setting(file);
		if (seconds > 0) {
			say(v, PROBLEM,
			    "fs.fuse.%s_request_timeout is %ld: "
			    "when topofs does not answer for so many seconds, the kernel ends the mount for ever",
			    names[i], seconds);
			advise(v, "sysctl fs.fuse.%s_request_timeout=0, before mounting", names[i]);
			return;
		}
		if (seconds < 0 && seconds != -ENOENT)
			say(v, NOTE, "not known, as %s cannot be read", file);
	}
}
