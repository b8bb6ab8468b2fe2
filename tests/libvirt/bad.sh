#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files of libvirt's formats that cannot be machines are refused with the line, the element and the reason.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# refused FILE MESSAGE: behind the file's name
refused() {
	check_status 1 "$1" "$TOPOFS" convert --force "$1" >out 2>err
	check "$1: nothing is written" test ! -s out
	check "$1: $(cat err)" test "$(cat err)" = "topofs: $1: $2"
}

# caps NAME CELLS [CACHE]: capabilities that have these cells, each on a line from the second on
caps() {
	printf '<capabilities><host><topology><cells>\n%s\n</cells></topology>%s</host></capabilities>\n' "$2" "${3:-}" >"$1"
}
cell="<cell id='0'><cpus><cpu id='0'/></cpus></cell>"
at='line 2: /capabilities/host/topology/cells'

echo '<capabilities><host/></capabilities>' >no-cells.xml
refused no-cells.xml 'line 1: /capabilities: it has no <host><topology><cells>'
caps no-cell.xml ''
refused no-cell.xml 'line 1: /capabilities/host/topology/cells: it has no <cell>'
caps no-cpus.xml "<cell id='0'/>"
refused no-cpus.xml 'line 1: /capabilities/host/topology/cells: none of its cells has CPUs'
caps no-id.xml "<cell/>"
refused no-id.xml "$at/cell: id: it is missing"
caps id.xml "<cell id='-1'/>"
refused id.xml "$at/cell: id: expected a number of 0 to 1023, got \"-1\""
caps id-twice.xml "$cell<cell id='0'/>"
refused id-twice.xml "$at/cell[2]: id: cell 0 is there already"
caps cpu-no-id.xml "<cell id='0'><cpus><cpu core_id='0'/></cpus></cell>"
refused cpu-no-id.xml "$at/cell/cpus/cpu: id: it is missing"
caps cpu-huge.xml "<cell id='0'><cpus><cpu id='8192'/></cpus></cell>"
refused cpu-huge.xml "$at/cell/cpus/cpu: id: expected a number of 0 to 8191, got \"8192\""
caps cpu-twice.xml "$cell<cell id='1'><cpus><cpu id='0'/></cpus></cell>"
refused cpu-twice.xml "$at/cell[2]/cpus/cpu: id: CPU 0 is there already"
caps socket.xml "<cell id='0'><cpus><cpu id='0' socket_id='a'/></cpus></cell>"
refused socket.xml "$at/cell/cpus/cpu: socket_id: expected a number of 0 to 2147483647, got \"a\""

# cpus NAME ATTRIBUTES-OF-0 ATTRIBUTES-OF-1
cpus() {
	caps "$1" "<cell id='0'><cpus><cpu id='0' $2/><cpu id='1' $3/></cpus></cell>"
}
cpus siblings.xml "core_id='0' siblings='0-'" ''
refused siblings.xml "$at/cell/cpus/cpu[1]: siblings: expected a list such as \"0-3,8\" of ids up to 8191, got \"0-\""
cpus siblings-self.xml "core_id='0' siblings='1'" ''
refused siblings-self.xml "$at/cell/cpus/cpu[1]: siblings: CPU 0 itself is missing"
cpus siblings-gone.xml "core_id='0' siblings='0,28'" ''
refused siblings-gone.xml "$at/cell/cpus/cpu[1]: siblings: there is no CPU 28"
cpus siblings-others.xml "core_id='0' siblings='0-1'" "core_id='0' siblings='1'"
refused siblings-others.xml "$at/cell/cpus/cpu[1]: siblings: CPU 1 has others"
cpus siblings-socket.xml "socket_id='0' siblings='0-1'" "socket_id='1' siblings='0-1'"
refused siblings-socket.xml "$at/cell/cpus/cpu[1]: siblings: CPU 1 has another socket_id"

cpus siblings-core.xml "core_id='5' siblings='0-1'" "core_id='0' siblings='0-1'"
refused siblings-core.xml "$at/cell/cpus/cpu[1]: siblings: they have no common core_id"

caps memory.xml "<cell id='0'><memory unit='KiB'>much</memory></cell>"
refused memory.xml "$at/cell/memory: its text: expected a number of 0 to 18014398509481983, got \"much\""
caps memory-unit.xml "<cell id='0'><memory unit='pages'>1</memory></cell>"
refused memory-unit.xml "$at/cell/memory: unit: \"pages\" is none that libvirt knows"
caps pages.xml "<cell id='0'><pages unit='KiB'>1</pages></cell>"
refused pages.xml "$at/cell/pages: size: it is missing"
caps pages-twice.xml "<cell id='0'><pages size='4'>1</pages><pages size='4'>1</pages></cell>"
refused pages-twice.xml "$at/cell/pages[2]: size: pages of this size are there already"
caps distance.xml "<cell id='0'><cpus><cpu id='0'/></cpus><distances><sibling id='0' value='256'/></distances></cell>"
refused distance.xml "$at/cell/distances/sibling: value: expected a number of 0 to 255, got \"256\""
caps distance-id.xml "<cell id='0'><cpus><cpu id='0'/></cpus><distances><sibling value='10'/></distances></cell>"
refused distance-id.xml "$at/cell/distances/sibling: id: it is missing"
caps side-cache.xml "<cell id='0'><cache level='1' associativity='all' policy='none'/></cell>"
refused side-cache.xml "$at/cell/cache: associativity: expected one of direct, full, none, got \"all\""

