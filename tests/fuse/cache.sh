#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A second pass over all files sends the server nothing: it counts no request, and can be stopped meanwhile.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep timeout
. "$top_srcdir/tests/serve.sh"

mount_point mnt
"$TOPOFS" mount "$machine" mnt || fail "does not mount"

# ls and find ask statfs, which the kernel never keeps; this asks only for what it does
cat >pass.sh <<'PASS'
walk() {
	for path in "$1"/*; do
		if [ -L "$path" ]; then
			readlink "$path"
		elif [ -d "$path" ]; then
			walk "$path"
		elif [ -r "$path" ]; then
			cat "$path"
		fi
		[ ! -e "$path.absent" ] || exit 1
	done
}
walk mnt >"$1"
PASS
# counted FILE: how many requests of each kind came, but for the question itself
counted() {
	"$TOPOFS" status --json mnt | sed -n '/"requests"/,/}/p' | grep -v '"ioctl"' >"$1"
}
check "a first pass" sh pass.sh first
# keeper and worker
server=$(servers | tr '\n' ' ')
on_exit "kill -CONT $server 2>/dev/null"

# Four readers at once, who find nothing to ask. The kernel may drop pages between two passes when memory is short, so
# one pass of three will do.
without_requests() {
	for _ in 1 2 3; do
		counted before
		sh pass.sh second.a &
		sh pass.sh second.b &
		sh pass.sh second.c &
		sh pass.sh second
		wait
		counted after
		cmp -s before after && return
	done
	diff before after >&2
	return 1
}
check "four second passes, without a request" without_requests
for pass in second second.a second.b second.c; do
	check "$pass reads the same" cmp first $pass
done
for kind in lookup read readlink readdirplus absent; do
	check "the first pass had a $kind" grep -q "\"$kind\": [1-9]" before
done
for kind in opendir open flush; do
	check "$kind came once at most" grep -q "\"$kind\": [01],*\$" before
done

# without_server: a pass with the server stopped
# shellcheck disable=SC2086 # two numbers
without_server() {
	for _ in 1 2 3; do
		sh pass.sh second
		kill -STOP $server || return
		timeout 60 sh pass.sh second
		passed=$?
		kill -CONT $server
		[ "$passed" -ne 0 ] || return 0
	done
	return 1
}
check "a second pass, with the server stopped" without_server
check "reads the same" cmp first second
check "it was more than a few files" test "$(wc -l <first)" -gt 100
