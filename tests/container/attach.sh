#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs attach` gives running containers machines, beside the real sysfs of their networks; detach takes them away.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
needs_fuse
requires ip mountpoint nsenter pgrep unshare
. "$top_srcdir/tests/serve.sh"

# container NAME: with its own mounts, network and sysfs, and the control groups of all; its process is in NAME.pid.
container() {
	mkdir -p cgroup
	unshare --mount --net sh -c '
		mount --rbind /sys/fs/cgroup cgroup && mount -t sysfs sysfs /sys && mount --rbind cgroup /sys/fs/cgroup &&
		ip link set lo up && echo $$ >'"$1"'.pid && exec sleep 60' &
	wait_for 5 test -s "$1.pid" || fail "no container"
	on_exit "kill $(cat "$1.pid")"
}

# inside NAME COMMAND...: in that container
inside() {
	process=$(cat "$1.pid")
	shift
	nsenter -t "$process" -m -n -- "$@"
}

# dangling NAME: the links of /sys that lead nowhere
dangling() {
	inside "$1" find /sys -ignore_readdir_race -path /sys/fs/cgroup -prune -o -xtype l -print
}

# mounts NAME: those that attaching touches, as others may come and go
mounts() {
	inside "$1" grep -E '^[^ ]+ [^ ]+ [^ ]+ [^ ]+ /(sys|proc)[/ ]' /proc/self/mountinfo | sort
}

moves() {
	[ "$(inside "$1" cat /sys/class/net/veth0/statistics/tx_packets)" -gt 0 ]
}

present() {
	inside "$1" cat /sys/devices/system/cpu/present
}

container one
container two
real=$(present one)
inside one ip link add veth0 type veth peer name veth1 2>/dev/null && veth=yes
mounts one >before
check "attach" "$TOPOFS" attach --pid "$(cat one.pid)" --union "$machine" 2>said
check "attach another machine to another one" "$TOPOFS" attach --pid "$(cat two.pid)" --union dgx-h100 2>>said
check "one sees its own" test "$(present one)" = 0-7
check "two sees its own" test "$(present two)" = 0-223
check "nobody else sees either" test "$(cat /sys/devices/system/cpu/present)" = "$real"
check "and of /proc too" test "$(inside one grep -c ^processor /proc/cpuinfo)" -eq 8
check "the functions are the machine's" test "$(inside two sh -c 'ls /sys/bus/pci/devices | wc -l')" -eq 100
check "the interfaces are the container's" inside one test -e /sys/class/net/lo/statistics/rx_bytes
if [ -n "${veth:-}" ]; then
	inside one ip link set veth0 up
	inside one ip link set veth1 up
	check "their statistics move" wait_for 10 moves one
fi
check "control groups are the real ones" inside one mountpoint -q "/sys/fs/cgroup"
check "modules are the real ones" inside one test -d /sys/module/kernel
check "the kernel is the real one" inside one test -e /sys/kernel/mm/transparent_hugepage/enabled -o -e /sys/kernel/notes
check "described modules stand among the real ones" inside two test -e /sys/module/nvidia/version -a -d /sys/module/kernel
: >none
dangling one >links
dangling two >>links
same none links
status=0
"$TOPOFS" attach --pid "$(cat one.pid)" "$machine" 2>err || status=$?
check "a second one is refused: $status" test "$status" -eq 1
check "in one line" one_line err
check "detach" "$TOPOFS" detach --pid "$(cat one.pid)"
check "it sees the real one again" test "$(present one)" = "$real"
mounts one >after
same before after
check "its server ends" wait_for 5 no_servers
check_status 1 "nothing is left to detach" "$TOPOFS" detach --pid "$(cat one.pid)" 2>err
check "it says so in one line" one_line err

# on a host whose mounts are shared, as with systemd, with a machine that is mounted already
mount_point served
# shellcheck disable=SC2016
check "attach what is mounted" unshare --mount sh -c '
	mount --make-rshared / && "$TOPOFS" mount "$1" served && grep " $PWD/served" /proc/self/mountinfo >before &&
	"$TOPOFS" attach --pid "$(cat one.pid)" --union "$PWD/served" && grep " $PWD/served" /proc/self/mountinfo >after
	umount -l served' sh "$machine" 2>>said
same before after
check "it sees the machine" test "$(present one)" = 0-7
check "detach" "$TOPOFS" detach --pid "$(cat one.pid)"

