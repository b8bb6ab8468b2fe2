#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Command lines of QEMU are read as QEMU takes them: those of plans come back as they were, however they are spelt, what is
# not said is QEMU's default, and what cannot be understood is refused where it stands.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# --- plans come back ------------------------------------------------------------------------------------

# What a command line does not say: caches and names of CPUs, what the host's functions are, and what drivers make of
# them. Left are CPUs, nodes, distances, places, ports, slots, and which function of the host is which.
cat >unsaid <<'END'
^(cpu info|cpu vulnerabilities|modules) .*
^L[123] (data |instruction )?caches? of CPUs? [0-9,-]+: gone$
^kind of CPUs [0-9-]+: gone$
^(net|infiniband|drm) [a-z0-9_]+: gone$
^pci [0-9a-f:.]+: (id|subsystem|class|revision|link|max_link|bars|bars\[[0-9]\]|rom|driver) .* -> 
^plan: host .* -> none$
^plan cpus [0-9,-]+: gone$
END
cat >unsaid-emulated <<'END'
^plan (nodes|devices) [0-9a-f:.-]+: gone$
END

# how much memory a device brings, and where from
cat >unsaid-device <<'END'
^node [0-9]+: memory [0-9]+G -> 0$
^plan nodes [0-9]+: gone$
END

# comes_back FORMAT NAME: what was planned as NAME.json, in that format
comes_back() {
	"$TOPOFS" convert --to "$1" "$2.json" -o line || fail "$2 as $1"
	check "$2: $1 is read" "$TOPOFS" convert --from qemu line -o back.json
	cat unsaid >patterns
	[ "$1" = qemu ] || cat unsaid-emulated >>patterns
	[ "$2" != gb200-two ] || cat unsaid-device >>patterns
	"$TOPOFS" diff "$2.json" back.json | grep -Ev -f patterns >lost
	check "$2: nothing is lost in $1: $(head -n 3 lost)" test ! -s lost
	# room for 64-bit registers follows from those of the host's functions
	grep -v '^ *-global .*hole64' line >expected
	"$TOPOFS" convert --to "$1" back.json -o again
	check "$2: the same $1 again" diff -u expected again
}

cat >odd.json <<'END'
{ "topofs": 1, "name": "odd", "cpu": { "packages": [ { "cpus": "0-1" } ] },
  "nodes": [ { "cpus": "0-1", "memory": "2G", "distances": [10, 20, 10] }, { "memory": "1G", "distances": [30, 10, 17] },
             { "memory": "1G", "distances": [10, 17, 10] } ] }
END

# plan NAME HOST ARGUMENT...
plan() {
	name=$1
	shift
	"$TOPOFS" plan "$@" --numbering packed -o "$name.json" 2>err || fail "topofs plan $*: $(cat err)"
	comes_back qemu "$name"
	# nodes of a device that is emulated are not there
	[ "$name" = gb200-two ] || comes_back qemu-emulated "$name"
}
plan rfc xeon-e7-8895v2-8s --vcpus 16 --memory 64G
plan uneven xeon-e7-8895v2-8s --vcpus 10 --memory 9G --nodes 0-2
plan dgx-node dgx-h100 --vcpus 32 --memory 64G --devices gpu,nic
plan dgx-root dgx-h100 --vcpus 32 --memory 64G --devices gpu,nic --group root
plan dgx-switch dgx-h100 --vcpus 32 --memory 64G --devices gpu,nic --group switch
plan gb200-two gb200-tray --vcpus 16 --memory 64G --devices 0008:01:00.0,0018:01:00.0
plan memory-only odd.json --vcpus 2 --memory 2G --nodes 0,1
plan distances odd.json --vcpus 2 --memory 3G --nodes 0-2
plan fallback dgx-h100 --vcpus 4 --memory 8G --nodes 0 --devices gpu --best-effort

# --- however it is spelt --------------------------------------------------------------------------------

