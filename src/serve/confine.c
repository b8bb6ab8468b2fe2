/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include "topofs/privileges.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A worker reads requests, which anybody who can open a file makes, and answers them from memory. All it needs is on
 * these lists; what is not fails with EPERM. Where the kernel or a container lets it not give something up, it works
 * with that: its requests are answered all the same.
 */

static const int calls[] = {
	/* requests */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime),
	/* where the reader is, how much memory there is: files of /proc */
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(lseek),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(sched_setaffinity),
	/* the C library's own */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(tgkill),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/*
 * Of files only those of /proc are left: where the reader is, how much memory there is. A worker of root would have the
 * right to all of root's.
 */
static void hide_files(void)
{
	const struct landlock_ruleset_attr all = {
		/* whatever the first version knows, and so every one */
		.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1,
	};
	struct landlock_path_beneath_attr proc = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);

	proc.parent_fd = rules < 0 ? -1 : open("/proc", O_PATH | O_CLOEXEC);
	if (proc.parent_fd >= 0 && syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &proc, 0) == 0)
		syscall(SYS_landlock_restrict_self, rules, 0);
	if (proc.parent_fd >= 0)
		close(proc.parent_fd);
	if (rules >= 0)
		close(rules);
}

void end_with(const struct served *s, pid_t parent)
{
	if (!s->stored)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}

void serve_give_up_capabilities(void)
{
	/* root reads a user's file, as it is used to */
	give_up_capabilities(CAP_DAC_READ_SEARCH);
}

void confine_worker(const struct served *s)
{
	/* nobody but root looks into it, and it leaves no core */
	prctl(PR_SET_DUMPABLE, 0);
	give_up_capabilities(NO_CAPABILITY);
	/* after that, which would undo it */
	end_with(s, s->keeper);
	hide_files();
	allow_calls_only(calls, sizeof calls / sizeof *calls, true);
}
