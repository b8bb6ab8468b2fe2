/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_ENTER_H
#define TOPOFS_ENTER_H

#include "topofs/err.h"
#include "topofs/serve.h"

/*
 * This process gets a mount namespace of its own, and for an ordinary user a user namespace around it, in which /sys and
 * files of /proc are the machine's; `policy` says what of the real ones shows beside them, NULL: nothing. The server
 * stays outside: so nothing but this process and its children holds the mount, which goes with the last of them, however
 * they end, and takes the server with it. Returns 0 or more, or a negative errno; what cannot be covered is printed.
 */
int enter_machine(const struct serve_what *what, const char *policy, struct err *err);

/*
 * What programs need to be told, unless they are told already, because they would ask the hardware, or distrust what is
 * no sysfs. The last has no name.
 */
struct variable {
	const char *name, *value;
};
extern const struct variable machine_environment[];

/* That has the name of the machine: the document's, or what the machine is called by where it has none. */
#define MACHINE_VARIABLE "TOPOFS_MACHINE"

void set_machine_environment(const char *machine);

#endif