check "attach without the real one" "$TOPOFS" attach --pid "$(cat one.pid)" "$machine" 2>>said
check "it sees the machine" test "$(present one)" = 0-7
check "control groups stay" inside one mountpoint -q /sys/fs/cgroup
check "of networks only the machine's" inside one test ! -e /sys/class/net/lo
kill "$(cat one.pid)"
check "the server ends with the container" wait_for 5 no_servers

# A machine that is mounted, and says what is real beside it
container three
sed 's/"nodes"/"unlisted": "host", &/' "$machine" >says.json
"$TOPOFS" mount "$tmp/says.json" served || fail "no mount"
check "its status has it" sh -c "'$TOPOFS' status served | grep -qx 'unlisted  *host'"
check "attach it" "$TOPOFS" attach --pid "$(cat three.pid)" served 2>>said
check "it sees the machine" test "$(present three)" = 0-7
check "and the real one" inside three test -e /sys/class/net/lo
check "detach" "$TOPOFS" detach --pid "$(cat three.pid)"
check "the machine changes its mind" "$TOPOFS" reload served "$machine"
check "which its status has" sh -c "! '$TOPOFS' status served | grep unlisted"
check "attach it again" "$TOPOFS" attach --pid "$(cat three.pid)" served 2>>said
check "of networks only the machine's" inside three test ! -e /sys/class/net/lo
check "detach" "$TOPOFS" detach --pid "$(cat three.pid)"
umount -l served

# One of whose /sys the top is neither the machine's nor the real one, as it has something of both
sed 's/"files": {/& "\/sys\/firmware": null, "\/sys\/own": "x",/' "$machine" >mixed.json
check "attach one that lacks a folder" "$TOPOFS" attach --pid "$(cat three.pid)" --union "$tmp/mixed.json" 2>>said
check "it sees files of both" inside three test -e /sys/own -a -e /sys/class/net/lo -a -d /sys/firmware
check_status 1 "a second one is refused" "$TOPOFS" attach --pid "$(cat three.pid)" --union=hide "$machine" 2>err
check "in one line" one_line err
check "detach" "$TOPOFS" detach --pid "$(cat three.pid)"
check "the real one is there again" test "$(present three)" = "$real"

# What LXC has over the CPUs of its containers is FUSE too, but none of topofs
mkdir lxcfs
if command -v lxcfs >/dev/null; then
	lxcfs -f --pidfile "$tmp/lxcfs.pid" "$tmp/lxcfs" >lxcfs.out 2>&1 &
	on_exit "umount -l '$tmp/lxcfs' 2>/dev/null; kill $! 2>/dev/null"
	wait_for 5 test -d lxcfs/sys/devices/system/cpu || lib_report "lxcfs cannot be run here: $(tail -n 1 lxcfs.out)"
fi
if [ -d lxcfs/sys/devices/system/cpu ]; then
	container four
	inside four mount --bind "$tmp/lxcfs/sys/devices/system/cpu" /sys/devices/system/cpu || fail "cannot bind lxcfs"
	check "attach over lxcfs" "$TOPOFS" attach --pid "$(cat four.pid)" --union "$machine" 2>>said
	check "it sees the machine" test "$(present four)" = 0-7
	check "detach" "$TOPOFS" detach --pid "$(cat four.pid)"
	check "lxcfs is there again" inside four mountpoint -q /sys/devices/system/cpu
	check_status 1 "lxcfs is no machine" "$TOPOFS" attach --pid "$(cat four.pid)" --union=host lxcfs 2>err
	check "it says so" grep -q "nothing of topofs is mounted here" err
fi

# Where nothing is real, a container could put folders of any number and depth into the way
unshare --mount sh -c 'mount -t tmpfs none /sys && mkdir -p /sys/devices/a/b && echo $$ >five.pid && exec sleep 60' &
wait_for 5 test -s five.pid || fail "no container"
on_exit "kill $(cat five.pid)"
check_status 1 "no sysfs" "$TOPOFS" attach --pid "$(cat five.pid)" --union=/sys/devices "$machine" 2>err
check "in one line" one_line err
check "it says so: $(cat err)" grep -q "/sys is no sysfs" err
check "without the real one" "$TOPOFS" attach --pid "$(cat five.pid)" "$machine" 2>>said
check "detach" "$TOPOFS" detach --pid "$(cat five.pid)"

check_status 2 "a policy that is none" "$TOPOFS" attach --pid 1 --union=/etc "$machine" 2>err
check "says so in one line" one_line err
check_status 1 "no process" "$TOPOFS" attach --pid 2147483647 "$machine" 2>err
check "says so in one line" one_line err
check "no server is left of that" wait_for 5 no_servers
