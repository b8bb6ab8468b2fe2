#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user mounts through fusermount3, owns the files, and is told what is missing.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires fusermount3 pgrep
. "$top_srcdir/tests/serve.sh"
needs_nobody

mkdir mnt other
chown 65534:65534 mnt
cat >as-user.sh <<'SCRIPT'
set -eux
"$TOPOFS" mount "$1" mnt
test "$(cat mnt/sys/topofs/deep/er/file)" = content
test "$(stat -c '%u %g' mnt/sys)" = "65534 65534"
fusermount3 -u mnt
"$TOPOFS" mount -o 'fsname=a\,b,noatime' "$1" mnt
grep "^a,b $PWD/mnt fuse.topofs ro,nosuid,nodev,noexec,noatime" /proc/self/mounts
fusermount3 -u mnt
SCRIPT
check "an ordinary user mounts, owns the files and unmounts" as_nobody sh as-user.sh "$machine"
check "no server is left" wait_for 5 no_servers

# refused WORD COMMAND...: one line that has the word
refused() {
	word=$1
	shift
	check_status 1 "$*" as_nobody "$@" 2>err
	check "one line" one_line err
	check "it says $word" grep -q "$word" err
}
refused "write access" "$TOPOFS" mount "$machine" other
refused "not found" env PATH=/nonexistent "$TOPOFS" mount "$machine" mnt
grep -q '^user_allow_other' /etc/fuse.conf 2>/dev/null ||
	refused user_allow_other "$TOPOFS" mount -o allow_other "$machine" mnt
check "no server is left" wait_for 5 no_servers