caps bank.xml "$cell" "<cache><bank id='0' level='3' type='both' size='1' unit='MiB'/></cache>"
refused bank.xml 'line 3: /capabilities/host/cache/bank: cpus: it is missing'
caps bank-cpus.xml "$cell" "<cache><bank id='0' level='3' type='both' size='1' unit='MiB' cpus='0-1'/></cache>"
refused bank-cpus.xml 'line 3: /capabilities/host/cache/bank: cpus: it has CPUs that no cell has'
caps bank-type.xml "$cell" "<cache><bank id='0' level='3' type='unified' size='1' unit='MiB' cpus='0'/></cache>"
refused bank-type.xml 'line 3: /capabilities/host/cache/bank: type: expected one of both, code, data, got "unified"'
caps bank-size.xml "$cell" "<cache><bank id='0' level='3' type='both' size='1000' unit='B' cpus='0'/></cache>"
refused bank-size.xml 'line 3: /capabilities/host/cache/bank: size: expected whole KiB'
printf '<capabilities>\n<host><topology>' >truncated.xml
check_status 1 "a truncated file" "$TOPOFS" convert truncated.xml 2>err
check "has its line: $(cat err)" grep -q '^topofs: truncated.xml: line 2: ' err
printf '<!DOCTYPE capabilities [\n<!ENTITY e SYSTEM "/etc/passwd">]>\n<capabilities>&e;</capabilities>' >entity.xml
check_status 1 "a file that declares entities" "$TOPOFS" convert --from libvirt-capabilities entity.xml 2>err
check "is refused: $(cat err)" test "$(cat err)" = "topofs: entity.xml: line 2: it declares an entity"

# what libvirt cannot say of a machine
cat >nowhere.json <<'END'
{ "topofs": 1, "cpu": { "packages": [ { "cpus": "0-1" } ] }, "nodes": [ { "cpus": "0", "memory": "1G" } ] }
END
check_status 1 "a CPU of no node" "$TOPOFS" convert --to libvirt-capabilities nowhere.json -o none 2>err
check "is named: $(cat err)" \
	test "$(cat err)" = "topofs: nowhere.json: cpu 1: libvirt knows CPUs by their nodes, and this one has none"
check "nothing is written" test ! -e none

# domain NAME ELEMENTS: a domain with these, each on a line from the second on
domain() {
	printf '<domain>\n%s\n<memory>1048576</memory></domain>\n' "$2" >"$1"
}
# on NAME ADDRESS [ELEMENTS]: a domain of a root port with that address
port="<controller type='pci' index='1' model='pcie-root-port'>"
on() {
	domain "$1" "<devices>$port<address type='pci' $2/></controller>${3:-}</devices>"
}
printf '<domains/>' >domains.xml
check_status 1 "another root" "$TOPOFS" convert --from libvirt domains.xml 2>err
check "is told: $(cat err)" test "$(cat err)" = "topofs: domains.xml: line 1: /domains: expected <domain>"
echo '<domain/>' >no-memory.xml
refused no-memory.xml 'line 1: /domain: it has no <memory>'
domain vcpu.xml '<vcpu>many</vcpu>'
refused vcpu.xml 'line 2: /domain/vcpu: vcpu: expected a number of 0 to 8192, got "many"'
domain vcpu-none.xml '<vcpu>0</vcpu>'
refused vcpu-none.xml 'line 2: /domain/vcpu: a domain has at least one'
domain vcpu-current.xml "<vcpu current='0'>1</vcpu>"
refused vcpu-current.xml 'line 2: /domain/vcpu: current: one at least runs'
domain topology.xml "<vcpu>6</vcpu><cpu><topology sockets='2' cores='2' threads='1'/></cpu>"
refused topology.xml "line 2: /domain/cpu/topology: sockets, dies, clusters, cores and threads do not multiply to the domain's 6 vCPUs"

