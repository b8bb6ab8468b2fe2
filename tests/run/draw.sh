#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# topofs draw: lstopo draws the machine, nothing is left of it, and a file is written whole or not at all.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires lstopo-no-graphics pgrep
needs_fuse
needs_namespaces
. "$top_srcdir/tests/serve.sh"

clean() {
	check "$1: no process is left" wait_for 5 no_servers
	check "$1: no mount is left" test "$(grep -c "^$machine " /proc/self/mounts)" -eq 0
	check "$1: no part of a file is left: $(find . -name '*.svg.*')" test -z "$(find . -name '*.svg.*')"
}

# $machine is a description of serve.sh's, with a path of its own
check "it draws" "$TOPOFS" draw "$machine" -o picture.svg
clean "a picture"
check "of the kind that the ending says" grep -q '<svg ' picture.svg
"$TOPOFS" draw vm-small -o picture.txt || fail "draw vm-small"
check "the machine's: $(cat picture.txt)" grep -q 'Package L#1' picture.txt
check "with its name in the place of this computer's and the time" grep -q 'vm-small: ' picture.txt
check "and nothing else" test "$(grep -c 'Host:\|Date:' picture.txt)" -eq 0
"$TOPOFS" draw vm-small -o other.txt -- --no-io
check "options are lstopo's" test "$(grep -c "PCI 0" other.txt)" -eq 0 -a "$(grep -c "PCI 0" picture.txt)" -gt 0
"$TOPOFS" draw 'package:3 core:2 pu:1' -o made-up.txt 2>err
grep -q 'built without it' err || check "of what is only said" grep -q 'Package L#2' made-up.txt
HWLOC_XMLFILE=/nowhere HWLOC_SYNTHETIC=pu:1 HWLOC_FSROOT=/nowhere "$TOPOFS" draw vm-small -o led.txt
check "whatever the environment says" cmp picture.txt led.txt
cp picture.txt under.txt
(umask 027 && "$TOPOFS" draw vm-small -o mode.txt)
check "the file's mode is as usual" test "$(stat -c %a mode.txt)" = 640

sed 's/"nodes"/"unlisted": "host", &/' "$machine" >says.json
unshare -Urm sh -c 'mount -t tmpfs none /sys && exec "$@"' sh "$TOPOFS" draw ./says.json -o alone.txt 2>err
check "of the machine alone, also where it says more: $(cat err)" grep -q 'Package L#1' alone.txt

# --- what fails --------------------------------------------------------------------------------------------

# refused STATUS MESSAGE ARGUMENT...: in one line, and under.txt stays; $programs is where lstopo is looked for
programs=$PATH
refused() {
	want=$1 message=$2
	shift 2
	check_status "$want" "draw $*" env PATH="$programs" "$TOPOFS" draw "$@" >out 2>err
	check "draw $*: '$(cat err)'" grep -q "^topofs: $message" err
	check "draw $*: in one line" test "$(cat err out | wc -l)" -eq 1
	check "draw $*: what was there stays" cmp -s under.txt picture.txt
}
refused 1 'lstopo cannot write "bogus": it knows console' vm-small -o under.bogus
refused 1 'lstopo fails: Unrecognized option: --foo' vm-small -o under.txt -- --foo
refused 1 'missing/under.txt: No such file or directory' vm-small -o missing/under.txt
refused 1 'nothing: no such file' nothing -o under.txt
refused 2 '--output is missing' vm-small
refused 2 'under: its ending is to say' vm-small -o under
refused 2 'a.b/under: its ending is to say' vm-small -o a.b/under
mkdir empty
programs=$PWD/empty
refused 1 'lstopo is not installed; it is in the package hwloc' vm-small -o under.txt
check "no other file is made" test ! -e under.bogus -a ! -e under -a ! -e missing
programs=$PWD/empty:$PATH
printf '#!/bin/sh\necho half of it\nexit 1\n' >empty/lstopo
chmod +x empty/lstopo
refused 1 'lstopo fails' vm-small -o under.txt
printf '#!/bin/sh\nkill -KILL $$\n' >empty/lstopo
refused 1 'lstopo fails' vm-small -o under.txt
clean "what fails"
