#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# With -o warm the first reader finds everything in the kernel already, however it was mounted.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep timeout
requires_python json socket
. "$top_srcdir/tests/serve.sh"

mount_point mnt
cat >first.py <<'PYTHON'
import json, os, socket, subprocess, sys

topofs = os.environ["TOPOFS"]

def requests():
    status = json.loads(subprocess.check_output([topofs, "status", "--json", "mnt"]))
    return {kind: n for kind, n in status["requests"].items() if kind not in ("ioctl", "statfs")}

def read(path):
    with open(path, "rb", buffering=0) as f:
        return len(f.read())

def first_pass():
    files = links = 0
    for folder, folders, names in os.walk("mnt"):
        for name in folders + names:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                links += 1
                os.readlink(path)
            elif name in names:
                files += 1
                read(path)
    return files, links

def is_warm():
    before = requests()
    files, links = first_pass()
    assert files > 100 and links > 10, (files, links)
    return requests() == before

if sys.argv[1] == "mounted":
    sys.exit(not is_warm())
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.bind("socket")
    s.settimeout(60)
    server = subprocess.Popen([topofs, "mount", "-f", "-o", "warm", sys.argv[1], "mnt"],
                              env=dict(os.environ, NOTIFY_SOCKET="socket"))
    said = s.recv(100)
    while said.startswith(b"FDSTORE=1"):
        said = s.recv(100)
    assert said == b"READY=1"
    warm = is_warm()
    server.terminate()
    assert server.wait() == 0
    sys.exit(not warm)
PYTHON

# The kernel may drop pages when memory is short: one time of three will do.
# warm_after COMMAND...: it mounts, and what is read then is there
warm_after() {
	for _ in 1 2 3; do
		"$@" || return
		"$python" first.py mounted
		lib_got=$?
		unmount mnt
		wait_for 5 no_servers || return
		[ "$lib_got" -ne 0 ] || return 0
	done
	return 1
}
cold() {
	"$TOPOFS" mount "$machine" mnt
}
check_status 1 "not without the option" warm_after cold
check "mount -o warm" warm_after timeout 60 "$TOPOFS" mount -o warm "$machine" mnt
check "and others" warm_after timeout 60 "$TOPOFS" mount -o noatime,warm "$machine" mnt
check "in the foreground, before it is called ready" timeout 60 "$python" first.py "$machine"
check "no server is left" wait_for 5 no_servers

# Whatever happens to the server while its files are being read, nobody is left waiting. This machine is large enough for
# that to be in the middle, most times.
large=$top_srcdir/examples/dgx-h100.json
connected() {
	for server in $(servers "$large"); do
		! readlink "/proc/$server"/fd/* 2>/dev/null | grep -qx /dev/fuse || echo "$server"
	done
}
is_connected() {
	[ -n "$(connected)" ]
}
# all_ended SIGNAL: sends it to whoever is there, also to a worker that has no keeper any more
all_ended() {
	connected | xargs -r kill "-$1" 2>/dev/null
	no_servers "$large"
}
# ended_by SIGNAL: sent to the servers while the mount command waits for them
ended_by() {
	timeout 60 "$TOPOFS" mount -o warm "$large" mnt &
	mounting=$!
	wait_for 10 is_connected || return
	wait_for 10 all_ended "$1" || return
	wait "$mounting"
	! is_mounted "$tmp/mnt" || umount -l mnt || fusermount3 -u -z mnt
}
for signal in TERM KILL; do
	check "SIG$signal while it is warming" ended_by "$signal"
done
