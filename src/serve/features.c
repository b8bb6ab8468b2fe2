/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

/*
 * What makes a warm read one that does not come here. Infinite timeouts, entries for names that do not exist, and true
 * sizes need no asking; these do. An older kernel does without, and asks more often.
 */
const struct serve_feature serve_features[] = {
	{ "readdirplus", FUSE_DO_READDIRPLUS, "3.9", "a folder's names come with their attributes" },
	{ "no-open", FUSE_NO_OPEN_SUPPORT, "3.15",
	  "files are opened and closed without a request, and keep their pages" },
	{ "parallel-dirops", FUSE_PARALLEL_DIROPS, "4.7", "look-ups in one folder do not wait for each other" },
	{ "max-pages", FUSE_MAX_PAGES, "4.20", "a long folder is listed with few requests" },
	{ "cache-symlinks", FUSE_CACHE_SYMLINKS, "4.20", "links are read once" },
	{ "no-opendir", FUSE_NO_OPENDIR_SUPPORT, "5.1", "folders are opened without a request, and keep their lists" },
	{ "explicit-inval-data", FUSE_EXPLICIT_INVAL_DATA, "5.2", "pages stay until the server drops them" },
};
const size_t serve_n_features = sizeof serve_features / sizeof *serve_features;

/* In 32 flags, and from FUSE 7.36 on 32 more. */
bool read_offer(const void *request, size_t len, uint64_t *protocol, uint64_t *offered)
{
	const struct fuse_in_header *header = request;
	const struct fuse_init_in *in = (const void *)(header + 1);

	if (len < sizeof *header + offsetof(struct fuse_init_in, flags2) || header->opcode != FUSE_INIT)
		return false;
	*protocol = in->minor;
	*offered = in->flags;
	if (in->flags & FUSE_INIT_EXT && len >= sizeof *header + sizeof *in)
		*offered |= (uint64_t)in->flags2 << 32;
	return true;
}

uint64_t serve_features_in(uint64_t offered)
{
	uint64_t used = 0;

	for (size_t i = 0; i < serve_n_features; i++)
		used |= serve_features[i].flag & offered;
	return used;
}
