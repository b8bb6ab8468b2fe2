#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Help is asked for, so it goes to standard output, in 80 columns, and is no failure.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# helps WORDS...: status 0, text on standard output only, no line longer than 80 columns
helps() {
	status=0
	"$TOPOFS" "$@" >out 2>err || status=$?
	[ "$status" -eq 0 ] && [ -s out ] && [ ! -s err ] && ! grep -E '^.{81}' out
}

for word in --help -h help; do
	check "$word" helps "$word"
	check "$word ends in the pointer to the manual" test "$(tail -c 11 out)" = 'topofs(1).'
done
check "--version" helps --version
check "it is one line" test "$(wc -l <out)" -eq 1
check "with a number" grep -Eq '^topofs [0-9]+(\.[0-9]+)*' out
check "-V is the same" test "$("$TOPOFS" -V)" = "$(cat out)"

"$TOPOFS" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' >commands
check "there are commands" test "$(wc -l <commands)" -ge 8
while read -r command; do
	check "$command --help" helps "$command" --help
	cp out first
	check "$command: how it is used" grep -q "^usage: topofs $command" first
	check "$command: its options" grep -q '^  -h, --help  *print this' first
	check "help $command" helps help "$command"
	check "help $command: the same text" cmp first out
	check "$command -h" helps "$command" -h
	check "$command: help wins over what else is wrong" helps "$command" --help --no-such-option
done <commands
