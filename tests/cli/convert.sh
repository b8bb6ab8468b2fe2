#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# topofs convert: which format is read and written, and what is refused before anything is.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

"$TOPOFS" convert --list >list || fail "convert --list"
# shellcheck disable=SC2016 # it is awk that expands
check "each format has a line of four columns" awk -F '\t' 'NF != 4 || $2 !~ /^[r-][w-]$/ { exit 1 }' list
check "JSON is the first" sh -c "head -n 1 list | grep -q '^json	rw	.json	'"

# a description becomes its short form, which stays as it is
"$TOPOFS" convert vm-small >short.json || fail "convert vm-small"
"$TOPOFS" convert short.json >again.json
check "the short form is final" cmp short.json again.json
check "it is the same machine" "$TOPOFS" diff vm-small short.json
"$TOPOFS" convert vm-small -o out.json
check "-o writes the same" cmp short.json out.json
"$TOPOFS" convert --from json --to json vm-small -o out.whatever
check "formats by their names" cmp short.json out.whatever

# refused STATUS WORDS...: one line, which is compared, and no file made
refused() {
	want=$1 status=0
	shift
	"$TOPOFS" convert "$@" >out 2>err || status=$?
	check "convert $*: status $status" test "$status" -eq "$want"
	check "convert $*: nothing on standard output" test ! -s out
	sed 's/ (try topofs convert --help)$//' err >>said
}
: >said
cat >expected <<'END'
topofs: TOPOLOGY is missing
topofs: TOPOLOGY and --list do not go together
topofs: there is no format "jsno", did you mean "json"?
topofs: there is no format "frobnicate": --list tells which are
topofs: there is no format "": --list tells which are
topofs: odd.xml: document: XML of a kind that is not known: topofs convert --list tells which are
topofs: odd.xml: line 1 column 1: '[' or '{' expected near '<'
topofs: missing/out.json: No such file or directory
END
echo '<odd/>' >odd.xml
refused 2
refused 2 --list vm-small
refused 2 vm-small --to jsno
refused 2 vm-small --from frobnicate
refused 2 vm-small --to ''
refused 1 odd.xml
refused 1 --from json odd.xml
refused 1 vm-small -o missing/out.json
same expected said
