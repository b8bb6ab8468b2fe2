#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs run --union` shows the real networks, modules and kernel beside the machine, alive, and to ordinary users too.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires mountpoint pgrep unshare
. "$top_srcdir/tests/serve.sh"

in_machine() {
	"$TOPOFS" run --union "$@" 2>err
}

# What it sees, in a command: control groups only where they are, and no link that leads nowhere
look='cat /sys/devices/system/cpu/present; ls -d /sys/class/net/lo /sys/module/kernel
	[ -e /sys/kernel/uevent_seqnum ] && [ -e /sys/class/net/lo/statistics/rx_bytes ] && echo alive
	ls -d /sys/devices/system/node/node* | wc -l; ls /sys/bus/pci/devices | wc -l
	grep -c "^processor" /proc/cpuinfo; mountpoint /sys/fs/cgroup
	find /sys -ignore_readdir_race -path /sys/fs/cgroup -prune -o -xtype l -print'
in_machine dgx-h100 -- sh -c "$look" >seen
printf '%s\n' 0-223 /sys/class/net/lo /sys/module/kernel alive 2 100 224 "$(mountpoint /sys/fs/cgroup)" >expected
same expected seen

# A policy of its own: only networks, or all but firmware
check "of a policy that names one path no more is real" "$TOPOFS" run --union=/sys/class/net,/sys/devices/virtual "$machine" -- \
	test -e /sys/class/net/lo -a ! -e /sys/module/kernel
check "hidden is hidden" "$TOPOFS" run --union=host,!/sys/module "$machine" -- test ! -e /sys/module/kernel -a -e /sys/class/net/lo
check_status 2 "a policy that is none" "$TOPOFS" run --union=all "$machine" -- true 2>err
check "says so in one line" one_line err
check "within itself" test "$(in_machine dgx-h100 -- "$TOPOFS" run "$machine" -- cat /sys/devices/system/cpu/present)" = 0-7
check_status 1 "a second union" in_machine dgx-h100 -- "$TOPOFS" run --union "$machine" -- true
check "finds nothing real, in one line" one_line err

# What the machine itself says, where the option does not
sed 's/"nodes"/"unlisted": [ "host", "!\/sys\/module" ], &/' "$machine" >says.json
check "the machine's own word counts" "$TOPOFS" run says.json -- test -e /sys/class/net/lo -a ! -e /sys/module/kernel
check "less than the option" "$TOPOFS" run --union=hide says.json -- test ! -e /sys/class/net/lo
check "which shows more, too" "$TOPOFS" run --union=host says.json -- test -e /sys/module/kernel
check "without a policy it adds nothing" "$TOPOFS" run --union says.json -- test ! -e /sys/module/kernel

# Real files can be written: in a network of its own
if [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
	# shellcheck disable=SC2016 # the inner shell expands
	unshare -m -n sh -c 'mount -t sysfs sysfs /sys && "$TOPOFS" run --union "$1" -- sh -c "
		echo 1280 >/sys/class/net/lo/mtu && cat /sys/class/net/lo/mtu && ls /sys/class/net"' sh "$machine" >written 2>err
	check "what is written is read again" grep -qx 1280 written
	check "the network is its own: $(tr '\n' ' ' <written)" grep -qx lo written
fi

if [ "$(id -u)" -eq 0 ] && as_nobody unshare -Urm true 2>/dev/null; then
	as_nobody "$TOPOFS" run --union "$machine" -- sh -c \
		'cat /sys/devices/system/cpu/present; ls -d /sys/class/net/lo /sys/module/kernel' >user 2>err
	printf '0-7\n/sys/class/net/lo\n/sys/module/kernel\n' >expected
	same expected user
fi
check "no server is left" wait_for 5 no_servers
