#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# libvirt's capabilities of each machine fit libvirt's schema where it is installed, and come back the same; those of
# hosts as there are, with what is missing and odd in them, become machines.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
schema=/usr/share/libvirt/schemas/capability.rng

# valid FILE: libvirt's schema, if need be less what only newer versions have
valid() {
	command -v virt-xml-validate >/dev/null || return 0
	without="s/ cluster_id='[0-9]*'//"
	grep -q cluster_id "$schema" && without=
	sed "$without" "$1" >validated.xml
	virt-xml-validate validated.xml capability >said 2>&1 || { cat said && return 1; }
}

# What the format can say of a machine is the same in what is read: its lines are of other things, and those of caches
# tell of lines and ways, which libvirt does not have, and of the first two levels. So are numbers the kernel has not.
cannot_say='^(cpu (info|vuln)|cpu: (isolated|kernel_max)|pci|plan|dmi|module|description|[a-z0-9_]+ of 0|kinds? of|CPUs of kind'
cannot_say="$cannot_say|host bridge|L[12] |L[345] [^:]*: (line|ways|sets|write_policy) "
cannot_say="$cannot_say|machine: (possible_nodes|memory 0)|node [0-9]*: (device|address|generic_initiator|movable) )"

for machine in "$top_srcdir"/examples/*.json "$top_srcdir"/tests/plan/golden/*.json; do
	name=$(basename "$machine" .json)
	check "$name: written" "$TOPOFS" convert --to libvirt-capabilities "$machine" -o "$name.xml"
	check "$name: it fits the schema" valid "$name.xml"
	"$TOPOFS" convert "$name.xml" -o "$name.json"
	"$TOPOFS" convert --to libvirt-capabilities "$name.json" -o again.xml
	check "$name: written again" cmp "$name.xml" again.xml
	"$TOPOFS" diff "$machine" "$name.json" | grep -Ev "$cannot_say" >differs
	check "$name: nothing that can be said differs: $(head -n 1 differs)" test ! -s differs
done
for machine in bare many-caches hybrid mainframe; do
	check "$machine: written" "$TOPOFS" convert --to libvirt-capabilities "$top_srcdir/tests/topologies/$machine.json" -o odd.xml
	check "$machine: it fits the schema" valid odd.xml
	check "$machine: written again" "$TOPOFS" convert --to libvirt-capabilities odd.xml -o again.xml
	check "$machine: the same" cmp odd.xml again.xml
done

"$TOPOFS" convert --to libvirt-capabilities cxl-expander -o capabilities
same "$top_srcdir/tests/libvirt/cxl-expander.xml" capabilities

# as versions and hosts have it: memory as it was first proposed, a cell of CPUs alone and one of memory alone, an
# offline CPU, cores without siblings, distances that differ there and back or are told once, a node without a cell
cat >odd.xml <<'END'
<!-- virsh capabilities -->
<capabilities>
  <host>
    <uuid>4a64cc71-19c4-2fd0-2323-3050941ea3c3</uuid>
    <cpu><arch>x86_64</arch><model>Skylake-Server</model></cpu>
    <topology>
      <cells num='3'>
        <cell id='4'>
          <memory size='2097152'/>
          <distances><sibling id='4' value='10'/><sibling id='0' value='21'/><sibling id='9' value='31'/></distances>
        </cell>
        <cell id='0'>
          <memory unit='MB'>1048576</memory>
          <pages unit='KiB' size='4'>999999</pages>
          <pages unit='KiB' size='2048'>512</pages>
          <pages unit='KiB' size='1048576'>3</pages>
          <distances><sibling id='0' value='10'/><sibling id='4' value='17'/></distances>
          <cpus num='3'>
            <cpu id='0' socket_id='0' core_id='0'/>
            <cpu id='2' socket_id='0' core_id='0'/>
            <cpu id='1'/>
          </cpus>
        </cell>
        <cell id='2'>
          <distances><sibling id='0' value='20'/></distances>
          <cpus num='2'>
            <cpu id='3' socket_id='1' die_id='1' cluster_id='2' core_id='5' siblings='3-4'/>
            <cpu id='4' socket_id='1' die_id='1' cluster_id='2' core_id='5' siblings='3,4'/>
          </cpus>
        </cell>
      </cells>
    </topology>
    <cache><bank id='3' level='3' type='both' size='1536' unit='KiB' cpus='0,2'/></cache>
  </host>
  <guest><os_type>hvm</os_type></guest>
</capabilities>
END
check "a host with all oddities" "$TOPOFS" convert odd.xml -o odd.json
same "$top_srcdir/tests/libvirt/odd.json" odd.json
check "it passes topofs check" "$TOPOFS" check odd.xml
check "an offline CPU" test "$("$TOPOFS" render odd.xml /sys/devices/system/cpu/online)" = 0,2-4
check "siblings by the core" test "$("$TOPOFS" render odd.xml /sys/devices/system/cpu/cpu2/topology/thread_siblings_list)" = 0,2
check "what is said in one direction" test "$("$TOPOFS" render odd.xml /sys/devices/system/node/node0/distance)" = "10 20 17"

# versions before 1.0 tell no cores
sed "s/ socket_id.*siblings='[0-9,-]*'/ /; s/ socket_id='0' core_id='0'//" odd.xml >old.xml
check "a host of ids alone" test "$("$TOPOFS" render old.xml /sys/devices/system/cpu/online)" = 0-4
