/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_INPUT_LIMITS_H
#define TOPOFS_INPUT_LIMITS_H

#include "topofs/err.h"

#include <stddef.h>

/* 256 buses below each other take two levels each. */
enum { DEPTH_MAX = 1024, VALUES_MAX = 2000000 };

/* Refuses JSON that would take too much memory; what else is wrong with it is for the parser to say. */
int check_limits(const char *bytes, size_t len, struct err *err);

#endif
