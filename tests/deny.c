/* SPDX-License-Identifier: Apache-2.0 */

/*
 * deny ERRNO CALL... -- COMMAND: runs it under a seccomp filter, as container runtimes have, that answers these system
 * calls with this error: deny EPERM get_mempolicy mbind -- topofs doctor
 *
 * CALL:N:BITS is denied only where its argument N, from 0, has all these bits, as a kernel does that lacks a flag. With
 * KILL for ERRNO the process that makes one of these calls is killed.
 */

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{ "EPERM", SCMP_ACT_ERRNO(EPERM) },
	{ "EINVAL", SCMP_ACT_ERRNO(EINVAL) },
	{ "ENOSYS", SCMP_ACT_ERRNO(ENOSYS) },
	{ "KILL", SCMP_ACT_KILL_PROCESS },
};

static uint32_t action_of(const char *name)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (!strcmp(actions[i].name, name))
			return actions[i].action;
	return SCMP_ACT_ALLOW;
}

static bool deny(scmp_filter_ctx filter, uint32_t action, char *call)
{
	char *argument = strchr(call, ':'), *end;
	if (!argument)
		return seccomp_rule_add(filter, action, seccomp_syscall_resolve_name(call), 0) == 0;
	*argument = '\0';
	unsigned number = (unsigned)strtoul(argument + 1, &end, 0);
	unsigned long bits = *end == ':' ? strtoul(end + 1, NULL, 0) : 0;
	return bits && seccomp_rule_add(filter, action, seccomp_syscall_resolve_name(call), 1,
					SCMP_CMP(number, SCMP_CMP_MASKED_EQ, bits, bits)) == 0;
}

int main(int argc, char **argv)
{
	uint32_t action = argc > 1 ? action_of(argv[1]) : SCMP_ACT_ALLOW;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	char **word = argv + 2;

	if (action == SCMP_ACT_ALLOW || !filter)
		return 99;
	for (; *word && strcmp(*word, "--"); word++)
		if (!deny(filter, action, *word))
			return 99;
	if (!*word || !word[1] || seccomp_load(filter))
		return 99;
	execvp(word[1], word + 1);
	return 99;
}
