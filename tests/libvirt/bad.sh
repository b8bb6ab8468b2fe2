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