"$TOPOFS" convert --to qemu dgx-switch.json -o plain
"$TOPOFS" convert --from qemu plain -o plain.json
# alike DESCRIPTION < COMMAND
alike() {
	cat >spelt
	check "$1 is read" "$TOPOFS" convert --from qemu spelt -o spelt.json
	check "$1 is the same" cmp plain.json spelt.json
}
tr -d '\\\n' <plain | alike "one line"
sed "s/-device \(.*[^ \\]\)\( *\\\\*\)\$/-device '\1'\2/" plain | alike "quoted with apostrophes"
sed 's/-device \(.*[^ \\]\)\( *\\*\)$/-device "\1"\2/' plain | alike "quoted"
sed 's/ -/ --/' plain | alike "two dashes"
sed 's/-machine q35/-M pc-q35-7.2/' plain | alike "a version of the machine"
sed 's|^qemu|/usr/bin/qemu|; 1i # a comment\nset -e' plain | alike "a script"
sed '1s/$/\r/; s/\\\r*$/\\/' plain | alike "some other line end"
cat >libvirt.py <<'END'
import json, shlex, sys
words = shlex.split(sys.stdin.read().replace("\\\n", " "))
print("2026-01-01 00:00:00.000+0000: starting up libvirt version: 9.0.0, qemu version: 7.2.0, kernel: 6.1.0")
lines = ["LC_ALL=C", "HOME='/var/lib/x'", "XDG_DATA_HOME=/var/lib", "/usr/bin/" + words.pop(0)]
while words:
    option, value = words.pop(0), words.pop(0) if words and words[0][0] != "-" else ""
    if option in ("-device", "-object"):
        first, *rest = value.split(",")
        said = {"driver" if option == "-device" else "qom-type": first}
        for key, _, text in (pair.partition("=") for pair in rest):
            said[key] = [int(text)] if key == "host-nodes" else int(text) if text.isdigit() and key == "chassis" else \
                text == "on" if key == "multifunction" else text
        value = json.dumps(said, separators=(",", ":"))
    lines.append(option + (" " + shlex.quote(value) if value else ""))
print(" \\\n".join(lines))
print("char device redirected to /dev/pts/1 (label charserial0)")
END
requires_python json
"$python" libvirt.py <plain >log
alike "libvirt's log" <log
check "which has JSON" grep -q '{"driver":"vfio-pci","id":"dev0","host":"0000:18:00.0"' log

