#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What NCCL finds on a DGX H100: every GPU and its NIC below one switch, with their full link, on the right node.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
nccl_walk=$top_builddir/tests/consumers/nccl-walk
[ -x "$nccl_walk" ] || skip "$nccl_walk is not built"
. "$top_srcdir/tests/consumers/machines.sh"

shown found dgx-h100 "$nccl_walk"

# Which NIC is which GPU's neighbour, by the user guide; GPU, NIC and their switch, buses in hexadecimal, and the node.
while read -r gpu nic above node; do
	case $node in
	0) cpus=00000000,000000ff,ffffffff,ffff0000,00000000,00ffffff,ffffffff ;;
	1) cpus=ffffffff,ffffff00,00000000,0000ffff,ffffffff,ff000000,00000000 ;;
	esac
	rest="switch=0000:$above:00.0 speed=32.0 GT/s PCIe width=16 numa=$node cpus=$cpus"
	echo "0000:$gpu:00.0 0x030200 $rest"
	echo "0000:$nic:00.0 0x020700 $rest"
done <<'PAIRS' | sort >expected
1b 18 16 0
43 40 3e 0
52 4f 4d 0
61 5e 5c 0
9d 9a 98 1
c3 c0 be 1
d1 ce cc 1
df dc da 1
PAIRS
grep 'switch=[^-]' found | sort >below
same expected below
equal "others: the two storage NICs, right below root ports" \
	"0000:29:00.0 0 0000:29:00.1 0 0000:aa:00.0 1 0000:aa:00.1 1 " \
	"$(sed -n 's/ .*switch=- .* numa=\([0-9]*\) .*/ \1/p' found | tr '\n' ' ')"
# shellcheck disable=SC2016
equal "NICs by name" "0000:18:00.0 0000:dc:00.0" "$(on dgx-h100 sh -c '
	for name in mlx5_0 mlx5_11; do
		basename "$(realpath /sys/class/infiniband/$name/device)"
	done | xargs')"
check "GPUDirect RDMA" on dgx-h100 test -e /sys/module/nvidia_peermem/version

shown tray gb200-tray "$nccl_walk"
equal "GPUs of a tray: no switch, the node of their Grace" \
	"0008:01:00.0 0 0009:01:00.0 0 0018:01:00.0 1 0019:01:00.0 1 " \
	"$(sed -n 's/ 0x030200 switch=- .* numa=\([0-9]*\) .*/ \1/p' tray | tr '\n' ' ')"

on_mount dgx-h100
"$nccl_walk" mnt >mounted
same found mounted
