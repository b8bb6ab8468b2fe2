# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Containers of runc and podman that go on until the test ends; read after lib.sh.

needs_root
requires nsenter pgrep runc
[ -L /bin ] || skip "this system keeps programs outside /usr"
requires_python json

# The programs of this computer, as a container's root.
container_root() {
	mkdir -p "$1/root/usr" "$1/root/mnt"
	for place in dev etc proc run sys tmp var; do
		mkdir "$1/root/$place"
	done
	for link in /bin /sbin /lib /lib32 /lib64 /libx32; do
		[ ! -L "$link" ] || cp -a "$link" "$1/root/"
	done
}

# container NAME PYTHON: one of this computer's programs, in which nothing happens. PYTHON changes its config: a function
# bind(source, place, option...) mounts something. Its first process is in NAME.pid. Status 1: runc does not run it.
container() {
	: "${tmp:?}" "${python:?}"
	container_root "$1"
	(cd "$1" && runc spec) || return
	"$python" - "$1/config.json" "$2" <<'END' || return
import json, sys
path, changes = sys.argv[1:]
config = json.load(open(path))
config["root"] = {"path": "root", "readonly": False}
config["process"].update(terminal=False, args=["sleep", "600"])
config["process"].pop("rlimits", None)
mounts = config["mounts"]
def bind(source, place, *options):
    mounts[:] = [m for m in mounts if m["destination"] != place]
    after = [i for i, m in enumerate(mounts) if m["destination"].startswith(place + "/")]
    mount = {"destination": place, "type": "bind", "source": source, "options": ["rbind", *options]}
    mounts.insert(after[0] if after else len(mounts), mount)
bind("/usr", "/usr", "ro")
exec(changes)
json.dump(config, open(path, "w"))
END
	on_exit "runc --root '$tmp/runc' delete -f 'topofs-test-$$-$1' 2>/dev/null"
	runc --root "$tmp/runc" run --detach --pid-file "$tmp/$1.pid" --bundle "$1" "topofs-test-$$-$1" </dev/null >"$1.out" 2>&1
}

own_podman() {
	podman --root "$tmp/store" --runroot "$tmp/state" --tmpdir "$tmp/libpod" --cgroup-manager cgroupfs --runtime runc "$@"
}

no_podman() {
	! pgrep -f "$tmp/store" >/dev/null
}

# what clears up after a container mounts its storage once more
podman_ends() {
	own_podman rm --force --time 0 --all >/dev/null 2>&1
	wait_for 10 no_podman
	while umount -l "$tmp/store/overlay" 2>/dev/null; do :; done
}

# podman_container NAME FOLDER COMMAND...: one of podman's, where FOLDER is the /sys.
podman_container() {
	name=$1 machine_sys=$2
	shift 2
	container_root "$name"
	on_exit podman_ends
	own_podman run --detach --pidfile "$tmp/$name.pid" --network none --ulimit nofile=1024:1024 \
		--ulimit nproc=1024:1024 --security-opt seccomp=unconfined -v /usr:/usr:ro -v "$machine_sys:/sys:ro" \
		--rootfs "$tmp/$name/root" "$@" </dev/null >"$name.out" 2>&1
}

# inside NAME COMMAND...: with that container's mounts
inside() {
	process=$(cat "$1.pid")
	shift
	nsenter -t "$process" -m -r -- "$@"
}
