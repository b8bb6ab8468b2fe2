#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ARCHITECTURE.md names files that are there, all folders, the include table that is tested, and a row that exists.
# shellcheck disable=SC2016 # backquotes are those of Markdown
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
page=$top_srcdir/ARCHITECTURE.md

# `src/cmd/`, `fields.c`, `types*.c`: a path from the top, or the name of a file somewhere below src, include or tests.
(cd "$top_srcdir" && find src include/topofs tests man examples bench ! -name '*.o' | sed 's/$/\//;p;s/\/$//') >there
grep -o '`[a-z_/*.-]*\(\.[ch]\|\.sh\|\.mk\|/\)`' "$page" | tr -d '`' | sort -u >named
check "files are named" test "$(wc -l <named)" -gt 20
while read -r name; do
	pattern=$(echo "$name" | sed 's/[.]/\\./g; s/\*/[^\/]*/g')
	check "$name is there" grep -q "^\(.*/\)\{0,1\}$pattern\$" there
done <named
# a pattern names a file of any room: which room, the page's reader sees
while read -r name; do
	echo "$name" | sed 's/.*\///; s/[.]/\\./g; s/\*/.*/g; s/.*/^&$/'
done <named >patterns
for room in base topo tree format plan serve compose; do
	(cd "$top_srcdir/src/$room" && ls -- *.c) | grep -v -f patterns >unnamed
	check "no file of src/$room/ is left out: $(tr '\n' ' ' <unnamed)" test ! -s unnamed
done
(cd "$top_srcdir" && ls -d src/*/) >folders
while read -r folder; do
	check "$folder is on the map" grep -qF "| \`$folder\`" "$page"
done <folders

# The include table is that of tests/layering.sh, where a folder may include itself.
sed -n '/^may /s/^may *//p' "$top_srcdir/tests/layering.sh" | while read -r folder may; do
	[ "$folder" = main ] || may="$may $folder"
	echo "$folder $(echo "$may" | tr ' ' '\n' | sed '/^$/d' | sort | tr '\n' ' ')"
done | sed 's/ *$//' | sort >table.tested
sed -n 's/^| `\([a-z]*\)` *|[^|]*| *\([a-z ]*[a-z]\) *|$/\1 \2/p' "$page" | sort >table.page
check "the include table is the tested one" diff -u table.tested table.page
sed -n '/^has /s/^has *//p' "$top_srcdir/tests/layering.sh" | sed 's/  */ /g' | sort >headers.tested
sed -n 's/^| `\([a-z]*\)` *| *\([a-z ]*[a-z]\) *|.*$/\1 \2/p' "$page" | grep -v '^main ' | sort >headers.page
check "headers are where it says" diff -u headers.tested headers.page

# What the recipes and the walk show is there.
grep -o '\(FIELD\|INT\|ID\)("*[a-z][^.]*,' "$page" >rows
check "rows are shown" test "$(wc -l <rows)" -eq 3
while read -r row; do
	check "$row is a row" grep -qrF "$row" "$top_srcdir/src"
done <rows
check "core_id of CPU 3 is 1" test "$("$TOPOFS" render vm-small /sys/devices/system/cpu/cpu3/topology/core_id)" = 1
