#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs run` is the command: its exit status, signals, terminal, files and folder.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep script
. "$top_srcdir/tests/serve.sh"

unset HWLOC_COMPONENTS SYSTEMD_DEVICE_VERIFY_SYSFS
in_machine() {
	"$TOPOFS" run "$machine" "$@" 2>err
}

# shows EXPECTED COMMAND...: what it prints on the machine
shows() {
	expected=$1
	shift
	shown=$(in_machine -- "$@")
	check "'$*' shows $expected" test "$shown" = "$expected"
}

in_machine true || fail "does not run"
check_status 42 "its own status" in_machine -- sh -c 'exit 42'
check_status 42 "options are the command's" in_machine sh -c 'exit 42'
check_status 143 "death by a signal" in_machine -- sh -c 'kill -TERM $$'
check_status 137 "death by SIGKILL" in_machine -- sh -c 'kill -KILL $$'
check_status 127 "a command that is not there" in_machine -- no-such-command
check_status 126 "a command that is no program" in_machine -- "$machine"
check_status 1 "a topology that is not there" "$TOPOFS" run "$tmp/missing.json" -- touch started 2>missing
check "starts nothing" test ! -e started
check "one line" one_line missing

shows 0-7 cat /sys/devices/system/cpu/present
shows content cat /sys/topofs/link/file
shows two-packages printenv TOPOFS_MACHINE
shows -x86 printenv HWLOC_COMPONENTS
shows 0 printenv SYSTEMD_DEVICE_VERIFY_SYSFS
shows "$tmp" pwd -P
shows "$(id)" id
HWLOC_COMPONENTS=mine
export HWLOC_COMPONENTS
shows mine printenv HWLOC_COMPONENTS
unset HWLOC_COMPONENTS

check "standard input passes" test "$(echo passed | in_machine cat)" = passed
in_machine -- readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 <&- >closed
check "closed standard input stays closed" test "$(wc -l <closed)" -eq 2
check_status 0 "with all of them closed" "$TOPOFS" run "$machine" -- sh -c "echo done >$tmp/ran" <&- >&- 2>&-
check "it was run" test -s ran

# fds: what a command finds open, less the folder it lists
fds() {
	"$@" ls /proc/self/fd 2>/dev/null | tr '\n' ' '
}
check "no descriptor is added" test "$(fds "$TOPOFS" run "$machine" --)" = "$(fds env)"
exec 7<"$machine"
check "none is taken away" test "$(fds "$TOPOFS" run "$machine" --)" = "$(fds env)"
exec 7<&-

(cd /sys/devices/system/cpu && "$TOPOFS" run "$machine" -- cat present) >where
check "a folder of /sys becomes the machine's" test "$(cat where)" = 0-7
(cd /sys/class/tty && "$TOPOFS" run "$machine" -- readlink /proc/self/cwd) >where
check "one that the machine lacks becomes /" test "$(cat where)" = /

# Ctrl-C at a terminal reaches the command; the server goes on until the command ends by itself.
cat >interrupted.sh <<'SCRIPT'
trap 'cat /sys/topofs/none /sys/topofs/deep/er/file; exit 5' INT
echo >ready
for tenth in $(seq 100); do sleep 0.1; done
SCRIPT
{ wait_for 10 test -e ready; printf '\003'; sleep 1; } | script -qec "exec env --default-signal=INT $TOPOFS run $machine -- sh interrupted.sh" /dev/null >typed
status=$?
tr -d '\r' <typed >&2
check "Ctrl-C reaches the command: status $status" test "$status" -eq 5
check "and not the server" grep -q content typed
check "no server is left" wait_for 5 no_servers
