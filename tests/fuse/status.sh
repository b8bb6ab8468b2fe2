#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs status` says what a mount serves and counts its requests; asking anything else changes nothing.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep
requires_python json fcntl termios
. "$top_srcdir/tests/serve.sh"

mount_point mnt
"$TOPOFS" mount "$machine" mnt || fail "does not mount"
check "prints text" "$TOPOFS" status mnt >text
check "the machine's name" grep -q '^name  *two-packages$' text
check "its document" grep -q "^document  *$machine\$" text
check "its server" grep -q "^keeper  *$(keeper)\$" text
check "how many entries" test "$(sed -n 's/^entries  *//p' text)" -eq "$(find mnt | wc -l)"
check "the kernel's FUSE" grep -q '^protocol  *FUSE 7\.[0-9][0-9]*$' text
check "the kernel's features" test "$(grep -c '[+-] [a-z-]*: ' text)" -ge 7
check "its own requests" grep -q '^  *[0-9][0-9]* init$' text
"$TOPOFS" status mnt/sys/devices >below
check "any folder of the mount does" grep -q "^document  *$machine\$" below

cat >count.py <<'PYTHON'
import fcntl, json, os, subprocess, sys, termios

def status():
    return json.loads(subprocess.check_output([os.environ["TOPOFS"], "status", "--json", "mnt"]))

def asked(what):
    before = status()["requests"]
    what()
    after = status()["requests"]
    return {k: after[k] - before[k] for k in after if after[k] != before[k]}

# Another test may ask all mounts of this computer whether they are alive meanwhile: one time of five will do.
def asks(what, requests):
    return any(asked(what) == requests for _ in range(5))

def terminal():
    with open("mnt/sys/topofs/big", "rb", buffering=0) as f:
        try:
            fcntl.ioctl(f, termios.TCGETS, bytes(64))
        except OSError as e:
            return e.errno

first = status()
assert first["name"] == "two-packages"
assert 0 < first["memory"] < 1 << 24
assert first["uptime"] < 3600
assert all(f["linux"] for f in first["features"].values())
assert asks(lambda: None, {"ioctl": 1})
assert asked(lambda: os.path.exists("mnt/absent"))["absent"] == 1
assert asks(lambda: os.path.exists("mnt/absent"), {"ioctl": 1})
read = asked(lambda: open("mnt/sys/topofs/deep/er/file", "rb", buffering=0).read())
assert read["read"] == 1, read
assert terminal() == 25
assert asks(terminal, {"ioctl": 2})
assert asks(lambda: os.statvfs("mnt"), {"ioctl": 1, "statfs": 1})
PYTHON
check "counts what it is asked" "$python" count.py

mkdir empty
: >file
# refused WHAT FOLDER: one line that says so
refused() {
	check_status 1 "$2" "$TOPOFS" status "$2" 2>err
	check "$2: one line" one_line err
	check "$2: $1" grep -q "$1" err
}
refused "no such folder" missing
refused "not a folder" file
refused "not a folder" mnt/sys/topofs/big
refused "nothing that topofs serves" empty
refused "nothing that topofs serves" /proc
stopped=$(worker)
on_exit "kill -CONT $stopped 2>/dev/null"
kill -STOP "$stopped"
check_status 1 "of a server that is stopped" timeout 60 "$TOPOFS" status mnt 2>err
check "it says so in one line" one_line err
check "which is: $(cat err)" grep -qx 'topofs: mnt: its server does not answer' err
kill -CONT "$stopped"
check "one that goes on answers" "$TOPOFS" status mnt >again
# shellcheck disable=SC2046 # both of them
kill -KILL $(servers)
wait_for 5 no_servers
refused "is gone" mnt
unmount mnt

needs_namespaces
check "within topofs run" "$TOPOFS" run "$machine" -- "$TOPOFS" status /sys >inside
check "it is the command's machine" grep -q '^name  *two-packages$' inside
