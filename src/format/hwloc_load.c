/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libhwloc, kept to the text it is given. It has many variables of the environment that lead it elsewhere, plugins that
 * ask the drivers of this computer, prints its reasons, and some texts crash it. So it runs in a process of its own,
 * which hands over JSON, and can do nothing else, whatever a text makes of it.
 */

#include "hwloc_load.h"
#include "types.h"

#include "topofs/child.h"
#include "topofs/io.h"
#include "topofs/memfile.h"
#include "topofs/privileges.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the document ---------------------------------------------------------------------------------------- */

struct idset hw_cpus(const struct hw_reader *r, hwloc_const_bitmap_t set)
{
	struct idset ret = { 0 };
	for (int cpu = set ? hwloc_bitmap_first(set) : -1; cpu >= 0 && cpu <= TOPO_MAX_CPU; cpu = hwloc_bitmap_next(set, cpu))
		if (idset_has(&r->cpus, (uint32_t)cpu))
			idset_add(r->a, &ret, (uint32_t)cpu);
	return ret;
}

const char *hw_info(const struct hw_reader *r, hwloc_obj_t obj, const char *name)
{
	const char *value = hwloc_obj_get_info_by_name(obj, name);
	return value && !has_control_characters(value) ? arena_strdup(r->a, value) : NULL;
}

int64_t hw_number(const char *text)
{
	char *end;
	long long n = text ? strtoll(text, &end, 10) : -1;
	return text && end != text && n >= 0 && n <= INT32_MAX ? n : -1;
}

static const char *const notes[] = {
	[HW_XML] =
		"Made of an XML file of hwloc. Not told there, and so not here: programming interfaces of PCI classes,\n"
		"registers, drivers and maximum links; rates of network ports; devices on no PCI function.\n"
		"Guessed: which of several nodes in one place has the CPUs (the one with the fewest, then the first); that\n"
		"functions of a machine with one node are on it; of a link's speed times its lanes, which is which (most\n"
		"lanes; four for a drive). A function without a link here had none, or none that was known.",
	[HW_SYNTHETIC] =
		"Made of a synthetic description for hwloc. Sizes of caches and memory that it does not say are hwloc's.",
};

static int read_all(struct hw_reader *r, struct topo *topo)
{
	if (hw_read_cpus(r) || hw_read_nodes(r))
		return -EINVAL;
	hw_read_kinds(r);
	hw_read_pci(r);
	if (r->has_ports)
		*LIST_ADD(r->a, &r->doc->topo.without) = "ib_port/rate";
	if (r->has_other_ports)
		*LIST_ADD(r->a, &r->doc->topo.without) = "ib_port/phys_state";
	r->doc->topo.comment = notes[r->kind];
	if (expand(r->doc, topo, r->err))
		return -EINVAL;
	hw_name_groups(r, topo);
	return 0;
}

static int read_loaded(hwloc_topology_t h, enum hw_kind kind, struct topo *ret, struct err *err)
{
	_cleanup_topo_ struct topo topo = { 0 };
	struct document doc;
	table_init(&document_table, &doc);
	struct hw_reader r = { .h = h, .kind = kind, .a = &topo.arena, .doc = &doc, .err = err };
	if (read_all(&r, &topo))
		return -EINVAL;
	*ret = topo;
	topo = (struct topo){ 0 };
	return 0;
}

/* --- the process ----------------------------------------------------------------------------------------- */

/* What it finds in the environment, instead of all that begins alike. */
static const struct pair settings[] = {
	{ "HWLOC_COMPONENTS", "stop" }, /* nothing but what is asked for */
	{ "HWLOC_PLUGINS_PATH", "" },	/* found nowhere */
	{ "HWLOC_XML_VERBOSE", "1" },
	{ "HWLOC_SYNTHETIC_VERBOSE", "1" },
};

static void set_environment(void)
{
	static const char prefix[] = "HWLOC_";
	for (char **p = environ; p && *p;) {
		char *name = strndup(*p, strcspn(*p, "="));
		bool ours = name && !strncmp(name, prefix, sizeof prefix - 1) && !unsetenv(name);
		free(name);
		p = ours ? environ : p + 1;
	}
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		setenv(settings[i].key, settings[i].value, 1);
}

