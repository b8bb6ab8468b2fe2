/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/privileges.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What it gives up is gone for good, so each is a process of its own. */
static int status_of(int (*call)(void))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(call());
	waitpid(child, &status, 0);
	return status;
}

static int has_capabilities(void)
{
	char line[256];
	int set = 0, none = 0;

	give_up_capabilities(NO_CAPABILITY);
	FILE *in = fopen("/proc/self/status", "r");
	while (in && fgets(line, sizeof line, in)) {
		bool is_set =
			!strncmp(line, "CapEff:", 7) || !strncmp(line, "CapPrm:", 7) || !strncmp(line, "CapInh:", 7);
		set += is_set;
		none += (is_set && !strcmp(line + 7, "\t0000000000000000\n")) || !strcmp(line, "NoNewPrivs:\t1\n");
	}
	if (in)
		fclose(in);
	return set != 3 || none != 4;
}

Test(privileges, capabilities)
{
	cr_expect(status_of(has_capabilities) == 0, "some are left");
}

/* the others are the sanitizers' */
static const int calls[] = { SCMP_SYS(exit_group), SCMP_SYS(sigaltstack), SCMP_SYS(munmap), SCMP_SYS(write) };

static int can_open(int flags)
{
	return open("/dev/null", flags | O_CLOEXEC, 0600) >= 0;
}

static int can_map(int protection)
{
	return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int without_files(void)
{
	give_up_capabilities(NO_CAPABILITY);
	allow_calls_only(calls, sizeof calls / sizeof *calls, false);
	return can_open(O_RDONLY) | can_map(PROT_READ | PROT_EXEC) << 1 | (can_map(PROT_READ) ? 0 : 4) |
	       (getppid() >= 0) << 3;
}

static int with_files(void)
{
	give_up_capabilities(NO_CAPABILITY);
	allow_calls_only(calls, sizeof calls / sizeof *calls, true);
	return (can_open(O_RDONLY) ? 0 : 1) | can_open(O_RDWR) << 1 | can_open(O_RDONLY | O_CREAT) << 2;
}

Test(privileges, calls)
{
	cr_expect(status_of(without_files) == 0, "status %x", status_of(without_files));
	cr_expect(status_of(with_files) == 0, "status %x", status_of(with_files));
}
