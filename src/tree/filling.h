/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_FILLING_H
#define TOPOFS_FILLING_H

#include "topofs/tree.h"

enum { NAME_LENGTH_MAX = 255 };

/* tree_child() of a tree that is not sealed; the name is one that a child can have. */
uint32_t filling_child(const struct tree *t, uint32_t dir, const char *name, size_t len);
/* Gives back what only filling needs. */
void filling_done(struct tree *t);

#endif
