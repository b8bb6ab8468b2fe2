#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is odd is warned of and served; with --strict it is refused.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# Warnings about the kernel the test runs on come and go with it.
of_any_kernel() {
	grep -v 'than the [0-9]* this kernel is built for' "$1"
}

cd "$top_srcdir/tests/odd" || exit 99
for document in *.json; do
	check_status 0 "$document" "$TOPOFS" check "$document" >"$tmp/out" 2>"$tmp/line"
	check "$document: nothing on standard output" test ! -s "$tmp/out"
	of_any_kernel "$tmp/line" >>"$tmp/said"
	[ "$document" = nothing.json ] && continue
	check_status 1 "--strict $document" "$TOPOFS" check --strict "$document" 2>"$tmp/strict"
	sed 's/: warning: /: /' "$tmp/line" >"$tmp/line.strict"
	check "--strict $document: the same finding" cmp "$tmp/line.strict" "$tmp/strict"
	check "$document: show and render are silent about it" test -z "$("$TOPOFS" show "$document" 2>&1 >/dev/null &&
		"$TOPOFS" render "$document" 2>&1 >/dev/null)"
done
check_status 0 "--strict nothing.json" "$TOPOFS" check --strict nothing.json
cd "$tmp" || exit 99
same "$top_srcdir/tests/odd/expected" said
