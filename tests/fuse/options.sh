#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Mount options are those of mount(8), and the mount stays read-only.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
needs_fuse
requires pgrep findmnt
. "$top_srcdir/tests/serve.sh"

mount_point mnt

# with OPTIONS SHOWN...: mounted with the options, /proc/self/mounts has each of the words
with() {
	options=$1
	shift
	check "mounts with '$options'" "$TOPOFS" mount -o "$options" "$machine" mnt
	shown=",$(findmnt -n -o OPTIONS mnt),"
	for word; do
		case $shown in
		*,"$word",*) ;;
		*) fail "'$options' does not show $word: $shown" ;;
		esac
	done
	unmount mnt
	wait_for 5 no_servers
}
with '' ro nosuid nodev noexec default_permissions allow_other
with rw ro nosuid nodev noexec
with rw,suid,dev,exec ro
with defaults,noauto,nofail,_netdev,user,comment=x,x-systemd.requires=a.service,x-y ro
with ,ro,,noatime, noatime
with allow_other,default_permissions,max_read=8192 allow_other max_read=8192
with sloppy,anything=1 ro

"$TOPOFS" mount -o 'fsname=a\,b,subtype=other' "$machine" mnt
check "takes the name it is given" grep -q "^a,b $tmp/mnt fuse.other " /proc/self/mounts
check "writing says read-only" sh -c '! echo x 2>err >mnt/sys/topofs/big && grep -q "Read-only" err'
check "making says read-only" sh -c '! mkdir mnt/x 2>err && grep -q "Read-only" err'
