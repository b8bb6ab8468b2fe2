/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * A mount goes from program to program as descriptors with names, in the manner of systemd's, sd_listen_fds(3): the
 * connection, the state, and of each generation the tree and the record. A service manager that stores descriptors has
 * them all the time, and gives them to whoever it starts next; a keeper that is to go on as another program gives them
 * to that itself.
 */

enum { FIRST_FD = 3, NAME_ROOM = 40 };
static const char connection_name[] = "topofs-connection", state_name[] = "topofs-state", asker_name[] = "topofs-asker";
static const char *const control_names[] = { "topofs-control-out", "topofs-control-in" };
static const char tree_name_of[] = "topofs-tree-%" PRIu64, record_name_of[] = "topofs-record-%" PRIu64;

/* --- to the service manager ------------------------------------------------------------------------------ */

static bool notify(const char *text, const int *fd)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	bool sent = false;

	if (len == 0 || len >= sizeof to.sun_path)
		return false;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@') /* an abstract address */
		to.sun_path[0] = '\0';
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s >= 0 &&
	    connect(s, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0)
		sent = fd ? send_fds(s, fd, 1, text, strlen(text)) == 0
			  : send(s, text, strlen(text), MSG_NOSIGNAL) >= 0;
	if (s >= 0)
		close(s);
	return sent;
}

/* It is not to watch it: a connection would wake it with each request. */
static bool store(const char *name, int fd)
{
	char text[128];

	snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
	return fd >= 0 && notify(text, &fd);
}

static void remove_stored(const char *name)
{
	char text[128];

	snprintf(text, sizeof text, "FDSTOREREMOVE=1\nFDNAME=%s", name);
	notify(text, NULL);
}

void forget_mount(const struct served *s)
{
	remove_stored(connection_name);
	remove_stored(state_name);
	forget_generation(&s->now);
	for (size_t i = 0; i < s->n_past; i++)
		forget_generation(&s->past[i]);
}

int serve_store(int fd, struct err *err)
{
	bool stored = store(connection_name, fd);

	close(fd);
	if (stored)
		return 0;
	err_set(err, "", "there is no service manager that keeps it");
	return -ENOTCONN;
}

void serve_notify_ready(void *unused)
{
	(void)unused;
	notify("READY=1", NULL);
}

bool store_mount(const struct served *s, int connection)
{
	bool stored = store(connection_name, connection);

	store(state_name, s->state_fd);
	store_generation(&s->now);
	return stored;
}

void store_generation(const struct generation *g)
{
	char name[NAME_ROOM];

	snprintf(name, sizeof name, tree_name_of, g->record->generation);
	store(name, g->tree_fd);
	snprintf(name, sizeof name, record_name_of, g->record->generation);
	store(name, g->record_fd);
}

void forget_generation(const struct generation *g)
{
	char name[NAME_ROOM];

	snprintf(name, sizeof name, tree_name_of, g->record->generation);
	remove_stored(name);
	snprintf(name, sizeof name, record_name_of, g->record->generation);
	remove_stored(name);
}

/* --- to the next program --------------------------------------------------------------------------------- */

struct parcel {
	int fds[2 * MAX_PAST + 8];
	char names[(2 * MAX_PAST + 8) * NAME_ROOM];
	int n;
};

static void pack(struct parcel *p, const char *name, int fd)
{
	if (fd < 0)
		return;
	/* above all that it will have */
	p->fds[p->n] = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD + (int)(sizeof p->fds / sizeof *p->fds));
	if (p->n++)
		strcat(p->names, ":");
	strcat(p->names, name);
}

static void pack_generation(struct parcel *p, const struct generation *g)
{
	char name[NAME_ROOM];

	snprintf(name, sizeof name, tree_name_of, g->record->generation);
	pack(p, name, g->tree_fd);
	snprintf(name, sizeof name, record_name_of, g->record->generation);
	pack(p, name, g->record_fd);
}

/* The arguments this program was called with. */
static char **own_arguments(void)
{
	static char text[16384], *arguments[512];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC), n = 0;
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	for (ssize_t at = 0; at < len && n < 511; at += (ssize_t)strlen(text + at) + 1)
		arguments[n++] = text + at;
	return n ? arguments : NULL;
}

