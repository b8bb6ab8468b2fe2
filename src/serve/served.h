/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_SERVED_H
#define TOPOFS_SERVED_H

#include "topofs/serve.h"

#include <inttypes.h>
#include <linux/fuse.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <time.h>

/* Of Linux 6.9, which the headers of older systems lack. */
#ifndef FUSE_UNIQUE_RESEND
#define FUSE_UNIQUE_RESEND (1ULL << 63)
enum { FUSE_NOTIFY_RESEND = 7 };
#endif

/* Passes a descriptor with a text over a socket; receiving gives the descriptor, -ENODATA when none came. */
int send_fd(int socket, int fd, const char *text);
int receive_fd(int socket, char *text, size_t room);

/* The request for a struct serve_status; the room is what every version of it fits in. */
enum { STATUS_ROOM = 8192 };
#define SERVE_STATUS _IOC(_IOC_READ, 0xf5, 1, STATUS_ROOM)
union status_reply {
	struct serve_status status;
	char room[STATUS_ROOM];
};

/* The one reader whose CPU the server shares while nobody else asks. */
struct follow {
	uint32_t reader;   /* a thread */
	unsigned requests; /* one after the other, of that one */
	bool bound;
	cpu_set_t allowed;
};
void follow_start(struct follow *f);
/* Before a request of a thread is answered; 0 for the kernel itself and whoever is in a pid namespace that is not ours.
 */
void follow_reader(struct follow *f, uint32_t reader);

/*
 * What ops.c answers from, and session.c sets up; shared by the keeper and its workers, so that nothing is lost with one
 * of these. Counters are added to without order or lock, by however many threads: each is right, and no two are read at
 * the same moment.
 */
enum { REPLY_ROOM = 64 * 1024, REQUEST_ROOM = REPLY_ROOM + 4096 };
struct served {
	const struct serve_what *what;
	uid_t uid; /* the owner of everything, in the user namespace of the mount */
	gid_t gid;
	struct timespec since;	 /* the time of everything */
	struct timespec started; /* by the clock that nobody sets */
	uint64_t init;		 /* the unique number of the kernel's INIT */
	uint64_t protocol, offered, used;
	atomic_uint_least64_t requests[SERVE_N_OPCODES], absent;
	pid_t keeper;
	atomic_uint_least64_t workers; /* so many were started */
	struct follow follow;
	struct {
		uint64_t unique;
		unsigned crashes; /* of workers, one after the other, that had this request in hand */
	} suspect;
	bool no_resend; /* the kernel cannot send requests again */
	char reply[REPLY_ROOM];
	/* the request in hand; none while header.len is 0 */
	union {
		struct fuse_in_header header;
		char room[REQUEST_ROOM];
	} request;
};
struct fuse_lowlevel_ops;
extern const struct fuse_lowlevel_ops serve_ops;

/*
 * session.c: one request after the other, until the connection ends or fails. In a worker that follows one which died
 * what that left unanswered comes first.
 */
struct fuse_session;
void answer_requests(struct fuse_session *se, struct served *s, int fd, bool resume);

/*
 * keeper.c: keeps the connection, and starts a worker, which answers, again and again until the connection ends, or a
 * signal asks for the end and the folder is unmounted.
 */
void keep_serving(struct fuse_session *se, struct served *s, int fd, const char *folder, const struct serve_ready *ready);

/* confine.c: gives up, for good, all that answering requests does not need. */
void confine_worker(void);

void status_of(const struct served *s, struct serve_status *ret);

/*
 * Starts a process that reads everything below the folder of a mount, so that the kernel has it, and ends; it gives up
 * when the connection does. Returns its id, or 0 where none could be made, which costs nothing but time.
 */
pid_t start_warming(const struct tree *t, const char *folder, int connection);

#endif
