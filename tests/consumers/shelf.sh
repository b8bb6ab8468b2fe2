#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every machine that comes with topofs, through the programs people use: what they print of it is in tests/machines/NAME,
# less what is not the machine's. Versions that print otherwise are run, and not compared.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
golden=$top_srcdir/tests/machines
PATH=$PATH:$top_builddir/tests/consumers
export PATH
# some versions leave the memory of GPUs out unless told so
HWLOC_KEEP_NVIDIA_GPU_NUMA_NODES=1
export HWLOC_KEEP_NVIDIA_GPU_NUMA_NODES

# is_of VERSION PROGRAM...: it says it is of that version
is_of() {
	version=$1
	shift
	"$@" --version 2>/dev/null | grep -q "[ v]$version\b"
}
compared="nccl-walk numactl"
mounted=true
"$TOPOFS" run vm-small -- numactl --hardware >/dev/null 2>&1 || {
	mounted=false
	lib_report "left out: numactl is not there, or cannot be shown a machine"
}
for program in "lscpu 2\.38" "lstopo-no-graphics 2\.9" "lspci 3\.9"; do
	if is_of "${program#* }" "${program%% *}"; then
		compared="$compared ${program%% *}"
	else
		lib_report "left out: ${program%% *} is not there, or not of version ${program#* }"
	fi
done

# run OUT COMMAND...: where its program is there; what it prints, and what it complains of
run() {
	out=$1
	shift
	command -v "$1" >/dev/null || return 0
	"$@" >"$out" 2>"$out.err" || echo "$1 failed" >>"$out.err"
}

# As fuse/laws.sh finds the same in a mount, they read the files from memory, which is much faster; but numactl cannot
# be told where.
visit() {
	run lscpu lscpu -s "$1"
	HWLOC_FSROOT=$1 run lstopo-no-graphics lstopo-no-graphics --of console
	run lspci lspci -O "sysfs.path=$1/sys/bus/pci" -tnv
	run lspci.verbose lspci -O "sysfs.path=$1/sys/bus/pci" -D -vvv -xxxx
	run nccl-walk nccl-walk "$1"
	$mounted || return 0
	run numactl "$TOPOFS" run "$machine" -- numactl --hardware
	run numastat "$TOPOFS" run "$machine" -- numastat -m
}

# less PROGRAM: what it printed, without what is the processor's and kernel's below, and free memory. Spaces in numactl's
# columns differ between versions; flags are long, and no more than the description's.
less() {
	case $1 in
	lscpu) sed '/^ *\(Architecture\|CPU op-mode(s)\|Byte Order\|Hypervisor\|Virtualization type\|Flags\)/d; s/ *$//' "$1" ;;
	numactl) sed '/^node [0-9]* free:/d; s/  */ /g; s/^ //; s/ $//' "$1" ;;
	*) cat "$1" ;;
	esac
}

in_memory
for machine in "$top_srcdir"/examples/*.json; do
	name=$(basename "$machine" .json)
	"$TOPOFS" render -o "$memory/$name" "$machine" || fail "$name cannot be rendered"
	mkdir "$name.out"
	cd "$name.out" || exit 99
	visit "$memory/$name"
	rm -rf "$memory/${name:?}"
	if grep -q 'Cannot parse cpumap' numactl.err 2>/dev/null; then
		lib_report "left out: $name has more CPUs than the masks of this kernel, numactl cannot tell them"
		rm -f numa*
	fi
	sed -i '/libkmod/d' ./*.err
	check "$name: nobody complains: $(cat ./*.err)" test -z "$(cat ./*.err)"
	check "$name: lspci understands all" \
		sh -c "! grep -i '[!<]unknown\|warning\|error:\|!!!\|<chain\|invalid' lspci.verbose"
	[ -z "${TESTS_UPDATE:-}" ] || mkdir -p "$golden/$name"
	for program in $compared; do
		[ -s "$program" ] || continue
		less "$program" >"seen.$program"
		same "$golden/$name/$program" "seen.$program"
	done
	"$TOPOFS" show "$machine" >seen.show
	same "$golden/$name/show" seen.show
	cd .. || exit 99
done
