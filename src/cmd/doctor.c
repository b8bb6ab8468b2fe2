/* SPDX-License-Identifier: Apache-2.0 */

/* What of this host is in the way of topofs, or will hurt later. */

#include "doctor.h"

#include "topofs/cmd.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

static const struct check {
	const char *name;
	void (*look)(const struct host *h, struct verdict *v);
} checks[] = {
	{ "fuse", look_at_fuse }, { "mount", look_at_mounting },
	{ "users", look_at_users }, { "fusermount", look_at_fusermount },
	{ "requests", look_at_requests }, { "resend", look_at_resend },
	{ "reload", look_at_reload }, { "timeout", look_at_timeout },
	{ "propagation", look_at_propagation }, { "mounts", look_at_mounts },
	{ "dead", look_at_dead }, { "memory", look_at_memory },
	{ "systemd", look_at_systemd },
	{ "udev", look_at_udev }, { "mempolicy", look_at_mempolicy },
	{ "affinity", look_at_affinity }, { "masks", look_at_masks },
};
enum { N_CHECKS = sizeof checks / sizeof *checks };

static const char *const levels[] = { [OK] = "ok", [NOTE] = "note", [PROBLEM] = "problem" };

/* --- what a check says ----------------------------------------------------------------------------------- */

void say(struct verdict *v, enum level level, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	v->level = level;
	buf_cut(&v->what, 0);
	buf_vprintf(&v->what, fmt, ap);
	tame(v->what.data);
	va_end(ap);
}

void advise(struct verdict *v, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&v->advice, fmt, ap);
	tame(v->advice.data);
	va_end(ap);
}

/* --------------------------------------------------------------------------------------------------------- */

static void print_verdict(const struct check *check, const struct verdict *v)
{
	printf("%-8s %s: %s%s%s\n", levels[v->level], check->name, buf_text(&v->what), v->advice.len ? "; " : "",
	       buf_text(&v->advice));
}

static void add_verdict(json_t *list, const struct check *check, const struct verdict *v)
{
	/* the name of a folder need not be UTF-8 */
	json_array_append_new(list, json_pack("{ss ss so* so*}", "check", check->name, "level", levels[v->level],
					      "what", json_string(buf_text(&v->what)), "advice",
					      v->advice.len ? json_string(buf_text(&v->advice)) : NULL));
}

static enum level look_at_all(const struct host *h, json_t *list)
{
	enum level worst = OK;
	for (size_t i = 0; i < N_CHECKS; i++) {
		struct verdict v = { 0 };
		checks[i].look(h, &v);
		if (list)
			add_verdict(list, &checks[i], &v);
		else
			print_verdict(&checks[i], &v);
		worst = v.level > worst ? v.level : worst;
		buf_done(&v.what);
		buf_done(&v.advice);
	}
	return worst;
}

enum { OPT_JSON };

static const struct opt opts[] = {
	{ 'j', "json", NULL, "print it as a JSON array" },
};

static int run(char **args, int n_args, const char *const *values)
{
	(void)args;
	(void)n_args;
	struct host host = { .root = geteuid() == 0 };
	json_t *list = values[OPT_JSON] ? json_array() : NULL;
	/* children are made to try things: what is printed already is not theirs */
	fflush(stdout);
	learn_kernel(&host);
	learn_mounts(&host);
	enum level worst = look_at_all(&host, list);
	arena_done(&host.arena);
	if (list) {
		json_dumpf(list, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		json_decref(list);
		putchar('\n');
	}
	return worst == PROBLEM ? EXIT_FAILED : EXIT_OK;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.args = "",
	.doc = "say what of this host is in the way or will hurt",
	.text = "Prints a line for each thing it looks at: \"ok\", \"note\" where something does not work, works less\n"
		"well or could not be looked at, \"problem\" where mounts cannot be made, will be lost, or programs\n"
		"see nothing; then what it means, and what to do. Nothing is changed: a mount is made to ask the\n"
		"kernel, in namespaces of its own. Run it as the user, and in the container, that is to use topofs.\n"
		"\n"
		"The exit status is 1 when there is a problem.\n",
	.opts = opts,
	.n_opts = sizeof opts / sizeof *opts,
	.run = run,
};
