#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What holds of every plan, on hosts and requests of many shapes: each vCPU is in one node, memory adds up, no function is
# lost, each is on the node that stands for its own, check passes, and the same request makes the same plan.
# RANDOM_PLANS is how many, 25 where not said.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires_python json

cat >shake.py <<'END'
"""shake.py HOST SEED: other distances, memory and nodes of host bridges than a made-up machine has, which are all alike."""
import json, random, sys
host, r = json.load(open(sys.argv[1])), random.Random(int(sys.argv[2]))
n = len(host["nodes"])
for i, node in enumerate(host["nodes"]):
    node["distances"] = [10 if i == k else r.choice([10, 11, 12, 21, 31, 40, 80, 255]) for k in range(n)]
    node["memory"] = "%dG" % r.randrange(8, 2000)
for root in host.get("pci", []):
    if r.random() < 0.2:
        root.pop("node", None)
json.dump(host, open(sys.argv[1], "w"))
END
cat >holds.py <<'END'
import json, sys
host, guest, vcpus, memory = json.load(open(sys.argv[1])), json.load(open(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4])

def ids(text):
    for part in str(text).split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)

def size(text):
    return int(text[:-1]) * {"K": 1, "M": 1 << 10, "G": 1 << 20, "T": 1 << 30}[text[-1]]

def nodes_of(machine):
    found = {}
    for place, n in enumerate(machine["nodes"]):
        for i in ids(n.get("id", place)):
            found[i] = {"cpus": set(ids(n["cpus"])) if "cpus" in n else set(), "memory": size(n.get("memory", "0K")),
                        "distances": n.get("distances")}
    return found

def functions_of(machine):
    found = {}
    def walk(devices, bus, node):
        for d in devices:
            # what an address lacks is that of the bus it is on
            at = ":".join(bus.split(":")[:2 - d["at"].count(":")] + [d["at"]])
            found[at] = (d["id"], d.get("node", node))
            below = d.get("devices", [])
            walk(below, at[:7], d.get("node", node))
    for root in machine.get("pci", []):
        walk(root["devices"], root["root"], root.get("node", -1))
    return found

def distance(nodes, a, b):
    row = nodes[a]["distances"]
    return row[sorted(nodes).index(b)] if row else 10 if a == b else 20

here, there, plan = nodes_of(guest), nodes_of(host), guest["plan"]
stands_for = {g: h for m in plan["nodes"] for g, h in zip(ids(m["nodes"]), ids(m["host"]))}
assert sorted(stands_for) == sorted(here) and len(set(stands_for.values())) == len(here), stands_for
# every vCPU is in one node, and runs on CPUs of the node that stands for
assert sorted(c for n in here.values() for c in n["cpus"]) == list(range(vcpus)), "CPUs of nodes"
runs_on = {c: set(ids(m["host"])) for m in plan["cpus"] for c in ids(m["cpus"])}
assert sorted(runs_on) == list(range(vcpus)), "CPUs that run somewhere"
for n in here:
    for c in here[n]["cpus"]:
        assert runs_on[c] and runs_on[c] <= there[stands_for[n]]["cpus"], (n, c)
# memory adds up, and is there
assert sum(n["memory"] for n in here.values()) == memory, "memory"
assert all(here[n]["memory"] <= there[stands_for[n]]["memory"] for n in here), "memory of the host"
# distances are the host's
for a in here:
    for b in here:
        want = 10 if a == b else max(11, distance(there, stands_for[a], stands_for[b]))
        assert distance(here, a, b) == want, (a, b, distance(here, a, b), want)
# no function is lost, and each is on the node that stands for its own
on_host, on_guest = functions_of(host), functions_of(guest)
asked = {at for at, (kind, _) in on_host.items() if kind == "10de:26b9"}
given = plan.get("devices", [])
assert {d["host"] for d in given} == asked and len(given) == len(asked) == len({d["at"] for d in given}), given
for d in given:
    kind, node = on_guest[d["at"]]
    assert kind == "10de:26b9", d
    assert (stands_for[node] if node >= 0 else -1) == on_host[d["host"]][1], (d, node, on_host[d["host"]])
END

seed=1
# random MAX: `picked` is the next number below it; not in a subshell, which would forget where it was
random() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	picked=$((seed / 65536 % $1))
}

n=0 times=${RANDOM_PLANS:-25}
while [ $n -lt "$times" ]; do
	n=$((n + 1))
	random 4 && nodes=$((1 << picked))
	random 2 && threads=$((1 + picked))
	random 40 && vcpus=$((nodes + picked))
	random 500 && mib=$(((nodes + picked) * 2))
	random 3 && group=$(echo node root switch | cut -d ' ' -f $((1 + picked)))
	random 2 && numbering=$(echo spread packed | cut -d ' ' -f $((1 + picked)))
	"$TOPOFS" generate -o host.json packages="$nodes" cores=$((nodes * 8)) threads="$threads" nodes="$nodes" pci=$((nodes * 30))
	"$python" shake.py host.json $n || fail "cannot shake"
	set -- host.json --vcpus "$vcpus" --memory "${mib}M" --group "$group" --numbering "$numbering" --devices gpu
	"$TOPOFS" plan "$@" -o guest.json 2>err || fail "topofs plan $*: $(cat err)"
	"$TOPOFS" plan "$@" -o again.json
	check "the same again: $*" cmp guest.json again.json
	check "check passes: $*" "$TOPOFS" check guest.json 2>warnings
	check "it holds: $*" "$python" holds.py host.json guest.json "$vcpus" $((mib * 1024))
	# which reads it again and holds it to what QEMU would make
	[ "$numbering" = spread ] || check "QEMU can be told: $*" "$TOPOFS" convert --to qemu guest.json -o guest.qemu
done