# numa NAME CELLS
numa() {
	domain "$1" "<vcpu>2</vcpu><cpu><numa>$2</numa></cpu>"
}
in='line 2: /domain/cpu/numa/cell'
numa cell-memory.xml "<cell cpus='0-1'/>"
refused cell-memory.xml "$in: memory: it is missing"
numa cell-unit.xml "<cell cpus='0-1' memory='1' unit='GB2'/>"
refused cell-unit.xml "$in: unit: \"GB2\" is none that libvirt knows"
numa cell-cpus.xml "<cell cpus='0-2' memory='1'/>"
refused cell-cpus.xml "$in: cpus: the domain has 2 vCPUs"
numa cell-twice.xml "<cell id='0' cpus='0-1' memory='1'/><cell id='0' memory='1'/>"
refused cell-twice.xml "${in}[2]: id: cell 0 is there already"
numa cell-overlap.xml "<cell cpus='0-1' memory='1'/><cell cpus='1' memory='1'/>"
refused cell-overlap.xml "${in}[2]: cpus: it has vCPUs of an earlier cell"
numa cell-distance.xml "<cell cpus='0-1' memory='1'><distances><sibling id='3' value='20'/></distances></cell>"
refused cell-distance.xml 'line 2: /domain/cpu/numa: distances: there is no cell 3'
numa cell-initiator.xml "<cell memory='1'/><interconnects><latency initiator='0' target='4' value='5'/></interconnects>"
refused cell-initiator.xml 'line 2: /domain/cpu/numa/interconnects/latency: target: there is no cell 4'
domain pin.xml "<cputune><vcpupin cpuset='0'/></cputune>"
refused pin.xml 'line 2: /domain/cputune/vcpupin: vcpu: it is missing'
domain pin-list.xml "<cputune><vcpupin vcpu='0' cpuset='^'/></cputune>"
refused pin-list.xml 'line 2: /domain/cputune/vcpupin: cpuset: a number is missing'
domain memnode.xml "<numatune><memnode cellid='1' nodeset='0'/></numatune>"
refused memnode.xml 'line 2: /domain/numatune/memnode: cellid: there is no such cell'
domain dimm.xml "<devices><memory model='dimm'><target><size>1024</size><node>1</node></target></memory></devices>"
refused dimm.xml 'line 2: /domain/devices/memory/target/node: there is no cell 1 with room for it'

dev='line 2: /domain/devices'
on slot.xml "slot='0x20'"
refused slot.xml "$dev/controller/address: slot: expected a number of 0 to 31, got \"0x20\""
on pci-domain.xml "domain='1'"
refused pci-domain.xml "$dev/controller/address: domain: QEMU's guests have domain 0"
on bus.xml "bus='7'"
refused bus.xml "$dev/controller: address: there is no PCI controller of index 7"
on behind-itself.xml "bus='1'"
refused behind-itself.xml "$dev/controller: address: it leads to no root"
on taken.xml "slot='2'" "<rng model='virtio'><address type='pci' slot='2'/></rng>"
check_status 1 taken "$TOPOFS" convert taken.xml 2>err
check "a place that is taken: $(cat err)" grep -q "^topofs: taken.xml: $dev/[a-z]*: address: something is there already$" err
on index-twice.xml "slot='2'" "$port<address type='pci' slot='3'/></controller>"
refused index-twice.xml "$dev/controller[2]: index: controller 1 is there already"
domain index.xml "<devices><controller type='pci' model='pcie-root-port'><address type='pci' slot='2'/></controller></devices>"
refused index.xml "$dev/controller: index: it is missing"
domain index-root.xml "<devices><controller type='pci' index='0' model='pcie-root-port'><address type='pci' slot='2'/></controller></devices>"
refused index-root.xml "$dev/controller: index: 0 is that of the root"
domain model.xml "<devices><controller type='pci' index='1' model='pci-expander-bus'><address type='pci' slot='2'/></controller></devices>"
refused model.xml "$dev/controller: model: a controller that is not known"

# pxb NAME TARGET [MORE]
pxb() {
	domain "$1" "<devices><controller type='pci' index='1' model='pcie-expander-bus'><target $2</target><address type='pci' slot='2'/></controller>${3:-}</devices>"
}
pxb bus-number.xml "busNr='0'>"
refused bus-number.xml "$dev/controller/target: busNr: expected a number of 1 to 254"
pxb bus-number-high.xml "busNr='255'>"
refused bus-number-high.xml "$dev/controller/target: busNr: expected a number of 0 to 254, got \"255\""
pxb bus-node.xml '><node>3</node>'
refused bus-node.xml "$dev/controller/target/node: there is no cell 3"
pxb bus-twice.xml "busNr='9'>" "<controller type='pci' index='2' model='pcie-expander-bus'><target busNr='9'/><address type='pci' slot='3'/></controller>"
refused bus-twice.xml "$dev/controller[2]/target: busNr: it is that of an earlier expander"
domain source.xml "<devices><hostdev type='pci'><address type='pci' slot='2'/></hostdev></devices>"
refused source.xml "$dev/hostdev: it has no <source><address>"
domain nodeset.xml "<devices><hostdev type='pci'><acpi nodeset='2'/><address type='pci' slot='2'/></hostdev></devices>"
refused nodeset.xml "$dev/hostdev/acpi: nodeset: there is no cell 2"
