#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# systemd-nspawn's containers get machines: attached while they run, whatever namespaces they have; or by mounts of the
# parts of a union; or by topofs run within.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
needs_fuse
requires pgrep systemd-nspawn
[ -L /bin ] || skip "this system keeps programs outside /usr"
. "$top_srcdir/tests/serve.sh"

# root NAME: a folder with the programs of this computer
root() {
	mkdir "$1"
	(cd "$1" && mkdir dev etc proc root run sys tmp usr var mine) || fail "no folders"
	chmod 777 "$1/mine"
	for link in /bin /sbin /lib /lib32 /lib64 /libx32; do
		[ ! -L "$link" ] || cp -a "$link" "$1/"
	done
	echo ID=topofs >"$1/etc/os-release"
}

# nspawn NAME ARGUMENT...: a container of that name
nspawn() {
	name=$1
	shift
	timeout 60 systemd-nspawn --quiet --directory "$name" --machine "topofs-$$-$name" --register no --keep-unit --as-pid2 \
		--pipe --bind-ro /usr "$@" </dev/null
}
# shellcheck disable=SC2016 # at the end
on_exit 'rmdir /run/systemd/nspawn/propagate/topofs-$$-* 2>/dev/null'

dangling='find /sys -ignore_readdir_race -path /sys/fs/cgroup -prune -o -xtype l -print'
root try
nspawn try true >said 2>&1 || skip "systemd-nspawn runs no container here: $(tail -n 1 said)"

# What one runs that waits for a file, then tells what it sees.
# shellcheck disable=SC2016 # the container's shell expands
look='touch /mine/up
	while [ ! -e /mine/go ]; do sleep 0.1; done
	cat /sys/devices/system/cpu/present; ls /sys/class/net
	grep -c "^processor" /proc/cpuinfo; [ -e /sys/kernel/uevent_seqnum ] && echo real
	[ -n "$(ls /sys/fs/cgroup)" ] && echo groups
	'$dangling

# child PROCESS: its first one
child() {
	pgrep -P "$1" | head -n 1
}

# container NAME OPTION...: such a one; its first process is in NAME.pid
container() {
	root "$1"
	nspawn "$@" sh -c "$look" >"$1.seen" 2>>said &
	timeout=$!
	wait_for 20 test -e "$1/mine/up" || fail "$1 does not start: $(cat said)"
	# timeout(1), the program, its helper within, and the container's first process
	child "$(child "$(child "$timeout")")" >"$1.pid"
}

# goes_on NAME: it tells what it sees
goes_on() {
	touch "$1/mine/go"
	wait_for 20 grep -q groups "$1.seen" || fail "$1 tells nothing"
}
printf '0-7\nlo\n8\nreal\ngroups\n' >expected

# Its /proc and the /proc/bus it mounts there are one peer group: what covers /proc/bus/pci comes twice.
container back --private-network
before=$(grep -c . "/proc/$(cat back.pid)/mountinfo")
for round in 1 2; do
	check "attach before detach, $round" "$TOPOFS" attach --pid "$(cat back.pid)" --union "$top_srcdir/examples/vm-small.json" 2>>said
	check "detach, $round" "$TOPOFS" detach --pid "$(cat back.pid)" 2>>said
	after=$(grep -c . "/proc/$(cat back.pid)/mountinfo")
	check "no mount is left, $round: $before, $after" [ "$before" -eq "$after" ]
done
goes_on back
check "detached, it sees this computer's CPUs" [ "$(head -n 1 back.seen)" = "$(cat /sys/devices/system/cpu/present)" ]

container network --private-network
check "attach to one with a network of its own" "$TOPOFS" attach --pid "$(cat network.pid)" --union "$machine" 2>>said
container users --private-network --private-users=524288:65536
check "attach to one with users of its own" "$TOPOFS" attach --pid "$(cat users.pid)" --union "$machine" 2>>said
goes_on network
goes_on users
wait
same expected network.seen
same expected users.seen

# Its own mount of /sys covers one bound there, but not folders bound below it, where the network is the host's.
mount_point served
"$TOPOFS" mount -o union "$machine" served || fail "no mount"
set --
for folder in block bus class dev devices kernel module; do
	set -- "$@" --bind-ro "$tmp/served/sys/$folder:/sys/$folder"
done
nspawn try "$@" sh -c "cat /sys/devices/system/cpu/present; ls -d /sys/class/net/lo; $dangling" >parts 2>>said
printf '0-7\n/sys/class/net/lo\n' >expected
same expected parts

cp "$TOPOFS" "$machine" try/mine/
nspawn try --bind /dev/fuse /mine/topofs run --union /mine/machine.json -- \
	sh -c "cat /sys/devices/system/cpu/present; ls -d /sys/class/net/lo; $dangling" >within 2>>said
same expected within
cat said >&2
