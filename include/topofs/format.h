/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_FORMAT_H
#define TOPOFS_FORMAT_H

/*
 * File formats: bytes into a topology and back. One file and one row of formats[] each; JSON, topofs' own
 * (topofs.json(5)), is the first. A format of others seldom can say all that a topology can: what it cannot is left
 * out, and what its files lack is derived.
 */

#include "topofs/buf.h"
#include "topofs/err.h"
#include "topofs/topo.h"

#include <stdbool.h>
#include <stddef.h>

struct format {
	const char *name;   /* as on the command line: "json" */
	const char *doc;    /* one sentence */
	const char *ending; /* of its files' names: ".json"; NULL: none in particular */
	/*
	 * Whether bytes look like it, so that read() has the best reason why they are not. At most one format's does
	 * for any bytes. NULL: what no other recognizes (JSON), or only where the user names it.
	 */
	bool (*recognizes)(const char *bytes, size_t len);
	/* Whether a TOPOLOGY that names no file looks like text of it: "numa:2 core:4 pu:2". NULL: it never does. */
	bool (*is_argument)(const char *text);
	/*
	 * Fills an empty topology; on failure it is left empty and err->where is the place: "line 12". The bytes are
	 * anybody's, and no NUL follows them. NULL: write only.
	 */
	int (*read)(const char *bytes, size_t len, struct topo *ret, struct err *err);
	/*
	 * Appends text that read(), where there is one, turns into a topology that is equal in all that the format can
	 * say. Fails with nothing appended where it cannot say something that matters to who reads it; err->where is
	 * the object: "pci 0000:3b:00.0". The topology is one that the errors of rules.h do not refuse. NULL: read
	 * only.
	 */
	int (*write)(const struct topo *t, struct buf *out, struct err *err);
};

extern const struct format *const formats[];
extern const size_t n_formats;

/* By its name; NULL: there is none. */
const struct format *format_named(const char *name);
/* Of which format bytes look to be; NULL: XML of a kind that is not known. */
const struct format *format_of(const char *bytes, size_t len);

/* Which format text of the command line looks to be of; NULL: it is a file's name. */
const struct format *format_of_argument(const char *text);

extern const struct format json_format, nccl_format, hwloc_format, synthetic_format, qemu_format, qemu_emulated_format,
	libvirt_caps_format, libvirt_domain_format, cloud_hypervisor_format;

/*
 * Reads what json_format wrote of a captured machine: a member whose value no document can have is left out instead of
 * refusing all.
 */
int json_read_captured(const char *bytes, size_t len, struct topo *ret, struct err *err);

/* The document's JSON Schema (draft 2020-12), from the same tables that read and write it. */
void json_schema(struct buf *out);

/* Calls visit() for each member a document may have: "cpu.packages[].cores", its type and its sentence. */
void json_members(void (*visit)(void *ctx, const char *path, const char *type, const char *doc), void *ctx);

/*
 * The folders whose files a document can tell, NULL-terminated: /sys, /proc, and the two others in which hwloc looks
 * for the machine when it reads a recording.
 */
extern const char *const json_roots[];

/* Why a path cannot stand in a document's "files", or NULL. */
const char *json_refuses(const struct extra *extra);

/*
 * Calls say() with a line for each difference of two machines, "node 1: memory 64G -> 32G", and returns how many there
 * are. Not looked at is what a document says of itself (name, description, comment, unlisted) and the files that no
 * member tells (extras); what moves by itself is only where `live`.
 */
size_t compare(const struct topo *a, const struct topo *b, bool live, void (*say)(void *ctx, const char *line),
	       void *ctx);

/* Documents larger than this are refused unread: no real machine comes near it. */
enum { DOCUMENT_MAX = 32 * 1024 * 1024 };

#endif
