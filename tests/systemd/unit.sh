#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The unit is one that systemd takes, and its command line one that topofs takes: ready is told, SIGTERM ends it.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
unit=$top_builddir/systemd/topofs@.service
check "it was made" grep -q '^ExecStart=/.*/topofs mount' "$unit"
if command -v systemd-analyze >/dev/null; then
	mkdir -p bin && sed "s|^\(Exec[A-Za-z]*=\)[^ ]*topofs|\1$TOPOFS|" "$unit" >"bin/topofs@dgx.service"
	systemd-analyze verify --man=no "bin/topofs@dgx.service" >complaints 2>&1
	cp "$top_srcdir/systemd/topofs-mount@.service" bin/topofs-mount@dgx.service
	check "systemd takes it" sh -c '! grep -v "Failed to \|Cannot " complaints | grep topofs@'
fi

# before it starts it is mounted, unless one is stored; $n is systemctl's answer
pre=$(sed -n "/^ExecStartPre=.*sh -c '/,/'/p" "$unit" | sed "1s/^[^']*'//; s/'.*//")
cat >systemctl <<'SH'
#!/bin/sh
[ -n "$ANSWER" ] && echo "$ANSWER"
SH
printf '#!/bin/sh\necho "$*"\n' >nsenter
chmod +x systemctl nsenter
mounts() {
	ANSWER=$1 OPTIONS=allow_other PATH=$tmp:$PATH sh -c "$pre" topofs@one.service one.json one
}
check "what is stored is not mounted again" test -z "$(mounts 4)"
for answer in 0 ''; do
	check "else it is mounted: '$answer'" grep -q ' mount --store --options allow_other one.json one$' <<END
$(mounts "$answer")
END
done

needs_fuse
needs_root
requires python3 pgrep
. "$top_srcdir/tests/serve.sh"
mount_point mnt
line=$(sed -n "s|^ExecStart=[^ ]*topofs|$TOPOFS|p" "$unit" | sed "s|/etc/topofs/%i.json|$machine|; s|/run/topofs/%i|mnt|;
	s|\${OPTIONS}|$(sed -n 's/^Environment=OPTIONS=//p' "$unit")|")
cat >manager.py <<'PY'
import os, signal, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
s.settimeout(10)
p = subprocess.Popen(sys.argv[1:], env=dict(os.environ, NOTIFY_SOCKET=os.path.abspath("notify")))
said = s.recv(100).decode()
while said.startswith("FDSTORE=1"):
    said = s.recv(100).decode()
print(said, open("mnt/sys/devices/system/cpu/present").read().strip())
p.send_signal(signal.SIGTERM)
print(p.wait(10))
PY
# shellcheck disable=SC2086
python3 manager.py $line >out 2>err
check "it says that it is ready when it answers, and ends well" test "$(cat out)" = "READY=1 0-7
0"
check "nothing stays mounted" not_mounted "$tmp/mnt"

# what systemd's store does: it has the descriptors, and gives them to whoever it starts again
cat >store.py <<'PY'
import array, fcntl, os, signal, socket, subprocess, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("store-%d" % os.getpid())
s.settimeout(10)
stored = {}

def start(command=sys.argv[1:]):
    def give():
        fds = [os.dup2(fd, 100 + i) for i, fd in enumerate(stored.values())]
        for i, fd in enumerate(fds):
            os.dup2(fd, 3 + i)
        os.closerange(3 + len(fds), 200)
        if fds:
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)), LISTEN_FDNAMES=":".join(stored))
        os.execvpe(command[0], command, dict(os.environ, NOTIFY_SOCKET=os.path.abspath("store-%d" % os.getppid())))
    pid = os.fork()
    if pid == 0:
        give()
    return pid

def listen(until):
    while True:
        text, extra, flags, address = s.recvmsg(4096, 4096)
        words = dict(line.split("=", 1) for line in text.decode().split("\n"))
        if "FDSTORE" in words:
            assert words["FDPOLL"] == "0"
            fds = array.array("i", extra[0][2])
            stored.setdefault(words["FDNAME"], fds[0])
        if "FDSTOREREMOVE" in words:
            os.close(stored.pop(words["FDNAME"]))
        if until in words:
            return

def read():
    with open("mnt/sys/devices/system/cpu/present") as f:
        return f.read().strip()

def children(pid):
    return [int(c) for c in open("/proc/%d/task/%d/children" % (pid, pid)).read().split()]

def wait_until(what):
    for _ in range(1000):
        if what():
            return
        time.sleep(0.01)
    raise TimeoutError

