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

# no document can tell of a CPU whose die the others of its core are not in
cat >threads.json <<'DOCUMENT'
{ "topofs": 1, "cpu": { "packages": [ { "cpus": "0-7,16-23", "dies": [
  { "cpus": "0-3,16-19", "cores": 4 }, { "cpus": "4-7,20-23", "cores": 4 } ] }, { "cpus": "8-15,24-31", "cores": 8 } ],
  "caches": [ { "level": 2, "size": "1M", "ways": 8, "per": "core" }, { "level": 3, "size": "16M", "ways": 8, "per": "die" } ] } }
DOCUMENT
"$TOPOFS" render -o contradicting threads.json || fail "cannot render"
echo 10,19 >contradicting/sys/devices/system/cpu/cpu5/topology/die_cpus_list
echo 00080400 >contradicting/sys/devices/system/cpu/cpu5/topology/die_cpus
"$TOPOFS" capture --root contradicting -o contradicting.json || fail "cannot capture"
"$TOPOFS" render -o said contradicting.json || fail "what was captured cannot be rendered"
check "files that contradict each other are kept" diff -r --no-dereference contradicting said
