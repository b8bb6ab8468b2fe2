#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Generated machines have what was asked for, as programs see it, and nothing that checking would warn of.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# generate NAME WORD...
generate() {
	name=$1
	shift
	check "topofs generate $*" "$TOPOFS" generate -o "$name.json" "$@"
}

# has NAME WORD=NUMBER...: the machine NAME has so many, by its files
has() {
	name=$1
	shift
	rm -rf files
	"$TOPOFS" render -o files "$name.json"
	cpus='files/sys/devices/system/cpu/cpu[0-9]*'
	for word; do
		# shellcheck disable=SC2086
		case $word in
		packages=*) n=$(cat $cpus/topology/physical_package_id | sort -u | wc -l) ;;
		cores=*) n=$(cat $cpus/topology/core_cpus | sort -u | wc -l) ;;
		threads=*) n=$(tr , '\n' <files/sys/devices/system/cpu/cpu0/topology/core_cpus_list | wc -l) ;;
		nodes=*) n=$(find files/sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' | wc -l) ;;
		pci=*) n=$(find files/sys/bus/pci/devices -type l | wc -l) ;;
		esac
		check "$name: $word, found $n" test "$n" -eq "${word#*=}"
	done
}

# quiet NAME: not even a warning
quiet() {
	check_status 0 "$1: checked" "$TOPOFS" check --strict "$1.json" >out 2>&1
	check "$1: nothing odd: $(cat out)" test ! -s out
}

for words in "packages=1" "packages=2 cores=16 threads=2 nodes=4 pci=200" "packages=4 nodes=1 cores=12 threads=2" \
	"nodes=64 packages=8 cores=64 pci=64" "nodes=2 pci=1" "nodes=3 pci=40" "pci=600"; do
	# shellcheck disable=SC2086
	generate machine $words
	# shellcheck disable=SC2086
	has machine $words
	quiet machine
done
has machine packages=1 nodes=1 cores=8 threads=1

# every number of functions comes out exactly, and all have a place of their own
for n in 2 3 4 11 12 13 14 45 46 47 90 91; do
	generate functions "pci=$n"
	has functions "pci=$n"
	quiet functions
done

generate large packages=2 cores=16 threads=2 nodes=4 pci=200
has large packages=2
check "as many functions on each node" test "$(cat files/sys/bus/pci/devices/*/numa_node | sort | uniq -c |
	awk '{ printf "%s:%s ", $2, $1 }')" = "0:50 1:50 2:50 3:50 "
check "with GPUs, network interfaces, verbs devices and disks" \
	test -e files/sys/class/drm/card0 -a -e files/sys/class/net/eth0 -a -e files/sys/class/infiniband/mlx5_0 -a \
	-e files/sys/class/nvme/nvme0
check "two host bridges for each node, in two domains" test "$(find files/sys/devices -maxdepth 1 -name 'pci000[01]:*' | wc -l)" -eq 8
check "nodes of a package are near" grep -qx '10 12 20 20' files/sys/devices/system/node/node0/distance
check "an L3 for each node" grep -qx 0-3,16-19 files/sys/devices/system/cpu/cpu0/cache/index3/shared_cpu_list
if command -v lscpu >/dev/null; then
	lscpu --sysroot "$PWD/files" | sed 's/^ *//' | tr -s ' ' >lscpu.out
	for line in "CPU(s): 32" "Thread(s) per core: 2" "Core(s) per socket: 8" "Socket(s): 2" "NUMA node(s): 4" \
		"NUMA node1 CPU(s): 4-7,20-23"; do
		check "lscpu says $line" grep -qxF "$line" lscpu.out
	done
fi

if command -v numactl >/dev/null && "$TOPOFS" run large.json -- true 2>/dev/null; then
	"$TOPOFS" run large.json -- numactl -H | sed 's/ *$//' >numactl.out
	for line in "available: 4 nodes (0-3)" "node 3 cpus: 12 13 14 15 28 29 30 31" "node 3 size: 65536 MB" \
		"3:  20  20  12  10"; do
		check "numactl -H says $line" grep -qF "$line" numactl.out
	done
fi

# the short form: what is written is read and written alike, packages stay one line
check "one line a package" test "$(grep -c '"cores": 8' large.json)" -eq 2
"$TOPOFS" generate pci=200 nodes=4 threads=2 cores=16 packages=2 >other.json
check "standard output, words in any order" cmp large.json other.json

# misused MESSAGE WORD...
misused() {
	message=$1
	shift
	check_status 2 "topofs generate $*" "$TOPOFS" generate -o none.json "$@" 2>err
	check "topofs generate $*: $(cat err)" test "$(cat err)" = "topofs: $message (try topofs generate --help)"
	check "topofs generate $*: no file" test ! -e none.json
}
misused 'WORD=NUMBER... is missing'
misused 'nodez=3: unknown word, did you mean "nodes"?' nodez=3
misused 'frobnicators=3: unknown word' frobnicators=3
misused '=3: unknown word' =3
misused 'cores: expected a number, such as cores=8' cores
misused 'cores=: expected a number, such as cores=8' cores=
misused 'cores=-4: expected a number, such as cores=8' cores=-4
misused 'cores=4x: expected a number, such as cores=8' cores=4x
misused 'cores=4: cores is there already' cores=4 cores=4
misused 'packages=0: at least 1' packages=0
misused 'threads=0: at least 1' threads=0
misused 'threads=9: at most 8' threads=9
misused 'nodes=1025: at most 1024' nodes=1025
misused 'pci=200001: at most 200000' pci=200001
misused 'pci=99999999999999999999: at most 200000' pci=99999999999999999999
misused 'nodes=3: they do not divide into 2 packages' packages=2 nodes=3
misused 'cores=5: they do not divide into 2 packages' packages=2 cores=5
misused 'cores=32: they do not divide into 64 nodes' nodes=64 cores=32
misused 'cores=8192: with threads=2 these are more than 8192 CPUs' cores=8192 threads=2
