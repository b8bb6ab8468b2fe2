#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The topology file of each machine is what NCCL finds in its files, is taken by a strict parser, and comes back the same.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
nccl_walk=$top_builddir/tests/consumers/nccl-walk
[ -x "$nccl_walk" ] || skip "$nccl_walk is not built"
needs_fuse
needs_namespaces

# visit MACHINE: its topology file, NCCL's walk over what is served, and the description made of the file
visit() {
	name=$(basename "$1" .json)
	arch=$(sed -n 's/.*"arch": "\([a-z0-9_]*\)".*/\1/p;/"arch"/q' "$1")
	status=0
	"$TOPOFS" convert --force --to nccl "$1" >"$name.xml" 2>"$name.err" || status=$?
	case $arch in
	s390x | armv7l)
		check "$name: NCCL knows no $arch: $(cat "$name.err")" test "$status" -eq 1 -a ! -s "$name.xml"
		rm "$name.xml"
		return
		;;
	aarch64) arch=arm64 ;;
	ppc64le) arch=ppc64 ;;
	'') arch=x86_64 ;;
	esac
	check "$name: convert --to nccl: $(cat "$name.err")" test "$status" -eq 0
	"$TOPOFS" run --force "$1" -- "$nccl_walk" --xml "$arch" >"$name.walked"
	check "$name: NCCL's walk finds the same" diff "$name.walked" "$name.xml"
	"$TOPOFS" convert --force "$name.xml" -o "$name.json"
	"$TOPOFS" convert --force --to nccl "$name.json" >"$name.again"
	! grep -q '<cpu' "$name.xml" || check "$name: it comes back the same" diff "$name.xml" "$name.again"
}

