#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Planned guests as domains of libvirt: as in tests/libvirt, taken by libvirt's schema and by libvirt itself where they
# are installed.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
golden=$top_srcdir/tests/plan/golden
schema=/usr/share/libvirt/schemas/domaincommon.rng

# valid FILE: libvirt's schema, if need be less what only newer versions have
valid() {
	command -v virt-xml-validate >/dev/null || return 0
	without='/<acpi nodeset=/d'
	sed -n '/<define name="acpi">/,/<.define>/p' "$schema" | grep -q nodeset && without=
	sed "$without" "$1" >validated.xml
	virt-xml-validate validated.xml domain >said 2>&1 || { cat said && return 1; }
}

# defined FILE: libvirt parses it, and has all of it when it writes it again. Its test driver needs no daemon.
defined() {
	command -v virsh >/dev/null || return 0
	name=$(sed -n 's,.*<name>\(.*\)</name>,\1,p' "$1")
	sed "s/type='kvm'/type='test'/; /<!--/d; /<acpi nodeset=/d" "$1" >test.xml
	virsh -q -c test:///default "define test.xml; dumpxml $name" >dumped 2>said || { cat said && return 1; }
	diff test.xml dumped | grep '^<' >lost
	cat lost && test ! -s lost
}

for guest in "$golden"/*.json; do
	name=$(basename "$guest" .json)
	# its bridges are the host's
	[ "$name" != sandbox ] || continue
	check "$name: written" "$TOPOFS" convert --to libvirt "$guest" -o "$name.xml"
	check "$name: it fits the schema" valid "$name.xml"
	check "$name: libvirt keeps all of it" defined "$name.xml"
done
command -v virt-xml-validate >/dev/null || lib_report "not looked at: the schema, as virt-xml-validate is not installed"
command -v virsh >/dev/null || lib_report "not looked at: what libvirt keeps, as virsh is not installed"

# the RFC's example: its cells, pins and topology
for line in "<vcpu placement='static'>16</vcpu>" "<vcpupin vcpu='0' cpuset='0-14,120-134'/>" \
	"<vcpupin vcpu='8' cpuset='0-14,120-134'/>" "<memnode cellid='3' mode='strict' nodeset='3'/>" \
	"<topology sockets='8' dies='1' cores='1' threads='2'/>" "<cell id='3' cpus='3,11' memory='8388608' unit='KiB'>"; do
	check "the RFC's guest has $line" grep -qF "$line" rfc.xml
done
check "it has 8 cells of 8 GiB" test "$(grep -c "<cell .*memory='8388608' unit='KiB'>" rfc.xml)" -eq 8
same "$top_srcdir/tests/libvirt/rfc.xml" rfc.xml
check "the nodes of a coherent GPU are tied to it" test "$(grep -c "<acpi nodeset='2-9'/>" gb200-two.xml)" -eq 1
same "$top_srcdir/tests/libvirt/gb200-two.xml" gb200-two.xml
"$TOPOFS" plan dgx-h100 --vcpus 4 --memory 512M --nodes 0-1 --devices 0000:1b:00.0,0000:18:00.0 --group switch \
	--numbering packed -o switch.json
check "a switch" "$TOPOFS" convert --to libvirt switch.json -o switch.xml
same "$top_srcdir/tests/libvirt/switch.xml" switch.xml
check "vCPUs in QEMU's order need no word" test "$(grep -c '<!--' switch.xml)" -eq 0

# more than 255 processors, and AMD's with threads
"$TOPOFS" plan dgx-a100 --vcpus 256 --memory 64G --numbering packed -o many.json
check "256 vCPUs" "$TOPOFS" convert --to libvirt many.json -o many.xml
check "fit the schema" valid many.xml
check "libvirt keeps all of it" defined many.xml
check "they have an IOMMU" grep -q "<driver intremap='on' eim='on'/>" many.xml
check "they have threads" grep -q "<feature policy='require' name='topoext'/>" many.xml

# refused MESSAGE < FILE: what a domain cannot say, with its place
refused() {
	cat >guest.json
	check_status 1 "$1" "$TOPOFS" convert --force --to libvirt guest.json -o none 2>err
	check "$1: $(cat err)" test "$(cat err)" = "topofs: guest.json: $1"
	check "$1: nothing is written" test ! -e none
}
two='"cpu": { "packages": [ { "cpus": "0-1" } ] }'
refused 'cpu 1: a guest'"'"'s CPUs are numbered from 0 on, and all of them run' <<END
{ "topofs": 1, "cpu": { "packages": [ { "cpus": "0-1" } ], "online": "0" }, "memory": "1G" }
END
refused 'cpu: a guest has packages that are all alike' <<END
{ "topofs": 1, "cpu": { "packages": [ { "cpus": "0" }, { "cpus": "1-2" } ] }, "memory": "1G" }
END
refused 'cpu: a guest has cores that are all alike' <<END
{ "topofs": 1, "cpu": { "packages": [ { "cpus": "0-2", "cores": [ { "ids": "0", "cpus": "0-1" }, { "ids": "1", "cpus": "2" } ] } ] } }
END
refused 'cpu.arch: no machine of libvirt'"'"'s is known for ppc64le' <<END
{ "topofs": 1, "cpu": { "arch": "ppc64le", "packages": [ { "cpus": "0-1" } ] }, "memory": "1G" }
END
refused 'memory: a domain has some' <<END
{ "topofs": 1, $two }
END
refused 'node 2: libvirt numbers cells from 0 on, without gaps' <<END
{ "topofs": 1, $two, "nodes": [ { "id": 0, "cpus": "0-1", "memory": "1G" }, { "id": 2, "memory": "1G" } ] }
END
refused 'node 0: its distance to node 1 is 9: libvirt has 10 to itself, and 10 to 255 to others' <<END
{ "topofs": 1, $two, "nodes": [ { "cpus": "0-1", "memory": "1G", "distances": [10, 9] }, { "distances": [9, 10] } ] }
END
refused 'cpu: libvirt puts CPUs without a node on node 0' <<END
{ "topofs": 1, $two, "nodes": [ { "cpus": "0", "memory": "1G" } ] }
END
refused 'node 1: libvirt ties initiators to functions, and this one is behind none' <<END
{ "topofs": 1, $two, "nodes": [ { "cpus": "0-1", "memory": "1G" }, { "generic_initiator": true } ] }
END
refused 'pci root 0001:00: QEMU has one of bus 0, and expanders beside it' <<END
{ "topofs": 1, $two, "memory": "1G", "pci": [ { "root": "0000:00" }, { "root": "0001:00" } ] }
END
refused 'pci: there are more host bridges than expanders' <<END
{ "topofs": 1, $two, "memory": "1G", "pci": [ { "root": "00" }, { "root": "10" } ] }
END
refused 'pci 0000:00:02.0: libvirt gives the buses of expanders numbers of 1 to 254' <<END
{ "topofs": 1, $two, "memory": "1G", "pci": [
  { "root": "00", "devices": [ { "at": "02.0", "id": "1b36:000b", "subsystem": "1af4:1100", "class": "0600" } ] }, { "root": "ff" } ] }
END
refused 'pci 0000:00:03.0: libvirt needs to know more of it than its place: only ports of QEMU, and functions that a plan gives, can be written' <<END
{ "topofs": 1, $two, "memory": "1G", "pci": [ { "root": "00", "devices": [ { "at": "03.0", "id": "10de:2330", "class": "0302" } ] } ] }
END
