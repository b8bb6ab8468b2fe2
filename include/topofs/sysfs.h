/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_SYSFS_H
#define TOPOFS_SYSFS_H

/*
 * The only place that knows both the machine and its files.
 *
 * A class describes one kind of folder: how many there are, where each stands, and the rows of files and
 * links in it. An attribute is one row; that row puts it into every mount, into `topofs render` and into the
 * manual's test. Formats come from the kernel: drivers/base/{cpu,node,topology,cacheinfo}.c,
 * drivers/pci/pci-sysfs.c, Documentation/ABI/.
 *
 *     static const struct attr topology[] = {
 *             INT("core_id", struct cpu, number[LEVEL_CORE], "The core this CPU is a thread of."),
 *             LIST("core_cpus_list", siblings, LEVEL_CORE, "The CPUs of its core."),
 *             ...
 *     };
 */

#include "topofs/facts.h"
#include "topofs/tree.h"

/* The object a row prints: the i-th of its class, with all there is to know around it. */
struct object {
	const struct facts *facts;
	const struct topo *topo;
	const void *self; /* the struct the class gives: struct cpu, struct node, struct pci ... */
	size_t index;	  /* its place in the class */
	size_t part;	  /* which part of that, in a class with parts */
	const char *path; /* its folder, "sys/devices/system/cpu/cpu3" */
};

struct attr;

/* The object that a captured value goes into, and the topology it is of. */
struct loading {
	struct topo *topo;
	void *self;
};

/* What of a value tells one machine from all others, so that `capture --redact` puts a stand-in there. */
enum secret {
	SECRET_NONE,
	SECRET_MAC,    /* hexadecimal digits, whatever stands between them: hardware addresses, GUIDs, GIDs ... */
	SECRET_GUID,
	SECRET_UUID,
	SECRET_SERIAL, /* any text: its letters and digits */
	SECRET_HOST,   /* a text that begins with the host's name */
	SECRET_MEMORY, /* lines of memory: what is free of it */
	SECRET_CONFIG, /* configuration space: the device serial number */
	SECRET_LINES,  /* lines KEY: VALUE or KEY=VALUE, of which redact.c has a table */
	SECRET_BLOB    /* bytes that can hold anything: the file is left out */
};

/* The same by name: of a row that stands for many files. */
struct secret_name {
	const char *pattern;
	enum secret secret;
};

struct attr {
	const char *name; /* file name, may lead through folders: "power/control" */
	const char *doc;  /* one sentence for the manual */
	/*
	 * Prints the value without the final newline, which is added: a file holds whole lines. A row with
	 * `raw` prints its bytes as they are. A row without show() and link() is an empty folder.
	 */
	void (*show)(const struct attr *, const struct object *, struct buf *);
	bool (*has)(const struct attr *, const struct object *); /* NULL: always there */
	bool raw;
	uint16_t mode; /* permission bits; 0: 0444 */
	enum secret secret;
	const struct secret_name *secrets; /* of a row "*"; ends with one without pattern */

	/* For rows that share a function: which member, how printed, which set. */
	size_t offset;
	int param;
	const struct idset *(*ids)(const struct attr *, const struct object *);
	const char *constant;

	/*
	 * The inverse of show: takes the text of a captured file, less its final newline, into the object. NULL:
	 * the value follows from other rows, or the class's scan() takes it.
	 */
	void (*load)(const struct attr *, const struct loading *, const char *text);

	/*
	 * A row of any number of files or of links: the i-th one's name (the row's `name` when nothing is
	 * printed), and its text or the place it leads to, from the tree's root; false past the last.
	 */
	bool (*each)(const struct attr *, const struct object *, size_t i, struct buf *name, struct buf *text);
	bool (*link)(const struct attr *, const struct object *, size_t i, struct buf *name, struct buf *place);
};

struct class {
	const char *name; /* "cpu" */
	const char *doc;  /* "One CPU." */
	const char *dir;  /* for people: "/sys/devices/system/cpu/cpu[0-9]*" */
	size_t (*count)(const struct facts *);
	/* How many folders the i-th has (the caches of a CPU); NULL: one each. */
	size_t (*parts)(const struct facts *, size_t i);
	/* Gives an object (self) and appends its folder; false: it has none. */
	bool (*at)(const struct facts *, size_t i, size_t part, const void **self, struct buf *path);
	const struct attr *attrs;
	size_t n_attrs;
	/*
	 * The inverse of at(): finds its objects among captured files and adds them to the topology, with all that
	 * their rows can load. NULL: they follow from other classes.
	 */
	void (*scan)(const struct class *, const struct tree *, struct topo *);
	const char *subsystem;	/* "bus/pci": a link `subsystem` to it; NULL: none */
	const char *listed[2];	/* "bus/pci/devices": a link to each folder, by its last component, there */
};

extern const struct class *const classes[];
extern const size_t n_classes;

/*
 * Makes the files of a machine, its extras last, and seals the tree. Needs a topology that is not BROKEN. A machine of
 * 200,000 functions has 12 million files; a document that asks for much more is after memory.
 */
enum { SYSFS_FILES_MAX = 16 << 20 };
int sysfs_build(const struct topo *t, struct tree *ret, struct err *err);

