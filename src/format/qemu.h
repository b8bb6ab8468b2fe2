/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TOPOFS_QEMU_H
#define TOPOFS_QEMU_H

/*
 * Command lines of QEMU: qemu-options.hx, docs/system/ and docs/pcie.txt of QEMU, defaults as of 7.2.
 *
 *     text  -- qemu_words.c -->  words  -- qemu_options.c -->  options  -- qemu_read.c and others -->  topology
 */

#include "topofs/emulated.h"
#include "topofs/err.h"

typedef LIST_OF(const char *) qemu_words;

/* An option and its argument: "-smp 4,sockets=2" has the values cpus = 4, sockets = 2. Keys may come again. */
struct qemu_option {
	const char *name; /* without dashes */
	const char *text; /* the argument as the program is given it; "" */
	size_t place;	  /* which argument of the program the option is, from 1 on */
	topo_map values;  /* only of options that say topology */
};
typedef LIST_OF(struct qemu_option) qemu_options;

struct qemu_command {
	const char *program; /* "/usr/bin/qemu-system-x86_64" */
	qemu_options options;
};

/* Whether bytes begin with the name of a QEMU. */
bool qemu_recognizes(const char *bytes, size_t len);
/* The words of the first command of a shell's text that is a QEMU; the first word is its name. */
int qemu_split(const char *bytes, size_t len, struct arena *a, qemu_words *ret, struct err *err);
int qemu_parse(const qemu_words *words, struct arena *a, struct qemu_command *ret, struct err *err);

/* The format's: qemu_read.c. */
int qemu_read(const char *bytes, size_t len, struct topo *ret, struct err *err);

/* Fails where the command would make another machine; its parts have names as those of a topology. */
int qemu_verify(const struct topo *t, const char *text, size_t len, struct err *err);

/* What the command makes, into an empty topology. */
struct qemu_guest {
	struct topo *t;
	const struct qemu_command *command;
	const struct virtual_machine *vm;
	struct err *err;
};
int qemu_add_cpus(struct qemu_guest *g);    /* qemu_cpus.c; then */
int qemu_add_nodes(struct qemu_guest *g);   /* qemu_nodes.c */
int qemu_add_hmat(struct qemu_guest *g);    /* qemu_hmat.c */
int qemu_add_devices(struct qemu_guest *g); /* qemu_devices.c */

/* Fails at the option. */
int qemu_wrong(struct qemu_guest *g, const struct qemu_option *o, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The last value of a key in options of a name, as later ones add to those before; NULL: none. `at` may be NULL. */
const char *qemu_value(const struct qemu_guest *g, const char *name, const char *key, const struct qemu_option **at);
/* The value of a key in one option. */
const char *qemu_value_of(const struct qemu_option *o, const char *key);
/* Whole numbers of 0 to max; `ret` is left alone where the key is not there. */
int qemu_number(struct qemu_guest *g, const struct qemu_option *o, const char *key, uint64_t max, uint64_t *ret);
/* Whether a value is one of "on", "yes", "true", "y". */
bool qemu_is_on(const char *value);
/* Whether there is an option of a name. */
bool qemu_has(const struct qemu_guest *g, const char *name);
/* The option whose value of a key is this; NULL: none. */
const struct qemu_option *qemu_option_with(const struct qemu_guest *g, const char *name, const char *key,
					   const char *value);

#endif
