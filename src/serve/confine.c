/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
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

static bool allow_calls(scmp_filter_ctx filter)
{
	bool good = true;

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		good &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
	/* files only to be read, memory not to be run */
	good &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				 SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, O_RDONLY)) == 0;
	good &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
	good &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
	return good;
}

static void filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (filter && allow_calls(filter))
		seccomp_load(filter);
	seccomp_release(filter);
}

/* Of files only those of /proc: where the reader is, how much memory there is. Of root a worker has the right to all. */
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
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (capng_get_caps_process() < 0)
		return;
	/* root reads a user's file, as it is used to */
	bool reads = capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_READ_SEARCH);
	capng_clear(CAPNG_SELECT_CAPS);
	if (reads)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_READ_SEARCH);
	capng_apply(CAPNG_SELECT_CAPS);
}

void confine_worker(const struct served *s)
{
	/* nobody but root looks into it, and it leaves no core */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* libcap-ng prints a complaint where it may not drop the bounding set */
	bool bounds = capng_get_caps_process() == 0 && capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_ALL);
	capng_apply(bounds ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS);
	/* after that, which would undo it */
	end_with(s, s->keeper);
	hide_files();
	filter_calls();
}
