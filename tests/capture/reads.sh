#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Capture of the running machine only looks: it opens nothing that is slow or does something. `make bench` tells how long it takes.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires strace script

# ASan's leak checker cannot work under a tracer
ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e trace=open,openat,openat2,creat "$TOPOFS" capture -o here.json \
	2>warnings || skip "not allowed to trace: $(tail -n 1 warnings)"
sed -n 's/^[0-9]* *open[^"]*"\([^"]*\)", \([A-Z_|]*\).*/\2 \1/p' trace >opened
check "there are files" test "$(grep -c O_RDONLY opened)" -gt 100
check "nothing is written but the description" test -z \
	"$(grep -e O_WRONLY -e O_RDWR -e O_CREAT opened | grep -v -e 'here\.json\.' -e /dev/tty)"
# harmful WHAT PATTERN: no last component of a path is like it
harmful() {
	check "$1" test -z "$(grep -v -e O_DIRECTORY -e ' /proc/self/' opened | grep -E "[ /]($2)\$")"
}
harmful "nothing that does something" 'compact|rescan|remove|reset|bind|unbind|new_id|remove_id|trigger|probe|offline_node|flush'
harmful "nothing that is slow or wakes hardware" 'vpd|rom|resource[0-9]+(_wc)?|slaves|smart|temp[0-9].*|power[0-9].*'
harmful "no process's memory or environment" 'environ|mem|kcore|kmsg|maps|pagemap|cmdline|kallsyms'

# processes come and go: what becomes of them is no loss
ASAN_OPTIONS=detect_leaks=0 strace -f -y -o looks -e trace=%file "$TOPOFS" capture -o here.json 2>warnings
check "it looks at /proc" grep -q '</proc>, "cpuinfo"' looks
check "but at no process" test -z "$(grep -E '</proc>, "[0-9]+"' looks)"

check_status 0 "it ends" timeout 60 "$TOPOFS" capture -o here.json 2>warnings
check "one warning at most" test "$(wc -l <warnings)" -le 1
check "no progress where there is no terminal" sh -c '! grep -q "files$" warnings || grep -q left warnings'

# who waits before a terminal sees that it goes on: the tracer makes it slow
"$TOPOFS" render -o machine "$top_srcdir/examples/vm-small.json" || fail "cannot render"
mkdir machine/sys/many
(cd machine/sys/many && seq 20000 | xargs touch)
# shellcheck disable=SC2016 # it is the other shell that is to expand
echo 'ASAN_OPTIONS=detect_leaks=0 exec strace -o /dev/null "$TOPOFS" capture --root machine -o m.json' >slow.sh
script -qec "sh slow.sh" progress >/dev/null 2>&1 </dev/null
check "a line of progress" grep -q 'topofs: [0-9]* files' progress
check "of which nothing remains" grep -q '\[K' progress

# --- an ordinary user --------------------------------------------------------------------------------------

[ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || exit 0
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
$nobody test -x "$TOPOFS" || exit 0
$nobody "$TOPOFS" capture >nobody.json 2>warnings || fail "not as nobody"
check "one warning: $(cat warnings)" test "$(wc -l <warnings)" -eq 1
check "which tells of configuration space" grep -q 'configuration space.*64 bytes' warnings
check "the description is one that topofs takes" "$TOPOFS" check nobody.json
