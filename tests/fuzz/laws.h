/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_FUZZ_LAWS_H
#define TOPOFS_FUZZ_LAWS_H

/*
 * What fuzz targets hold any input to: the laws of ARCHITECTURE.md. What does not hold is said and ends the program,
 * as a fault does.
 */

#include "topofs/err.h"
#include "topofs/format.h"
#include "topofs/topo.h"
#include "topofs/tree.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What each target is: one input; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define HOLD(condition, ...) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "does not hold: " #condition ": " __VA_ARGS__); \
			fputc('\n', stderr); \
			abort(); \
		} \
	} while (0)

/* What is refused is refused with one line. */
void hold_complaint(const struct err *err);

/* Large machines take long, and fail as small ones do. */
bool is_small(const struct topo *t);

/* Whether it breaks no rule and none that `force` would not let through either. */
bool is_servable(const struct topo *t);

/*
 * read(write(topo)) == topo, in JSON and, as far as they go, in all formats; and every entry of its tree, where it can be
 * built, is found by its path and its name.
 */
void hold_laws(const struct topo *t);

/* Bytes in a format are refused with one line, or those of a machine that the laws hold for. */
void hold_read(const struct format *format, const uint8_t *bytes, size_t len);

/* The second is the first but for permissions. */
void hold_same_files(const struct tree *a, const struct tree *b);

#endif
