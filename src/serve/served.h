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

/* --- server.c: descriptors over sockets, processes -------------------------------------------------------- */

enum { MAX_FDS = 4 };
/* Passes descriptors with bytes over a socket that keeps messages apart. */
int send_fds(int socket, const int *fds, size_t n_fds, const void *bytes, size_t len);
/* Returns how many bytes came, or a negative errno (-ENODATA at the end); those that came not are -1 in `fds`. */
ssize_t receive_fds(int socket, int fds[MAX_FDS], void *bytes, size_t room);
int send_fd(int socket, int fd, const char *text);
/* Gives the descriptor, -ENODATA when none came. */
int receive_fd(int socket, char *text, size_t room);
/* To what they are where a program begins, whatever this one has made of them. */
void reset_signals(void);

/* --- status.c --------------------------------------------------------------------------------------------- */

/* The request for a struct serve_status; the room is what every version of it fits in. */
enum { STATUS_ROOM = 16000 };
#define SERVE_STATUS _IOC(_IOC_READ, 0xf5, 1, STATUS_ROOM)
union status_reply {
	struct serve_status status;
	char room[STATUS_ROOM];
};

struct served;
void status_of(const struct served *s, struct serve_status *ret);

/* --- follow.c --------------------------------------------------------------------------------------------- */

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

/* --- generation.c: trees with the numbers of their inodes -------------------------------------------------- */

/*
 * What a generation says of itself; with its tree all that another program needs to go on with a mount. It is in a
 * sealed file of memory: no worker can make the next one believe anything else.
 */
struct record {
	uint64_t magic, version;
	uint64_t generation; /* 1, 2, ... */
	uint64_t n; /* numbers behind this: as many as entries, or none where an entry's number is its place + 1 */
	uint64_t last;	     /* the highest number there was */
	uint32_t uid, gid;   /* the owner of everything, in the user namespace of the mount */
	struct timespec since;	 /* the time of everything */
	struct timespec started; /* by the clock that nobody sets */
	union {
		struct {
			struct fuse_in_header header;
			struct fuse_init_in in;
		};
		char room[256];
	} init; /* the kernel's, as it came */
	uint64_t used; /* flags that were agreed on */
	uint8_t warm, force, strict, mounted; /* mounted: the folder is unmounted at the end */
	char name[256], document[4096], path[4096], unlisted[2048], folder[4096];
};

struct generation {
	const struct tree *tree;
	const struct record *record;
	const uint64_t *inodes; /* by place; NULL: place + 1 */
	const uint32_t *order;	/* places, in the order of their numbers */
	struct tree *own;	/* what `tree` is, where it was mapped here */
	size_t record_size;
	int tree_fd, record_fd; /* -1 where there is none (yet) */
	uint64_t retired;	/* when the next one came, in milliseconds */
};

/*
 * An inode is a number, which a path of one kind keeps as long as it is there, and which is not given to another one;
 * and in the upper half the generation in which a file or link got its content, as that never changes under an inode.
 */
static inline uint32_t inode_number(uint64_t inode)
{
	return (uint32_t)inode;
}
uint64_t generation_inode(const struct generation *g, uint32_t place);
/* TREE_NONE where it is not in this generation; `any_content`: the number alone has to fit. */
uint32_t generation_place(const struct generation *g, uint64_t inode, bool any_content);

/* The first generation; the record is copied. */
int generation_first(const struct tree *t, int tree_fd, const struct record *record, struct generation *ret);
/*
 * The one after `old`, with a record like `like` but for the numbers. What is in `pins`, paths with a NUL behind each,
 * keeps its inode also when its content changes. Returns how many paths differ; none: there is no need of it.
 */
struct pins {
	const char *paths;
	size_t len;
	bool all;
};
int64_t generation_next(const struct generation *old, int tree_fd, const struct record *like, const struct pins *pins,
			struct generation *ret, struct err *err);
/* One that another program left; both descriptors are taken. -EINVAL where they are no sound generation. */
int generation_take(int tree_fd, int record_fd, struct generation *ret);
void generation_done(struct generation *g);

/*
 * Calls pair(ctx, a, b) for what is in the same folder under the same name in two trees, TREE_NONE for the side that
 * lacks it; goes on inside where both are folders.
 */
void each_pair(const struct tree *a, const struct tree *b, void (*pair)(void *ctx, uint32_t a, uint32_t b), void *ctx);
/* Whether two entries of one name have the same kind, permissions and bytes. */
bool is_same(const struct tree *a, uint32_t in_a, const struct tree *b, uint32_t in_b);

/* --- mount.c ---------------------------------------------------------------------------------------------- */

/* Whether what is mounted last on a folder is a mount of FUSE, be it alive or dead. */
bool holds_fuse(const char *folder);

/* --- features.c ------------------------------------------------------------------------------------------- */

/* What the kernel's INIT says it can do; false: it is none. */
bool read_offer(const void *request, size_t len, uint64_t *protocol, uint64_t *offered);

/* --- state.c: what changes with every request ------------------------------------------------------------- */

/*
 * Shared by the keeper, its workers and whoever comes after them, in a file of memory, so that nothing is lost with one
 * of these. Counters are added to without order or lock, by however many threads: each is right, and no two are read at
 * the same moment. A worker can write here what it likes: nobody relies on it.
 */