def is_gone(pid):
    try:
        return open("/proc/%d/stat" % pid).read().rsplit(") ", 1)[1][0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True

# also the worker that the keeper starts meanwhile, which would go on beside the next keeper's
def kill_all(pid):
    for victim in children(pid):
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_until(lambda: any(not is_gone(p) for p in children(pid)))
    left = children(pid)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    wait_until(lambda: all(map(is_gone, left)))

def status_of(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
PY
cat >whole.py <<'PY'
from store import *

pid = start()
listen("READY")
print(sorted(stored))
inode = os.stat("mnt/sys/devices/system/cpu/possible").st_ino
for _ in range(3):
    kill_all(pid)
    pid = start()
    listen("READY")
    os.path.exists("mnt/sys/never-%d" % pid)
    assert read() == "0-7"
    assert os.stat("mnt/sys/devices/system/cpu/possible").st_ino == inode
assert subprocess.call([os.environ["TOPOFS"], "reload", "mnt", "vm-small"]) == 0
assert read() == "0-3"
listen("FDSTOREREMOVE")
listen("FDSTOREREMOVE")
print(sorted(stored))
kill_all(pid)
pid = start()
listen("READY")
os.path.exists("mnt/sys/never-at-all")
assert read() == "0-3"
assert os.stat("mnt/sys/devices/system/cpu/possible").st_ino == inode
os.kill(pid, signal.SIGTERM)
print(status_of(pid))
while stored:
    listen("FDSTOREREMOVE")
PY
# shellcheck disable=SC2086
python3 whole.py $line >out 2>err
status=$?
cat out err >&2
check "a service manager that stores it keeps it through kill -9" test "$status" -eq 0
check "it stores what a mount is, and of each generation" test "$(cat out)" = \
	"['topofs-connection', 'topofs-record-1', 'topofs-state', 'topofs-tree-1']
['topofs-connection', 'topofs-record-2', 'topofs-state', 'topofs-tree-2']
0"
check "nothing stays mounted" not_mounted "$tmp/mnt"

# one process mounts, another one serves, and does not unmount; what cannot be used is forgotten and made anew
cat >split.py <<'PY'
from store import *

topofs, topology, mountpoint = sys.argv[1], *sys.argv[-2:]
AGAIN = 75

def mount():
    pid = start([topofs, "mount", "--store", topology, mountpoint])
    listen("FDSTORE")
    assert status_of(pid) == 0
    assert list(stored) == ["topofs-connection"]

def is_mounted():
    return os.path.abspath(mountpoint) in open("/proc/self/mounts").read()

def stop(pid):
    os.kill(pid, signal.SIGTERM)
    return status_of(pid)

mount()
pid = start()
listen("READY")
assert read() == "0-7"
assert stop(pid) == 0 and is_mounted()
pid = start(sys.argv[1:-1] + [mountpoint + "/"])
listen("READY")
assert os.stat("mnt/sys/devices").st_uid == 0 and read() == "0-7"
assert stop(pid) == 0

def forget():
    while stored:
        listen("FDSTOREREMOVE")

# another version's record
record = bytearray(os.pread(stored["topofs-record-1"], 1 << 20, 0))
record[8] += 1
os.close(stored["topofs-record-1"])
stored["topofs-record-1"] = os.memfd_create("record", os.MFD_ALLOW_SEALING)
os.write(stored["topofs-record-1"], record)
fcntl.fcntl(stored["topofs-record-1"], fcntl.F_ADD_SEALS, 15)
assert status_of(start()) == AGAIN
forget()
assert not is_mounted()

# one whose first request somebody read who then died
mount()
os.read(stored["topofs-connection"], 1 << 16)
assert status_of(start()) == AGAIN
forget()
assert not is_mounted()

# a dead one, of which nothing is stored
mount()
os.close(stored.pop("topofs-connection"))
assert is_mounted()
mount()
pid = start()
listen("READY")
assert read() == "0-7"
assert stop(pid) == 0
pid = start()
listen("READY")
subprocess.check_call(["umount", mountpoint])
assert status_of(pid) == 0 and not is_mounted()
forget()

# one that is kept by another user than who mounted it: who is to be the keeper has to be said
def reload(*options):
    return subprocess.call([topofs, "reload", *options, mountpoint, topology])

os.chmod("store-%d" % os.getpid(), 0o777)
mount()
pid = start(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *sys.argv[1:]])
listen("READY")
assert reload() == 1
assert reload("--pid", str(os.getpid())) == 1
assert reload("--pid", str(pid)) == 0
assert stop(pid) == 0
subprocess.check_call(["umount", mountpoint])
PY
# shellcheck disable=SC2086
python3 split.py $line >&2
check "mounting and serving can be two processes" test "$?" -eq 0
