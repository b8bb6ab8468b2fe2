#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Recorded machines, captured and mounted again, equal their recordings. The recordings are kept beside the project.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
shared=$top_srcdir/../shared
[ -x "$shared/check-corpus" ] || skip "there are no recordings beside the project"
needs_fuse
needs_root
requires python3 lscpu

"$shared/check-corpus" --topofs "$TOPOFS" "$shared/corpus" >report 2>&1
cat report >&2
total=$(tail -n 1 report)
machines=$(grep -c '%\|-$' report)
check "there are machines" test "$machines" -gt 30
# "same 33/33, lscpu 33/33, lstopo 33/33, model 99.0% of 33749 files"
whole() {
	counts=$(echo "$total" | sed -n "s/.*$1 \([0-9]*\)\/\([0-9]*\).*/\1 \2/p")
	check "$1: ${counts% *} of ${counts#* }" test "${counts% *}" = "${counts#* }"
}
whole same
whole lscpu
share=$(echo "$total" | sed -n 's/.*model \([0-9]*\).*/\1/p')
check "topofs understood $share % of the topology's own files" test "$share" -ge 97