enum { REPLY_ROOM = 64 * 1024, REQUEST_ROOM = REPLY_ROOM + 4096 };
struct state {
	uint64_t magic, version, size;
	atomic_uint_least64_t requests[SERVE_N_OPCODES], absent;
	atomic_uint_least64_t deaths;	/* of workers */
	atomic_uint_least64_t programs; /* that kept the mount, one after the other */
	struct {
		uint64_t unique;
		uint64_t crashes; /* of workers, one after the other, that had this request in hand */
	} suspect;
	/* the request in hand; none while header.len is 0 */
	union {
		struct fuse_in_header header;
		char room[REQUEST_ROOM];
	} request;
};
/* Both return the descriptor, or a negative errno. */
int state_new(struct state **ret);
/* The one that another program left; -EINVAL when it is damaged or of another version. */
int state_take(int fd, struct state **ret);

/* --- what a process that answers has ---------------------------------------------------------------------- */

/* So many that were replaced are still there for who opened something before; see reload.c. */
enum { MAX_PAST = 16 };

struct served {
	const struct serve_what *what;
	struct state *state;
	int state_fd;
	struct generation now, past[MAX_PAST]; /* the newest first */
	size_t n_past;
	uint64_t protocol, offered, used, init; /* init: the unique number of the kernel's INIT */
	uint8_t init_room[256];
	bool replay; /* INIT was answered before, by another program */
	bool no_resend, no_expire; /* the kernel cannot send requests again, cannot expire names */
	pid_t keeper;
	bool stored; /* a service manager has all of it, and starts another keeper when this one dies */
	int control; /* the keeper's descriptor for who wants a reload; -1 where there is none */
	struct follow follow;
	char reply[REPLY_ROOM];
};

struct fuse_lowlevel_ops;
extern const struct fuse_lowlevel_ops serve_ops;

/* --- session.c -------------------------------------------------------------------------------------------- */

struct fuse_session;
/* NULL where libfuse refuses it. Destroying it closes the descriptor. */
struct fuse_session *open_session(struct served *s, int fd);
/*
 * One request after the other, until the connection ends or fails (true) or finish_requests() was called (false). In a
 * worker that follows one which died what that left unanswered comes first.
 */
bool answer_requests(struct fuse_session *se, struct served *s, int fd, bool resume);
/* For a signal's handler. */
void finish_requests(int sig);

/* --- keeper.c --------------------------------------------------------------------------------------------- */

/* What a program that is to go on as another one hands to that beside the mount; -1 where there is none. */
struct handed {
	int asker;	/* waits for the change of programs */
	int control[2]; /* with the questions that wait in it */
};

/*
 * Keeps the connection, and starts a worker, which answers, again and again until the connection ends, or a signal asks
 * for the end and the folder is unmounted. Returns 0, or -ECANCELED or -ECHILD as serve() does, or -ECONNABORTED where
 * the mount is still there, and dead, for somebody else to unmount.
 */
int keep_serving(struct fuse_session *se, struct served *s, int fd, const char *folder, const struct serve_ready *ready,
		  const struct handed *handed);

/* --- renew.c: the kernel is told what is not as it was ----------------------------------------------------- */

/* Between a generation and the one that replaced it. */
void renew_names(const struct served *s, int fd, const struct generation *old);
/* What was kept of the old one until now: who still has it open gets what is there now. */
void renew_open(const struct served *s, int fd, const struct generation *old);

/* --- control.c: what is asked of a keeper ------------------------------------------------------------------ */

enum control_kind { CONTROL_RELOAD = 1, CONTROL_UPGRADE = 2 };
struct control {
	uint64_t magic, version, kind;
	uint8_t force, strict;
	char name[256], document[4096], path[4096], unlisted[2048];
};
/* What came with it: a reload's are the tree and the paths to be pinned, an upgrade's is the program. */
struct control_fds {
	int reply, tree, pins; /* tree: or program */
};
/* False where what came is no request that this version knows; the descriptors, if any, are closed then. */
bool control_receive(int socket, struct control *ret, struct control_fds *fds);
/* What is wrong, or "": closes the descriptor. */
void control_reply(int fd, const char *text);

/* --- pins.c ------------------------------------------------------------------------------------------------ */

struct buf;
/* Paths of a mount's files that are mounted elsewhere, or that something is mounted on, in any mount namespace. */
void find_pins(const char *folder, struct buf *paths);

/* --- confine.c ---------------------------------------------------------------------------------------------- */

/*
 * Where the mount is stored, this process ends when its parent does, at once where that is no more: another keeper has
 * processes of its own, and waits for nobody's.
 */
void end_with(const struct served *s, pid_t parent);
/* Gives up, for good, all that answering requests does not need, and ends with the keeper as above. */
void confine_worker(const struct served *s);

/* --- warm.c ------------------------------------------------------------------------------------------------- */

/*
 * A process that looks at the mount, or reads a description: without the connection, and with signals as a program has
 * them that begins. Where the mount is stored it ends with the keeper. Returns 0 in it, its id or a negative number here.
 */
pid_t start_reader(const struct served *s, int connection);
/*
 * Starts a process that reads everything below the folder of a mount, so that the kernel has it, and ends; it gives up
 * when the connection does. Returns its id, or 0 where none could be made, which costs nothing but time.
 */
pid_t start_warming(const struct served *s, const char *folder, int connection);
/*
 * The same, of the way to these paths, with a NUL behind each: the kernel then knows it, and whoever looks for what is
 * mounted there needs no server, as repair does when it is dead.
 */
pid_t start_looking(const struct served *s, const char *folder, const char *paths, size_t len, int connection);
/* The same, as to process and return value, to call serve_ready's prepare(). */
pid_t start_preparing(const struct served *s, const struct serve_ready *ready, int connection);

#endif
