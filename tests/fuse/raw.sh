#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Requests that no kernel sends are answered with an error, and read nothing beyond the tree;
# a request that kills who answers it twice is answered with an error too.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires timeout
[ -x "$top_builddir/tests/fuse/raw" ] || skip "tests/fuse/raw is not built"
check "raw requests" timeout 60 "$top_builddir/tests/fuse/raw"
