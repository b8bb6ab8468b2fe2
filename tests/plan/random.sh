#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What holds of every plan, on hosts and requests of many shapes: each vCPU is in one node, memory adds up, no function is
# lost, each is on the node that stands for its own, check passes, and the same request makes the same plan.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires_python json

cat >holds.py <<'END'
import json, sys
host, guest, vcpus, memory = json.load(open(sys.argv[1])), json.load(open(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4])

def ids(text):
    for part in str(text).split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)

def functions(devices, node, into):
    for d in devices:
        at = d.get("node", node)
        into[d["at"]] = at
        functions(d.get("devices", []), at, into)

def size(text):
    return int(text[:-1]) * {"K": 1, "M": 1 << 10, "G": 1 << 20, "T": 1 << 30}[text[-1]]

cpus, total = [], 0
for n in guest["nodes"]:
    cpus += list(ids(n["cpus"])) if "cpus" in n else []
    count = len(list(ids(n["id"]))) if "id" in n else 1
    total += count * size(n.get("memory", "0K"))
assert sorted(cpus) == list(range(vcpus)), cpus
assert total == memory, (total, memory)
stands_for = {g: h for m in guest["plan"]["nodes"] for g, h in zip(ids(m["nodes"]), ids(m["host"]))}
on_host, on_guest = {}, {}
for r in host.get("pci", []):
    functions(r["devices"], r.get("node", -1), on_host)
for r in guest.get("pci", []):
    functions(r["devices"], r.get("node", -1), on_guest)
short = {}
for at, node in on_guest.items():
    short[at if at.count(":") else None] = node
n_gpus = json.dumps(host).count('"10de:26b9"')
given = guest["plan"].get("devices", [])
assert len(given) == n_gpus == len({d["host"] for d in given}), (len(given), n_gpus)
for d in given:
    assert stands_for[short[d["at"][5:]]] >= 0
END

seed=1
# random MAX: the next number below it
random() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	echo $((seed / 65536 % $1))
}

n=0
while [ $n -lt 25 ]; do
	n=$((n + 1))
	nodes=$((1 << $(random 4)))
	threads=$((1 + $(random 2)))
	vcpus=$((nodes + $(random 40)))
	mib=$(((nodes + $(random 500)) * 2))
	group=$(echo node root switch | cut -d ' ' -f $((1 + $(random 3))))
	numbering=$(echo spread packed | cut -d ' ' -f $((1 + $(random 2))))
	"$TOPOFS" generate -o host.json packages=$nodes cores=$((nodes * 8)) threads=$threads nodes=$nodes pci=$((nodes * 30))
	set -- host.json --vcpus $vcpus --memory ${mib}M --group "$group" --numbering "$numbering" --devices gpu
	"$TOPOFS" plan "$@" -o guest.json 2>err || fail "topofs plan $*: $(cat err)"
	"$TOPOFS" plan "$@" -o again.json
	check "the same again: $*" cmp guest.json again.json
	check "check passes: $*" "$TOPOFS" check guest.json
	check "it holds: $*" "$python" holds.py host.json guest.json $vcpus $((mib * 1024))
done
