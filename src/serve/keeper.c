/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The mount outlives who answers for it:
 *
 *     kernel <-- connection --> keeper            agrees with the kernel once, then only waits
 *                    |             | fork
 *                    '--------> worker            answers; another one takes its place when it dies
 *
 * Where a service manager stores the mount the worker ends with its keeper, as the next keeper has its own: two would
 * answer from two trees. Without one it goes on alone, and nobody starts another.
 *
 * All are one process until the kernel's INIT is answered, so a worker has the tree, the session and the connection as
 * the keeper has them, and takes a millisecond to start. The connection lives as long as one of the two has it open.
 */

const int stop_signals[N_STOP_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };

/* Signals are kept until they are asked for, also those that whoever started this process had ignored. */
static int take_signals(bool ignore_stops)
{
	sigset_t taken;

	sigemptyset(&taken);
	sigaddset(&taken, SIGCHLD);
	signal(SIGCHLD, SIG_DFL);
	for (size_t i = 0; i < N_STOP_SIGNALS; i++) {
		signal(stop_signals[i], ignore_stops ? SIG_IGN : SIG_DFL);
		if (!ignore_stops)
			sigaddset(&taken, stop_signals[i]);
	}
	sigprocmask(SIG_BLOCK, &taken, NULL);
	return signalfd(-1, &taken, SFD_CLOEXEC);
}

/*
 * Programs that follow each other have the same pair, so no question is lost; and at the same numbers, as somebody may
 * have been told the number by the one before.
 */
static int move_up(int fd)
{
	enum { FIRST_CONTROL_FD = 128 }; /* above all that is handed */
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_CONTROL_FD);

	if (moved >= 0)
		close(fd);
	return moved >= 0 ? moved : fd;
}

static void open_control(struct keeper *k)
{
	if ((k->control[0] < 0 || k->control[1] < 0) &&
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, k->control) < 0)
		k->control[0] = k->control[1] = -1;
	for (size_t i = 0; i < 2 && k->control[i] >= 0; i++)
		k->control[i] = move_up(k->control[i]);
	k->s->control = k->control[1];
	/* where Yama lets only parents trace, an owner could not take the other end */
	if (geteuid() != 0)
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
}

/* --- what is asked of it --------------------------------------------------------------------------------- */

/* The same process as another program: whoever watches it, and what it is a part of, need not know. */
static void upgrade(struct keeper *k, int program)
{
	end_worker(k);
	if (k->warming)
		kill(k->warming, SIGKILL);
	if (!k->ended)
		become(k, program);
	close(program);
	if (!k->ended)
		start_worker(k, true);
	answer_control(k, "cannot become another program");
}

static void refuse(struct keeper *k, const struct control_fds *fds, const char *why)
{
	answer_control(k, why);
	if (fds->tree >= 0)
		close(fds->tree);
}

static void attend_control(struct keeper *k)
{
	struct control c;
	struct control_fds fds;

	if (!control_receive(k->control[0], &c, &fds))
		return;
	k->asker = fds.reply;
	if (c.kind == CONTROL_RELOAD)
		reload(k, &c, &fds);
	else if (c.kind == CONTROL_UPGRADE && k->preparing)
		refuse(k, &fds, "is not ready yet");
	else if (c.kind == CONTROL_UPGRADE && fds.tree >= 0)
		upgrade(k, fds.tree);
	else
		refuse(k, &fds, "does not know this question");
	if (fds.pins >= 0)
		close(fds.pins);
}

/* The description is read by a process of its own, which asks for a reload as anybody else does. */
static void reread(struct keeper *k)
{
	struct serve_status status;

	if (start_reader(k->s, k->fd) != 0)
		return;
	status_of(k->s, &status);
	k->s->what->reload(k->control[1], &status, k->folder);
	_exit(EXIT_SUCCESS);
}

/* --------------------------------------------------------------------------------------------------------- */

static void tell_ready(struct keeper *k)
{
	k->ready->call(k->ready->ctx);
	k->ready = NULL;
}