# tells COMMAND PATH TEXT: what is served of it, recognized by its looks
tells() {
	echo "$1" >line
	check "$1: $2 is $("$TOPOFS" render line "$2" 2>&1), expected $3" test "$("$TOPOFS" render line "$2" 2>&1)" = "$3"
}
q35="qemu-system-x86_64 -nodefaults -machine q35"
cpu=/sys/devices/system/cpu node=/sys/devices/system/node pci=/sys/bus/pci/devices
tells "$q35" $cpu/possible 0
tells "$q35" $node/online 0
tells "$q35 -smp 4,maxcpus=6" $cpu/possible 0-5
tells "$q35 -smp 4,maxcpus=6" $cpu/present 0-3
tells "$q35 -smp 8" $cpu/cpu7/topology/package_cpus_list 0-7
tells "${q35%q35}pc-q35-6.1 -smp 8" $cpu/cpu7/topology/package_cpus_list 7
tells "$q35 -smp 8,sockets=2" $cpu/cpu5/topology/core_id 1
tells "$q35 -smp 8,sockets=2,threads=2" $cpu/cpu5/topology/thread_siblings_list 4-5
tells "$q35 -smp 8 -smp dies=2" $cpu/cpu5/topology/die_cpus_list 4-7
tells "$q35 -m 1G -smp 2,sockets=2 -numa node,mem=512 -numa node,mem=512M" $node/node1/cpulist 1
tells "$q35 -m 1G -smp 3 -numa node,mem=1G,cpus=0 -numa node,cpus=1" $node/node0/cpulist 0,2
tells "$q35 -m 1G -smp 4,threads=2 -numa node,mem=1G -numa node -numa cpu,node-id=1,core-id=1 -numa cpu,node-id=0,core-id=0" $node/node1/cpulist 2-3
tells "$q35 -m 1G -numa node,mem=1G,cpus=0 -numa node" $node/online 0
tells "$q35 -m 1G -numa node,mem=512M,cpus=0 -numa node,mem=512M -numa dist,src=0,dst=1,val=30" $node/node1/distance "30 10"
tells "$q35 -device virtio-net-pci,addr=4" $pci/0000:00:04.0/device 0x1000
tells "$q35 -device virtio-net-pci,disable-legacy=on" $pci/0000:00:01.0/device 0x1041
tells "$q35 -device pcie-root-port,id=a -device virtio-net-pci,bus=a" $pci/0000:01:00.0/device 0x1041
tells "$q35 -device pcie-root-port,id=a,x-speed=8,x-width=4" $pci/0000:00:01.0/max_link_width 4
tells "$q35 -device vfio-pci,host=3b:00.0,addr=0x5.0x0" $pci/0000:00:05.0/vendor 0x0000
tells "${q35% *} q35 -device e1000e -device usb-kbd,bus=xhci.0 -foo bar disk.img" $pci/0000:00:01.0/class 0x020000
tells "qemu-system-x86_64 -machine q35" $pci/0000:00:01.0/class 0x030000
tells "qemu-system-x86_64 -machine q35" $pci/0000:00:02.0/device 0x10d3
hmat="$q35,hmat=on -m 1G -numa node,mem=512M,cpus=0 -numa node,mem=512M,initiator=0"
lb=-numa\ hmat-lb,initiator=0,target=1,hierarchy=memory
tells "$hmat $lb,data-type=read-latency,latency=9" $node/node1/access1/initiators/read_latency 9
tells "$hmat $lb,data-type=access-bandwidth,bandwidth=2G" $node/node1/access0/initiators/write_bandwidth 2048
tells "$hmat -numa hmat-cache,node-id=1,size=10K,level=1,associativity=direct,policy=write-back,line=8" \
	$node/node1/memory_side_cache/index1/size 10240
