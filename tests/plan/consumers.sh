#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs in the guest see what was planned.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires lscpu
golden=$top_srcdir/tests/plan/golden

"$TOPOFS" render -o rfc "$golden/rfc.json" || fail "render"
lscpu --sysroot rfc >out
check "8 sockets" grep -qx 'Socket(s): *8' out
check "2 threads a core" grep -qx 'Thread(s) per core: *2' out
check "node 3" grep -qx 'NUMA node3 CPU(s): *3,11' out

# what shared a switch in the host does in the guest, and nothing else does
hops() {
	"$TOPOFS" render -o "$1" "$golden/$1.json"
	for address in $2; do
		readlink "$1/sys/bus/pci/devices/$address" | sed 's|.*/devices/||'
	done
}
hops dgx-switch "0000:13:00.0 0000:16:00.0 0000:33:00.0" >paths
check "GPU 0 and its NIC are below one switch" test "$(head -n 2 paths | cut -d / -f 1-3 | sort -u | wc -l)" -eq 1
check "GPU 1's NIC is not" test "$(cut -d / -f 1-3 paths | sort -u | wc -l)" -eq 2
check "functions know their node" test "$(cat dgx-switch/sys/bus/pci/devices/0000:16:00.0/numa_node)" = 0

if command -v numactl >/dev/null && unshare -Urm true 2>/dev/null && [ -c /dev/fuse ]; then
	"$TOPOFS" run "$golden/memory-only.json" -- numactl -H >out 2>&1
	check "node 1 has no CPUs" grep -qx 'node 1 cpus:' out
	check "node 1 has memory" grep -qx 'node 1 size: 1024 MB' out
	"$TOPOFS" run "$golden/gb200-two.json" -- numactl -H >out 2>&1
	check "18 nodes" grep -q '^available: 18 nodes (0-17)' out
fi
