#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hwloc's XML and synthetic descriptions as machines: what lstopo writes of each machine that comes with topofs is read as
# that machine, less what hwloc has no word for.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires lstopo-no-graphics
needs_fuse
needs_namespaces
"$TOPOFS" check 'core:1 pu:1' 2>err
! grep -q 'built without it' err || skip "topofs was built without libhwloc"

# Keeps the memory of GPUs; --filter has lstopo write all that hwloc knows.
HWLOC_KEEP_NVIDIA_GPU_NUMA_NODES=1
export HWLOC_KEEP_NVIDIA_GPU_NUMA_NODES

# Rates and physical states differ only by what a member says that is not said: their files are not there.
cat >explained <<'END'
^cpu info \(BogoMIPS\|Features\|TLB size\|address sizes\|bogomips\|bugs\|cache size\|cache_alignment\|clflush size\): gone$
^cpu info \(cpu MHz\|cpuid level\|flags\|fpu\|fpu_exception\|microcode\|power management\|wp\): gone$
^cpu info \(CPU implementer\|CPU architecture\|CPU variant\|CPU part\|CPU revision\|cpu\|revision\|clock\|timebase\|firmware\|platform\|machine\|model\|MMU\): gone$
^clusters of CPUs .*: gone$
^dmi product_family: gone$
^modules .*: gone$
^without ib_port/\(rate\|phys_state\): new$
^machine: possible_nodes 
^kinds\? of CPUs .*: \(min_khz\|midr\) 
^CPUs of kind \(atom\|core\): gone$
^kinds of CPUs .*: new$
^L[23] caches of CPUs .*: sets 
^node [0-9]* hugepages .*: new$
^node [0-9]*: \(generic_initiator yes -> no\|movable yes -> no\|address 0x.* -> none\)$
^host bridge 0000:00: node unsaid -> 0$
^pci .*: node -1 -> 0$
^pci .*: \(bars\|rom\|driver\|max_link\|type\|total_vfs\|irq\|physfn\|iommu_group\|label\) .* -> \(none\|unsaid\|0\)$
^pci .*: bars changed$
^pci .*: class \(....\)[^ ]* -> \1$
^pci .*: link \(none\|.*\) -> [0-9.]*x[0-9]*$
^virtio virtio[0-9]*: gone$
^\(net\|block\) .*: parent virtio[0-9] -> none$
^net .*: \(speed [0-9]* -> unsaid\|mtu [0-9]* -> 1500\|operstate [a-z]* -> unknown\)$
^net .*: address none -> 
^infiniband .*: \(node_guid\|sys_image_guid\) none -> 
^infiniband .* ports 1: \(gids none -> fe80\|rate \|link_layer Unknown -> Ethernet$\|phys_state 3: Disabled\)
^infiniband rdmap.*: node_type 7: unspecified -> 1: CA$
^nvme .*: \(model\|serial\|firmware\) .* -> none$
^block .*: dev none -> 
END

# visit MACHINE: lstopo's XML of it, and what differs; uname tells of the computer below, not of the machine
# shellcheck disable=SC2016 # it is awk that expands
visit() {
	name=$(basename "$1" .json)
	arch=$(sed -n 's/.*"arch": "\([a-z0-9_]*\)".*/\1/p;/"arch"/q' "$1")
	"$TOPOFS" run --force "$1" -- lstopo-no-graphics --of xml --filter all:all |
		sed "s/\(\"Architecture\" value=\"\)[^\"]*/\1${arch:-x86_64}/" >"$name.xml"
	"$TOPOFS" diff "$1" "$name.xml" >"$name.found"
	check "$name: it is read" test $? -eq 1
	grep -vf explained "$name.found" >"$name.left"
	cat "$name.left" >&2
	check "$name: nothing differs but what hwloc cannot say" test ! -s "$name.left"
	# of a link only its bytes are known: tenths of GT/s times lanes, less what the encoding takes
	check "$name: links are as fast" awk '
		function bytes(link, part) {
			split(link, part, "x")
			return part[1] * part[2] * (part[1] > 5 ? 8 / 8.125 : 0.8)
		}
		/: link [0-9]/ { a = bytes($(NF - 2)); b = bytes($NF); if (a > b * 1.01 || b > a * 1.01) exit 1 }' "$name.found"
}

