#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs run` works in a chroot, where / is no mount, and says what is missing where it cannot.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
[ "$(id -u)" -eq 0 ] || skip "a chroot needs root"
[ -L /bin ] || skip "this system keeps programs outside /usr"
requires chroot unshare

mkdir -p root/usr root/proc root/sys root/dev root/tmp || fail "no folders"
for link in /bin /sbin /lib /lib32 /lib64 /libx32; do
	[ ! -L "$link" ] || cp -a "$link" root/
done
cp "$TOPOFS" root/tmp/topofs || fail "no copy of topofs"
cp "$TOPOFS_PATH/vm-small.json" root/tmp/machine.json || fail "no copy of vm-small"

# in_chroot FOLDER...: runs it in the chroot that has these of the system's folders, in mounts of its own.
# shellcheck disable=SC2016 # the inner shell expands
in_chroot() {
	unshare --mount sh -c '
		for folder; do mount --rbind "/$folder" "root/$folder" || exit 99; done
		exec chroot root /tmp/topofs run /tmp/machine.json -- cat /sys/devices/system/cpu/present
	' sh usr "$@"
}

echo 0-3 >expected
in_chroot proc sys dev >whole
check "a chroot with /sys and /proc: status $?" test $? -eq 0
same expected whole

status=0
in_chroot dev >bare 2>said || status=$?
check "without them it fails: status $status" test "$status" -ne 0
check "and says so in one line" test "$(grep -c "^topofs: " said)" -eq 1
check "which names what is missing" grep -q "/sys and /proc" said
