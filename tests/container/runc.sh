#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs hook` as runc's createContainer hook, of a machine that topofs mount serves.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
needs_fuse
requires mountpoint runc
[ -L /bin ] || skip "this system keeps programs outside /usr"
. "$top_srcdir/tests/serve.sh"
requires_python json

mkdir -p bundle/root/usr bundle/root/proc bundle/root/sys bundle/root/dev
for link in /bin /sbin /lib /lib32 /lib64 /libx32; do
	[ ! -L "$link" ] || cp -a "$link" bundle/root/
done
(cd bundle && runc spec) || fail "no bundle"

# bundle FOLDER COMMAND: the bundle's container has the hook with this folder, and runs the command.
bundle() {
	"$python" - bundle/config.json "$TOPOFS" "$@" <<'END'
import json, sys
path, topofs, folder, command = sys.argv[1:]
config = json.load(open(path))
config["root"] = {"path": "root", "readonly": True}
config["process"].update(terminal=False, args=["sh", "-c", command])
config["process"].pop("rlimits", None)
usr = {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]}
config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/usr"] + [usr]
config["hooks"] = {"createContainer": [{"path": topofs, "args": ["topofs", "hook", "--union", folder]}]}
json.dump(config, open(path, "w"))
END
}

runs() {
	runc --root "$tmp/runc" run --bundle bundle "topofs-test-$$" </dev/null
}

status=0
bundle "$tmp" true
runs >said 2>&1 || status=$?
check "without a mount the container is not created: $status" test "$status" -ne 0
if ! grep -q "nothing of topofs is mounted here" said; then
	cat said >&2
	skip "runc does not run containers here"
fi

mount_point served
"$TOPOFS" mount "$machine" served || fail "no mount"
# shellcheck disable=SC2016 # the container's shell expands
bundle "$tmp/served" 'cat /sys/devices/system/cpu/present; grep -c ^processor /proc/cpuinfo; ls /sys/class/net
	mountpoint -q /sys/fs/cgroup && echo groups
	find /sys -path /sys/fs/cgroup -prune -o -xtype l -print'
runs >seen 2>err || fail "the container does not run: $(cat err)"
printf '0-7\n8\nlo\ngroups\n' >expected
same expected seen