/* It may die: without a core file, without the handlers of this program, and in the end. */
static void set_limits(void)
{
	enum { SECONDS = 60 };
#ifndef __SANITIZE_ADDRESS__ /* which takes terabytes of addresses */
	static const rlim_t memory = (rlim_t)4 << 30;
	setrlimit(RLIMIT_AS, &(struct rlimit){ memory, memory });
#endif
	static const int deadly[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, SIGXCPU };
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		signal(deadly[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	setrlimit(RLIMIT_CPU, &(struct rlimit){ SECONDS, SECONDS });
}

/* To take memory, to write what it is to write, to end. */
static const int calls[] = {
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(fstat),
	SCMP_SYS(futex),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(gettid),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(lseek),
	SCMP_SYS(madvise),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(newfstatat),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sysinfo),
	SCMP_SYS(tgkill),
	SCMP_SYS(write),
	SCMP_SYS(writev),
};

static void give_up_all(void)
{
	give_up_capabilities(NO_CAPABILITY);
	allow_calls_only(calls, sizeof calls / sizeof *calls, false);
}

enum { READ = 0, NOT_READ = 1, NOT_TAKEN = 2 };

static int load(enum hw_kind kind, const struct buf *text, hwloc_topology_t *ret)
{
	if (hwloc_topology_init(ret) || hwloc_topology_set_flags(*ret, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) ||
	    hwloc_topology_set_all_types_filter(*ret, HWLOC_TYPE_FILTER_KEEP_ALL))
		return -EINVAL;
	if (kind == HW_XML ? hwloc_topology_set_xmlbuffer(*ret, buf_text(text), (int)text->len + 1)
			   : hwloc_topology_set_synthetic(*ret, buf_text(text)))
		return -EINVAL;
	return hwloc_topology_load(*ret);
}

/* Writes JSON to `answer`, or an error; what libhwloc says goes to `messages`. */
static int run(enum hw_kind kind, const struct buf *text, int answer, int messages)
{
	_cleanup_topo_ struct topo topo = { 0 };
	_cleanup_buf_ struct buf out = { 0 };
	struct err err = { 0 };
	hwloc_topology_t h;
	set_environment();
	set_limits();
	if (dup2(messages, STDERR_FILENO) < 0)
		return NOT_TAKEN;
	give_up_all();
	if (load(kind, text, &h))
		return NOT_TAKEN;
	bool failed = read_loaded(h, kind, &topo, &err) || json_format.write(&topo, &out, &err);
	if (failed)
		buf_add(&out, &err, sizeof err);
	hwloc_topology_destroy(h);
	return write_all(answer, buf_text(&out), out.len) < 0 ? NOT_TAKEN : failed ? NOT_READ : READ;
}

/* --- its answer ------------------------------------------------------------------------------------------ */

/* The first sentence of what it said that is not the frame around it. */
static int say_why(enum hw_kind kind, int messages, struct err *err)
{
	_cleanup_buf_ struct buf said = { 0 };
	const char *what = kind == HW_XML ? "XML of a topology" : "a synthetic description";
	memfile_read(messages, &said);
	const char *why = buf_text(&said), *end;
	while (*why && strchr("*\n", *why))
		why += *why == '*' ? strcspn(why, "\n") : 1;
	end = strstr(why, ". ");
	size_t len = strcspn(why, "\n");
	len = end && (size_t)(end - why) < len ? (size_t)(end - why) : len;
	return err_set(err, "", "libhwloc %s does not take it for %s%s%.*s", HWLOC_VERSION, what, len ? ": " : "", (int)len,
		       why);
}

static int take_answer(int status, enum hw_kind kind, int answer, int messages, struct topo *ret, struct err *err)
{
	_cleanup_buf_ struct buf text = { 0 };
	if (!WIFEXITED(status))
		return err_set(err, "", "libhwloc %s crashes on it", HWLOC_VERSION);
	if (WEXITSTATUS(status) != READ && WEXITSTATUS(status) != NOT_READ)
		return say_why(kind, messages, err);
	memfile_read(answer, &text);
	if (WEXITSTATUS(status) == READ)
		return json_format.read(buf_text(&text), text.len, ret, err);
	if (text.len != sizeof *err)
		return err_set(err, "", "libhwloc %s runs out of memory", HWLOC_VERSION);
	memcpy(err, buf_text(&text), sizeof *err);
	return -EINVAL;
}

static int ask(enum hw_kind kind, const struct buf *text, int answer, int messages, struct topo *ret, struct err *err)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0)
		_exit(run(kind, text, answer, messages));
	int rc = wait_for_child(child, &status);
	return rc == 0 ? take_answer(status, kind, answer, messages, ret, err)
		       : err_set(err, "", "cannot run libhwloc: %s", strerror(-rc));
}

/* --------------------------------------------------------------------------------------------------------- */

/* The numbers behind colons, but for those of attributes in parentheses: libhwloc makes any number of objects. */
static int check_size(const char *text, struct err *err)
{
	unsigned long long cpus = 1;
	int depth = 0;
	for (const char *p = text; *p; p++) {
		depth += (*p == '(') - (*p == ')');
		unsigned long long n = *p == ':' && !depth ? strtoull(p + 1, NULL, 0) : 1;
		if (n > TOPO_MAX_CPU + 1 || (cpus *= n ? n : 1) > TOPO_MAX_CPU + 1)
			return err_set(err, "", "more than %d CPUs", TOPO_MAX_CPU + 1);
	}
	return 0;
}

int hw_read(enum hw_kind kind, const char *bytes, size_t len, struct topo *ret, struct err *err)
{
	/* libhwloc wants a NUL behind it */
	_cleanup_buf_ struct buf text = { 0 };
	buf_add(&text, bytes, len);
	while (kind == HW_SYNTHETIC && text.len && strchr(" \t\r\n", text.data[text.len - 1]))
		buf_cut(&text, text.len - 1);
	if (memchr(bytes, '\0', len) || !text.len)
		return err_set(err, "", text.len ? "a NUL in what is to be text" : "there is nothing in it");
	if (kind == HW_SYNTHETIC && check_size(buf_text(&text), err))
		return -EINVAL;
	int answer = memfile_new("topofs-hwloc"), messages = memfile_new("topofs-hwloc-messages");
	int failed = answer >= 0 && messages >= 0 ? ask(kind, &text, answer, messages, ret, err)
						  : err_set(err, "", "cannot make a file in memory");
	if (answer >= 0)
		close(answer);
	if (messages >= 0)
		close(messages);
	return failed;
}
