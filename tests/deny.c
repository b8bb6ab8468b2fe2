/* SPDX-License-Identifier: Apache-2.0 */

/*
 * deny ERRNO CALL... -- COMMAND: runs it under a seccomp filter, as container runtimes have, that answers these system
 * calls with this error: deny EPERM get_mempolicy mbind -- topofs doctor
 *
 * CALL:N:BITS is denied only where its argument N, from 0, has all these bits, as a kernel does that lacks a flag.
 */

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct {
	const char *name;
	int number;
} errors[] = {
	{ "EPERM", EPERM },
	{ "EINVAL", EINVAL },
	{ "ENOSYS", ENOSYS },
};

static int number_of(const char *name)
{
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (!strcmp(errors[i].name, name))
			return errors[i].number;
	return 0;
}

static bool deny(scmp_filter_ctx filter, int error, char *call)
{
	char *argument = strchr(call, ':'), *end;
	if (!argument)
		return seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)error), seccomp_syscall_resolve_name(call), 0) == 0;
	*argument = '\0';
	unsigned number = (unsigned)strtoul(argument + 1, &end, 0);
	unsigned long bits = *end == ':' ? strtoul(end + 1, NULL, 0) : 0;
	return bits && seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)error), seccomp_syscall_resolve_name(call), 1,
					SCMP_CMP(number, SCMP_CMP_MASKED_EQ, bits, bits)) == 0;
}

int main(int argc, char **argv)
{
	int error = argc > 1 ? number_of(argv[1]) : 0;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	char **word = argv + 2;

	if (!error || !filter)
		return 99;
	for (; *word && strcmp(*word, "--"); word++)
		if (!deny(filter, error, *word))
			return 99;
	if (!*word || !word[1] || seccomp_load(filter))
		return 99;
	execvp(word[1], word + 1);
	return 99;
}
