#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is no readable file is told in one line; the other files of `topofs check` are looked at nevertheless.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires mkfifo timeout

good="$top_srcdir/examples/vm-small.json"
: >empty.json
mkdir folder
mkfifo fifo
ln -s nowhere dangling

# refused WHAT FILE: by all that load a machine
refused() {
	for command in check show render; do
		status=0
		timeout 10 "$TOPOFS" "$command" "$2" >out 2>err </dev/null || status=$?
		check "$command $2: status $status" test "$status" -eq 1
		check "$command $2: nothing on standard output" test ! -s out
		check "$command $2: one line" test "$(wc -l <err)" -eq 1
		check "$command $2: '$(cat err)'" grep -q "^topofs: $2: $1\$" err
	done
}
refused 'No such file or directory' ./missing.json
refused 'line 1 column 0: the file is empty' empty.json
refused 'document: a folder, not a file' folder
refused 'document: not a regular file' fifo
refused 'document: not a regular file' /dev/null
refused 'No such file or directory' ./dangling

check_status 0 "good ones" "$TOPOFS" check "$good" "$good" >out 2>&1
check "in silence" test ! -s out
check_status 1 "a bad one first" "$TOPOFS" check empty.json "$good" 2>err
check "one line" test "$(wc -l <err)" -eq 1
check_status 1 "bad ones around" "$TOPOFS" check empty.json "$good" folder ./missing.json 2>err
check "a line for each" test "$(wc -l <err)" -eq 3

requires setpriv
needs_root
cp "$good" secret.json
chmod 600 secret.json
chmod 755 .
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
as_nobody test -x "$TOPOFS" || skip "nobody cannot reach $TOPOFS"
check_status 1 "an unreadable file" as_nobody "$TOPOFS" check secret.json 2>err
check "says so" grep -qx 'topofs: secret.json: Permission denied' err
