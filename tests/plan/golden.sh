#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Guests planned on the installed machines are exactly as tests/plan/golden has them, with the reasons.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
golden=$top_srcdir/tests/plan/golden

# plan NAME ARGUMENT...: the guest and its reasons
plan() {
	name=$1
	shift
	check "topofs plan $*" "$TOPOFS" plan "$@" --explain -o "$name.json" >"$name.why"
	check "$name passes topofs check" "$TOPOFS" check "$name.json"
	same "$golden/$name.json" "$name.json"
	same "$golden/$name.why" "$name.why"
}

# the libvirt RFC of 2018
plan rfc xeon-e7-8895v2-8s --vcpus 16 --memory 64G
plan rfc-packed xeon-e7-8895v2-8s --vcpus 16 --memory 64G --numbering packed
plan uneven xeon-e7-8895v2-8s --vcpus 10 --memory 9G --nodes 0-2
plan dgx-node dgx-h100 --vcpus 32 --memory 64G --devices gpu,nic
plan dgx-root dgx-h100 --vcpus 32 --memory 64G --devices gpu,nic --group root
plan dgx-switch dgx-h100 --vcpus 32 --memory 64G --devices gpu,nic --group switch
plan gb200-two gb200-tray --vcpus 16 --memory 64G --devices 0008:01:00.0,0018:01:00.0
check "18 nodes" test "$("$TOPOFS" render gb200-two.json /sys/devices/system/node/possible)" = 0-17
plan sandbox dgx-h100 --collapse --cpus 8-11,120-123 --devices 0000:1b:00.0 --memory 8G

# a node of memory alone, as in the example of QEMU's manual; one whose distances differ there and back, and are 10
cat >odd.json <<'END'
{ "topofs": 1, "name": "odd", "cpu": { "packages": [ { "cpus": "0-1" } ] },
  "nodes": [ { "cpus": "0-1", "memory": "2G", "distances": [10, 20, 10] }, { "memory": "1G", "distances": [30, 10, 17] },
             { "memory": "1G", "distances": [10, 17, 10] } ] }
END
plan memory-only odd.json --vcpus 2 --memory 2G --nodes 0,1
plan distances odd.json --vcpus 2 --memory 3G --nodes 0-2
plan fallback dgx-h100 --vcpus 4 --memory 8G --nodes 0 --devices gpu --best-effort
"$TOPOFS" plan dgx-h100 --vcpus 4 --memory 8G --nodes 0 --devices gpu --best-effort 2>warning >guest
check "falling back is told" grep -qx "topofs: warning: devices: all on the default root, as 0000:9d:00.0 is on node 1 of the host, which the guest has no node of" warning
check "the guest is the same" cmp guest fallback.json
