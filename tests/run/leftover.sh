#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing is left of `topofs run`, neither process nor mount, however and whenever it ends.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep timeout
. "$top_srcdir/tests/serve.sh"

clean() {
	check "$1: no process is left" wait_for 5 no_servers
	check "$1: no mount is left" test "$(grep -c "^$machine " /proc/self/mounts)" -eq 0
}

"$TOPOFS" run "$machine" -- true || fail "does not run"
clean "the normal end"

"$TOPOFS" run "$machine" -- no-such-command 2>/dev/null
clean "no such command"

for signal in TERM KILL HUP; do
	"$TOPOFS" run "$machine" -- sh -c 'echo >ready; exec sleep 30' &
	command=$!
	wait_for 5 test -e ready
	rm ready
	check "the command has a server beside it" test "$(keeper | wc -l)" -eq 1
	kill "-$signal" "$command"
	wait "$command" 2>/dev/null
	clean "SIG$signal of the command"
done

# at any moment of the start
for delay in 0 0.001 0.002 0.003 0.004 0.006 0.008 0.01 0.015 0.02 0.03 0.05; do
	"$TOPOFS" run "$machine" -- sleep 30 &
	starting=$!
	sleep "$delay"
	kill -KILL "$starting"
	wait 2>/dev/null
done 2>/dev/null
clean "SIGKILL while it starts"

"$TOPOFS" run "$machine" -- sh -c 'sh -c "sleep 1; cat /sys/topofs/deep/er/file" >late &'
check "what the command leaves running keeps its /sys" wait_for 5 grep -q content late
clean "the end of the last process"

"$TOPOFS" run "$machine" -- sh -c 'echo through a pipe' | cat >piped
check "a pipe of the command ends with it" grep -q pipe piped

i=0
while [ $i -lt 50 ]; do
	"$TOPOFS" run "$machine" -- cat /sys/topofs/deep/er/file >"out.$i" &
	i=$((i + 1))
done
wait
check "50 at once answer" test "$(cat out.* | grep -c content)" -eq 50
clean "50 at once"
