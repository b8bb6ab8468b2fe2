#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A part of a machine: what is left out is left out everywhere, and what remains is a machine that topofs takes.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# part NAME OPTION...: captures a part of $machine as NAME.json and its files as NAME
part() {
	part=$1
	shift
	"$TOPOFS" capture --root "$machine" -o "$part.json" "$@" 2>"$part.err" || fail "$*: $(cat "$part.err")"
	"$TOPOFS" check "$part.json" 2>"$part.err" || fail "$*: $(cat "$part.err")"
	rm -rf "$part"
	"$TOPOFS" render -o "$part" "$part.json"
	"$TOPOFS" capture --root "$part" 2>/dev/null >again.json || fail "$*: its files cannot be captured"
	rm -rf again
	"$TOPOFS" render -o again again.json
	check "$machine $*: the files again" diff -r --no-dereference "$part" again
}

# has FILE TEXT: the part's file has this text
has() {
	check "$part: $1 is $2" test "$(cat "$part/sys/$1")" = "$2"
}

# functions N: so many are there, and no other place knows of more
functions() {
	check "$part: $1 functions" test "$(find "$part/sys/bus/pci/devices" -type l | wc -l)" -eq "$1"
	check "$part: no link leads nowhere" test -z "$(find "$part" -xtype l ! -path '*/module' | head -n 3)"
}

# --- PCI ---------------------------------------------------------------------------------------------------

machine=dgx
"$TOPOFS" render -o dgx "$top_srcdir/examples/dgx-h100.json" || fail "cannot render"
part gpus --pci gpu
functions 48
check "no network interface" test -z "$(ls gpus/sys/class/net)"
check "no NVMe" test -z "$(ls gpus/sys/block)"
has bus/pci/devices/0000:1b:00.0/current_link_speed "32.0 GT/s PCIe"
has bus/pci/devices/0000:1a:00.0/current_link_speed "32.0 GT/s PCIe"
has devices/system/cpu/online 0-223
part nics --pci nic,nvme
check "no GPU" sh -c '! grep -q 0x0302 nics/sys/bus/pci/devices/*/class'
part switches --pci nvswitch
check "NVSwitches and what is above them" test "$(grep -l 0x0680 switches/sys/bus/pci/devices/*/class | wc -l)" -eq 4
part all --pci all
part one --devices 0000:1b:00.0,18:00.0
functions 8
check "class devices of these only" test "$(ls one/sys/class/infiniband)" = mlx5_0
part later --devices 40:00.0
has class/infiniband_verbs/uverbs3/ibdev mlx5_3
has class/infiniband_verbs/uverbs3/dev 231:195
part nothing --pci nvme --devices 0000:1b:00.0 --cpus 0-3,112-115 --nodes 0
has devices/system/cpu/online 0-3,112-115
has devices/system/cpu/cpu2/topology/package_cpus_list 0-3,112-115
has devices/system/cpu/cpu2/cache/index3/shared_cpu_list 0-3,112-115
has devices/system/node/online 0
has devices/system/node/node0/distance 10
has devices/system/node/node0/cpulist 0-3,112-115
has bus/pci/devices/0000:1b:00.0/local_cpulist 0-3,112-115

# --- CPUs and nodes ----------------------------------------------------------------------------------------

part upper --cpus 57-58
has devices/system/cpu/possible 57-58
has devices/system/cpu/cpu58/topology/physical_package_id 1
has devices/system/cpu/cpu58/topology/core_id 2
has devices/system/node/node0/cpulist ""
has devices/system/node/node1/cpulist 57-58
check "one CPU after the other" test "$(echo upper/sys/devices/system/cpu/cpu[0-9]*)" = \
	"upper/sys/devices/system/cpu/cpu57 upper/sys/devices/system/cpu/cpu58"
part second --nodes 1
has devices/system/cpu/online 56-111,168-223
has devices/system/node/possible 1
has bus/pci/devices/0000:1b:00.0/numa_node -1

# --- every member ------------------------------------------------------------------------------------------

machine=everything
"$TOPOFS" render -o everything "$top_srcdir/tests/topologies/everything.json" || fail "cannot render"
mkdir -p everything/sys/devices/system/cpu/cpu1/odd everything/sys/devices/system/cpu/cpu5/odd
echo 1 >everything/sys/devices/system/cpu/cpu1/odd/file
echo 5 >everything/sys/devices/system/cpu/cpu5/odd/file
echo 0-8 >everything/sys/devices/system/cpu/present
printf 'processor\t: 5\nmodel name\t: five\n\n' >everything/proc/cpuinfo
for scope in '--cpus 0-3' '--cpus 6' '--nodes 0' '--nodes 2,8-9' '--pci gpu' '--pci nic' '--pci nvme --nodes 2' \
	'--devices 0000:06:00.1' '--devices 10000:01:00.0 --cpus 4' '--pci bridge --cpus 0,5'; do
	# shellcheck disable=SC2086
	part part $scope
done
part low --cpus 0-3
check "files of CPUs that stay" test -f low/sys/devices/system/cpu/cpu1/odd/file
check "files of CPUs that do not" test ! -e low/sys/devices/system/cpu/cpu5
check "cpuinfo tells of no other" sh -c '! grep -q five low/proc/cpuinfo'
has devices/system/cpu/present 0-3
part vf --devices 0000:06:00.1
check "its physical function is not there" test ! -e vf/sys/bus/pci/devices/0000:06:00.1/physfn
part vmd --devices 10000:01:00.0
check "what its host bridge stands behind" test -d vmd/sys/bus/pci/devices/0002:00:01.0
part disks --pci nvme
check "a node whose device is not there" test ! -e disks/sys/devices/system/node/node8
part kept --pci nvme --nodes 0,8
check "unless it is asked for" test -d kept/sys/devices/system/node/node8

# --- what makes no sense -----------------------------------------------------------------------------------

# refuses STATUS MESSAGE OPTION...
refuses() {
	status=$1 message=$2
	shift 2
	[ "$status" -eq 1 ] || message="$message (try topofs capture --help)"
	check_status "$status" "$*" "$TOPOFS" capture --root dgx -o refused.json "$@" 2>refused
	echo "topofs: $message" | diff - refused >&2 || fail "$*: another message"
	check "$*: nothing is written" test ! -e refused.json
}
refuses 2 '--pci: there is no class "gpus", only gpu, nic, bridge, nvswitch, nvme, all' --pci nic,gpus
refuses 2 '--pci: there is no class "", only gpu, nic, bridge, nvswitch, nvme, all' --pci gpu,
refuses 1 '--devices: there is no function 0000:ff:00.0' --devices 0000:ff:00.0
refuses 2 '--devices: "01.0": expected a PCI address such as "0000:3b:00.0"' --devices 01.0
refuses 1 '--cpus: there is no CPU 224' --cpus 0-224
refuses 1 '--nodes: there is no node 2' --nodes 0,2
refuses 1 '--cpus: no CPU that is online is left' --cpus ''
