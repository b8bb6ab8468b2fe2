#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# diff finds nothing where there is nothing, and says what was changed in lines that were written down here.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires python3

# --- the same, however it is said ------------------------------------------------------------------------

# nothing A B: no line, status 0
nothing() {
	check_status 0 "diff $*" "$TOPOFS" diff "$@" >lines
	check "diff $* says nothing" test ! -s lines
}

for machine in "$top_srcdir"/examples/*.json "$top_srcdir"/tests/topologies/*.json; do
	name=$(basename "$machine" .json)
	"$TOPOFS" render --force -o "$name" "$machine" || fail "cannot render $name"
	"$TOPOFS" capture --root "$name" -o "$name.captured" 2>/dev/null || fail "cannot capture $name"
	nothing "$machine" "$machine"
	nothing "$machine" "./$name"
	nothing "$name.captured" "./$name"
	nothing "$machine" "$name.captured"
done

"$TOPOFS" capture -o here.json 2>/dev/null || fail "cannot capture"
nothing here.json / 2>/dev/null
"$TOPOFS" diff --live here.json / >lines 2>/dev/null
check "free memory moves" grep -q '^node 0 meminfo ' lines

# --- one edit, its lines ---------------------------------------------------------------------------------

# edited MACHINE CODE: the machine as m, changed by Python, is edited.json
edited() {
	python3 - "$top_srcdir/examples/$1.json" "$2" >edited.json <<'END' || fail "cannot edit: $2"
import json, sys
m = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(m, sys.stdout)
END
}

# told MACHINE CODE: standard input has the lines
told() {
	cat >expected
	edited "$1" "$2"
	check_status 1 "$2" "$TOPOFS" diff "$1" edited.json >lines
	check "$2" diff -u expected lines
}

# says MACHINE CODE: the same also with the folder that the description makes
says() {
	told "$1" "$2"
	check_status 1 "$2 (a folder)" "$TOPOFS" diff "./$1" edited.json >lines
	check "$2 (a folder)" diff -u expected lines
}

says vm-small 'm["nodes"][1]["memory"] = "2G"' <<'END'
node 1: memory 4G -> 2G
END
says dgx-h100 'm["nodes"][0]["distances"] = [10, 31]; m["nodes"][1]["distances"] = [31, 10]' <<'END'
node 0: distance to node 1 21 -> 31
END
says dgx-h100 '[c for c in m["cpu"]["caches"] if c["level"] == 2][0]["size"] = "1M"' <<'END'
L2 caches of CPUs 0-223: size 2M -> 1M
END
says vm-small 'm["cpu"]["kernel_max"] = 63; m["modules"] = {"ahci": "3.0"}; del m["dmi"]["sys_vendor"]' <<'END'
dmi sys_vendor: gone
modules ahci: new
cpu: kernel_max 8191 -> 63
END
says vm-small 'd = m["pci"][0]["devices"]; del d[-3]; d[2]["devices"][0]["net"]["mtu"] = 9000' <<'END'
pci 0000:00:1f.0: gone
net enp1s0: mtu 1500 -> 9000
END
# regions below the bridge make room, so a folder has them elsewhere
told vm-small 'd = m["pci"][0]["devices"]; d[0]["driver"] = "odd"; d[4]["devices"][0].update(devices=[], **{"class": "0604", "bus": "04"})' <<'END'
pci 0000:00:00.0: driver none -> odd
pci 0000:04:01.0: gone
END
says vm-small 'm["nodes"][0]["hugepages"] = [{"size": "2M", "total": 8}]' <<'END'
node 0 hugepages 2M: new
END
for size in 1G 2G; do
	echo "{ \"topofs\": 1, \"cpu\": { \"packages\": [ { \"cpus\": 0 } ] }, \"memory\": \"$size\" }" >"$size.json"
done
check_status 1 "a machine without nodes" "$TOPOFS" diff 1G.json 2G.json >lines
echo 'machine: memory 1G -> 2G' | diff -u - lines >&2 || fail "a machine without nodes"
says vm-small 'm["files"] = {"/sys/kernel/odd": "1", "/sys/kernel/folder/a": ""}' <<'END'
/sys/kernel/folder/a: new
/sys/kernel/odd: new
END

# --- what moves by itself --------------------------------------------------------------------------------

edited vm-small 'm["nodes"][0]["free"] = "1G"'
check_status 1 "free memory of two descriptions" "$TOPOFS" diff vm-small edited.json >lines
echo 'node 0: free unsaid -> 1G' | diff -u - lines >&2 || fail "free memory of two descriptions"
check_status 0 "free memory of a folder" "$TOPOFS" diff ./vm-small edited.json
check_status 1 "free memory of a folder, with --live" "$TOPOFS" diff --live ./vm-small edited.json >lines

# --- trouble ---------------------------------------------------------------------------------------------

check_status 2 "no such description" "$TOPOFS" diff vm-small nowhere.json 2>complaint
check "one line" test "$(wc -l <complaint)" -eq 1
echo '{' >broken.json
check_status 2 "not a description" "$TOPOFS" diff broken.json vm-small 2>/dev/null
check_status 2 "one argument" "$TOPOFS" diff vm-small 2>/dev/null
if [ -c /dev/full ]; then
	check_status 2 "nowhere to write" "$TOPOFS" diff vm-small dgx-h100 >/dev/full 2>/dev/null
fi
