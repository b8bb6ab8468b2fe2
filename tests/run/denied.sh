#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where a seccomp filter refuses a call that mounts are made with, `topofs run` and attach say so in one line and leave
# nothing behind.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep
. "$top_srcdir/tests/serve.sh"
deny=$top_builddir/tests/deny
"$deny" EPERM getpid -- true || skip "no seccomp filter can be made here"

# refused ERROR CALL
refused() {
	check_status 1 "run without $2 ($1)" "$deny" "$1" "$2" -- "$TOPOFS" run --union "$machine" -- touch ran 2>err
	check "one line: $(cat err)" one_line err
}
for call in mount unshare; do
	refused EPERM $call
done
for call in fsopen fsmount open_tree move_mount mount_setattr openat2; do
	refused EPERM $call
	refused ENOSYS $call
	check "it says what may be the cause" grep -q "seccomp filter" err
done
check "the command never ran" test ! -e ran
if [ "$(id -u)" -eq 0 ]; then
	unshare -m sleep 60 &
	container=$!
	on_exit "kill $container 2>/dev/null"
	wait_for 5 sh -c "test \"\$(readlink /proc/$container/ns/mnt)\" != \"\$(readlink /proc/self/ns/mnt)\""
	for call in setns move_mount mount_setattr; do
		check_status 1 "attach without $call" "$deny" EPERM $call -- "$TOPOFS" attach --union --pid $container "$machine" 2>err
		check "one line: $(cat err)" one_line err
	done
	check "the container is as it was" sh -c "! grep -q $machine /proc/$container/mountinfo"
fi
check "no server is left" wait_for 5 no_servers
check "nor mounts" test "$(grep -c "$machine" /proc/self/mountinfo)" -eq 0