two_by_two visit "$top_srcdir"/examples/*.json "$top_srcdir"/tests/topologies/*.json
set -- ./*.walked
check "there are as many as machines NCCL knows" test $# -gt 20
"$TOPOFS" check --force ./*.json 2>err
grep -v 'cpu.caches: warning: there are none\|this kernel\|function 0 is missing' err >unexpected
check "what is read of them passes: $(cat unexpected)" test -s err -a ! -s unexpected
# by its content, not its name
cp dgx-h100.xml dgx
check "any command takes one" test "$("$TOPOFS" show ./dgx | grep -c 10de:2330)" -gt 0
check "a GPU's path is as on the machine" test "$("$TOPOFS" render dgx /sys/bus/pci/devices/0000:1b:00.0/numa_node)" = 0

requires_python re
# those of what the shelf has, as there are GPUs on most of it
set --
for example in "$top_srcdir"/examples/*.json; do
	set -- "$@" "$(basename "$example" .json).xml"
done
check "a strict parser takes them" "$python" "$top_srcdir/tests/consumers/nccl-strict.py" "$@"
# and it is strict
sed 's/ class=/  class=/' dgx-h100.xml >spaces.xml
sed "s/^  <cpu/	<cpu/" dgx-h100.xml >tab.xml
(echo '<?xml version="1.0"?>' && cat dgx-h100.xml) >prolog.xml
sed 's/0000:1b:00.0/0000:1b:00/' dgx-h100.xml >short.xml
for wrong in spaces tab prolog short; do
	check_status 1 "it refuses $wrong" "$python" "$top_srcdir/tests/consumers/nccl-strict.py" "$wrong.xml" 2>/dev/null
done

# --- what is refused, and what is left out ----------------------------------------------------------------

# refused FILE MESSAGE
refused() {
	check_status 1 "$1" "$TOPOFS" check "$1" >out 2>err
	check "$1: '$(cat err)'" grep -qxF "topofs: $1: $2" err
}
document() {
	printf '<system version="1">\n<cpu numaid="0" affinity="ff" arch="x86_64">\n%s\n</cpu>\n</system>\n' "$2" >"$1"
}
gpu='class="0x030200" link_speed="16 GT/s" link_width="16"'
refused prolog.xml "line 1: NCCL takes no <?xml ...?>"
refused tab.xml "line 2: NCCL takes no tabs between elements"
document lines '<pci busid="0000:01:00.0"
 class="0x03"/>'
refused lines "line 3: attributes stand on one line, with one space before each and nothing else"
document busid "<pci busid=\"1:01:00.0\" $gpu/>"
refused busid 'line 3: pci: busid: expected an address of 12 characters such as "0000:3b:00.0", got "1:01:00.0"'
document no-busid '<pci class="0x03"/>'
refused no-busid "line 3: pci: busid: it is missing"
document no-class '<pci busid="0000:01:00.0"/>'
refused no-class "line 3: pci: class: it is missing"
document open '<pci busid="0000:01:00.0" class="0x03">'
refused open "line 4: a closing tag closes what is not open"
document long "<pci busid=\"$(printf '%0256d' 0)\"/>"
refused long "line 3: a value has more than 255 characters"
document twice '</cpu><cpu numaid="0">'
refused twice "line 3: cpu: numaid: node 0 is there already"
document overlap '</cpu><cpu numaid="1" affinity="80">'
refused overlap "line 3: cpu: affinity: it has CPUs of an earlier one"
document mask '</cpu><cpu numaid="1" affinity="0-3">'
refused mask 'line 3: cpu: affinity: expected a mask of CPUs such as "ffff,ffffffff", got "0-3"'
document arch '</cpu><cpu numaid="1" arch="mips">'
refused arch 'line 3: cpu: arch: NCCL knows x86_64, arm64 and ppc64, not "mips"'
echo '<system version="3"></system>' >version
refused version "line 1: system: expected version 1, or RCCL's 2, got \"3\""
printf '<system version="1">\n<cpu' >end
printf '<system version="1"><!-- ' >comment
refused end "line 2: the file ends within a tag"
refused comment "line 1: the file ends within a comment"
document shared "<pci busid=\"0000:10:00.0\" class=\"0x060400\"><pci busid=\"0000:20:00.0\" $gpu/></pci><pci busid=\"0000:20:01.0\" $gpu/>"
refused shared "line 3: pci: busid: bus 0000:20 is also below another switch"

# what NCCL passes over is passed over; a virtual switch gets a number, one over several domains is left out
document odd "<!-- a > comment --><odd a='b'><x/></odd><nic><net name=\"v\"/></nic><pci busid=\"ffff:ff:01.0\" class=\"0x060400\">
<pci  busid=\"0000:10:1c.0\" $gpu /><pci busid=\"0000:10:1b.0\" class=\"0x020000\" link_width=\"16\"><nic><net name=\"mlx5_0\" port=\"1\" speed=\"200000\"/></nic></pci></pci>
<pci busid=\"ffff:ff:02.0\" class=\"0x060400\"><pci busid=\"0001:00:00.0\" $gpu/><pci busid=\"0101:00:00.0\" $gpu/></pci>"
"$TOPOFS" convert odd -o odd.json
at=$("$TOPOFS" render odd.json | sed -n 's,^/*sys/bus/pci/devices/0000:10:1c.0 -> ../../../devices/,,p')
check "the switch is two folders above: $at" test "$at" = pci0000:0d/0000:0d:01.0/0000:0e:00.0/0000:0f:00.0/0000:10:1c.0
check "so the file says" grep -q 'The switch ffff:ff:01.0 is 0000:0e:00.0 here' odd.json
check "and what was left out" grep -q 'Left out: the switch ffff:ff:02.0, as what is below it has several domains' odd.json
"$TOPOFS" render odd.json /sys/bus/pci/devices >devices
check "a domain's GPU keeps its address" grep -q pci0001:00/0001:00:00.0 devices
check "the adapter has its name and rate" test \
	"$("$TOPOFS" render odd.json /sys/class/infiniband/mlx5_0/ports/1/rate)" = "200 Gb/sec (4X HDR)"
