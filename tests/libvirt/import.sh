#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Domains of libvirt become the guests that they make: a plan comes back as it was, and a domain as people have them has
# the nodes, CPUs and functions that programs in it see.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# What a domain does not tell: what the host's functions and CPUs are, and what libvirt leaves to QEMU.
cannot_say='^(cpu (info|vuln)|(net|infiniband|drm|nvme) |module|[a-z0-9_]+ of 0|L[0-9] |kinds? of|pci [0-9a-f:.]*: '
cannot_say="$cannot_say(slot|id|class|revision|subsystem|bars|driver|link|max_link|serial|type) |machine: description)"
cannot_say="$cannot_say|^node [0-9]*: memory [0-9]*G -> 0$|^plan nodes [0-9]*: gone$"

# back PLAN: a domain of a plan is that plan, and is written the same
back() {
	name=$(basename "$1" .json)
	check "$name: written" "$TOPOFS" convert --to libvirt "$1" -o "$name.xml"
	check "$name: read" "$TOPOFS" convert "$name.xml" -o back.json
	"$TOPOFS" diff "$1" back.json | grep -Ev "$cannot_say" >differs
	check "$name: nothing that can be said differs: $(head -n 1 differs)" test ! -s differs
	"$TOPOFS" convert --to libvirt back.json | sed "/<!--/d; /topoext/d" >again.xml
	sed "/<!--/d; /topoext/d; /<cache mode='passthrough'/d; s/\(model='pcie-root'\)>/\1\/>/; /<pcihole64/,/<.controller>/d" "$name.xml" >first.xml
	check "$name: written again" diff first.xml again.xml
}

# plan NAME HOST ARGUMENT...
plan() {
	name=$1
	shift
	"$TOPOFS" plan "$@" --numbering packed -o "$name.json" || fail "topofs plan $*"
	back "$name.json"
}

plan nodes xeon-e7-8895v2-8s --vcpus 16 --memory 64G
plan one xeon-e7-8895v2-8s --vcpus 1 --memory 2M --nodes 5
plan uneven xeon-e7-8895v2-8s --vcpus 10 --memory 9G --nodes 0-2
for group in node root switch; do
	plan dgx-$group dgx-h100 --vcpus 32 --memory 64G --devices all --group $group
	plan mi300x-$group mi300x --vcpus 64 --memory 64G --devices gpu,nic --group $group
done
plan gb200 gb200-tray --vcpus 16 --memory 64G --devices 0008:01:00.0,0018:01:00.0
plan quad gh200-quad --vcpus 8 --memory 8G --devices gpu
for guest in memory-only distances; do
	back "$top_srcdir/tests/plan/golden/$guest.json"
done
# QEMU numbers its vCPUs otherwise; the nodes are the plan's
"$TOPOFS" convert --to libvirt "$top_srcdir/tests/plan/golden/rfc.json" -o rfc.xml
"$TOPOFS" render -o rfc rfc.xml
if command -v lscpu >/dev/null; then
	lscpu --sysroot rfc >out
	check "the RFC's guest has 8 sockets" grep -qx 'Socket(s): *8' out
	check "2 threads a core" grep -qx 'Thread(s) per core: *2' out
	check "vCPUs 3 and 11 on node 3" grep -qx 'NUMA node3 CPU(s): *3,11' out
fi

