#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every document of this folder, and some too large to keep here, is refused with one line: file, place, reason.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$top_srcdir/tests/bad/documents.sh"

# refused DOCUMENT: with status 1, one line in three parts, nothing on standard output, no control character
refused() {
	status=0
	timeout 60 "$TOPOFS" check "$1" >out 2>line || status=$?
	cat line >>said
	[ "$status" -eq 1 ] && [ ! -s out ] && [ "$(wc -l <line)" -eq 1 ] &&
		grep -q "^topofs: $1: [^ :][^:]*.*: [^ ]" line && ! tr -d '\n' <line | grep -q '[[:cntrl:]]'
}

for document in *.json; do
	check "$document" refused "$document"
done
check "there are enough of them" test "$(wc -l <said)" -ge 250
without_parser <said >lines
same "$top_srcdir/tests/bad/expected" lines

# several at once: each is looked at
check_status 1 "a bad one between good ones" "$TOPOFS" check vm-small pci-id.json vm-small name-dots.json 2>several
check "both bad ones are told" test "$(wc -l <several)" -eq 2

# what can only crash programs can be forced
check_status 0 "--force overrides what is harmful" "$TOPOFS" check --force harmful-possible-nodes.json 2>forced
check "and warns" grep -q '^topofs: harmful-possible-nodes.json: possible_nodes: warning: ' forced
check_status 1 "--force does not override what is broken" "$TOPOFS" check --force pci-twice.json 2>forced

# the names of files cannot break the line either
name=$(printf 'two\nlines\033[31m\302\233.json')
echo '{ }' >"$name"
check_status 1 "a name with a line end" "$TOPOFS" check "$name" 2>line
check "one line" test "$(wc -l <line)" -eq 1
check "no escape in it" grep -qx 'topofs: two?lines?\[31m??\.json: document: .*' line
