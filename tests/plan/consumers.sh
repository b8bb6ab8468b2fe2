#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs in a guest see exactly what was planned: lscpu, numactl, lstopo and NCCL's walk, in each guest of golden/.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires lscpu numactl lstopo-no-graphics
requires_python json xml.etree.ElementTree
needs_namespaces
needs_fuse
golden=$top_srcdir/tests/plan/golden
walk=$top_builddir/tests/consumers/nccl-walk
[ -x "$walk" ] || skip "$walk is not built"

# hwloc leaves out nodes that NVIDIA's driver tells of
HWLOC_KEEP_NVIDIA_GPU_NUMA_NODES=1
export HWLOC_KEEP_NVIDIA_GPU_NUMA_NODES
# shellcheck disable=SC2016
for guest in "$golden"/*.json; do
	name=$(basename "$guest" .json)
	mkdir "$name"
	"$TOPOFS" run "$guest" -- sh -c 'lscpu -p=CPU,CORE,SOCKET,NODE >$1/lscpu && numactl -H >$1/numactl &&
		lstopo-no-graphics --whole-io --of xml >$1/lstopo && "$2" >$1/walk' sh "$tmp/$name" "$walk" 2>err
	check "$name: the programs run: $(grep -v libkmod err)" test "$?" -eq 0
	"$python" "$top_srcdir/tests/plan/consumers.py" "$guest" "$name" >said
	check "$name: $(cat said)" test "$?" -eq 0
done

"$TOPOFS" run "$golden/rfc.json" -- lscpu >out
check "8 sockets" grep -qx 'Socket(s): *8' out
check "2 threads a core" grep -qx 'Thread(s) per core: *2' out
check "node 3" grep -qx 'NUMA node3 CPU(s): *3,11' out
