#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is mounted is the tree: kinds, sizes, link counts, bytes; and absent is ENOENT.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep stat find
. "$top_srcdir/tests/serve.sh"

mount_point mnt
"$TOPOFS" mount "$machine" mnt || fail "does not mount"

# is EXPECTED FORMAT PATH: what stat says of it
is() {
	check "$3 is $1" test "$(stat -c "$2" "mnt/$3")" = "$1"
}
is "directory 4 1" "%F %h %i" .
is "directory 3" "%F %h" sys/topofs
is "directory 3" "%F %h" sys/topofs/deep
is "directory 2" "%F %h" sys/topofs/deep/er
is "regular file 8 1" "%F %s %h" sys/topofs/deep/er/file
is "regular file 10 1" "%F %s %b" sys/topofs/big
is "regular empty file 0 0" "%F %s %b" sys/topofs/none
is "symbolic link 7" "%F %s" sys/topofs/link
is "$(id -u) $(id -g)" "%u %g" sys

check "is the machine" test "$(cat mnt/sys/devices/system/cpu/present)" = 0-7
check "reads through a link" test "$(cat mnt/sys/topofs/link/file)" = content
check "reads bytes" test "$(od -An -tx1 mnt/sys/topofs/big)" = " 00 01 02 03 04 05 06 07 08 09"
check "reads from the middle" test "$(tail -c +9 mnt/sys/topofs/big | od -An -tx1)" = " 08 09"
check "reads an empty file" test -z "$(cat mnt/sys/topofs/none)"
check "reads beyond the end" test -z "$(tail -c +100 mnt/sys/topofs/deep/er/file)"
check "absent is ENOENT" sh -c 'cat mnt/sys/nothing 2>&1 | grep -q "No such file"'
check "below a file is ENOTDIR" sh -c 'cat mnt/sys/topofs/big/x 2>&1 | grep -q "Not a directory"'
check "a folder lists its names once, in order, with their kinds" \
	test "$(find mnt/sys/topofs -maxdepth 1 -printf '%y %f,')" = "d topofs,f big,d deep,l link,f none,"
check "two walks agree" test "$(find mnt | sort | cksum)" = "$(find mnt | sort | cksum)"
check "is copied as it is" cp -a mnt copy
check "the copy is the same" diff -r --no-dereference mnt copy