echo "$q35 -name 'guest=a,,b' -object memory-backend-file,id=m,size=128M,mem-path=/a,,b -numa node,memdev=m" >line
check "a doubled comma is one" test "$("$TOPOFS" convert line | grep -o '"name": "[^"]*"')" = '"name": "a,b"'

# --- machines come back ---------------------------------------------------------------------------------

# returns COMMAND: the machine it makes is written as a command that makes the same
returns() {
	echo "$1" >line
	check "$1 is read" "$TOPOFS" convert --from qemu line -o first.json
	check "$1 is written" "$TOPOFS" convert --to qemu first.json -o again
	check "its own is read" "$TOPOFS" convert --from qemu again -o second.json
	check "$1 comes back" diff -u first.json second.json
}
returns "$q35 -cpu host -m 1G -smp 16,sockets=2,dies=2,cores=2,threads=2"
returns "$q35 -cpu host -m 1G -smp 4,maxcpus=8,sockets=2,dies=2,cores=2"
returns "qemu-system-aarch64 -machine virt -nodefaults -cpu host -m 1G -smp 8,sockets=1,clusters=2,cores=2,threads=2"

# not_written MESSAGE PROGRAM: of a machine in first.json that the program changes, no command is written
not_written() {
	sed "$2" first.json >changed.json
	check_status 1 "$1" "$TOPOFS" convert --force --to qemu changed.json -o none 2>err
	check "$(cat err)" test "$(cat err)" = "topofs: changed.json: $1"
	check "nothing is written" test ! -e none
}
not_written "cpu: QEMU's q35 has no clusters" 's/"arch": "aarch64"/"arch": "x86_64"/'
echo "$q35 -m 1G -smp 4,maxcpus=8,sockets=2" >line
"$TOPOFS" convert --from qemu line -o first.json
not_written 'cpu.possible: a guest can get whole packages more, numbered on' 's/"possible": "0-7"/"possible": "0-6"/'
echo "$hmat" >line
"$TOPOFS" convert --from qemu line -o first.json
not_written 'node 0: how well memory is reached (HMAT) is not written for QEMU; libvirt can be told' ''
echo '{ "topofs": 1, "cpu": { "packages": [ { "cpus": "0-1", "cores": [ { "ids": "4", "cpus": "0" }, { "ids": "9", "cpus": "1" } ] } ] }, "memory": "1G" }' >first.json
not_written 'cpu 0: QEMU would number its core 0' ''

# --- what is refused ------------------------------------------------------------------------------------

# refused MESSAGE COMMAND: the place is that of the option in the command
refused() {
	echo "$2" >bad
	check_status 1 "$2" "$TOPOFS" convert --from qemu bad -o none 2>err
	check "$(cat err)" test "$(cat err)" = "topofs: bad: $1"
	check "nothing is written" test ! -e none
}
refused 'document: no command of a QEMU: qemu-system-x86_64, qemu-kvm ...' 'ls -l'
refused 'document: no machine of QEMU is known for mips' 'qemu-system-mips -machine q35'
refused "document: -machine is missing, and QEMU's default has no PCIe: q35 has" 'qemu-system-x86_64 -smp 2'
refused 'argument 1, -machine pc: the machine "pc" is not known, q35 is' 'qemu-system-x86_64 -machine pc'
refused 'argument 4, -smp: its argument is missing' "$q35 -smp"
refused 'argument 5: a variable or command of the shell, which has no value here' "$q35 -smp \$N"
refused 'argument 5: a quote that does not end' "$q35 -smp '4"
refused 'argument 4, -smp 4,sockets=3: 3 sockets of 1 dies of 1 clusters of 1 cores of 1 threads are not 4 CPUs' "$q35 -smp 4,sockets=3"
refused 'argument 4, -smp 4,maxcpus=2: 4 CPUs are more than the 2 there can be' "$q35 -smp 4,maxcpus=2"
refused 'argument 4, -smp 4,cores=0: cores: expected 1 or more' "$q35 -smp 4,cores=0"
refused 'argument 4, -smp 4,core=2: core: there is no such part of a machine' "$q35 -smp 4,core=2"
refused 'argument 4, -smp 9000: cpus: expected a number of 0 to 8192, got "9000"' "$q35 -smp 9000"
refused 'argument 4, -m 1X: size: expected a size such as 4G, got "1X"' "$q35 -m 1X"
refused 'argument 4, -numa dits,src=0: expected one of node, cpu, dist, hmat-lb, hmat-cache' "$q35 -numa dits,src=0"
refused 'argument 4, -numa node,memdev=m0: memdev: there is no -object memory-backend-... with the id "m0"' "$q35 -numa node,memdev=m0"
refused 'argument 4, -m 1G: the nodes have 524288K of memory, the machine 1048576K' "$q35 -m 1G -numa node,mem=512M"
refused 'document: -numa: node 0 is missing, as there is a node 1' "$q35 -m 1G -numa node,nodeid=1,mem=1G"
refused 'argument 6, -numa node,nodeid=0: node 0 is there already' "$q35 -numa node,mem=128M -numa node,nodeid=0"
refused 'argument 6, -numa node,cpus=0: CPU 0 is in a node already' "$q35 -numa node,mem=128M,cpus=0 -numa node,cpus=0"
refused 'argument 4, -numa node,cpus=1-0: cpus: "1-0": the range 1-0 runs backwards' "$q35 -numa node,cpus=1-0"
refused 'argument 4, -numa node,cpus=4: cpus: there are 1 CPUs' "$q35 -numa node,cpus=4"
refused 'argument 6, -numa cpu,node-id=0,core-id=9: there is no such CPU' "$q35 -numa node,mem=128M -numa cpu,node-id=0,core-id=9"
refused 'argument 6, -numa dist,src=0,dst=1,val=20: there is no node 1' "$q35 -numa node,mem=128M -numa dist,src=0,dst=1,val=20"
two="$q35 -smp 2,sockets=2 -numa node,mem=64M -numa node,mem=64M -numa"
refused 'argument 10, -numa dist,src=0,dst=1,val=9: val: a node is at 10 from itself, and at 10 or more from others' "$two dist,src=0,dst=1,val=9"
refused 'argument 10, -numa dist,src=0,dst=0,val=10: the distance from node 0 to node 1 is missing' "$two dist,src=0,dst=0,val=10"
refused 'argument 10, -numa hmat-lb,initiator=0: it needs -machine hmat=on' "$two hmat-lb,initiator=0"
refused 'argument 8, -numa node,mem=512M: initiator: it is missing, and the node has no CPUs' "${hmat%,initiator=0}"
refused 'argument 10, -numa hmat-lb,initiator=0,target=1,hierarchy=memory: data-type: expected access-, read- or write-, and latency or bandwidth' "$hmat $lb"
refused 'argument 4, -device vfio-pci,host=zz: host: "zz": expected a PCI address such as "0000:3b:00.0"' "$q35 -device vfio-pci,host=zz"
refused 'argument 4, -device foo: the device "foo" is not known, nor whether it is a PCI function' "$q35 -device foo"
refused 'argument 4, -device nvme,bus=rp0: bus: there is no bus "rp0" before it' "$q35 -device nvme,bus=rp0"
refused 'argument 6, -device nvme,bus=a: bus: "a" is no port' "$q35 -device nvme,id=a -device nvme,bus=a"
refused 'argument 4, -device nvme,addr=1f: addr: 1f.0 is taken' "$q35 -device nvme,addr=1f"
refused 'argument 4, -device nvme,addr=20: addr: expected a slot such as "1f" or "1f.2", got "20"' "$q35 -device nvme,addr=20"
refused 'argument 6, -device nvme,bus=a,addr=1: addr: its bus has no slot 1' "$q35 -device pcie-root-port,id=a -device nvme,bus=a,addr=1"
refused 'argument 4, -device nvme,addr=3.1: addr: there is no function 0 beside it' "$q35 -device nvme,addr=3.1"
refused 'argument 4, -device pxb-pcie,id=p: bus_nr: expected a number of 1 to 255' "$q35 -device pxb-pcie,id=p"
refused 'argument 4, -device pxb-pcie,bus_nr=9,numa_node=1: numa_node: there is no node 1' "$q35 -device pxb-pcie,bus_nr=9,numa_node=1"
refused 'argument 6, -device pxb-pcie,bus_nr=1: bus_nr: what is below the bus before it takes numbers up to 1' "$q35 -device pcie-root-port -device pxb-pcie,bus_nr=1"
refused 'argument 6, -device xio3130-downstream,bus=a: bus: downstream ports, and nothing else, stand below an upstream port' "$q35 -device pcie-root-port,id=a -device xio3130-downstream,bus=a"
refused 'argument 4, -device pcie-root-port,x-speed=3: x-speed: expected one of 2_5, 5, 8, 16, 32, 64, got "3"' "$q35 -device pcie-root-port,x-speed=3"
refused 'argument 4, -object acpi-generic-initiator,pci-dev=x,node=0: pci-dev: there is no such function' "$q35 -object acpi-generic-initiator,pci-dev=x,node=0"
refused "argument 4, -device {\"driver\":}: it is no JSON object: unexpected token near '}'" "$q35 -device '{\"driver\":}'"
refused 'document: -readconfig: other files are not read' "$q35 -readconfig x.cfg"
