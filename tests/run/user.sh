#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs run` needs no root, also within itself, and says what forbids it.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires pgrep
. "$top_srcdir/tests/serve.sh"
needs_nobody
as_nobody unshare -Urm true 2>/dev/null || skip "user namespaces are not to be had here"

# shows EXPECTED COMMAND...: what it prints on the machine
shows() {
	expected=$1
	shift
	shown=$(as_nobody "$TOPOFS" run "$machine" -- "$@" 2>err)
	check "'$*' shows $expected" test "$shown" = "$expected"
}
shows 0-7 cat /sys/devices/system/cpu/present
shows "$(as_nobody id)" id
shows "65534 65534" stat -c '%u %g' /sys
shows 0000000000000000 sed -n 's/^CapEff:\t//p' /proc/self/status
check_status 42 "its own status" as_nobody "$TOPOFS" run "$machine" -- sh -c 'exit 42' 2>err

sed 's/"0-3"/"0-1"/g; s/"4-7"/"2-3"/g; s/"cores": 4/"cores": 2/g' "$machine" >"$tmp/small.json"
shows 0-3 "$TOPOFS" run "$tmp/small.json" -- cat /sys/devices/system/cpu/present
shows "0-3 0-7" sh -c "$TOPOFS run $tmp/small.json -- cat /sys/devices/system/cpu/present | tr '\n' ' '
	cat /sys/devices/system/cpu/present"

"$TOPOFS" run "$tmp/small.json" -- sh -c "echo >ready.1; cat /sys/devices/system/cpu/present; sleep 1" >small &
"$TOPOFS" run "$machine" -- cat /sys/devices/system/cpu/present >large
wait
check "two at once see their own" test "$(cat small large | tr '\n' ' ')" = "0-3 0-7 "

check_status 1 "without /dev/fuse" setpriv --reuid=65534 --regid=65534 --clear-groups \
	unshare -Urm sh -c "mount --bind /dev/null /dev/fuse; exec $TOPOFS run $machine -- true" 2>err
check "one line" one_line err
limit=/proc/sys/user/max_user_namespaces
# a limit of its own for the user namespace of the test, so that nobody else is touched
# shellcheck disable=SC2016
if as_nobody unshare -Ur sh -c "echo 0 >$limit" 2>/dev/null; then
	check_status 1 "without user namespaces" as_nobody unshare -Ur sh -c \
		'echo 0 >'$limit' && exec setpriv --bounding-set=-all --inh-caps=-all '"$TOPOFS run $machine -- true" 2>err
	check "one line" one_line err
	check "it says which sysctl" grep -q user.max_user_namespaces err
fi
check "no server is left" wait_for 5 no_servers
check "nor of the other" wait_for 5 no_servers "$tmp/small.json"
