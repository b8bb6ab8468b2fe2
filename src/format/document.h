/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_DOCUMENT_H
#define TOPOFS_DOCUMENT_H

/*
 * The JSON document as data, in the shape in which people write it.
 *
 *     text  <-- json.c, fields.c -->  struct document  <-- expand.c, condense.c -->  struct topo
 *
 * json.c walks the tables of fields.c in both directions and knows nothing of machines; expand.c turns the short
 * forms ("56 cores", "per core", nested bridges) into plain arrays; condense.c finds the short form again.
 * What is the same in both (the machine's name, a node's meminfo, a network device) is the topology's own struct.
 */

#include "topofs/err.h"
#include "topofs/topo.h"

#include <jansson.h>
#include <stdio.h>

/* --- the document ---------------------------------------------------------------------------------------- */

/* Which CPUs are threads of one core when a set of them makes several. */
enum threads { THREADS_APART, THREADS_ADJACENT };

/* Cores with the same number of threads. */
struct doc_run {
	struct idset ids;  /* core ids; count of them = count of cores */
	struct idset cpus; /* divided evenly among them */
	int32_t threads;   /* enum threads */
	uint32_t units;	   /* so many CPUs make a core though each has an id of its own; 0: ids are those of cores */
};

struct doc_cores {
	int64_t count; /* TOPO_UNKNOWN: runs are given, or every CPU is a core */
	LIST_OF(struct doc_run) runs;
};

/* A package, a die or a cluster. */
struct doc_group {
	int64_t id; /* ID_BY_PLACE: its place; -1: the kernel says so */
	struct idset cpus;
	struct doc_cores cores;
	int32_t threads;
	LIST_OF(struct doc_group) dies, clusters;
	int32_t book, drawer;
	bool unnumbered; /* of a package: core_id is -1 */
	struct idset cluster_ids; /* every core is a cluster of its own, with these ids in order; empty: they are not */
};

enum per { PER_CPU, PER_CORE, PER_CLUSTER, PER_DIE, PER_PACKAGE, PER_NODE, PER_MACHINE, PER_UNSAID };

/* Like caches; `cache` holds what they have in common. */
struct doc_cache {
	struct cache cache;
	int32_t per;	 /* enum per */
	uint32_t cores;	 /* every so many cores of a package share one; 0: see per */
	struct idset ids; /* in the order of their first CPUs; empty: 0, 1, 2 ... */
};

struct doc_node {
	struct idset ids; /* alike but for their ids; empty: its place */
	struct node node;
};

struct doc_distance {
	struct idset from, to;
	uint32_t value;
};

struct doc_pci {
	const char *at;
	struct pci pci; /* address, parent and root are filled in by expand.c */
	const char *bus;
#define DEVICE_LIST(T) LIST_OF(struct T) T;
	TOPO_DEVICES(DEVICE_LIST)
#undef DEVICE_LIST
	LIST_OF(struct doc_pci) devices;
};

struct doc_root {
	const char *root;
	int32_t node;
	const char *under;
	LIST_OF(struct doc_pci) devices;
};

struct document {
	int64_t version;
	struct topo topo; /* what has no short form, and sets and numbers that may be left unsaid; no arena */
	LIST_OF(struct doc_group) packages;
	LIST_OF(struct doc_cache) caches;
	LIST_OF(struct doc_node) nodes;
	LIST_OF(struct doc_distance) distances;
	LIST_OF(struct doc_root) pci;
};

enum {
	ID_BY_PLACE = -2,	/* doc_group.id */
	NODE_INHERITED = -2,	/* doc_pci.pci.node: that of the bridge or host bridge above */
	PARTITION_BY_ARCH = -2, /* doc_cache.cache.partition: 1 on x86, else none */
};

#define CLASS_UNSAID UINT32_MAX /* doc_pci.pci.class: that of a bridge where there are devices below */

/* --- tables ---------------------------------------------------------------------------------------------- */

struct table;
struct field;

/* Where the reader is, and what it allocates from. */
struct reader {
	struct arena *arena;
	struct buf path; /* "nodes[1].distances" */
	struct err *err;
	size_t id_words; /* that the lists read so far take */
	bool lenient;	 /* a member that is wrong is left out, with its object where it is required */
};

/* How a member's value is read, written and described. One row in types.c each. */
struct type {
	const char *name; /* for messages and the manual: "list", "size" */
	/* Puts the default at `at`; NULL: zero is the default. */
	void (*init)(const struct field *, void *at);
	/* Returns 0, or -EINVAL with the reader's err set by refuse(). */
	int (*read)(struct reader *, const struct field *, const json_t *, void *at);
	/* NULL when the value is the default and need not be written. */
	json_t *(*write)(const struct field *, const void *at);
	/* Adds the keywords of JSON Schema. */
	void (*schema)(const struct field *, json_t *into);
};

struct field {
	const char *key;
	const struct type *type;
	size_t offset;
	const char *doc;
	bool required;
	bool live; /* moves by itself on a running machine */
	bool raw;  /* bytes as they were read, in which other members show too */
	int64_t min, max, def;	   /* numbers: range and default; idsets: max */
	const char *text;	   /* texts: default */
	const char *const *values; /* choices, NULL-terminated */
	const struct table *sub;   /* objects */
};

struct table {
	const char *name; /* of the object, for the schema: "node" */
	const char *doc;
	size_t size;		/* of the struct it fills */
	const char *shorthand;	/* the member that a bare text stands for; NULL: none */
	const struct field *fields;
	size_t n;
};

/* Those that others than fields.c fill in or write by themselves. */
extern const struct table document_table, package_table, node_table, root_table, function_table, net_table,
	infiniband_table, port_table, block_table;

/* Each kind of value a member can have. */
extern const struct type type_i32, type_i64, type_bool, type_text, type_name, type_choice, type_size_k, type_size,
	type_hex8, type_hex64, type_idset, type_map, type_files_map, type_counts, type_numbers, type_texts, type_bdf,
	type_ids, type_class, type_link, type_max_link, type_bars, type_bar, type_serial, type_cores, type_objects,
	type_object, type_files, type_comment, type_config, type_policy;

/* Fails at the reader's path. */
int refuse(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "a string", "an array" ... for messages. */
const char *kind_of(const json_t *value);

/* An object by its table, both ways; write returns NULL where all is default. */
void table_init(const struct table *table, void *at);
int table_read(struct reader *r, const struct table *table, const json_t *value, void *at);
/* The same of an object with members in a struct that another table fills too: what they are not is left alone. */
void table_init_members(const struct table *table, void *at);
int table_read_members(struct reader *r, const struct table *table, const json_t *value, void *at);
json_t *table_write(const struct table *table, const void *at);

/* --- short forms ----------------------------------------------------------------------------------------- */

/* On failure err->where is the member's path. Shares the topology's arena. */
int expand(const struct document *doc, struct topo *ret, struct err *err);
void condense(const struct topo *t, struct arena *a, struct document *ret);

/* What expand.c would make of a guess of condense.c. */
int64_t default_kernel_max(const struct topo *t);
struct idset default_possible_nodes(const struct topo *t, struct arena *a);
/* The first id of caches that say none, where the list's first `before` are there already. */
int64_t default_cache_id(const struct topo *t, const struct cache *like, size_t before);
/* Adds the instances, without their ids. */
void expand_cache(const struct topo *t, const struct doc_cache *doc, struct arena *a, struct topo *into);

#endif
