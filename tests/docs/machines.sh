#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The machines that come with topofs: what the makefile installs, README.md and topofs-machines(7) are the examples.
# shellcheck disable=SC2016 # backquotes are those of Markdown
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

(cd "$top_srcdir" && ls examples/*.json) >examples
sed -n '/^dist_machines_DATA/,/NULL/s/^\t\(.*\.json\) .*/\1/p' "$top_srcdir/Makefile.am" | diff -u examples - >&2
check "all are installed" test $? -eq 0

# Others may be installed here.
TOPOFS_PATH=$top_srcdir/examples
export TOPOFS_PATH
"$TOPOFS" machines --long >long || fail "topofs machines"
awk -F '\n' '
NR == FNR { sub(/.*\//, ""); sub(/\.json$/, ""); ours[$0]; next }
$1 in ours { print $0 "\n" }' examples RS= long >machines

awk -v RS= -F '\n' '{ sub(/^ */, "", $2); print $1 "\t" $2 }' machines >table
sed -n 's/^| `\([^` ]*\)` *| \(.*[^ ]\) *|$/\1\t\2/p' "$top_srcdir/README.md" | diff -u table - >&2
check "README.md has their names and descriptions" test $? -eq 0

# A subsection each: what it is, how large and how sure, and its comment.
awk -v RS= -F '\n' '
function text(line) {
	sub(/^  /, "", line)
	gsub(/\\/, "\\e", line)
	gsub(/[.] /, ".\n", line)
	if (line ~ /^(Known|Guessed|Sources):/)
		line = ".Pp\n" line
	return line ~ /^'\''/ ? "\\\&" line : line
}
{
	print ".Ss " $1
	line = text($2)
	print toupper(substr(line, 1, 1)) substr(line, 2) "."
	print ".br"
	print text($3) "."
	print ".Pp"
	for (i = 4; i <= NF; i++)
		print text($i)
}' machines >list
awk '
/^\.\\" machines end/ { skipped = 0 }
!skipped
/^\.\\" machines begin/ { skipped = 1; while ((getline line < "list") > 0) print line }' \
	"$top_srcdir/man/topofs-machines.7" >topofs-machines.7
same "$top_srcdir/man/topofs-machines.7" topofs-machines.7
