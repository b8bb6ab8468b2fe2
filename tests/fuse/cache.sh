#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A second pass over all files sends the server nothing: it is done while the server is stopped.
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
check "a first pass" sh pass.sh first
server=$(servers)
on_exit "kill -CONT $server 2>/dev/null"

# without_server: a pass with the server stopped. The kernel may drop pages between two passes when memory is short, so
# one pass of three will do.
without_server() {
	for _ in 1 2 3; do
		sh pass.sh second
		kill -STOP "$server"
		timeout 10 sh pass.sh second
		passed=$?
		kill -CONT "$server"
		[ "$passed" -ne 0 ] || return 0
	done
	return 1
}
check "a second pass, with the server stopped" without_server
check "reads the same" cmp first second
check "it was more than a few files" test "$(wc -l <first)" -gt 100
