/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The files of memory that one program leaves to the next, damaged: tree, record and state of a living mount, of which
 * bytes are changed (a word of eight bytes says where and how), and which become shorter. They are refused, or served.
 */

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 14)
#include "laws.h"
#include "talk.h"

#include "topofs/memfile.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum part { TREE, RECORD, STATE, N_PARTS };

static struct sound {
	uint8_t *bytes;
	size_t len;
} sound[N_PARTS];

static void keep(enum part part, int fd)
{
	struct stat st;

	HOLD(fd >= 0 && fstat(fd, &st) == 0, "no file");
	sound[part].len = (size_t)st.st_size;
	sound[part].bytes = malloc(sound[part].len);
	HOLD(sound[part].bytes && pread(fd, sound[part].bytes, sound[part].len, 0) == st.st_size, "cannot be read");
}

static void make_sound(void)
{
	static struct generation now, past;
	struct state *state;
	int fd = state_new(&state);

	make_generations(&now, &past);
	keep(TREE, now.tree_fd);
	keep(RECORD, now.record_fd);
	state->request.header = (struct fuse_in_header){
		.len = sizeof state->request.header + sizeof(struct fuse_getattr_in),
		.opcode = FUSE_GETATTR,
		.unique = 4,
		.nodeid = FUSE_ROOT_ID,
	};
	keep(STATE, fd);
}

struct damage {
	uint8_t part, how;
	uint16_t at;
	uint32_t value;
};

static void damage(struct sound *parts, const struct damage *d)
{
	struct sound *part = &parts[d->part % N_PARTS];
	size_t at = d->at, width = (size_t)1 << (d->how & 3);
	uint64_t value = d->how & 4 ? UINT64_MAX - d->value : d->value;

	if (d->how & 8)
		part->len = at < part->len ? at : part->len;
	else if (at + width <= part->len)
		memcpy(part->bytes + at, &value, width);
}

static int file_of(const struct sound *part, bool state)
{
	int fd = memfile_new("damaged");

	HOLD(fd >= 0 && write(fd, part->bytes, part->len) == (ssize_t)part->len, "no memory");
	HOLD((state ? fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) : memfile_seal(fd)) == 0, "no seals");
	return fd;
}

/* Every entry is found by its name and its number, so that nothing that is served leads out of the tree. */
static void hold_numbers(const struct generation *g)
{
	for (uint32_t e = 0; e < g->tree->n; e++) {
		const char *name = tree_name(g->tree, e);
		HOLD(generation_place(g, generation_inode(g, e), false) == e, "entry %u", e);
		HOLD(!e || tree_child(g->tree, g->tree->entries[e].parent, name, strlen(name)) == e, "entry %u", e);
		HOLD(!tree_data(g->tree, e)[g->tree->entries[e].size], "entry %u", e);
	}
}

/* As a worker does that comes after one which died with a request in hand, on a kernel that cannot send it again. */
static void serve_on(struct served *s)
{
	struct talk t;

	talk_start(&t, s);
	talk_init(&t);
	shutdown(t.kernel, SHUT_WR);
	s->no_resend = true;
	answer_requests(t.se, s, t.server, true);
	talk_end(&t);
}

static void serve_anew(struct served *s, const uint8_t *requests, size_t len)
{
	struct talk t;

	talk_start(&t, s);
	talk_init(&t);
	talk_bytes(&t, requests, len);
	talk_end(&t);
}

static void take(const struct sound *parts, const uint8_t *requests, size_t len)
{
	static struct served s;

	s.control = -1;
	int state = file_of(&parts[STATE], true);
	bool taken = generation_take(file_of(&parts[TREE], false), file_of(&parts[RECORD], false), &s.now) == 0;
	if (taken)
		hold_numbers(&s.now);
	if (state_take(state, &s.state) == 0) {
		if (taken && s.state->request.header.opcode != FUSE_NOTIFY_REPLY) {
			serve_on(&s);
			serve_anew(&s, requests, len);
		}
		munmap(s.state, sizeof *s.state);
	}
	close(state);
	if (taken)
		generation_done(&s.now);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sound parts[N_PARTS];
	struct damage d;

	if (!sound[TREE].bytes)
		make_sound();
	for (size_t i = 0; i < N_PARTS; i++) {
		parts[i] = sound[i];
		parts[i].bytes = malloc(parts[i].len);
		HOLD(parts[i].bytes, "no memory");
		memcpy(parts[i].bytes, sound[i].bytes, sound[i].len);
	}
	for (size_t n = len ? *bytes % 16 : 0; n > 0 && len > sizeof d; n--, bytes += sizeof d, len -= sizeof d) {
		memcpy(&d, bytes + 1, sizeof d);
		damage(parts, &d);
	}
	take(parts, bytes, len);
	for (size_t i = 0; i < N_PARTS; i++)
		free(parts[i].bytes);
	return 0;
}
