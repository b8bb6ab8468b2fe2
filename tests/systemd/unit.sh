#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The unit is one that systemd takes, and its command line one that topofs takes: ready is told, SIGTERM ends it.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
unit=$top_builddir/systemd/topofs@.service
check "it was made" grep -q '^ExecStart=/.*/topofs mount' "$unit"
if command -v systemd-analyze >/dev/null; then
	mkdir -p bin && sed "s|^ExecStart=[^ ]*topofs|ExecStart=$TOPOFS|" "$unit" >"bin/topofs@dgx.service"
	systemd-analyze verify --man=no "bin/topofs@dgx.service" >complaints 2>&1
	check "systemd takes it" sh -c '! grep -v "Failed to \|Cannot " complaints | grep topofs@'
fi

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
print(s.recv(100).decode(), open("mnt/sys/devices/system/cpu/present").read().strip())
p.send_signal(signal.SIGTERM)
print(p.wait(10))
PY
# shellcheck disable=SC2086
python3 manager.py $line >out 2>err
check "it says that it is ready when it answers, and ends well" test "$(cat out)" = "READY=1 0-7
0"
check "nothing stays mounted" not_mounted "$tmp/mnt"