/*
 * The way back, in two steps: captured files become a machine (fills an empty topology; `arch` is the machine's, or
 * NULL to guess it), and what its rows do not explain is added: rows of which there is nothing to `without`, unusual
 * line ends to `endings`, all other differences to its extras. Then sysfs_build() makes the same files again: paths,
 * kinds, bytes and texts of links, not permissions.
 */
void sysfs_scan(const struct tree *captured, const char *arch, struct topo *ret);
int sysfs_explain(const struct tree *captured, struct topo *t, struct err *err);

/*
 * Copies captured files, a stand-in of the same form for each secret: equal ones stay equal, different ones
 * different. What rows mark is secret, and some files that no row makes (src/sysfs/redact.c).
 */
void sysfs_redact(const struct tree *captured, struct tree *ret);

/* Whether a row could make this path, "sys/devices/...", or for a folder something below it. */
bool sysfs_wants(const char *path, mode_t mode);

/*
 * The same, and tells which row made each path: the row's name, "subsystem" or "listed" for the links that
 * come with a class, "" for an object's folder.
 */
typedef void sysfs_trace(void *ctx, const struct class *class, const char *row, const char *path);
int sysfs_build_traced(const struct topo *t, sysfs_trace *trace, void *ctx, struct tree *ret, struct err *err);

/*
 * Rows, and what they share (src/sysfs/rows.c). INT takes an int32_t or uint32_t member, U64 a uint64_t one,
 * TEXT a const char * (no file while NULL); LIST and MASK print the set that `ids` gives.
 */
#define INT(attr_name, T, member, text) \
	{ .name = attr_name, .doc = text, .show = show_int, .load = load_int, .offset = offsetof(T, member) }
#define U64(attr_name, T, member, text) \
	{ \
		.name = attr_name, .doc = text, .show = show_u64, .has = has_u64, .load = load_u64, \
		.offset = offsetof(T, member) \
	}
#define TEXT(attr_name, T, member, text) \
	{ .name = attr_name, .doc = text, .show = show_text, .has = has_text, .load = load_text, \
	  .offset = offsetof(T, member) }
/* A bool member, as 0 or 1. */
#define FLAG(attr_name, T, member, text) \
	{ .name = attr_name, .doc = text, .show = show_flag, .load = load_flag, .offset = offsetof(T, member) }
#define CONSTANT(attr_name, value, text) \
	{ .name = attr_name, .doc = text, .show = show_constant, .constant = value }
/* A device's link to what it sits on, the function or another device; T's member `on` says which. */
#define PARENT(T) \
	{ .name = "device", .doc = "The device it sits on.", .link = link_parent, .offset = offsetof(T, on) }
/* What is only written to, and so is empty here. */
#define TRIGGER(attr_name, permissions, text) \
	{ .name = attr_name, .doc = text, .show = show_nothing, .raw = true, .mode = permissions }
#define DIRECTORY(attr_name, text) \
	{ .name = attr_name, .doc = text }
#define LIST(attr_name, getter, extra, text) \
	{ .name = attr_name, .doc = text, .show = show_list, .ids = getter, .param = extra }
#define MASK(attr_name, getter, extra, text) \
	{ .name = attr_name, .doc = text, .show = show_mask, .ids = getter, .param = extra }

void show_int(const struct attr *, const struct object *, struct buf *);
void show_u64(const struct attr *, const struct object *, struct buf *);
void show_text(const struct attr *, const struct object *, struct buf *);
void show_flag(const struct attr *, const struct object *, struct buf *);
void show_list(const struct attr *, const struct object *, struct buf *);
void show_mask(const struct attr *, const struct object *, struct buf *);
void show_constant(const struct attr *, const struct object *, struct buf *);
bool link_parent(const struct attr *, const struct object *, size_t i, struct buf *name, struct buf *place);
/* For files that are there but empty, such as most uevents. */
void show_nothing(const struct attr *, const struct object *, struct buf *);
bool has_u64(const struct attr *, const struct object *);
void load_int(const struct attr *, const struct loading *, const char *text);
void load_u64(const struct attr *, const struct loading *, const char *text);
void load_flag(const struct attr *, const struct loading *, const char *text);
void load_text(const struct attr *, const struct loading *, const char *text);
bool has_text(const struct attr *, const struct object *);

/* How many: one, for a folder that every machine has; the machine's lists. */
size_t count_one(const struct facts *);
size_t count_cpus(const struct facts *);
size_t count_nodes(const struct facts *);
size_t count_pci(const struct facts *);
/* at() of a class that is one folder, whose path is the class's `dir`; self is the topology. */
#define AT_FIXED(place) \
	static bool at_fixed(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path) \
	{ \
		(void)i; \
		(void)part; \
		*self = f->topo; \
		buf_puts(path, place); \
		return true; \
	}

/* A class's rows, for its initialiser. */
#define ROWS(array) .attrs = (array), .n_attrs = sizeof(array) / sizeof *(array)

/* Appends the folder of a PCI function, or that in which a device stands; false: there is none. */
bool link_to_function(const struct facts *f, uint64_t function, struct buf *place);
bool link_to_parent(const struct facts *f, const struct site *on, struct buf *place);

/* src/sysfs/pci_config.c: the configuration space of a function; returns its size, 256 or 4096 bytes. */
size_t pci_config(const struct facts *f, uint32_t pci, uint8_t space[4096]);
/* src/sysfs/pci_resource.c: appends the text of its file `resource`. */
void pci_resource_text(const struct facts *f, uint32_t pci, struct buf *out);

#endif
