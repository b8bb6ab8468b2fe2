# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the tests of `topofs mount` and `topofs run` share; read after lib.sh.

# A machine that is not this one. Its path tells its servers from all others.
machine=${tmp:?}/machine.json
cat >"$machine" <<'JSON'
{ "topofs": 1, "name": "two-packages",
  "cpu": { "packages": [ { "cpus": "0-3", "cores": 4 }, { "cpus": "4-7", "cores": 4 } ] },
  "nodes": [ { "cpus": "0-3", "memory": "8G" }, { "cpus": "4-7", "memory": "8G" } ],
  "files": { "/sys/topofs/deep/er/file": "content\n", "/sys/topofs/link": { "link": "deep/er" },
             "/sys/topofs/big": { "base64": "AAECAwQFBgcICQ==" }, "/sys/topofs/none": "",
             "/proc/driver/topofs/version": "1\n", "/proc/topofs-none": "x\n" } }
JSON
chmod 755 "$tmp"
chmod 644 "$machine"

# servers [MACHINE]: the processes that serve it, and those on the way to.
servers() {
	pgrep -f "^[^ ]*topofs.* ${1:-$machine}( |\$)"
}

# servers_here [NAME]: of all that serve such a document those this test started, whose environment says so.
servers_here() {
	for server in $(servers "$@"); do
		tr '\0' '\n' <"/proc/$server/environ" 2>/dev/null | grep -qxF "TOPOFS_TEST=$tmp" && echo "$server"
	done
}

no_servers_here() {
	[ -z "$(servers_here "$@")" ]
}

# keeper: of these the one that the others are children of.
keeper() {
	for server in $(servers); do
		pgrep -P "$server" >/dev/null && echo "$server"
	done
}

# worker: its child, which answers.
worker() {
	pgrep -P "$(keeper)"
}

no_servers() {
	! servers "$@" >/dev/null
}

is_mounted() {
	grep -q " $1 " /proc/self/mounts
}

not_mounted() {
	! is_mounted "$1"
}

# one_line FILE: it holds exactly one line, of topofs.
one_line() {
	cat "$1" >&2
	[ "$(wc -l <"$1")" -eq 1 ] && grep -q '^topofs: ..*' "$1"
}

# needs_nobody: root, who can become an ordinary user that may open /dev/fuse.
needs_nobody() {
	needs_root
	requires setpriv unshare mknod
	as_nobody test -x "$TOPOFS" 2>/dev/null || skip "nobody cannot be or reach $TOPOFS"
}

# as_nobody COMMAND...: as an ordinary user, with a /dev/fuse of the permissions distributions give it.
as_nobody() {
	# shellcheck disable=SC2016
	unshare -m sh -c '
		mount -t tmpfs -o mode=755 tmpfs "$1" && mknod -m 666 "$1/fuse" c 10 229 &&
		mount --bind "$1/fuse" /dev/fuse && umount -l "$1" || exit 99
		shift
		exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"' sh "$(nobody_folder)" "$@"
}

nobody_folder() {
	mkdir -p "$tmp/dev" && echo "$tmp/dev"
}

# A mount point of its own; what is left on it goes with the test.
mount_point() {
	mkdir "$1"
	on_exit "umount -l '$tmp/$1' 2>/dev/null || fusermount3 -u -z '$tmp/$1' 2>/dev/null"
}

unmount() {
	if [ "$(id -u)" -eq 0 ]; then
		umount "$1"
	else
		fusermount3 -u "$1"
	fi
}
