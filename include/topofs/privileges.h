/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_PRIVILEGES_H
#define TOPOFS_PRIVILEGES_H

/*
 * What a process gives up, for good, before it reads what others wrote. What the kernel or a container does not let it
 * give up it keeps, and works all the same.
 */

#include <stdbool.h>
#include <stddef.h>

enum { NO_CAPABILITY = -1 };
/* All of capabilities(7) but one that it may have, and those of programs that it might execute. */
void give_up_capabilities(int kept);

/*
 * Every system call that is not among `calls`, which are seccomp.h's SCMP_SYS(): it fails with EPERM then. But memory
 * may be mapped, not to be executed, and with `files` files may be opened to be read.
 */
void allow_calls_only(const int *calls, size_t n, bool files);

#endif
