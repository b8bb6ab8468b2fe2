#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A worker can read files of /proc and no others, and makes no call that answering does not take.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
[ -x "$top_builddir/tests/fuse/confined" ] || skip "tests/fuse/confined is not built"
check "a worker" "$top_builddir/tests/fuse/confined"
