#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs mount -o union` shows the real /sys beside the machine, and takes all of it away again, however it ends.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
needs_fuse
requires pgrep unshare
. "$top_srcdir/tests/serve.sh"
sys=mnt/sys

no_mounts() {
	! grep -q " $tmp/mnt" /proc/self/mountinfo
}

count_real() {
	grep -cE '^([^ ]+ ){4}/sys' /proc/self/mountinfo
}

is_union() {
	[ "$(cat $sys/devices/system/cpu/present)" = 0-7 ] && [ -e $sys/class/net/lo/statistics ] && [ -d $sys/module/kernel ]
}

# gone WHY: neither mounts nor processes
gone() {
	check "$1: no mount is left" wait_for 5 no_mounts
	check "$1: no server is left" wait_for 5 no_servers
}

mount_point mnt
real=$(count_real)
check "mounts" "$TOPOFS" mount -o union "$machine" mnt
check "the machine, and the real one beside it" is_union
check "no link leads nowhere" test -z "$(find $sys -ignore_readdir_race -path $sys/fs/cgroup -prune -o -xtype l -print)"
check "/proc is there" test "$(grep -c ^processor mnt/proc/cpuinfo)" -eq 8
check "/sys is as it was" test "$(count_real)" -eq "$real"
kill -9 "$(worker)"
check "and after its worker died" is_union
check "reloads" "$TOPOFS" reload mnt "$machine"
check "and is as it was" is_union
check "umount -R" umount -R mnt
gone "umount -R"

"$TOPOFS" mount -o union,warm "$machine" mnt || fail "does not mount"
check "also warm" is_union
kill "$(keeper)"
gone "SIGTERM"

"$TOPOFS" mount --foreground -o union "$machine" mnt &
check "in the foreground" wait_for 5 is_union
kill $!
wait $!
gone "SIGTERM in the foreground"

# open_tree is what the process that shows the real files calls first
if "$top_builddir/tests/deny" EPERM getpid -- true; then
	check_status 1 "when what prepares it is killed" \
		"$top_builddir/tests/deny" KILL open_tree -- "$TOPOFS" mount --foreground -o union "$machine" mnt 2>err
	check "says so" grep -qx 'topofs: mnt: the process that prepares it could not be started, or was killed' err
	gone "killed meanwhile"
fi

"$TOPOFS" mount -o 'union="host,!/sys/module"' "$machine" mnt || fail "does not mount"
check "a policy" test -e $sys/class/net/lo -a ! -e $sys/module/kernel
umount -R mnt
sed 's/"nodes"/"unlisted": "\/sys\/kernel", &/' "$machine" >says.json
"$TOPOFS" mount -o union "$tmp/says.json" mnt || fail "does not mount"
check "the machine's own word" test -e $sys/kernel/uevent_seqnum -a ! -e $sys/class/net/lo
umount -R mnt
"$TOPOFS" mount "$tmp/says.json" mnt || fail "does not mount"
check "which alone adds nothing" test ! -e $sys/kernel/uevent_seqnum
umount mnt

# refused WHY COMMAND...: in one line, and nothing is left
refused() {
	what=$1
	shift
	check_status 1 "$what" "$@" 2>err
	check "in one line" one_line err
	gone "$what"
}
refused "a policy that is none" "$TOPOFS" mount -o union=all "$machine" mnt
refused "no sysfs" unshare -m sh -c "mount -t tmpfs none /sys && '$TOPOFS' mount -o union '$machine' '$tmp/mnt'"
refused "no sysfs, in the foreground" \
	unshare -m sh -c "mount -t tmpfs none /sys && '$TOPOFS' mount -f -o union '$machine' '$tmp/mnt'"
if as_nobody test -x "$TOPOFS" 2>/dev/null && command -v fusermount3 >/dev/null; then
	chown 65534 mnt
	refused "an ordinary user" as_nobody "$TOPOFS" mount -o union "$machine" "$tmp/mnt"
fi
