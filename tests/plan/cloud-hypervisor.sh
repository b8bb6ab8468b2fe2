#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command lines of Cloud Hypervisor for planned guests are as in tests/plan/golden and words of a shell; what it
# cannot make is refused.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
golden=$top_srcdir/tests/plan/golden

# guest NAME HOST ARGUMENT...
guest() {
	name=$1
	shift
	check "topofs plan $*" "$TOPOFS" plan "$@" --numbering packed -o "$name.json"
	check "$name is written" "$TOPOFS" convert --to cloud-hypervisor "$name.json" -o "$name.cloud-hypervisor"
	same "$golden/$name.cloud-hypervisor" "$name.cloud-hypervisor"
}

guest ch-rfc xeon-e7-8895v2-8s --vcpus 16 --memory 64G
guest ch-dgx dgx-h100 --vcpus 32 --memory 64G --devices gpu,nic
guest ch-root dgx-h100 --vcpus 8 --memory 8G --devices 0000:1b:00.0,0000:9d:00.0 --group root
guest ch-gb200 gb200-tray --vcpus 16 --memory 64G --devices 0008:01:00.0,0018:01:00.0
guest ch-one xeon-e7-8895v2-8s --vcpus 2 --memory 2G --nodes 3

# each function is below the node that stands for its own
check "a shell takes it" sh -c "$(sed 's/^cloud-hypervisor/printf "%s\\n"/' ch-dgx.cloud-hypervisor)" >words
check "two nodes" test "$(grep -c '^guest_numa_id=' words)" -eq 2
check "node 1 has its segment" grep -q '^guest_numa_id=1,.*,pci_segments=2$' words
check "a GPU of node 1 is on it" grep -q '^path=/sys/bus/pci/devices/0000:9d:00.0/,id=dev[0-9]*,pci_segment=2$' words
check "there are three" grep -qx num_pci_segments=3 words

# refused MESSAGE < FILE
refused() {
	cat >guest.json
	check_status 1 "$1" "$TOPOFS" convert --force --to cloud-hypervisor guest.json -o none 2>err
	check "$1: $(cat err)" test "$(cat err)" = "topofs: guest.json: $1"
	check "$1: nothing is written" test ! -e none
}
refused 'cpu 1: Cloud Hypervisor numbers CPUs core after core and package after package: plan with --numbering packed' <"$golden/rfc.json"
"$TOPOFS" plan dgx-h100 --vcpus 8 --memory 8G --devices 0000:1b:00.0 --group switch --numbering packed -o switch.json
refused 'pci 0000:11:00.0: Cloud Hypervisor has no switches: plan with --group node or root' <switch.json
"$TOPOFS" plan cxl-expander --vcpus 8 --memory 6G --nodes 0-2 --numbering packed -o reached.json
sed 's/"nodes": \[$/&/; s/"memory": "2G"/&, "access": [ { "initiators": 0, "read_latency": 5 } ]/' reached.json >hmat.json
refused 'node 0: Cloud Hypervisor does not tell how well memory is reached (HMAT)' <hmat.json

cpu='"cpu": { "packages": [ { "cpus": "0-1", "cores": 2 } ] }'
node='{ "cpus": "0-1", "memory": "1G" }'
refused 'cpu.arch: Cloud Hypervisor has x86_64 and aarch64, not ppc64le' <<END
{ "topofs": 1, "cpu": { "arch": "ppc64le", "packages": [ { "cpus": "0-1" } ] }, "memory": "1G" }
END
refused 'cpu: Cloud Hypervisor has no clusters' <<END
{ "topofs": 1, "cpu": { "packages": [ { "cpus": "0-1", "clusters": [ { "cpus": "0" }, { "cpus": "1" } ] } ] }, "memory": "1G" }
END
refused 'memory: a guest has some' <<END
{ "topofs": 1, $cpu }
END
refused 'node 1: Cloud Hypervisor has nodes with CPUs, memory or a device, and this has none' <<END
{ "topofs": 1, $cpu, "nodes": [ $node, { } ] }
END
refused 'node 0: a distance to itself is 10, and to others 10 to 255' <<END
{ "topofs": 1, $cpu, "nodes": [ { "cpus": "0-1", "memory": "1G", "distances": [11] } ] }
END
refused 'node 0: Cloud Hypervisor binds memory to one node of the host, and this is of several' <<END
{ "topofs": 1, $cpu, "nodes": [ $node ], "plan": { "host": "h", "nodes": [ { "nodes": "0", "host": "0-1" } ] } }
END
gpu='"id": "10de:2330", "class": "0302"'
refused 'pci 0000:00:03.0: no plan says which of the host'"'"'s functions it is' <<END
{ "topofs": 1, $cpu, "nodes": [ $node ], "pci": [ { "root": "00", "devices": [ { "at": "03.0", $gpu } ] } ] }
END
plan='"plan": { "host": "h", "devices": [ { "at": "0000:00:03.0", "host": "0000:3b:00.0" } ] }'
refused 'pci 0000:00:03.0: it is on no node, and Cloud Hypervisor has its bus on node 0' <<END
{ "topofs": 1, $cpu, "nodes": [ $node, { "memory": "1G" } ], "pci": [ { "root": "00", "devices": [ { "at": "03.0", $gpu } ] } ], $plan }
END
refused 'pci 0000:00:03.0: Cloud Hypervisor has the first bus on node 0' <<END
{ "topofs": 1, $cpu, "nodes": [ $node, { "memory": "1G" } ], "pci": [ { "root": "00", "node": 1, "devices": [ { "at": "03.0", $gpu } ] } ], $plan }
END
refused 'node 1: its device is none of those that the guest is given' <<END
{ "topofs": 1, $cpu, "nodes": [ $node, { "device": "0000:00:00.0", "memory": "1G" } ],
  "pci": [ { "root": "00", "devices": [ { "at": "00.0", "id": "8086:29c0", "class": "0600" } ] } ] }
END
roots=$(for n in $(seq 1 97); do printf '{ "root": "%04x:00" }, ' "$n"; done | sed 's/, $//')
refused 'pci: Cloud Hypervisor has at most 96 PCI segments, and there are 97 host bridges' <<END
{ "topofs": 1, $cpu, "nodes": [ $node ], "pci": [ $roots ] }
END
devices=$(for n in $(seq 0 29); do printf '{ "at": "%02x.0", %s }, ' "$n" "$gpu"; done | sed 's/, $//')
given=$(for n in $(seq 0 29); do printf '{ "at": "0000:00:%02x.0", "host": "0000:3b:%02x.0" }, ' "$n" "$n"; done | sed 's/, $//')
refused 'pci 0000:00:1d.0: a segment of Cloud Hypervisor has 31 places, and the first 29' <<END
{ "topofs": 1, $cpu, "nodes": [ $node ], "pci": [ { "root": "00", "devices": [ $devices ] } ], "plan": { "host": "h", "devices": [ $given ] } }
END