set -- "$top_srcdir"/examples/*.json
check "there are machines" test $# -gt 20
two_by_two visit "$@"

# --- other XML -------------------------------------------------------------------------------------------

# What has been read once stays as it is, and files of version 1 tell the same CPUs.
"$TOPOFS" run dgx-h100.xml -- lstopo-no-graphics --of xml --filter all:all >again.xml
check "the same comes back" "$TOPOFS" diff dgx-h100.xml again.xml
"$TOPOFS" run dgx-h100 -- lstopo-no-graphics --of xml --export-xml-flags v1 >v1.xml
"$TOPOFS" show v1.xml >shown
check "version 1: $(sed -n 2p shown)" test "$("$TOPOFS" render v1.xml /sys/devices/system/node/node1/cpulist)" = 56-111,168-223
check "and its GPUs" test "$(grep -c 10de:2330 shown)" -ge 8

# The user's environment leads it nowhere, and stays the command's.
HWLOC_XMLFILE=vm-small.xml HWLOC_SYNTHETIC='pu:1' HWLOC_FSROOT=/ HWLOC_COMPONENTS=linux,x86 HWLOC_THISSYSTEM=1 \
	"$TOPOFS" convert dgx-h100.xml >led.json
"$TOPOFS" convert dgx-h100.xml >same.json
check "variables of hwloc have no effect" cmp led.json same.json
# shellcheck disable=SC2016 # the command's shell expands
check "but on the command" test "$(HWLOC_XMLFILE=x "$TOPOFS" run vm-small.xml -- sh -c 'echo $HWLOC_XMLFILE')" = x
if command -v strace >/dev/null; then
	ASAN_OPTIONS=detect_leaks=0 strace -f -o calls "$TOPOFS" convert vm-small.xml -o vm.json
	# the others are of libcap-ng and jansson
	grep -E 'open.*"/(sys|proc|dev)/' calls | grep -v '"/proc/self/\|"/proc/[0-9]*/status\|cap_last_cap\|urandom' >looked
	check "it looks at nothing of this computer: $(cat looked)" test -s calls -a ! -s looked
	# by then libhwloc has not begun
	sed -n '/seccomp(SECCOMP_SET_MODE_FILTER.* = 0$/,/exit_group/p' calls >confined
	check "and could not" test -s confined
	check "nor open anything" test -z "$(sed -n '1d; /^\([0-9]*\) *\(open\|clone\|exec\|socket\)/p' confined | grep -v 'EPERM')"
fi

# --- synthetic descriptions ------------------------------------------------------------------------------

"$TOPOFS" convert --from synthetic 'Package:2 NUMANode:1 L3Cache:1 Core:16 PU:2' -o synthetic.json
echo 'Package:2 NUMANode:1 L3Cache:1 Core:16 PU:2' >synthetic.txt
check "a file of one" "$TOPOFS" convert --from synthetic synthetic.txt -o file.json
check "is the same" cmp synthetic.json file.json
check "two packages" grep -q '"id": 1, "cpus": "32-63", "cores": 16, "threads": "adjacent"' synthetic.json
check "for any command" test "$("$TOPOFS" render 'numa:2 core:4 pu:1' /sys/devices/system/node/node1/cpulist)" = 4-7
"$TOPOFS" run 'pack:2 [numa(memory=4194304kB)] l3:1(size=33554432) core:4 pu:2' -- lstopo-no-graphics --of synthetic \
	--export-synthetic-flags no_attr >out
check "lstopo says the same: $(cat out)" test "$(cat out)" = 'Package:2 [NUMANode] L3Cache:1 Core:4 PU:2'

# --- what is refused -------------------------------------------------------------------------------------

# refused ARGUMENT MESSAGE
refused() {
	check_status 1 "$1" "$TOPOFS" check "$1" >out 2>err
	check "$1: '$(cat err)'" grep -q "^topofs: $1: document: $2" err
	check "$1: in one line" test "$(wc -l <err)" -eq 1
}
head -c 5000 vm-small.xml >./cut.xml
sed 's/<object type="Core"/<object type="Kern"/' vm-small.xml >type.xml
sed 's/ \(complete_\|allowed_\)\{0,1\}\(cpu\|node\)set="[^"]*"//g' vm-small.xml >sets.xml
sed 's/type="PU" os_index="3"/type="PU" os_index="9000"/' vm-small.xml >high.xml
sed 's/<topology version="2.0">/<topology version="7.0">/' vm-small.xml >version.xml
tr ' ' '\000' <vm-small.xml >nul.xml
echo '<topology version="2.0"></topology>' >empty.xml
refused ./cut.xml 'libhwloc .* does not take it for XML of a topology'
refused ./type.xml 'libhwloc .* does not take it for XML of a topology: .*Kern'
refused ./sets.xml 'libhwloc .*'
refused ./high.xml '.*9000.*\|libhwloc .*'
refused ./version.xml 'libhwloc .* does not take it for XML of a topology'
refused ./empty.xml 'libhwloc .*'
refused 'foo:2' "libhwloc .* does not take it for a synthetic description: .* at 'foo:2'"
refused 'core:2 pu' "libhwloc .* does not take it for a synthetic description: .* at 'pu'"
refused 'pu:4294967295' 'more than 8192 CPUs'
refused 'core:0x100 pu:100' 'more than 8192 CPUs'
check_status 1 "a NUL in it" "$TOPOFS" check --force ./nul.xml 2>err
: >none
check_status 1 "an empty description" "$TOPOFS" convert --from synthetic none 2>err
check "so it says: $(cat err)" grep -qx 'topofs: none: document: there is nothing in it' err
