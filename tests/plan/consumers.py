# SPDX-License-Identifier: Apache-2.0
"""consumers.py GUEST FOLDER: holds what lscpu -p, numactl -H, lstopo and nccl-walk printed, files of that name in the
folder, against the guest's document, which is read here without topofs."""
import json, re, sys
import xml.etree.ElementTree as ET

guest = json.load(open(sys.argv[1]))
shown = {name: open(f"{sys.argv[2]}/{name}").read() for name in ("lscpu", "numactl", "lstopo", "walk")}
wrong = []


def equal(what, expected, found):
    if expected != found:
        wrong.append(f"{what}:\n  expected {expected}\n  found    {found}")


def ids(text):
    found = []
    for part in str(text).split(",") if str(text) else []:
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def kib(text):
    return int(text[:-1]) << {"K": 0, "M": 10, "G": 20, "T": 30}[text[-1]]


# --- the document -------------------------------------------------------------------------------------------

nodes, distances = {}, {}
for place, node in enumerate(guest["nodes"]):
    for n in ids(node.get("id", place)):
        nodes[n] = {"cpus": ids(node.get("cpus", "")), "memory": kib(node.get("memory", "0K"))}
        if "distances" in node:
            distances[n] = node["distances"]
order = sorted(nodes)
for rule in guest.get("distances", []):
    for a in ids(rule["from"]):
        for b in ids(rule["to"]):
            for x, y in ((a, b), (b, a)) if a != b else ():
                distances.setdefault(x, [10 if x == k else 20 for k in order])[order.index(y)] = rule["value"]
for n in order:
    distances.setdefault(n, [10 if n == k else 20 for k in order])

cpus = {}
packages = guest["cpu"]["packages"]
for place, package in enumerate(packages):
    members = ids(package["cpus"])
    cores = package.get("cores", len(members))
    # runs of cores with ids of their own
    cores = sum(len(ids(run["ids"])) for run in cores) if isinstance(cores, list) else cores
    threads = len(members) // cores
    for i, cpu in enumerate(members):
        core = i // threads if package.get("threads") == "adjacent" or threads == 1 else i % cores
        cpus[cpu] = {"package": place, "core": (place, core), "threads": threads}
for n in nodes:
    for cpu in nodes[n]["cpus"]:
        cpus[cpu]["node"] = n

functions = []


def walk(devices, bus, node, above):
    for d in devices:
        at = d["at"] if ":" in d["at"] else bus + ":" + d["at"]
        near = d.get("node", node)
        functions.append({"at": "0000:" + at, "id": d["id"], "class": d.get("class", "0604"), "node": near, "above": above})
        below = d.get("devices", [])
        walk(below, below[0]["at"].split(":")[0] if below else "", near, above + [("0000:" + at, d["id"])])


for root in guest.get("pci", []):
    walk(root["devices"], root["root"].split(":")[1], root.get("node", -1), [])

# --- lscpu --------------------------------------------------------------------------------------------------

rows = [line.split(",") for line in shown["lscpu"].splitlines() if not line.startswith("#")]
equal("lscpu: CPUs", sorted(cpus), [int(row[0]) for row in rows])
equal("lscpu: nodes", [str(cpus[c].get("node", "")) for c in sorted(cpus)], [row[3] for row in rows])


def groups(key):
    found = {}
    for place, cpu in enumerate(sorted(cpus)):
        found.setdefault(key(cpu, place), []).append(cpu)
    return sorted(found.values())


equal("lscpu: cores", groups(lambda cpu, _: cpus[cpu]["core"]), groups(lambda _, i: (rows[i][2], rows[i][1])))
equal("lscpu: sockets", groups(lambda cpu, _: cpus[cpu]["package"]), groups(lambda _, i: rows[i][2]))

# --- numactl ------------------------------------------------------------------------------------------------

lines = shown["numactl"].splitlines()
for n in order:
    found = next((line for line in lines if line.startswith(f"node {n} cpus:")), "")
    equal(f"numactl: CPUs of node {n}", sorted(nodes[n]["cpus"]), [int(c) for c in found.split(":")[-1].split()])
    found = next((line for line in lines if line.startswith(f"node {n} size:")), "")
    # memory of a device has no node of its own before its driver puts it there
    equal(f"numactl: size of node {n}", f"node {n} size: {nodes[n]['memory'] >> 10} MB", found)
start = next(i for i, line in enumerate(lines) if line.startswith("node distances:")) + 2
for n, line in zip(order, lines[start:]):
    equal(f"numactl: distances of node {n}", distances[n], [int(v) for v in line.split(":")[1].split()])
equal("numactl: nodes", len(order), int(re.search(r"available: (\d+) nodes", shown["numactl"])[1]))

# --- lstopo -------------------------------------------------------------------------------------------------


def bits(mask):
    words = [int(word or "0", 16) for word in mask.split(",")]
    return [i for i in range(32 * len(words)) if words[-1 - i // 32] >> i % 32 & 1]


top = ET.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", shown["lstopo"]))
seen = {int(o.get("os_index")): o for o in top.iter("object") if o.get("type") == "NUMANode"}
equal("lstopo: nodes", order, sorted(seen))
for n in set(seen) & set(nodes):
    equal(f"lstopo: memory of node {n}", nodes[n]["memory"] << 10, int(seen[n].get("local_memory", 0)))
    if nodes[n]["cpus"]:
        equal(f"lstopo: CPUs of node {n}", nodes[n]["cpus"], bits(seen[n].get("cpuset")))
equal("lstopo: CPUs", len(cpus), sum(o.get("type") == "PU" for o in top.iter("object")))
equal("lstopo: cores", len({c["core"] for c in cpus.values()}), sum(o.get("type") == "Core" for o in top.iter("object")))
paths = {}


def find(o, above):
    if o.get("type") == "PCIDev":
        paths[o.get("pci_busid")] = above
    if o.get("type") in ("Bridge", "PCIDev") and o.get("bridge_type") != "0-1":
        above = above + [o.get("pci_busid")]
    for child in o.findall("object"):
        find(child, above)


find(top, [])
# hwloc hides host bridges, and what is of a chipset
for f in functions:
    if not f["class"].startswith(("06", "0c")):
        equal(f"lstopo: what is above {f['at']}", [at for at, _ in f["above"]], paths.get(f["at"]))

# --- NCCL ---------------------------------------------------------------------------------------------------

walked = {}
for line in shown["walk"].splitlines():
    at, _, switch = line.split()[:3]
    walked[at] = (switch.partition("=")[2], int(re.search(r"numa=(-?\d+)", line)[1]))
expected = {}
for f in functions:
    if f["class"].startswith(("02", "03")):
        # the nearest switch, by its upper end; to NCCL all levels of Broadcom's are one
        switches = [at for at, kind in f["above"] if kind == "104c:8232"] or \
            [at for at, kind in f["above"] if kind.startswith("1000:")][:1]
        expected[f["at"]] = (switches[-1] if switches else "-", f["node"])
equal("NCCL", expected, walked)

if wrong:
    print("\n".join(wrong))
    sys.exit(1)
print(len(cpus), "CPUs,", len(nodes), "nodes,", len(functions), "functions,", len(expected), "of them for NCCL")
