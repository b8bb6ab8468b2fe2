# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the tests of OCI runtimes share: a bundle whose createContainer hook is topofs; read after serve.sh.

[ -L /bin ] || skip "this system keeps programs outside /usr"
requires_python json
mkdir -p bundle/root/usr bundle/root/proc bundle/root/sys bundle/root/dev
for link in /bin /sbin /lib /lib32 /lib64 /libx32; do
	[ ! -L "$link" ] || cp -a "$link" bundle/root/
done

# bundle FOLDER COMMAND: the bundle's container has the hook with this folder, and runs the command.
bundle() {
	"${python:?}" - bundle/config.json "$TOPOFS" "$@" <<'END'
import json, sys
path, topofs, folder, command = sys.argv[1:]
config = json.load(open(path))
config["root"] = {"path": "root", "readonly": True}
config["process"].update(terminal=False, args=["sh", "-c", command])
config["process"].pop("rlimits", None)
config["linux"]["resources"].pop("devices", None)
for kind in "bounding", "effective", "permitted":
    config["process"]["capabilities"][kind].append("CAP_NET_ADMIN")
usr = {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]}
config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/usr"] + [usr]
config["hooks"] = {"createContainer": [{"path": topofs, "args": ["topofs", "hook", "--union", folder]}]}
json.dump(config, open(path, "w"))
END
}

# What a container of the machine of serve.sh runs: it tells what it sees.
# shellcheck disable=SC2016,SC2034 # the container's shell expands
look='cat /sys/devices/system/cpu/present; grep -c ^processor /proc/cpuinfo; ls /sys/class/net
	mountpoint -q /sys/fs/cgroup && echo groups
	[ -d /sys/module/kernel ] && [ -e /sys/kernel/uevent_seqnum ] && echo real
	if ip link add veth0 type veth peer name veth1; then
		for link in veth0 veth1; do ip link set $link up; done
		for tenth in $(seq 100); do [ $(cat /sys/class/net/veth0/statistics/tx_packets) -gt 0 ] && break; sleep 0.1; done
		[ $tenth -lt 100 ] && ls /sys/class/net
	fi 2>/dev/null
	find /sys -ignore_readdir_race -path /sys/fs/cgroup -prune -o -xtype l -print'

# looked FILE: it is what that container should tell; no link of /sys leads nowhere.
looked() {
	printf '0-7\n8\nlo\ngroups\nreal\n' >expected
	# where the kernel has such interfaces, one is seen to move
	! grep -q veth0 "$1" || printf 'lo\nveth0\nveth1\n' >>expected
	same expected "$1"
}
