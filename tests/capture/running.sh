#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016 # it is the command's shell that is to expand
# This machine, captured and run, prints what it prints itself.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires lscpu

"$TOPOFS" capture -o here.json 2>warnings || fail "cannot capture: $(cat warnings)"
check "says at most one line" test "$(wc -l <warnings)" -le 1
check "the description is one that topofs takes" "$TOPOFS" check here.json
"$TOPOFS" capture >again.json 2>/dev/null
check "standard output is the default" test -s again.json
check "nothing is left of a write" test ! -e here.json.part

# same_here COMMAND...: the same on the captured machine as without topofs
same_here() {
	"$@" >real 2>/dev/null
	"$TOPOFS" run here.json -- "$@" >captured 2>/dev/null
	check "$*" diff real captured
}
# frequencies and free memory change meanwhile
same_here sh -c 'lscpu | grep -v MHz'
same_here lscpu -p
same_here lscpu -C
same_here sh -c 'cd /sys/devices/system/cpu && cat possible present online offline isolated kernel_max'
same_here sh -c 'cd /sys/devices/system/cpu && for f in cpu[0-9]*/topology/* cpu[0-9]*/cache/index*/[a-tv-z]*; do
	test -f $f && echo "$f: $(cat $f)"; done'
same_here sh -c 'ls /sys/bus/pci/devices; for d in /sys/bus/pci/devices/*; do
	readlink -f $d; cat $d/vendor $d/device $d/class $d/numa_node $d/local_cpulist $d/resource; done'
same_here sh -c 'for d in /sys/bus/pci/devices/*; do cksum <$d/config; done'
# kernels differ in which of these they have
same_here sh -c 'cd /sys/bus/pci/devices && for f in ari_enabled broken_parity_status d3cold_allowed driver_override \
	enable msi_bus power_state msi_irqs/*; do grep -s . */$f; done; cat ../drivers_autoprobe'
same_here sh -c 'cd /sys/bus/pci && stat -c "%n %A" devices/*/remove devices/*/rescan rescan drivers_probe'
if command -v lspci >/dev/null; then
	same_here lspci -vvnn
	same_here lspci -tv
fi
if command -v lstopo >/dev/null; then
	same_here lstopo --no-smt
fi
if command -v numactl >/dev/null; then
	same_here sh -c 'numactl --hardware | grep -v free'
fi
