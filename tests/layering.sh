#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may include whom: every #include "..." of src/ and include/ against the table.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"

cat >table <<'END'
may base
may topo     base
may tree     base
may format   base topo
may plan     base topo
may sysfs    base topo tree
may serve    base tree
may compose  base
may cmd      base compose topo tree format plan sysfs serve
may main     cmd
has base     arena buf child err idset io memfile mountinfo policy privileges size
has topo     emulated facts rules scope topo
has tree     tree
has format   format
has plan     plan
has sysfs    sysfs
has compose  compose
has serve    serve
has cmd      cmd
END

# One line "FILE HEADER" an #include.
cd "$top_srcdir" || exit 99
find include src -name '*.[ch]' -exec grep -H '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} + |
	sed 's/:[^"]*"\([^"]*\)".*/ \1/' >"$tmp/includes"
cd "$tmp" || exit 99
check "there is something to look at" test -s includes

# Private headers stand beside the .c files that include them, by their bare name.
while read -r file header; do
	case $header in
	topofs/*) ;;
	*/*) echo "$file: \"$header\" is neither of include/topofs nor of this folder" ;;
	*) [ -f "$top_srcdir/$(dirname "$file")/$header" ] || echo "$file: \"$header\" is not in this folder" ;;
	esac
done <includes >wrong

awk '
FILENAME == "table" && $1 == "may" { rooms[$2]; for (i = 2; i <= NF; i++) may[$2, $i] }
FILENAME == "table" && $1 == "has" { for (i = 3; i <= NF; i++) room_of["topofs/" $i ".h"] = $2 }
FILENAME == "table" { next }
$2 !~ "^topofs/" { next }
{
	n = split($1, part, "/")
	from = part[1] == "include" ? room_of["topofs/" part[n]] : n == 2 ? "main" : part[2]
	to = room_of[$2]
	if (!(from in rooms))
		print $1 ": stands in no room of the table"
	else if (to == "")
		print $1 ": \"" $2 "\" belongs to no room of the table"
	else if (!((from, to) in may))
		print $1 ": " from " may not include \"" $2 "\" of " to
}' table includes >>wrong
: >nothing
check "includes follow the table" diff nothing wrong