# as libvirt has them: cells without ids, a vCPU in none, one that is not there yet, a memory module, what has no address,
# a controller of another bus, a conventional bridge, virtio on a root bus and below a port, and namespaces
cat >odd.xml <<'END'
<!--
WARNING: THIS IS AN AUTO-GENERATED FILE.
-->
<domain type='kvm' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>odd</name>
  <memory unit='GiB'>5</memory>
  <vcpu placement='static' cpuset='0-7,^3' current='7'>8</vcpu>
  <cputune><vcpupin vcpu='1' cpuset='3'/><vcpupin vcpu='31' cpuset='3'/></cputune>
  <numatune><memory mode='interleave' nodeset='0-1'/><memnode cellid='1' mode='strict' nodeset='1'/></numatune>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
  <cpu>
    <topology sockets='1' dies='2' cores='2' threads='2'/>
    <numa>
      <cell cpus='0-3' memory='2' unit='GiB'><distances><sibling id='1' value='15'/></distances></cell>
      <cell cpus='4-6' memory='1048576'/>
      <cell><memory size='1048576'/></cell>
      <interconnects>
        <latency initiator='0' target='1' type='access' value='20'/>
        <latency initiator='1' target='1' type='read' value='5'/>
        <bandwidth initiator='1' target='1' type='access' value='204800' unit='KiB'/>
      </interconnects>
    </numa>
  </cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'>
      <model name='ioh3420'/><address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0' multifunction='on'/>
    </controller>
    <controller type='pci' index='2' model='pcie-root-port'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x1'/>
    </controller>
    <controller type='pci' index='3' model='pcie-to-pci-bridge'>
      <address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
    </controller>
    <controller type='pci' index='4' model='pcie-expander-bus'>
      <target><node>1</node></target><address type='pci' domain='0x0000' bus='0x00' slot='0x04' function='0x0'/>
    </controller>
    <controller type='pci' index='5' model='pcie-expander-bus'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x05' function='0x0'/>
    </controller>
    <controller type='pci' index='6' model='pcie-root-port'>
      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>
    </controller>
    <controller type='pci' index='7' model='pcie-root-port'/>
    <controller type='sata' index='0'><address type='pci' domain='0x0000' bus='0x00' slot='0x1f' function='0x2'/></controller>
    <controller type='usb' model='qemu-xhci'><address type='pci' bus='0x03' slot='0x01'/></controller>
    <disk type='file' device='disk'><target dev='sda' bus='sata'/><address type='drive' controller='0'/></disk>
    <interface type='user'><model type='virtio'/><address type='pci' bus='0x01'/></interface>
    <interface type='user'><model type='virtio'/></interface>
    <interface type='user'><model type='e1000e'/><address type='pci' bus='0x03' slot='0x02'/></interface>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend><address type='pci' slot='0x03'/></rng>
    <interface type='hostdev'>
      <source><address type='pci' domain='0x0000' bus='0x3b' slot='0x10' function='0x2'/></source>
      <address type='pci' domain='0x0000' bus='0x06' slot='0x00' function='0x0'/>
    </interface>
    <hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/></source></hostdev>
    <memory model='dimm'><target><size unit='MiB'>1024</size><node>2</node></target></memory>
  </devices>
  <qemu:commandline><qemu:arg value='-nodefaults'/></qemu:commandline>
</domain>
END
check "a domain with all oddities" "$TOPOFS" convert odd.xml -o odd.json
same "$top_srcdir/tests/libvirt/odd-domain.json" odd.json
check "it passes topofs check: $("$TOPOFS" check odd.xml 2>&1)" "$TOPOFS" check odd.xml

echo "<domain type='kvm'><memory>1048576</memory></domain>" >least.xml
check "the least domain" test "$("$TOPOFS" render least.xml /sys/devices/system/node/node0/cpulist)" = 0

# vCPUs that can be added later
sed "s/memory>/&<vcpu current='4'>8<\/vcpu><cpu><topology sockets='2' dies='2' cores='2' threads='1'\/><\/cpu>/2" least.xml >later.xml
check "4 of 8 vCPUs" "$TOPOFS" convert later.xml -o later.json
check "written" "$TOPOFS" convert --to libvirt later.json -o later-again.xml
check "come back" "$TOPOFS" convert later-again.xml -o later-again.json
check "as they were: $("$TOPOFS" diff later.json later-again.json)" "$TOPOFS" diff later.json later-again.json
"$TOPOFS" convert --to qemu later.json -o later.qemu && "$TOPOFS" convert later.qemu -o later-qemu.json
check "and QEMU has them: $("$TOPOFS" diff later.json later-qemu.json)" \
	test -z "$("$TOPOFS" diff later.json later-qemu.json | grep -v '^node 0: cpus ')"
check "all 8 can be" grep -q '"possible": "0-7"' later.json

echo "<domain type='kvm'><memory>1048576</memory><os><type arch='aarch64' machine='xlnx-versal-virt'/></os></domain>" >other.xml
"$TOPOFS" convert other.xml -o other.json
check "another machine than virt is not known" grep -q 'Not known: what the machine xlnx-versal-virt brings' other.json
