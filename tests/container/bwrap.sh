#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bubblewrap's sandboxes see a machine: a tree that is bound over /sys, topofs run around them and within them, by root
# and by an ordinary user.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
needs_fuse
requires bwrap pgrep
. "$top_srcdir/tests/serve.sh"
bwrap --ro-bind / / true 2>said || skip "bubblewrap makes no sandbox here: $(cat said)"

mount_point served
mount_point union
"$TOPOFS" mount "$machine" served || fail "no mount"
"$TOPOFS" mount -o union "$machine" union || fail "no mount of the union"

look='cat /sys/devices/system/cpu/present; ls -d /sys/class/net/lo /sys/module/kernel 2>/dev/null
	find /sys -ignore_readdir_race -path /sys/fs/cgroup -prune -o -xtype l -print 2>/dev/null'
echo 0-7 >described
printf '0-7\n/sys/class/net/lo\n/sys/module/kernel\n' >both

# all WHO COMMAND...: every way of giving a sandbox a machine, by whom the command makes the sandbox
all() {
	who=$1
	shift
	"$@" bwrap --ro-bind / / --dev /dev --proc /proc --ro-bind "$tmp/served/sys" /sys sh -c "$look" >"$who.bound" 2>>said
	same described "$who.bound"
	"$@" bwrap --ro-bind / / --dev /dev --proc /proc --ro-bind "$tmp/union/sys" /sys sh -c "$look" >"$who.union" 2>>said
	same both "$who.union"
	"$@" "$TOPOFS" run --union "$machine" -- bwrap --ro-bind / / --dev /dev --proc /proc sh -c "$look" >"$who.around" 2>>said
	same both "$who.around"
	"$@" bwrap --dev-bind / / "$TOPOFS" run --union "$machine" -- sh -c "$look" >"$who.within" 2>>said
	same both "$who.within"
}
all root env
if ! as_nobody bwrap --ro-bind / / true 2>err; then
	lib_report "skipped of it: an ordinary user's: $(tail -n 1 err)"
elif ! as_nobody test -x "$TOPOFS"; then
	lib_report "skipped of it: an ordinary user's: nobody cannot reach $TOPOFS"
else
	all nobody as_nobody
fi
cat said >&2
umount -R union
umount served
check "no server is left" wait_for 5 no_servers
