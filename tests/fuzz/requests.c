/* SPDX-License-Identifier: Apache-2.0 */

/* Requests of any kind, to who answers from the second generation of a tree. */

#include "laws.h"
#include "talk.h"

static const struct {
	struct fuse_in_header header;
	struct fuse_getattr_in in;
} harmless = { .header = { .len = sizeof harmless, .opcode = FUSE_GETATTR, .unique = 1ull << 40, .nodeid = FUSE_ROOT_ID } };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct served s;
	struct talk t;

	if (!s.state) {
		s.state_fd = state_new(&s.state);
		HOLD(s.state_fd >= 0, "no memory");
		s.control = -1;
		s.n_past = 1;
		make_generations(&s.now, &s.past[0]);
	}
	talk_start(&t, &s);
	bool started = len && *bytes & 1;
	if (started)
		talk_init(&t);
	if (len)
		talk_bytes(&t, bytes + 1, len - 1);
	talk_ask(&t, &harmless, sizeof harmless);
	talk_end(&t);
	return 0;
}
