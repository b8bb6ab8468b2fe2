/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/buf.h"
#include "topofs/child.h"
#include "topofs/cmd.h"
#include "topofs/serve.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>

/* Any other kind is counted as "other". */
static const char *const kinds[SERVE_N_OPCODES] = {
	[FUSE_LOOKUP] = "lookup",
	[FUSE_GETATTR] = "getattr",
	[FUSE_READLINK] = "readlink",
	[FUSE_OPEN] = "open",
	[FUSE_READ] = "read",
	[FUSE_RELEASE] = "release",
	[FUSE_OPENDIR] = "opendir",
	[FUSE_READDIR] = "readdir",
	[FUSE_READDIRPLUS] = "readdirplus",
	[FUSE_RELEASEDIR] = "releasedir",
	[FUSE_STATFS] = "statfs",
	[FUSE_FLUSH] = "flush",
	[FUSE_ACCESS] = "access",
	[FUSE_GETXATTR] = "getxattr",
	[FUSE_LISTXATTR] = "listxattr",
	[FUSE_LSEEK] = "lseek",
	[FUSE_POLL] = "poll",
	[FUSE_IOCTL] = "ioctl",
	[FUSE_FORGET] = "forget",
	[FUSE_BATCH_FORGET] = "batch_forget",
	[FUSE_INTERRUPT] = "interrupt",
	[FUSE_INIT] = "init",
};

static void each_count(const struct serve_status *s, void (*found)(void *ctx, const char *kind, uint64_t n), void *ctx)
{
	uint64_t others = 0;
	for (size_t i = 0; i < SERVE_N_OPCODES; i++)
		if (!kinds[i])
			others += s->requests[i];
		else
			found(ctx, kinds[i], s->requests[i]);
	found(ctx, "other", others);
	found(ctx, "absent", s->absent);
}

/* --- as JSON --------------------------------------------------------------------------------------------- */

static void add_count(void *object, const char *kind, uint64_t n)
{
	json_object_set_new(object, kind, json_integer((json_int_t)n));
}

static json_t *describe_features(const struct serve_status *s)
{
	json_t *features = json_object();
	for (size_t i = 0; i < serve_n_features; i++) {
		const struct serve_feature *f = &serve_features[i];
		json_object_set_new(features, f->name,
				    json_pack("{s:b, s:s}", "used", (s->used & f->flag) != 0, "linux", f->kernel));
	}
	return features;
}

/* A name that is cut within a character, or was never UTF-8, is left out as jansson makes no string of it. */
static int print_json(const struct serve_status *s)
{
	json_t *requests = json_object();
	each_count(s, add_count, requests);
	/* jansson's integers are signed */
	json_t *all = json_pack("{s:o*, s:o*, s:o*, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "name",
				json_string(s->name), "document", json_string(s->document), "unlisted",
				*s->unlisted ? json_string(s->unlisted) : NULL, "keeper", (json_int_t)s->keeper,
				"worker", (json_int_t)s->pid, "restarts", (json_int_t)s->restarts, "generation",
				(json_int_t)s->generation, "entries", (json_int_t)s->entries, "memory",
				(json_int_t)s->memory, "uptime", (json_int_t)s->uptime, "protocol",
				(json_int_t)s->protocol, "features", describe_features(s), "requests", requests);
	if (!all)
		return fail("cannot write: out of memory");
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(all);
	putchar('\n');
	return EXIT_OK;
}

/* --- as text --------------------------------------------------------------------------------------------- */

static void print_line(const char *what, const char *fmt, ...)
{
	_cleanup_buf_ struct buf line = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&line, fmt, ap);
	va_end(ap);
	tame(line.data);
	printf("%-11s %s\n", what, buf_text(&line));
}

static void print_uptime(uint64_t seconds)
{
	print_line("uptime", "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static void print_features(const struct serve_status *s)
{
	for (size_t i = 0; i < serve_n_features; i++) {
		const struct serve_feature *f = &serve_features[i];
		bool used = s->used & f->flag;
		print_line(i ? "" : "kernel", "%s %s: %s%s%s", used ? "+" : "-", f->name, f->effect,
			   used ? "" : " from Linux ", used ? "" : f->kernel);
	}
}

/* Kinds that never came are left out. */
static void print_count(void *ctx, const char *kind, uint64_t n)
{
	const char **what = ctx;
	if (n)
		print_line(*what, "%10" PRIu64 " %s", n, kind);
	if (n)
		*what = "";
}

static int print_text(const struct serve_status *s)
{
	const char *what = "requests";
	print_line("name", "%s", s->name);
	print_line("document", "%s", s->document);
	if (*s->unlisted)
		print_line("unlisted", "%s", s->unlisted);
	print_line("keeper", "%" PRIu64, s->keeper);
	print_line("worker", "%" PRIu64 ", after %" PRIu64 " that died", s->pid, s->restarts);
	print_line("generation", "%" PRIu64 ", after %" PRIu64 " reloads", s->generation, s->generation - 1);
	print_line("entries", "%" PRIu64, s->entries);
	print_line("memory", "%" PRIu64 " KiB", s->memory / 1024);
	print_uptime(s->uptime);
	print_line("protocol", "FUSE 7.%" PRIu64, s->protocol);
	print_features(s);
	each_count(s, print_count, &what);
	return EXIT_OK;
}

/* --------------------------------------------------------------------------------------------------------- */

enum { OPT_JSON };

static const struct opt opts[] = {
	{ 'j', "json", NULL, "print it as a JSON object" },
};

struct told {
	struct serve_status status;
	struct err err;
};

static int ask(void *folder, void *answer)
{
	struct told *told = answer;
	int rc = serve_status(folder, &told->status, &told->err);
	return rc == -ETIMEDOUT ? -EIO : rc; /* that one says that nothing was told */
}

/* A worker that is stopped, or a file system of somebody else, may let it wait for good. */
static int run(char **args, int n_args, const char *const *values)
{
	(void)n_args;
	struct told told = { 0 };
	int rc = call_in_time(ask, args[0], &told, sizeof told, false);
	if (rc == -ETIMEDOUT)
		return fail("%s: its server does not answer", args[0]);
	if (rc < 0 && !*told.err.what)
		err_set(&told.err, "", "cannot ask its server: %s", strerror(-rc));
	if (rc < 0)
		return complain(args[0], &told.err);
	return values[OPT_JSON] ? print_json(&told.status) : print_text(&told.status);
}

const struct cmd cmd_status = {
	.name = "status",
	.args = "MOUNTPOINT",
	.doc = "say what a mount serves, and how often it was asked",
	.text = "Prints the machine's name, its description, files, links and folders, the server's own memory, how\n"
		"long it has run, what the kernel has to spare it requests, and how many requests of each kind came\n"
		"since it started. \"absent\" are look-ups that found nothing. A file that was read once is read\n"
		"again without a request. A server that does not answer within ten seconds is told of, and not waited\n"
		"for.\n"
		"\n"
		"MOUNTPOINT is any folder of the mount: within topofs run, /sys is one.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
