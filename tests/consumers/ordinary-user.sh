#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user without any privilege sees the same machine as root.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$top_srcdir/tests/consumers/machines.sh"
needs_nobody
as_nobody unshare -Urm true 2>/dev/null || skip "user namespaces are not to be had here"
HOME=/nonexistent
export HOME

# same_for_both COMMAND...: where its tool is there
same_for_both() {
	command -v "$1" >/dev/null || return 0
	n=$((n + 1))
	on dgx-h100 "$@" >"root.$n" 2>&1
	as_nobody "$TOPOFS" run dgx-h100 -- "$@" >"user.$n" 2>&1
	check "$*" test $? -eq 0 -a -s "user.$n"
	same "root.$n" "user.$n"
}

n=0
same_for_both lscpu
same_for_both lscpu -e
same_for_both numactl --hardware
same_for_both numastat -m
same_for_both lstopo-no-graphics --of console -v
same_for_both lspci -D -PP
same_for_both lspci -vvv -xxxx
same_for_both getconf _NPROCESSORS_CONF
same_for_both find /sys/bus /sys/class /sys/devices -printf '%M %s %p %l\n'
nccl_walk=$top_builddir/tests/consumers/nccl-walk
if [ -x "$nccl_walk" ] && as_nobody test -x "$nccl_walk"; then
	same_for_both "$nccl_walk"
fi
