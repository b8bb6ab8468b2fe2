#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mount -t topofs and mount -t fuse.topofs work, from the command line and from a file like /etc/fstab.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
needs_fuse
requires pgrep mount findmnt
. "$top_srcdir/tests/serve.sh"

# mount(8) looks for its helpers in /sbin alone: this runs again in a mount namespace that has them there
if [ "${1:-}" != inside ]; then
	unshare -m sh "$top_srcdir/tests/fuse/helper.sh" inside
	exit
fi
mount_point mnt
mkdir sbin
cp -a /sbin/. sbin/
for name in mount.topofs mount.fuse.topofs; do
	ln -sf "$TOPOFS" "sbin/$name"
done
mount --bind sbin "$(realpath /sbin)" || skip "/sbin cannot be covered"

# mounted_by COMMAND...: it mounts, and umount ends the server
mounted_by() {
	check "$*" "$@"
	check "  answers" test "$(cat mnt/sys/topofs/deep/er/file)" = content
	check "  is of type fuse.topofs" test "$(findmnt -n -o FSTYPE,SOURCE mnt)" = "fuse.topofs $machine"
	umount mnt
	check "  ends with umount" wait_for 5 no_servers
}
mounted_by mount -t topofs "$machine" mnt
mounted_by mount -t fuse.topofs "$machine" mnt
mounted_by mount -v -n -t topofs -o ro,allow_other,nodev,x-systemd.automount "$machine" "$tmp/mnt"
mounted_by mount -t topofs -o warm "$machine" mnt
mounted_by mount -s -t topofs -o whatever=1 "$machine" mnt

echo "$machine $tmp/mnt topofs defaults,noauto,nofail,nosuid,x-systemd.device-timeout=1 0 0" >fstab
mounted_by mount -T fstab "$tmp/mnt"
echo "$machine $tmp/mnt fuse.topofs rw,nofail,_netdev,user,x-mount.mkdir 0 0" >fstab
mounted_by mount -T fstab -a

check "a dry run" mount -f -t topofs "$machine" mnt
check "mounts nothing" not_mounted "$tmp/mnt"
check_status 32 "an unknown option" mount -t topofs -o no_such_option "$machine" mnt 2>err
check "says so" one_line err
check_status 32 "a missing topology" mount -t topofs "$tmp/missing.json" mnt 2>err
check "says so" one_line err
check "leaves no server" no_servers
