#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many mounts that are read, reloaded and whose workers are killed stay as large as they were, and leave nothing behind.
# SOAK_SECONDS makes it last longer, with 100 mounts and 64 readers: ten minutes with 600.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$top_srcdir/tests/serve.sh"
needs_fuse
requires pgrep timeout stat
storm=$top_builddir/tests/fuse/storm
[ -x "$storm" ] || skip "tests/fuse/storm is not built"
if [ -n "${SOAK_SECONDS:-}" ]; then
	parts="middle end" seconds=$((SOAK_SECONDS / 2)) mounts=100 STORM_READERS=64
else
	parts=end seconds=2 mounts=5 STORM_READERS=6
fi
# what was freed is kept by sanitizers, so that its use is seen
ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=0:thread_local_quarantine_size_kb=0
export STORM_READERS ASAN_OPTIONS

# kB of all servers together, each file in memory once
memfds() {
	for server in $(servers); do
		find "/proc/$server/fd" -lname '/memfd:*' -exec stat -L -c '%i %b' {} + 2>/dev/null
	done | sort -u | awk '{ n += $2 } END { print n / 2 + 0 }'
}
anonymous() {
	for server in $(servers); do
		cat "/proc/$server/smaps_rollup" 2>/dev/null
	done | awk '/^Anonymous:/ { n += $2 } END { print n + 0 }'
}
descriptors() {
	for server in $(servers); do
		ls "/proc/$server/fd"
	done | wc -l
}
zombies() {
	for server in $(servers); do
		pgrep -P "$server"
	done | while read -r child; do
		grep -s '^State:.Z' "/proc/$child/status"
	done | wc -l
}
all_served() {
	[ "$(servers | wc -l)" -eq $((mounts * 2)) ]
}

measure() {
	memfd=$(memfds) anonymous=$(anonymous) fds=$(descriptors) zombies=$(zombies)
}
no_more() {
	measure
	[ "$anonymous" -le $((first_anonymous * 51 / 50)) ] && [ "$memfd" -le $((first_memfd * 11 / 10)) ] &&
		[ "$fds" -eq "$first_fds" ] && [ "$zombies" -eq 0 ]
}

# settle WHEN: all are in the same state; what was replaced is still kept for a second
settle() {
	for i in $(seq "$mounts"); do
		for document in other.json "$machine"; do
			"$TOPOFS" reload "mounts/$i" "$document" || fail "does not reload"
		done
	done
	check "$1: each has two processes" wait_for 10 all_served
}

# tell WHEN
tell() {
	check "$1: $mounts mounts: $anonymous kB anonymous, $memfd kB memfd, $fds descriptors, $zombies zombies" \
		test "$anonymous" -gt 0 -a "$memfd" -gt 0 -a "$fds" -gt 0
}

sed 's/"8G"/"123456789K"/g; s/content/another content/; s/AAECAwQFBgcICQ==/AAECAwQFBgcICQAAAAA=/' "$machine" >other.json
mkdir mounts expected other
for what in expected other; do
	document=$machine
	[ $what = expected ] || document=other.json
	"$TOPOFS" render -o $what/1 "$document" || fail "cannot render"
	for i in $(seq 2 "$mounts"); do
		cp -al $what/1 "$what/$i"
	done
done
for i in $(seq "$mounts"); do
	mount_point "mounts/$i"
	"$TOPOFS" mount "$machine" "mounts/$i" || fail "cannot mount"
	# so that each worker at the first sample is one that took over
	kill -KILL "$("$TOPOFS" status "mounts/$i" | sed -n 's/^worker  *\([0-9]*\).*/\1/p')"
done

# a step: one mount is reloaded, or its worker is killed, if a reload did not just end it
cat >step <<'STEP'
n=$(($(cat n 2>/dev/null || echo 0) + 1))
echo $n >n
mount=mounts/$((n / 2 % mounts + 1))
if [ $((n % 8)) -eq 1 ]; then
	worker=$("$TOPOFS" status "$mount" | sed -n 's/^worker  *\([0-9]*\).*/\1/p')
	kill -KILL "$worker" 2>/dev/null && echo kill >>kills
	exit 0
fi
[ $((n % 2)) -eq 0 ] && exec "$TOPOFS" reload "$mount" other.json
exec "$TOPOFS" reload "$mount" "$machine"
STEP
export mounts machine

settle start
sleep 1.5
measure
tell start
first_anonymous=$anonymous first_memfd=$memfd first_fds=$fds
for part in $parts; do
	timeout $((seconds + 300)) "$storm" mounts expected "$seconds" other 'sh step' >told 2>&1
	status=$?
	tail -n 5 told >&2
	check "$part: $(tail -n 1 told)" test "$status" -eq 0
	settle "$part"
	check "$part: nothing has grown" wait_for 10 no_more
	tell "$part"
done
check "$(cat n) steps, $(grep -cs kill kills) workers killed" test "$(cat n)" -gt 0
for i in $(seq "$mounts"); do
	unmount "mounts/$i"
done
check "no server is left" wait_for 20 no_servers
