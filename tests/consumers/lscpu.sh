#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lscpu shows the examples' CPUs, caches and nodes; what the C library and Python count agrees.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires lscpu
. "$top_srcdir/tests/consumers/machines.sh"

# has FIELD VALUE: the last lscpu said so.
has() {
	equal "$machine: $1" "$2" "$(awk -v field="$1:" '{ sub(/^ +/, "") } index($0, field) == 1 {
		sub(/^[^:]*: */, ""); print }' "$machine.lscpu")"
}

lscpu_of() {
	machine=$1
	shown "$machine.lscpu" "$machine" lscpu
}

# caches LINE...: name, size of one, how many, ways and sets of each
caches() {
	printf '%s\n' "$@" >expected
	on "$machine" lscpu -B -C=NAME,ONE-SIZE,ALL-SIZE,WAYS,SETS |
		awk 'NR > 1 { print $1, $2 / 1024 "K", $3 / $2, $4, $5 }' >found
	same expected found
}

lscpu_of dgx-h100
has "CPU(s)" 224
has "On-line CPU(s) list" 0-223
has "Socket(s)" 2
has "Core(s) per socket" 56
has "Thread(s) per core" 2
has "Vendor ID" GenuineIntel
has "Model name" "Intel(R) Xeon(R) Platinum 8480C"
has "CPU family" 6
has "Model" 143
has "Stepping" 8
has "BogoMIPS" 4000.00
has "CPU max MHz" 3800.0000
has "CPU min MHz" 800.0000
caches "L1d 48K 112 12 64" "L1i 32K 112 8 64" "L2 2048K 112 16 2048" "L3 107520K 2 15 114688"
has "NUMA node(s)" 2
has "NUMA node0 CPU(s)" 0-55,112-167
has "NUMA node1 CPU(s)" 56-111,168-223
check "flags" grep -q '^ *Flags: .* avx512f .* amx_tile' dgx-h100.lscpu
equal "node, socket and core of CPU 167" "167,1,0,55" "$(on dgx-h100 lscpu -p=CPU,ONLINE,SOCKET,CORE |
	sed -n 's/,Y,/,1,/; /^167,/p')"

lscpu_of xeon-e7-8895v2-8s
has "CPU(s)" 240
has "Socket(s)" 8
has "Core(s) per socket" 15
has "Thread(s) per core" 2
has "Vendor ID" GenuineIntel
has "CPU family" 6
has "Model" 62
has "Stepping" 7
has "Model name" "Intel(R) Xeon(R) CPU E7-8895 v2 @ 2.80GHz"
has "NUMA node(s)" 8
for node in 0 1 2 3 4 5 6 7; do
	first=$((15 * node))
	has "NUMA node$node CPU(s)" "$first-$((first + 14)),$((first + 120))-$((first + 134))"
done
caches "L1d 32K 120 8 64" "L1i 32K 120 8 64" "L2 256K 120 8 512" "L3 38400K 8 20 30720"

lscpu_of gb200-tray
has "CPU(s)" 144
has "Socket(s)" 2
has "Core(s) per socket" 72
has "Thread(s) per core" 1
has "Vendor ID" ARM
check "Neoverse-V2, or its number to an lscpu that does not know it" \
	grep -Eq '^ *Model name: +(Neoverse-V2|0xd4f)$' gb200-tray.lscpu
caches "L1d 64K 144 4 256" "L1i 64K 144 4 256" "L2 1024K 144 8 2048" "L3 116736K 2 12 155648"
has "NUMA node(s)" 34
has "NUMA node1 CPU(s)" 72-143
has "NUMA node33 CPU(s)" ""

# The same counts, as the C library and Python make them.
equal "getconf _NPROCESSORS_CONF" 224 "$(on dgx-h100 getconf _NPROCESSORS_CONF)"
equal "getconf _NPROCESSORS_ONLN" 224 "$(on dgx-h100 getconf _NPROCESSORS_ONLN)"
equal "/proc/cpuinfo" 224 "$(on dgx-h100 grep -c '^processor' /proc/cpuinfo)"
equal "/proc/stat" 224 "$(on dgx-h100 grep -c '^cpu[0-9]' /proc/stat)"
if command -v python3 >/dev/null; then
	equal "os.cpu_count()" 224 "$(on dgx-h100 python3 -c 'import os; print(os.cpu_count())')"
fi

on_mount dgx-h100
lscpu -s mnt -p=CPU,SOCKET,NODE >prefixed
on dgx-h100 lscpu -p=CPU,SOCKET,NODE >bound
same bound prefixed