/* Takes the status of the process that did it; -1: there is none. */
static void prepared(struct keeper *k, int status)
{
	k->preparing = 0;
	if (status == 0) {
		tell_ready(k);
		return;
	}
	/* one that ended by itself has said why */
	k->failed = status > 0 && WIFEXITED(status) ? -ECANCELED : -ECHILD;
	k->stopped = true;
}

/* What is warm, where that is wanted, is prepared, where there is something to prepare, and then is ready. */
static void get_ready(struct keeper *k)
{
	if (k->warming || k->preparing || !k->ready)
		return;
	if (!k->ready->prepare)
		tell_ready(k);
	else if (!(k->preparing = start_preparing(k->s, k->ready, k->fd)))
		prepared(k, -1);
}

static void attend_children(struct keeper *k)
{
	int status;

	for (pid_t child; !k->ended && (child = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (child == k->warming) {
			k->warming = 0;
			get_ready(k);
		} else if (child == k->preparing) {
			prepared(k, status);
		} else if (child == k->renewing) {
			renewed(k);
		} else if (child == k->worker) {
			worker_died(k, status);
		}
	}
}

static void attend_signal(struct keeper *k)
{
	struct signalfd_siginfo info;

	if (read(k->signals, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGCHLD)
		attend_children(k);
	else if (info.ssi_signo == SIGHUP && k->s->what->reload)
		reread(k);
	else
		k->stopped = true;
}

static void attend(struct keeper *k)
{
	/* one thing after the other; what comes in between waits in the socket */
	bool idle = !k->renewing && k->s->n_past < MAX_PAST;
	struct pollfd fds[] = { { k->signals, POLLIN, 0 }, { idle ? k->control[0] : -1, POLLIN, 0 } };

	int n = poll(fds, 2, time_to_let_go(k));
	if (n > 0 && fds[0].revents)
		attend_signal(k);
	else if (n > 0)
		attend_control(k);
	else if (n == 0)
		let_go(k);
}

static void end_child(pid_t child)
{
	if (child <= 0)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void finish(struct keeper *k)
{
	enum { PATIENCE = 500 };

	bool unmounts = k->stopped && k->s->now.record->mounted;

	if (unmounts)
		serve_unmount(k->folder);
	/* else who is started next has nothing but an end to go on with */
	if (unmounts || k->ended)
		forget_mount(k->s);
	/* it waits for readers, who wait for the worker */
	for (int i = 0; i < PATIENCE && k->worker && k->renewing && waitpid(k->renewing, NULL, WNOHANG) == 0; i++)
		usleep(10000);
	end_child(k->worker);
	/* it may wait for an answer until the connection is closed, so it is not waited for */
	if (k->warming)
		kill(k->warming, SIGKILL);
	if (k->preparing)
		kill(k->preparing, SIGKILL);
	for (size_t i = 0; i < 2; i++)
		if (k->control[i] >= 0)
			close(k->control[i]);
	close(k->signals);
}

int keep_serving(struct fuse_session *se, struct served *s, int fd, const char *folder, const struct serve_ready *ready,
		 const struct handed *handed)
{
	struct keeper k = { .se = se, .s = s, .fd = fd, .folder = folder, .ready = ready, .asker = handed->asker };
	bool resume = s->init == 0;

	s->keeper = getpid();
	memcpy(k.control, handed->control, sizeof k.control);
	k.signals = take_signals(!folder);
	if (folder)
		open_control(&k);
	malloc_trim(0);
	s->stored = store_mount(s, fd);
	start_worker(&k, resume);
	answer_control(&k, "");
	if (s->now.record->warm && folder)
		k.warming = start_warming(s, folder, fd);
	get_ready(&k);
	while (!k.ended && !k.stopped)
		attend(&k);
	finish(&k);
	/* umount --force, of whoever may do that to any mount of it, ends the connection of all */
	if (k.ended && folder && !s->now.record->mounted && holds_fuse(folder))
		return -ECONNABORTED;
	return k.failed;
}
