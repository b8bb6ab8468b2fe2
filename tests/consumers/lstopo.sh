#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lstopo shows CPUs, caches, nodes, every GPU and NIC below its switch with its link, and nothing of the real machine.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires lstopo-no-graphics
requires_python xml.etree.ElementTree
. "$top_srcdir/tests/consumers/machines.sh"

# Counts, and a line each for caches, nodes, PCI functions with their link in GB/s, and devices; no part of it depends
# on where lstopo ran.
cat >facts.py <<'PY'
import collections, sys
import xml.etree.ElementTree as ET

lines = []
caches = collections.Counter()
count = collections.Counter()

def walk(o, above):
    kind = o.get("type")
    count[kind] += 1
    if kind.startswith("L") and kind.endswith("Cache"):
        caches["%s %dK" % (kind, int(o.get("cache_size")) / 1024)] += 1
    if kind == "NUMANode":
        lines.append("node %s %s %d kB" % (o.get("os_index"), o.get("cpuset"), int(o.get("local_memory", 0)) / 1024))
    if kind == "Bridge" and o.get("bridge_type") == "0-1":
        above = ["host"]
    elif kind in ("Bridge", "PCIDev"):
        ids = o.get("pci_type").split()
        lines.append("pci %s %s %s %.0f below %s" % (o.get("pci_busid"), ids[0], ids[1],
                     float(o.get("pci_link_speed", 0)), " ".join(above)))
        above = above + [o.get("pci_busid")]
    if kind == "OSDev":
        lines.append("device %s %s" % (o.get("name"), above[-1] if above else "-"))
    for child in o.findall("object"):
        walk(child, above)

walk(ET.parse(sys.argv[1]).getroot().find("object"), [])
for kind in ("Package", "Core", "PU", "NUMANode"):
    print(kind, count[kind])
for name in sorted(caches):
    print(name, caches[name])
print("\n".join(sorted(lines)))
PY

# facts_of MACHINE: as `topofs run` shows it, and as a mount does
facts_of() {
	machine=$1
	shown "$machine.xml" "$machine" lstopo-no-graphics --whole-io --of xml
	"$python" facts.py "$machine.xml" >"$machine.facts" || fail "its XML is not as expected"
	on_mount "$machine"
	HWLOC_FSROOT=$tmp/mnt lstopo-no-graphics --whole-io --of xml >mount.xml 2>err
	unmount mnt
	rmdir mnt
	cat err >&2
	check "nothing to say of the mount" test ! -s err
	"$python" facts.py mount.xml >mount.facts
	same "$machine.facts" mount.facts
}

shows() {
	check "$machine: $1" grep -qx "$1" "$machine.facts"
}

facts_of dgx-h100
for line in "Package 2" "Core 112" "PU 224" "NUMANode 2" "L1Cache 48K 112" "L1iCache 32K 112" "L2Cache 2048K 112" \
	"L3Cache 107520K 2" "node [01] .* 1073741824 kB"; do
	shows "$line"
done
gpu=0
while read -r root switch port nic lower lower_port bus; do
	gpu=$((gpu + 1))
	above="below host 0000:$root:01.0 0000:$switch:00.0"
	shows "pci 0000:$bus:00.0 0302 \[10de:2330\] 63 $above 0000:$port:01.0 0000:$lower:00.0 0000:$lower_port:00.0"
	shows "pci 0000:$nic:00.0 0207 \[15b3:1021\] 63 $above 0000:$port:00.0"
	shows "device card$gpu 0000:$bus:00.0"
	shows "device ibp$((0x$nic))s0 0000:$nic:00.0"
done <<'END'
15 16 17 18 19 1a 1b
3d 3e 3f 40 41 42 43
4c 4d 4e 4f 50 51 52
5b 5c 5d 5e 5f 60 61
97 98 99 9a 9b 9c 9d
bd be bf c0 c1 c2 c3
cb cc cd ce cf d0 d1
d9 da db dc dd de df
END
equal "as many functions as lspci lists" "$(on dgx-h100 find /sys/bus/pci/devices -name '*:*' | wc -l)" \
	"$(grep -c '^pci ' dgx-h100.facts)"
equal "RDMA devices" 12 "$(grep -c '^device mlx5_' dgx-h100.facts)"
equal "disks" 10 "$(grep -c '^device nvme[0-9]n1 ' dgx-h100.facts)"
shows "device nvme2n1 0000:1c:00.0"

# Nothing of the machine the test runs on: none of its interfaces, their addresses, its disks
for device in /sys/class/net/*/device /sys/class/block/*/device; do
	[ -e "$device" ] || continue
	device=${device%/device}
	printf '"%s"\n' "${device##*/}"
	cat "$device/address" 2>/dev/null
done >real
check "nothing of the real machine" sh -c '! grep -Ff real dgx-h100.xml'

facts_of xeon-e7-8895v2-8s
for line in "Package 8" "Core 120" "PU 240" "NUMANode 8" "L1Cache 32K 120" "L1iCache 32K 120" "L2Cache 256K 120" \
	"L3Cache 38400K 8"; do
	shows "$line"
done

# some versions leave the memory of GPUs out unless told so
HWLOC_KEEP_NVIDIA_GPU_NUMA_NODES=1
export HWLOC_KEEP_NVIDIA_GPU_NUMA_NODES
facts_of gb200-tray
for line in "Package 2" "Core 144" "PU 144" "NUMANode 34" "L3Cache 116736K 2" "node 2 .* 195035136 kB" \
	"node 33 .* 0 kB" "pci 0008:01:00.0 0302 \[10de:2941\] 63 below host 0008:00:00.0"; do
	shows "$line"
done
check "the GPUs' memory is known as such" grep -q 'GPUMemory' gb200-tray.xml

facts_of vm-small
for line in "Package 2" "PU 4" "NUMANode 2" "device enp4s1 0000:04:01.0"; do
	shows "$line"
done
