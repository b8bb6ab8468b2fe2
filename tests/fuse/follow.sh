#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The server goes to the CPU of its only reader, stays among those it may use, and is free again with another reader.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep taskset
requires_python os
. "$top_srcdir/tests/serve.sh"

mount_point mnt
cat >read.py <<'PYTHON'
import os, sys

# all in one thread: many requests, one after the other
os.sched_setaffinity(0, {int(sys.argv[1])})
for folder, folders, names in os.walk(sys.argv[2]):
    for name in names:
        with open(os.path.join(folder, name), "rb", buffering=0) as f:
            f.read()
PYTHON

allowed() {
	sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$1/status"
}
all=$(allowed self)
first=${all%%[-,]*}
last=${all##*[-,]}

"$TOPOFS" mount "$machine" mnt || fail "does not mount"
check "free at first" test "$(allowed "$(worker)")" = "$all"
"$python" read.py "$last" mnt/sys/devices/system/cpu
check "with its reader" test "$(allowed "$(worker)")" = "$last"
cat mnt/sys/devices/system/node/possible >/dev/null
check "free for another" test "$(allowed "$(worker)")" = "$all"
"$python" read.py "$first" mnt/sys/devices/system/node
check "with that one" test "$(allowed "$(worker)")" = "$first"
unmount mnt
wait_for 5 no_servers

[ "$first" != "$last" ] || skip "there is one CPU only"
taskset -c "$first" "$TOPOFS" mount "$machine" mnt || fail "does not mount on one CPU"
"$python" read.py "$last" mnt/sys
check "stays where it is allowed to be" test "$(allowed "$(worker)")" = "$first"
