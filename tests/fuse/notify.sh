#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the foreground the service manager is told, once the mount answers.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep timeout
requires_python socket
. "$top_srcdir/tests/serve.sh"

mount_point mnt
cat >listen.py <<'PYTHON'
import os, socket, subprocess, sys

def ready(address, shown):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(address)
        s.settimeout(10)
        server = subprocess.Popen(sys.argv[1:], env=dict(os.environ, NOTIFY_SOCKET=shown))
        said = s.recv(100)
        while said.startswith(b"FDSTORE=1"):
            said = s.recv(100)
        assert said == b"READY=1"
    assert open("mnt/sys/topofs/deep/er/file").read() == "content\n"
    server.terminate()
    assert server.wait() == 0

ready("socket", "socket")
ready("\0topofs-test-%d" % os.getpid(), "@topofs-test-%d" % os.getpid())
PYTHON
check "a path and an abstract address are told" timeout 30 "$python" listen.py "$TOPOFS" mount -f "$machine" mnt
check "unmounted" not_mounted "$tmp/mnt"
