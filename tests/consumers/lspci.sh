#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lspci lists every function of the examples below the bridges it stands below, and has nothing to complain of.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires lspci
requires_python json
. "$top_srcdir/tests/consumers/machines.sh"

# The paths `lspci -PP -D` ought to print, and who has which ids and class, from the document.
cat >paths.py <<'PY'
import json, sys

def show(device, bus, path, out):
    at = device["at"]
    where = at if at.count(":") == 2 else bus[:5] + at if ":" in at else bus + ":" + at
    name = where if not path else where[5:]
    kind = device.get("class", "0604")[:4] + ": " + device["id"]
    out.append((where, path + name + " " + kind))
    below = device.get("devices", [])
    for child in below:
        show(child, where[:5] + "??", path + name + "/", out)

out = []
for root in json.load(open(sys.argv[1])).get("pci", []):
    for device in root["devices"]:
        show(device, root["root"], "", out)
for where, line in sorted(out):
    print(line)
PY

for machine in dgx-h100 gb200-tray vm-small; do
	"$python" paths.py "$TOPOFS_PATH/$machine.json" >"$machine.expected"
	shown raw "$machine" lspci -D -n -PP
	sed 's/ (rev .*//; s/ (prog-if .*//' raw >"$machine.found"
	same "$machine.expected" "$machine.found"

	shown "$machine.verbose" "$machine" lspci -vvv -xxxx
	sed -n '/[!<]unknown\|[Ww]arning\|[Ee]rror:\|!!!\|<chain\|<access denied>\|invalid/p' "$machine.verbose" >complaints
	cat complaints >&2
	check "no complaint in it" test ! -s complaints
	shown "$machine.tree" "$machine" lspci -tv
done

# link BDF WHICH TEXT: how lspci -vvv decodes the PCI Express capability
link() {
	check "$1 $2 $3" grep -q "$2.*$3" <<EOF
$(awk -v bdf="$1 " 'index($0, bdf) == 1 { on = 1 } /^$/ { on = 0 } on' dgx-h100.verbose)
EOF
}
link 1b:00.0 LnkCap: "Speed 32GT/s, Width x16"
link 1b:00.0 LnkSta: "Speed 32GT/s.*, Width x16"
link 1a:00.0 LnkSta: "Speed 32GT/s.*, Width x16"
link 1a:00.0 Express "Downstream Port"
link 16:00.0 Express "Upstream Port"
link 15:01.0 Express "Root Port"
link 15:01.0 Bus: "primary=15, secondary=16, subordinate=1c"
link 1b:00.0 Region "64-bit, prefetchable) \[size=128G\]"
link 1b:00.0 "Kernel driver in use:" nvidia
link 9d:00.0 "NUMA node:" 1

# What the kernel takes from configuration space is what lspci reads there.
"$TOPOFS" render -o everything "$top_srcdir/tests/topologies/everything.json" || fail "cannot render"
lspci -O sysfs.path=everything/sys/bus/pci -D -vvv >everything.verbose 2>/dev/null
# having PATTERN: the functions in whose text it is
having() {
	awk -v pattern="$1" '/^[0-9a-f]/ { bdf = $1 } $0 ~ pattern { print bdf }' everything.verbose | sort -u
}
# attribute NAME VALUE: the functions whose attribute has it
attribute() {
	(cd everything/sys/bus/pci/devices && grep -lx "$2" -- */"$1") | sed 's,/.*,,' | sort
}
having 'Power Management version' >powered
check "some have power management" test -s powered
attribute d3cold_allowed 1 | diff -u powered - >&2 || fail "d3cold_allowed is not as power management"
for port in $(having 'DevCtl2:.*ARIFwd[+]'); do
	(cd "everything/sys/bus/pci/devices/$port" && ls -d -- ????:??:??.?)
done | sort >forwarded
check "some are behind a port that forwards" test -s forwarded
attribute ari_enabled 1 | diff -u forwarded - >&2 || fail "ari_enabled is not as the port above"
