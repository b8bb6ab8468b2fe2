#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Misuse is told in one line that points to the help, with status 2, before anything is done.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# misused PATTERN WORDS...
misused() {
	pattern=$1 status=0
	shift
	"$TOPOFS" "$@" >out 2>err || status=$?
	check "topofs $*: status $status" test "$status" -eq 2
	check "topofs $*: nothing on standard output" test ! -s out
	check "topofs $*: one line" test "$(wc -l <err)" -eq 1
	check "topofs $*: '$(cat err)'" grep -q "^topofs: $pattern (try topofs .*--help)\$" err
}

misused 'say a command'
misused 'say a command' ''
misused 'there is no command "frobnicate"' frobnicate
misused 'there is no command "--frobnicate"' --frobnicate
misused 'there is no command "Show"' Show vm-small
misused 'there is no command "frobnicate"' help frobnicate
status=0
"$TOPOFS" "$(printf "a\nb")" 2>err || status=$?
check "a command with a line end: status $status" test "$status" -eq 2
check "one line" grep -qx 'topofs: there is no command "a?b" .*' err
misused 'unknown option --frobnicate' show --frobnicate vm-small
misused 'unknown option -z' check -z vm-small
misused 'unknown option -z' check vm-small -z
misused '--force takes no argument' show --force=yes vm-small
misused '-o needs an argument' render vm-small -o
misused '--output needs an argument' capture --output
misused 'TOPOLOGY is missing' show
misused '.* is missing' check
misused '.* is missing' render
misused '.* is missing' mount vm-small
misused '.* is missing' run vm-small
misused 'too many arguments, from "b" on' show a b
misused 'too many arguments, from "x" on' schema x
misused 'too many arguments, from "c" on' render a b c
misused 'too many arguments, from "x" on' completion -- x
misused 'PATH and --output do not go together' render -o new vm-small /sys
check "no folder was made" test ! -e new
