#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A folder with sys and proc comes back as it was, whatever is in it; what cannot be read is told and left out.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires diff mkfifo

"$TOPOFS" render -o machine "$top_srcdir/examples/vm-small.json" || fail "cannot render"
mkdir -p machine/sys/odd machine/dev
printf 'no line end' >machine/sys/odd/text
printf '\000\001\377' >machine/sys/odd/bytes
printf '' >machine/sys/odd/empty
ln -s ../nowhere machine/sys/odd/dangling
ln -s loop machine/sys/odd/loop
mkdir machine/sys/odd/folder
echo 7 >machine/sys/devices/system/cpu/cpu1/topology/core_id
rm -r machine/sys/class/dmi machine/sys/devices/virtual/dmi/id/product_name
touch machine/dev/elsewhere

"$TOPOFS" capture --root machine -o m.json || fail "cannot capture"
"$TOPOFS" render -o again m.json || fail "what was captured cannot be rendered"
rm -r machine/dev
check "the same files" diff -r --no-dereference machine again
"$TOPOFS" capture --root again -o n.json || fail "cannot capture again"
check "captured again it is the same description" cmp m.json n.json

mkfifo machine/sys/odd/fifo
ln -s /etc/passwd machine/sys/odd/outside
printf 'x\ny' >"machine/sys/odd/line
end"
"$TOPOFS" capture --root machine -o hostile.json 2>warnings || fail "gives up"
check "a FIFO is told" grep -q '/sys/odd/fifo' warnings
check "what a link leads to is not read" sh -c '! grep -q root: hostile.json'
check "the description is one that topofs takes" "$TOPOFS" check --force hostile.json

check_status 1 "no such folder" "$TOPOFS" capture --root nowhere 2>missing
check "one line" test "$(wc -l <missing)" -eq 1
check_status 1 "nowhere to write" "$TOPOFS" capture --root machine -o nowhere/m.json 2>missing
check "one line" test "$(grep -vc warning missing)" -eq 1
