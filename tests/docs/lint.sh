#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Links of the documents lead to files that are there; mandoc has nothing to warn of.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

for page in README ARCHITECTURE CONTRIBUTING; do
	grep -o '](\([^):]*\))' "$top_srcdir/$page.md" | sed 's/](\(.*\))/\1/' >links
	while read -r link; do
		check "$page.md: $link is there" test -e "$top_srcdir/$link"
	done <links
	check "$page.md: lines of 120 characters at most" awk 'length > 120 { print; bad = 1 } END { exit bad }' \
		"$top_srcdir/$page.md"
done

requires mandoc
for page in "$top_srcdir"/man/*.[1-9]; do
	check "$(basename "$page"): mandoc" mandoc -Tlint -W warning "$page"
done
