#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# TOPOLOGY is a path, or a name that is looked for in the folders of TOPOFS_PATH, in their order.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# machine FILE NAME
machine() {
	mkdir -p "$(dirname "$1")"
	echo "{ \"topofs\": 1, \"name\": \"$2\", \"cpu\": { \"present\": \"0\" } }" >"$1"
}

# finds NAME TOPOLOGY: the machine that `topofs show` tells
finds() {
	found=$("$TOPOFS" show "$2" | sed -n 's/^name *//p')
	check "$2 is $1 (TOPOFS_PATH=$TOPOFS_PATH): '$found'" test "$found" = "$1"
}

machine a/m.json of-a
machine b/m.json of-b
machine b/only.json of-b
machine m here
machine m.json here-json
machine 'with space.json' space
machine plain plain
machine ./-dash.json dash
mkdir c empty

TOPOFS_PATH=a:b
export TOPOFS_PATH
finds of-a m
finds of-b only
TOPOFS_PATH=b:a finds of-b m
TOPOFS_PATH=empty:missing:b finds of-b m
TOPOFS_PATH=:a: finds of-a m
TOPOFS_PATH="$tmp/a" finds of-a m
finds plain plain
finds here ./m
finds here-json m.json
finds of-b b/m.json
finds here-json "$tmp/a/../m.json"
finds space 'with space.json'
TOPOFS_PATH='' finds here m
unset TOPOFS_PATH
TOPOFS_PATH=empty
finds here m
check_status 0 "options end at --" "$TOPOFS" show -- -dash.json >out
ln -s b/m.json link.json
ln -s link.json link2.json
finds of-b link2.json

# not_found TOPOLOGY PATTERN
not_found() {
	status=0
	"$TOPOFS" show "$1" >out 2>err || status=$?
	check "'$1': status $status" test "$status" -eq 1
	check "'$1': nothing on standard output" test ! -s out
	check "'$1': one line" test "$(wc -l <err)" -eq 1
	check "'$1': '$(cat err)'" grep -q "^topofs: $1: $2" err
}
not_found nobody 'no such file, and no machine of that name is installed'
not_found ./nobody 'No such file'
not_found a 'document: a folder, not a file'
not_found a/m 'No such file'
not_found ../etc/m 'No such file'
not_found m.json/x 'Not a directory'
not_found '' 'no such file'
not_found "$(printf '%0300d' 0)" 'File name too long'
