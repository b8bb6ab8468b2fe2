#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The machine's files of /proc cover the real ones, and only those.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep
. "$top_srcdir/tests/serve.sh"

real=$(grep -c '^processor' /proc/cpuinfo)
in_machine() {
	"$TOPOFS" run "$machine" -- "$@" 2>err
}

check "cpuinfo is the machine's" test "$(in_machine grep -c '^processor' /proc/cpuinfo)" -eq 8
check "the real one stays outside" test "$(grep -c '^processor' /proc/cpuinfo)" = "$real"
check "processes are the real ones" in_machine test -d /proc/self/fd
check "sysctls are the real ones" in_machine test -e /proc/sys/kernel/ostype
check "one warning for what has no place" one_line err
check "it names the file" grep -q /proc/topofs-none err
if [ -d /proc/driver ]; then
	check "a folder with more in it is covered whole" \
		test "$(in_machine cat /proc/driver/topofs/version)" = 1
fi
check "the mount point of all this is hidden" in_machine test ! -e /sys/proc
check "other mounts of /sys are covered" test -z "$(in_machine ls -A /sys/fs/cgroup)"
