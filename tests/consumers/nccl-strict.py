# SPDX-License-Identifier: Apache-2.0
"""Takes a topology file as strictly as NCCL's own parser (src/graph/xml.cc) and its users do; says what is wrong.

    nccl-strict.py FILE...
"""

import re
import sys

TEXT, ATTRS, CHILDREN, ELEMENTS = 255, 16, 640, 256
TAG = re.compile(r'<(/?)([a-z0-9_]+)((?: [a-z_]+="[^"]*")*)(/?)>')
ATTR = re.compile(r' ([a-z_]+)="([^"]*)"')
PLACES = {None: {"system"}, "system": {"cpu"}, "cpu": {"pci", "nic"}, "pci": {"pci", "gpu", "nic", "pcilink"},
          "gpu": {"nvlink", "c2c"}, "nic": {"net"}}
BUSID = r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"
SPEED = r"(2\.5|5|8|16|32) GT/s|(2\.5|5\.0|8\.0|16\.0|32\.0|64\.0) GT/s PCIe|Unknown|"
RULES = {
    "system": {"version": "1"},
    "cpu": {"numaid": r"-1|\d+", "affinity": r"[0-9a-f]{1,8}(,[0-9a-f]{8})*", "arch": "x86_64|arm64|ppc64"},
    "pci": {"busid": BUSID, "class": "0x[0-9a-f]{6}", "vendor": "0x[0-9a-f]{4}", "device": "0x[0-9a-f]{4}",
            "subsystem_vendor": "0x[0-9a-f]{4}", "subsystem_device": "0x[0-9a-f]{4}", "link_speed": SPEED,
            "link_width": r"\d+"},
    "pcilink": {"target": BUSID},
}
X86 = {"vendor": r"GenuineIntel|AuthenticAMD|CentaurHauls|  Shanghai  ", "familyid": r"\d+", "modelid": r"\d+"}


def refuse(text, at, what):
    raise ValueError("line %d: %s" % (text.count("\n", 0, at) + 1, what))


def check(text, at, name, attrs, seen):
    rules = dict(RULES.get(name, {}))
    if name == "cpu" and attrs.get("arch") == "x86_64":
        rules.update(X86)
    # as on no machine NCCL can ask for it
    if attrs.get("numaid") == "-1":
        del rules["affinity"]
    for key, pattern in rules.items():
        if not re.fullmatch(pattern, attrs.get(key, "\0")):
            refuse(text, at, "%s: %s is %r" % (name, key, attrs.get(key)))
    if set(attrs) - set(rules):
        refuse(text, at, "%s: what is %s?" % (name, set(attrs) - set(rules)))
    key = {"pci": attrs.get("busid"), "cpu": "cpu" + attrs.get("numaid", "")}.get(name)
    if key and key in seen:
        refuse(text, at, "%s is there twice" % key)
    seen.add(key)


def parse(text):
    at, n, stack, seen, closed = 0, 0, [[None, 0, {}]], set(), False
    while True:
        while at < len(text) and text[at] in " \n\r":
            at += 1
        if at == len(text):
            break
        tag = TAG.match(text, at)
        if not tag or closed:
            refuse(text, at, "no tag: %r" % text[at:at + 60])
        close, name, attrs, single = tag.groups()
        if close:
            if attrs or single or stack[-1][0] != name:
                refuse(text, at, "</%s> closes <%s>" % (name, stack[-1][0]))
            top = stack.pop()
            # what has a class of switches has something below, and nothing else has
            if name == "pci" and (top[2]["class"][:8] == "0x060400") != (top[1] > 0):
                refuse(text, at, "a switch without devices, or devices below what is none")
            closed = name == "system"
        else:
            if name not in PLACES.get(stack[-1][0], ()):
                refuse(text, at, "<%s> in <%s>" % (name, stack[-1][0]))
            pairs = ATTR.findall(attrs)
            if len(pairs) > ATTRS or len(dict(pairs)) != len(pairs) or any(len(t) > TEXT for p in pairs for t in p):
                refuse(text, at, "attributes")
            n += 1
            stack[-1][1] += 1
            if stack[-1][1] > CHILDREN or n > ELEMENTS:
                refuse(text, at, "too many elements")
            check(text, at, name, dict(pairs), seen)
            if not single:
                stack.append([name, 0, dict(pairs)])
        at = tag.end()
    if not closed or len(stack) != 1:
        refuse(text, at, "the end comes too early")


for path in sys.argv[1:]:
    try:
        with open(path, newline="") as file:
            parse(file.read())
    except ValueError as why:
        sys.exit("%s: %s" % (path, why))
