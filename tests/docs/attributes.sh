#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs attributes` is complete and has no more than that: over the test machines, every pattern matches
# a file, and every file matches a pattern, but for what a description's `files` adds.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires bash

"$TOPOFS" attributes >list || fail "topofs attributes"
mkdir trees
for machine in "$top_srcdir"/tests/topologies/*.json "$top_srcdir/examples/vm-small.json"; do
	name=$(basename "$machine" .json)
	"$TOPOFS" render --force -o "trees/$name" "$machine" || fail "render $name"
	grep -o '"/\(sys\|proc\)/[^"]*"' "$machine" | sed "s,\"\(.*\)\",trees/$name\1," >>added
done

# Files are told by their inodes, as one file has many paths through links.
cat >match.bash <<'BASH'
shopt -s globstar nullglob
IFS=
while IFS=$'\t' read -r _ kind pattern _; do
	found=
	for tree in trees/*; do
		for hit in "$tree"$pattern; do
			found=yes
			[ "$kind" = class ] || printf '%s\0' "$hit"
		done
	done
	[ "$found" ] || printf '%s\n' "$pattern" >>unmatched
done <list
BASH
: >unmatched
bash match.bash >hits || fail "match.bash"
tr '\n' '\0' <added >>hits
xargs -0 stat -c %i <hits 2>/dev/null >inodes
find trees ! -type d -printf '%i %p\n' | awk '
FILENAME == "inodes" { known[$1]; next }
!($1 in known)' inodes - >unlisted
cat unmatched unlisted >&2
check "no pattern is without a file" test ! -s unmatched
check "no file is without a pattern" test ! -s unlisted
check "there are files" test "$(wc -l <inodes)" -gt 3000
