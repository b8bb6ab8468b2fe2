/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_UNPACK_H
#define TOPOFS_UNPACK_H

#include "topofs/tree.h"

/*
 * As tree_load_picked(), from an open tar file, plain or compressed by gzip, bzip2 or xz. The root is the folder in it
 * that holds sys or proc. What is not one of a folder, file and link, or leads out, is told and left out. It may hold a
 * million entries and 1 GiB.
 */
int unpack_tree(int fd, const struct tree_picker *picker, struct tree *ret, struct err *err);

#endif
