/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_NAMESPACES_H
#define TOPOFS_NAMESPACES_H

#include "topofs/err.h"

/*
 * Takes this process into a mount namespace of its own, for an ordinary user within a user namespace in which they stay
 * who they are. What is mounted there is seen nowhere else. Returns 0 or a negative errno.
 */
int enter_namespaces(struct err *err);

/* The setting of this system that forbids user namespaces to ordinary users, in words; NULL: none that is known. */
const char *namespaces_obstacle(void);

#endif
