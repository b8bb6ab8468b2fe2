/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

void give_up_capabilities(int kept)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	bool known = capng_get_caps_process() == 0;
	bool keeps = known && kept >= 0 && capng_have_capability(CAPNG_EFFECTIVE, (unsigned)kept);
	/* libcap-ng prints a complaint where it may not drop the bounding set */
	bool bounds = known && capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_ALL);
	if (keeps)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned)kept);
	capng_apply(bounds ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS);
}

static bool allow_memory(scmp_filter_ctx filter)
{
	static const int calls[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };
	bool good = true;

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		good &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1,
					 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
	return good;
}

void allow_calls_only(const int *calls, size_t n, bool files)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool good = filter && allow_memory(filter);

	for (size_t i = 0; filter && i < n; i++)
		good &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
	if (filter && files)
		good &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
					 SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, O_RDONLY)) == 0;
	if (good)
		seccomp_load(filter);
	seccomp_release(filter);
}
