#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# podman gives a container a machine by its CDI name: two at once see theirs, a third without sees the real one. With
# --union a hook does it, and what is not described is real.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
needs_fuse
requires podman runc lscpu
. "$top_srcdir/tests/serve.sh"

# The programs of this computer, with what they need, as a container's root.
mkdir root root/proc root/sys root/dev root/tmp root/etc root/run root/var
mkdir root/usr
for folder in bin lib lib32 lib64 sbin; do
	[ ! -L "/$folder" ] || ln -s "usr/$folder" "root/$folder"
done

# A registry of CDI specifications of its own, in a mount namespace of its own.
mkdir cdi
for name in dgx-h100 vm-small; do
	mount_point "$name"
	"$TOPOFS" mount "$name" "$name" || fail "mount $name"
done
"$TOPOFS" cdi --folder "$tmp" -o cdi/topofs.json dgx-h100 vm-small || fail "topofs cdi"

# in_container DEVICE COMMAND...: without a device, ""
in_container() {
	device=$1
	shift
	# shellcheck disable=SC2016
	unshare -m sh -c '
		mkdir -p /run/lock 2>/dev/null
		mount -t tmpfs tmpfs /etc/cdi 2>/dev/null || { mkdir -p /etc/cdi && mount -t tmpfs tmpfs /etc/cdi; } || exit 99
		cp "$1/cdi/topofs.json" /etc/cdi/ && shift && exec "$@"' sh "$tmp" \
		podman --root "$tmp/store" --runroot "$tmp/state" --tmpdir "$tmp/libpod" --cgroup-manager cgroupfs --runtime runc \
		run --rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
		--security-opt seccomp=unconfined -v /usr:/usr:ro ${device:+--device "topofs.dev/machine=$device"} \
		--rootfs "$tmp/root" "$@"
}
[ -d /etc/cdi ] || on_exit 'rmdir /etc/cdi 2>/dev/null'
# shellcheck disable=SC2016 # at the end
on_exit 'podman --root "$tmp/store" --runroot "$tmp/state" --tmpdir "$tmp/libpod" rm -fa >/dev/null 2>&1; umount "$tmp/store/overlay" 2>/dev/null'
in_container '' true >out 2>&1 || skip "podman runs no container here: $(tail -n 1 out)"

in_container dgx-h100 lscpu >large 2>err &
in_container vm-small lscpu >small 2>err.small
wait
cat err err.small >&2
check "a container has the DGX H100" grep -q '^CPU(s): *224$' large
check "of the right model" grep -q 'Platinum 8480C' large
check "another the small one" grep -q '^CPU(s): *4$' small
check "one without a device has the real one" test "$(in_container '' cat /sys/devices/system/cpu/possible 2>/dev/null)" \
	= "$(cat /sys/devices/system/cpu/possible)"
# shellcheck disable=SC2016 # within it
check "control groups are there" in_container dgx-h100 sh -c 'test -n "$(ls /sys/fs/cgroup)"'
check "the machine's name" test "$(in_container vm-small printenv TOPOFS_MACHINE)" = vm-small

"$TOPOFS" cdi --union --folder "$tmp" -o cdi/topofs.json dgx-h100 vm-small || fail "topofs cdi --union"
# shellcheck disable=SC2016 # the container's shell expands
look='cat /sys/devices/system/cpu/present; ls /sys/class/net
	[ -n "$(ls /sys/fs/cgroup)" ] && [ -d /sys/module/kernel ] && [ -e /sys/kernel/uevent_seqnum ] && echo real
	find /sys -ignore_readdir_race -path /sys/fs/cgroup -prune -o -xtype l -print'
in_container dgx-h100 sh -c "$look" >large &
in_container vm-small sh -c "$look" >small
wait
printf '0-223\nlo\nreal\n' >expected.large
printf '0-3\nlo\nreal\n' >expected.small
same expected.large large
same expected.small small

for tool in numactl lspci lstopo-no-graphics; do
	command -v "$tool" >/dev/null || skip "$tool is not installed; all else is well"
done
in_container dgx-h100 sh -c 'lscpu; numactl --hardware; lspci -nd 10de:2330; lstopo-no-graphics' >tools 2>&1
grep -E '^CPU\(s\):|^Model name|^NUMA node|^available|^node . size|10de:2330|Package L#' tools >&2
check "lscpu" grep -q '^CPU(s): *224$' tools
check "numactl" grep -q '^node   0   1' tools
check "lspci" test "$(grep -c ' 0302: 10de:2330' tools)" -eq 8
check "lstopo" grep -q 'Package L#1' tools
