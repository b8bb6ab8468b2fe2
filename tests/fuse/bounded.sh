#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# However much readers ask for and hold open, who serves takes no more memory and no more descriptors for it.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$top_srcdir/tests/serve.sh"
needs_fuse
requires pgrep timeout mkfifo
greedy=$top_builddir/tests/fuse/greedy
[ -x "$greedy" ] || skip "tests/fuse/greedy is not built"

# what was freed is kept by sanitizers, so that its use is seen
ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=0:thread_local_quarantine_size_kb=0
export ASAN_OPTIONS
mount_point mnt
"$TOPOFS" mount "$machine" mnt || fail "cannot mount"

# measure: anonymous kB and descriptors of both processes, and what each mount costs by its own account
measure() {
	for server in $(servers); do
		sed -n 's/^Anonymous: *\([0-9]*\).*/\1/p' "/proc/$server/smaps_rollup"
	done | awk '{ n += $1 } END { print n + 0 }' >kb
	for server in $(servers); do
		ls "/proc/$server/fd"
	done | wc -l >descriptors
	"$TOPOFS" status mnt | grep '^memory' >account
}

mkfifo hold
# greed NUMBER: one more reader that holds on to what it has
greed() {
	: >"greed.$1"
	timeout 300 "$greedy" mnt <hold >"greed.$1" 3>&- &
	wait_for 120 grep -q held "greed.$1" || fail "reader $1 does not come to its end"
	cat "greed.$1" >&2
}
exec 3<>hold
lookups() {
	"$TOPOFS" status mnt | sed -n 's/.* \([0-9]*\) lookup.*/\1/p'
}
# buffers are there after the first
greed 1
measure
mv account account.first
kb=$(cat kb) descriptors=$(cat descriptors)
for i in 2 3; do
	greed $i
done
asked=$(lookups)
measure
check "$asked look-ups reached it" test "$asked" -ge 12000
check "$(cat kb) kB of its own, $kb before" test "$(cat kb)" -le $((kb + kb / 20))
check "$(cat descriptors) descriptors, $descriptors before" test "$(cat descriptors)" -eq "$descriptors"
check "$(cat account)" cmp account account.first
check "it answers another reader" timeout 20 cmp mnt/sys/topofs/deep/er/file - <<END
content
END
exec 3>&-
wait
unmount mnt
check "no server is left" wait_for 10 no_servers
