#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No fuzz target fails on what once made one fail, which is kept in tests/fuzz/kept/TARGET/, nor on a few files beside it.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires timeout tar
. "$top_srcdir/tests/fuzz/seeds.sh"

for target in $targets; do
	program=$top_builddir/tests/fuzz/$target
	[ -x "$program" ] || skip "$program is not built"
	mkdir seeds
	"seeds_of_$target" seeds
	find "$top_srcdir/tests/fuzz/kept/$target" seeds -type f -size -40k 2>/dev/null >files
	check "$target has some" test -s files
	xargs timeout 120 "$program" <files >out 2>&1
	status=$?
	[ "$status" -eq 0 ] || tail -n 20 out >&2
	check "$target" test "$status" -eq 0
	rm -rf seeds
done
