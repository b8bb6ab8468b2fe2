#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# podman without root: a container of an ordinary user gets a machine by CDI, with and without the hook, and by a volume;
# and one that runs gets one of a server of that user's.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires newuidmap pgrep podman runc
. "$top_srcdir/tests/serve.sh"
needs_nobody
[ -L /bin ] || skip "this system keeps programs outside /usr"

mkdir root home state
(cd root && mkdir dev etc proc run sys tmp usr var) || fail "no folders"
for folder in bin lib lib32 lib64 sbin; do
	[ ! -L "/$folder" ] || ln -s "usr/$folder" "root/$folder"
done
chown -R 65534:65534 root home state
chmod 700 state
mount_point served
"$TOPOFS" mount "$machine" served || fail "no mount"
"$TOPOFS" cdi --folder "$tmp" ./machine.json -o mounts.cdi || fail "topofs cdi"
"$TOPOFS" cdi --folder "$tmp" --union ./machine.json -o hook.cdi || fail "topofs cdi --union"
sed -i "s#$tmp/machine#$tmp/served#g" mounts.cdi hook.cdi

# The process that keeps a user's namespace, with the mounts of its time, between their containers.
end_pause() {
	find "$tmp/home" "$tmp/state" -name pause.pid | while read -r file; do
		kill -KILL "$(cat "$file")" 2>/dev/null
		rm "$file"
	done
}
on_exit end_pause
[ -d /etc/cdi ] || on_exit 'rmdir /etc/cdi 2>/dev/null'

# in_container CDI ARGUMENT... -- COMMAND: as nobody, with this specification
in_container() {
	end_pause
	specification=$1
	shift
	mkdir -p dev
	# shellcheck disable=SC2016 # the inner shell expands
	unshare -m sh -c '
		tmp=$1
		mkdir -p /etc/cdi && mount -t tmpfs tmpfs /etc/cdi && cp "$tmp/$2" /etc/cdi/topofs.json || exit 99
		mount -t tmpfs -o mode=755 tmpfs "$tmp/dev" && mknod -m 666 "$tmp/dev/fuse" c 10 229 &&
			mount --bind "$tmp/dev/fuse" /dev/fuse || exit 99
		shift 2
		exec setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$tmp/home" XDG_RUNTIME_DIR="$tmp/state" \
			podman --root "$tmp/home/store" --runroot "$tmp/state/run" --tmpdir "$tmp/state/libpod" \
			--cgroup-manager cgroupfs --runtime runc run --rm --network none --ulimit nofile=1024:1024 \
			--ulimit nproc=1024:1024 -v /usr:/usr:ro "$@"' sh "$tmp" "$specification" "$@" </dev/null 2>>said
}
in_container mounts.cdi --rootfs "$tmp/root" true || skip "no container of an ordinary user runs here: $(tail -n 1 said)"

look='cat /sys/devices/system/cpu/present; ls /sys/class/net
	[ -e /sys/kernel/uevent_seqnum ] && echo real
	find /sys -ignore_readdir_race -path /sys/fs/cgroup -prune -o -xtype l -print 2>/dev/null'
device=topofs.dev/machine=machine
in_container mounts.cdi --device "$device" --rootfs "$tmp/root" sh -c "$look" >mounts
in_container hook.cdi --device "$device" --rootfs "$tmp/root" sh -c "$look" >hook
in_container mounts.cdi -v "$tmp/served/sys:/sys:ro,rslave" --rootfs "$tmp/root" sh -c "$look" >volume
echo 0-7 >described
printf '0-7\nlo\nreal\n' >both
same described mounts
same both hook
same described volume

in_container mounts.cdi --rootfs "$tmp/root" sh -c "echo >/tmp/up; while [ ! -e /tmp/go ]; do sleep 0.1; done; $look" >attached &
wait_for 20 test -e root/tmp/up || fail "no container"
# of all such processes the one that sees the same file
for process in $(pgrep -u 65534 -f '^sh -c echo >/tmp/up; while'); do
	[ "$(stat -L -c %d:%i "/proc/$process/root/tmp/up")" = "$(stat -c %d:%i root/tmp/up)" ] && break
done
check "attach as that user" as_nobody "$TOPOFS" attach --union --pid "$process" "$machine" 2>>said
touch root/tmp/go
wait
same both attached
cat said >&2
