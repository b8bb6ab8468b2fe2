#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# numactl --hardware shows the examples' nodes, memory and distances; numastat -m reads every node.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires numactl numastat
. "$top_srcdir/tests/consumers/machines.sh"

# What libnuma ought to print is worked out here from the facts alone: how far is node a from node b, which CPUs and how
# many MB has a node. "free" is left out; spaces are made single ones.
expected() {
	awk -v machine="$1" '
	function range(first, last,   text, i) {
		for (i = first; i <= last; i++)
			text = text " " i
		return text
	}
	function group(n) { return int((n - 2) / 8) }
	function near(gpu) { return int(gpu / 2) }
	function distance(a, b,   pair) {
		if (a == b)
			return 10
		if (machine == "dgx-h100")
			return 21
		if (machine == "xeon-e7-8895v2-8s") {
			pair = a < b ? a " " b : b " " a
			return index(",0 1,0 3,0 4,1 2,1 5,2 3,2 6,3 7,4 5,4 6,5 7,6 7,", "," pair ",") ? 21 : 31
		}
		if (a > 1 && b > 1)
			return group(a) == group(b) ? 11 : 40
		if (a > 1 || b > 1)
			return near(group(a > 1 ? a : b)) == (a > 1 ? b : a) ? 80 : 120
		return 40
	}
	function cpus(n) {
		if (machine == "dgx-h100")
			return range(56 * n, 56 * n + 55) range(112 + 56 * n, 167 + 56 * n)
		if (machine == "xeon-e7-8895v2-8s")
			return range(15 * n, 15 * n + 14) range(120 + 15 * n, 134 + 15 * n)
		return n < 2 ? range(72 * n, 72 * n + 71) : ""
	}
	function gigabytes(n) {
		if (machine == "dgx-h100")
			return 1024
		if (machine == "xeon-e7-8895v2-8s")
			return 256
		return n < 2 ? 480 : (n - 2) % 8 ? 0 : 186
	}
	BEGIN {
		nodes = machine == "dgx-h100" ? 2 : machine == "gb200-tray" ? 34 : 8
		print "available: " nodes " nodes (0-" nodes - 1 ")"
		for (a = 0; a < nodes; a++) {
			print "node " a " cpus:" cpus(a)
			print "node " a " size: " 1024 * gigabytes(a) " MB"
		}
		print "node distances:"
		print "node" range(0, nodes - 1)
		for (a = 0; a < nodes; a++) {
			row = a ":"
			for (b = 0; b < nodes; b++)
				row = row " " distance(a, b)
			print row
		}
	}'
}

for machine in dgx-h100 gb200-tray xeon-e7-8895v2-8s; do
	if on "$machine" numactl --hardware 2>&1 | grep -q 'Cannot parse cpumap'; then
		echo "left out: $machine has more CPUs than the masks of this kernel" >&2
		continue
	fi
	shown raw "$machine" numactl --hardware
	expected "$machine" >"$machine.expected"
	sed 's/  */ /g; s/^ //; s/ $//; /^node [0-9]* free:/d' raw >"$machine.found"
	same "$machine.expected" "$machine.found"
	shown "$machine.numastat" "$machine" numastat -m
	shown raw "$machine" numastat
done
equal "numastat's totals in MB" "1048576.00 1048576.00 2097152.00" \
	"$(awk '$1 == "MemTotal" { print $2, $3, $4 }' dgx-h100.numastat)"
