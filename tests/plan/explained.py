# SPDX-License-Identifier: Apache-2.0
"""explained.py PLAN < LINES: of what topofs diff says of a plan and the guest that booted from it, what is no fault of
the plan, counted by its reason; what nothing explains is printed as it is, and the exit status is 1."""
import collections, json, re, sys

plan = json.load(open(sys.argv[1]))
given = {d["at"] for d in plan["plan"].get("devices", [])}
above, ports = set(), set()


def walk(devices, bus, port):
    for d in devices:
        at = d["at"] if ":" in d["at"] else bus + ":" + d["at"]
        if "0000:" + at in given and port:
            above.add("0000:" + port)
        if d["id"] == "1b36:000c":
            ports.add("0000:" + at)
        below = d.get("devices", [])
        walk(below, below[0]["at"].split(":")[0] if below else "", at)


for root in plan.get("pci", []):
    walk(root["devices"], root["root"].split(":")[1], None)


def any_of(addresses):
    return "(?:" + "|".join(map(re.escape, sorted(addresses))) + ")" if addresses else "(?!)"


ANY = r"0000:..:..\.[0-7]"
GIVEN, ABOVE, PORT = any_of(given), any_of(above), any_of(ports)
CPUS = r"CPUs? [0-9,-]+"
SIZE = r"([0-9]+[KMGT]?(?: io| prefetchable| 64-bit)*)"



def of_the_kernel(match):
    """Its own code and data, and what describes each page: no more than this."""
    size = int(match[1][:-1]) << {"K": 0, "M": 10, "G": 20}[match[1][-1]]
    return size - (96 << 10) <= int(match[2]) < size


# As few words as make a kind; a line must match from its first byte to its last.
REASONS = [
    ("memory that the kernel keeps to itself", [(r"node \d+: memory (\S+) -> (\d+)K", of_the_kernel)]),
    ("what firmware says of itself", [r"dmi (bios|chassis|product)_\w+: new", r"dmi modalias: new", r"/sys/devices/virtual/dmi/id/uevent: changed"]),
    ("what this kernel is built of", [
        r"modules \w+: (new|gone)", r"without [\w/]+: new", r"/sys/bus/pci/drivers/\w+/module: new",
        r"/sys/kernel/mm/transparent_hugepage/enabled: changed", r"cpu vulnerabilities \w+: .*"]),
    ("an emulated CPU instead of the host's", [
        r"cpu info [\w ]+: .*", r"/proc/cpuinfo: changed", r"/sys/devices/system/cpu/cpu\d+/uevent: changed"]),
    ("the caches of that CPU", [
        rf"L[123] (data |instruction )?caches? of {CPUS}: (size|ways|sets|ids?|cpus) .*",
        rf"L[123] (data |instruction )?caches? of {CPUS}: (new|gone)"]),
    ("interrupts, counted as drivers ask", [rf"pci {ANY}: (irq|msi_irqs|msi) .*", r"/proc/bus/pci/devices: changed"]),
    ("registers as firmware and kernel set them", [
        rf"pci {ANY}: config .*",
        rf"pci {ANY}: bars(\[\d\])? {SIZE}( at 0x[0-9a-f]+)? -> \2 at 0x[0-9a-f]+",
        rf"pci {ANY}: rom {SIZE}( at 0x[0-9a-f]+)? -> \1 at 0x[0-9a-f]+",
        # ports with io-reserve=0 have no room for these
        rf"pci {ANY}: bars\[\d\] \d+ io( at 0x[0-9a-f]+)? -> none",
        rf"pci {PORT}: bars 4K( at 0x[0-9a-f]+)? -> none"]),
    ("emulated functions instead of the host's", [
        rf"pci {GIVEN}: (id|subsystem|class|revision|type|link|max_link|bars|bars\[\d\]|rom|driver|serial|total_vfs) .*",
        rf"pci {ABOVE}: link .*", rf"/sys/devices/pci[^ ]*/{GIVEN}/\S+: (changed|new|gone)",
        r"(net|infiniband|drm) \w+: gone"]),
]


def explains(pattern, line):
    pattern, holds = pattern if isinstance(pattern, tuple) else (pattern, None)
    match = re.fullmatch(pattern, line)
    return match and (not holds or holds(match))


counts, unexplained = collections.Counter(), 0
for line in sys.stdin.read().splitlines():
    for why, patterns in REASONS:
        if any(explains(p, line) for p in patterns):
            counts[why] += 1
            break
    else:
        print(line)
        unexplained += 1
for why, n in counts.most_common():
    print(f"{n:5} {why}", file=sys.stderr)
sys.exit(unexplained > 0)