void become(struct keeper *k, int program)
{
	struct parcel p = { 0 };
	char number[16];
	const struct served *s = k->s;
	char **arguments = own_arguments();

	if (!arguments)
		return;
	pack(&p, connection_name, k->fd);
	pack(&p, state_name, s->state_fd);
	pack(&p, asker_name, k->asker);
	for (size_t i = 0; i < 2; i++)
		pack(&p, control_names[i], k->control[i]);
	pack_generation(&p, &s->now);
	for (size_t i = 0; i < s->n_past; i++)
		pack_generation(&p, &s->past[i]);
	int own = fcntl(program, F_DUPFD_CLOEXEC, FIRST_FD + 2 * (int)(sizeof p.fds / sizeof *p.fds));
	/* from here on there is no way back: none of these fails */
	for (int i = 0; i < p.n; i++)
		dup2(p.fds[i], FIRST_FD + i);
	snprintf(number, sizeof number, "%d", getpid());
	setenv("LISTEN_PID", number, 1);
	snprintf(number, sizeof number, "%d", p.n);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", p.names, 1);
	fexecve(own, arguments, environ);
	_exit(127);
}

/* --- from the program before ----------------------------------------------------------------------------- */

static int named_number(const char *name, const char *format, uint64_t *ret)
{
	char other[NAME_ROOM];

	if (sscanf(name, format, ret) != 1)
		return 0;
	snprintf(other, sizeof other, format, *ret);
	return !strcmp(name, other);
}

struct pair {
	uint64_t generation;
	int tree, record;
};

static void add_half(struct pair *pairs, size_t *n, uint64_t generation, int tree, int record)
{
	size_t i = 0;

	while (i < *n && pairs[i].generation != generation)
		i++;
	if (i == MAX_PAST + 1)
		return;
	if (i == *n)
		pairs[(*n)++] = (struct pair){ generation, -1, -1 };
	if (tree >= 0)
		pairs[i].tree = tree;
	if (record >= 0)
		pairs[i].record = record;
}

static int newest_first(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->generation < y->generation ? 1 : x->generation > y->generation ? -1 : 0;
}

static void take_pairs(struct served *s, struct pair *pairs, size_t n)
{
	struct generation g;

	qsort(pairs, n, sizeof *pairs, newest_first);
	for (size_t i = 0; i < n; i++) {
		if (generation_take(pairs[i].tree, pairs[i].record, &g) < 0)
			continue;
		if (!s->now.record)
			s->now = g;
		else
			s->past[s->n_past++] = g;
	}
}

enum serve_handed serve_is_handed(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");

	if (!pid || !n || !names || atoi(pid) != getpid() || atoi(n) <= 0 || !strstr(names, connection_name))
		return SERVE_HANDED_NOTHING;
	return strcmp(names, connection_name) ? SERVE_HANDED_MOUNT : SERVE_HANDED_CONNECTION;
}

/* The names of what was handed; none of it is for a process that this one starts. */
static const char *take_names(void)
{
	static char *names;

	if (!names) {
		names = strdup(getenv("LISTEN_FDNAMES"));
		unsetenv("LISTEN_PID");
		unsetenv("LISTEN_FDS");
		unsetenv("LISTEN_FDNAMES");
	}
	return names;
}

void forget_handed(void)
{
	char *names = strdup(take_names());

	for (char *rest = names, *name; (name = strsep(&rest, ":"));)
		remove_stored(name);
	free(names);
}

int serve_take_connection(void)
{
	take_names();
	fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC);
	return FIRST_FD;
}

int take_handed(struct served *s, struct handed *ret)
{
	struct pair pairs[MAX_PAST + 1];
	size_t n = 0;
	uint64_t generation;
	int connection = -1, fd = FIRST_FD, end = FIRST_FD + atoi(getenv("LISTEN_FDS"));
	char *names = strdup(take_names());

	*ret = (struct handed){ -1, { -1, -1 } };
	for (char *rest = names, *name; fd < end && (name = strsep(&rest, ":")); fd++) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		if (!strcmp(name, connection_name))
			connection = fd;
		else if (!strcmp(name, state_name) && state_take(fd, &s->state) == 0)
			s->state_fd = fd;
		else if (!strcmp(name, asker_name))
			ret->asker = fd;
		else if (!strcmp(name, control_names[0]))
			ret->control[0] = fd;
		else if (!strcmp(name, control_names[1]))
			ret->control[1] = fd;
		else if (named_number(name, tree_name_of, &generation))
			add_half(pairs, &n, generation, fd, -1);
		else if (named_number(name, record_name_of, &generation))
			add_half(pairs, &n, generation, -1, fd);
	}
	free(names);
	take_pairs(s, pairs, n);
	if (!s->state)
		s->state_fd = state_new(&s->state);
	return s->now.record && s->state ? connection : -EINVAL;
}
