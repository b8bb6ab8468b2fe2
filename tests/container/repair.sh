#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs repair` puts living mounts in the place of dead ones, in containers too, with all that is mounted on them.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
. "$top_srcdir/tests/container/sleeping.sh"
. "$top_srcdir/tests/serve.sh"
requires pgrep setsid unshare
deny=$top_builddir/tests/deny
mount_point served
mkdir far

# Other tests may have dead mounts at the same time, so all are of this test's machine.
repairs() {
	"$TOPOFS" repair "$tmp/served"
}

# dies: its connection is gone for all, and what was its place here is free again, or is another's
dies() {
	umount -f served
	umount -l served 2>/dev/null
	for name in $containers; do
		check "$name: it is dead" is_dead "$name"
	done
}

serves() {
	"$TOPOFS" mount "$machine" served || fail "no mount"
}

# What was read before the kernel still has; for one of these it asks the server each time.
is_dead() {
	inside "$1" stat -f /sys/topofs /sys 2>&1 | grep -q 'not connected'
}

is_right() {
	for name in $containers; do
		check "$name: $1" test "$(inside "$name" cat /sys/topofs/deep/er/file /sys/devices/system/cpu/present)" = "content
0-7"
	done
}

# What is mounted, but for numbers: of mounts, and of what is mounted.
mounts() {
	sed 's/^[0-9]* [0-9]* [0-9:]* //' "/proc/$(cat "$1.pid")/mountinfo" | sort
}

number() {
	mounts "$1" | wc -l
}

# ours NAME: of what is said of all containers that of this one; other tests come and go, with copies of all mounts
ours() {
	sed -n "s/^process $(cat "$1.pid"): \([^:]*\): .*healed by .*/\1/p"
}

nothing_is_left() {
	repairs >left || return
	for name in $containers; do
		[ -z "$(ours "$name" <left)" ] || return
	done
}

serves
containers=
container plain "bind('$tmp/served/sys', '/sys', 'ro'); bind('$tmp/served/proc/cpuinfo', '/proc/cpuinfo', 'ro')
bind('$tmp/served/sys/devices', '/mnt/devices', 'ro', 'noatime'); bind('$tmp/served', '/mnt/all')" ||
	skip "runc runs no container here: $(cat plain.out)"
containers=plain
# in a user namespace of its own
chmod 755 .
if container user "bind('$tmp/served/sys', '/sys', 'ro', 'nosuid', 'nodev', 'noexec')
config['linux']['namespaces'].append({'type': 'user'})
config['linux']['uidMappings'] = config['linux']['gidMappings'] = [{'containerID': 0, 'hostID': 100000, 'size': 65536}]"; then
	containers="$containers user"
else
	cat user.out >&2
fi
if command -v podman >/dev/null; then
	if podman_container pod "$tmp/served/sys" sleep 600; then
		containers="$containers pod"
	else
		cat pod.out >&2
	fi
fi
# with the real sysfs beside the machine
container union "" || fail "no container: $(cat union.out)"
check "attach" "$TOPOFS" attach --pid "$(cat union.pid)" --union "$tmp/served" 2>attached
containers="$containers union"
is_right "it sees the machine"
for name in $containers; do
	mounts "$name" >"$name.before"
done

check "nothing to heal" test "$(repairs)" = "nothing to heal"
# CLONE_CHILD_SETTID, which fork has, and not what the sanitizers do at the end
check_status 1 "where no process can be made" "$deny" EPERM clone:0:0x1000000 -- "$TOPOFS" repair served >out 2>err
check "it does not say that: $(cat out err)" test "$(cat out err)" = \
	"topofs: served: cannot ask what is dead: Operation not permitted"
dies
for name in $containers; do
	inside "$name" cat /sys/topofs/big >/dev/null 2>"$name.err"
	check "$name: its reads fail" grep -q 'not connected' "$name.err"
done
check_status 1 "without a living one" "$TOPOFS" repair "$tmp/plain" 2>err
check "no mount point: one line" one_line err
for name in $containers; do
	mounts "$name" >"$name.dead"
done
serves
check "dry run" "$TOPOFS" repair --dry-run served >out
check "it says what would be" grep -q ': dead, would be healed by ' out
check "it names all" test "$(ours plain <out | sort | tr '\n' ' ')" = '/mnt/all /mnt/devices /proc/cpuinfo /sys '
check "a part, and a file" grep -q "^process $(cat plain.pid): /proc/cpuinfo: dead" out
for name in $containers; do
	check "$name: it is still dead" is_dead "$name"
	mounts "$name" | diff "$name.dead" - >&2 || fail "$name: a dry run has changed something"
done
check "heals" repairs >healed
for name in $containers; do
	check "$name: as it said" test "$(ours "$name" <healed)" = "$(ours "$name" <out)"
done
is_right "healed"
mounts plain >plain.after
same plain.before plain.after
check "a part of it is that part" inside plain test -e /mnt/devices/system/cpu/cpu7 -a -e /mnt/all/sys/topofs/big
check "a file is that file" test "$(inside plain grep -c ^processor /proc/cpuinfo)" -eq 8
check "what was mounted on it is there" inside plain sh -c 'ls /sys/fs/cgroup/*/cgroup.procs'
check "the real files too" inside union test -d /sys/module/kernel -a -d /sys/class/net
check "no link leads nowhere" test -z "$(inside union find /sys -ignore_readdir_race -path /sys/fs/cgroup -prune -o -xtype l -print)"
check "the containers are the same" kill -0 "$(cat plain.pid)" "$(cat union.pid)"
check "nothing is left to heal" nothing_is_left

# killed between the two steps, and anywhere
dies
serves
count=$(number plain)
check_status 1 "it cannot take the dead one away" "$deny" EPERM umount2 -- "$TOPOFS" repair served >out 2>err
check "that is said" grep -q "cannot put a living mount in its place" err
check "it heals then" repairs >out
is_right "healed after that"
check "none lies beneath it: $(number plain), before $count" test "$(number plain)" -eq "$count"
dies
serves
for i in 1 2 3 4 5 6; do
	setsid "$TOPOFS" repair served >/dev/null 2>&1 &
	sleep "0.00$i"
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	for name in $containers; do
		seen=$(inside "$name" stat -f -c content /sys/topofs/deep 2>&1)
		check "$name: killed, it is dead or alive: $seen" test -z "${seen##*not connected*}" -o "$seen" = content
	done
done
wait_for 5 repairs >out 2>err || fail "it does not heal after it was killed: $(cat err)"
is_right "healed after it was killed"
# two at once
dies
serves
repairs >out 2>&1 &
repairs >out2 2>&1
wait $!
check "nothing is left of two at once" nothing_is_left
is_right "healed by two at once"

# Linux before 6.5: the dead one is covered and never taken away, as its place must not show what is under it
count=$(grep -c ' - fuse.topofs ' "/proc/$(cat union.pid)/mountinfo")
for i in 1 2; do
	dies
	serves
	check "an older kernel, $i" "$deny" EINVAL move_mount:4:0x200 umount2 -- "$TOPOFS" repair served >out
	is_right "healed on an older kernel, $i"
	check "nothing is left to heal, $i" nothing_is_left
	check "each is covered, $i" test "$(grep -c ' - fuse.topofs ' "/proc/$(cat union.pid)/mountinfo")" -gt $((i * count))
done
check "detach takes it away" "$TOPOFS" detach --pid "$(cat union.pid)"
check "all of it" sh -c '! grep " /\(sys\|proc\)[/ ].*topofs" /proc/'"$(cat union.pid)"'/mountinfo'
containers=plain

# who does not answer is not dead
# shellcheck disable=SC2046
kill -STOP $(keeper) $(worker)
check "nobody answers" nothing_is_left
# shellcheck disable=SC2046
kill -CONT $(servers)

# a mount on what the machine has no longer is not lost
check "mount" inside plain mount -t tmpfs -o mode=700 none /sys/topofs/deep
dies
cp "$machine" all.json
sed 's|"/sys/topofs/deep/er/file"|"/sys/topofs/other"|' all.json >"$machine"
serves
check_status 1 "no place for it" "$TOPOFS" repair served >out 2>err
check "says so" grep -qx "topofs: process $(cat plain.pid): /sys: cannot carry over what is mounted on its topofs/deep: .*" err
check "it is still dead" is_dead plain
cp all.json "$machine"
check "reload" "$TOPOFS" reload served
check "heals" repairs >out
check "with the mount" test "$(inside plain stat -c %a /sys/topofs/deep)" -eq 700
check "on the machine" test "$(inside plain cat /sys/topofs/big | wc -c)" -eq 10

# nor one to which the way is not known any more, as only the server could tell: where a reload cannot look, without openat2
mounts_far() {
	unshare --mount sh -c 'mount --bind served/sys far && mount -t tmpfs none far/devices/system/cpu/cpu1 &&
		echo $$ >far.new && mv far.new far.pid && exec sleep 60' &
	wait_for 5 test -s far.pid || fail "no mount namespace"
	on_exit "kill $(cat far.pid) 2>/dev/null"
}
dies
"$deny" EPERM openat2 -- "$TOPOFS" mount "$machine" served || fail "no mount"
check "heals" repairs >out
mounts_far
check "reload" "$TOPOFS" reload served dgx-h100
for name in $containers; do
	check "$name: has looked since" inside "$name" test -d /sys/fs/cgroup
done
dies
serves
check_status 1 "no way to it" "$TOPOFS" repair served >out 2>err
check "says so" grep -q "^topofs: process $(cat far.pid): .*: cannot reach what is mounted on its .*/cpu1: " err
is_right "healed all the same"
kill "$(cat far.pid)"
check "it has gone with its namespace" wait_for 5 nothing_is_left 2>/dev/null

# else a reload has looked at the way to all that is mounted
rm far.pid
mounts_far
check "reload" "$TOPOFS" reload served dgx-h100
dies
serves
check "heals where nobody else has looked" repairs >out
check "with the mount" test "$(nsenter -t "$(cat far.pid)" -m stat -f -c %T "$tmp/far/devices/system/cpu/cpu1")" = tmpfs
check "on the machine" test "$(nsenter -t "$(cat far.pid)" -m cat "$tmp/far/devices/system/cpu/present")" = 0-7
is_right "healed"
kill "$(cat far.pid)"

# what a user namespace got when it was made is locked there
unshare --user --map-root-user --mount sleep 60 &
locked=$!
on_exit "kill $locked"
of_locked() {
	nsenter -t $locked -m "$@"
}
for i in 1 2; do
	wait_for 5 sh -c "[ \"\$(readlink /proc/$locked/ns/mnt)\" != \"\$(readlink /proc/self/ns/mnt)\" ]"
	dies
	serves
	check "heals what is locked" repairs >out
	check "it did" test "$(of_locked cat "$tmp/served/sys/topofs/big" | wc -c)" -eq 10
	check "nothing is left" nothing_is_left
done
unmount served

# --- as an ordinary user ----------------------------------------------------------------------------------

as_nobody test -x "$TOPOFS" 2>/dev/null || skip "nobody cannot reach $TOPOFS; all else is well"
as_nobody unshare -Urm true 2>/dev/null || skip "user namespaces are not to be had here; all else is well"
mkdir own own/one own/two
chown 65534 own own/one own/two
cat >own/script <<'END'
cd "$1/own" && "$TOPOFS" mount "$1/machine.json" one && mount --bind one/sys two && umount -f one || exit 99
"$TOPOFS" repair --dry-run 2>dead
echo "dead $?"
"$TOPOFS" mount "$1/machine.json" one && "$TOPOFS" repair && cat two/topofs/deep/er/file
umount -f one
echo $$ >ready
exec sleep 60
END
as_nobody unshare -Urm sh own/script "$tmp" >own/out 2>own/err &
wait_for 10 test -s own/ready && on_exit "kill $(cat own/ready)"
check "within, a user heals their own: $(cat own/out own/err)" test "$(cat own/out)" = "dead 1
$tmp/own/two: healed by $tmp/own/one
content"
check "each is told of" grep -q "no living mount of $machine" own/dead
check_status 1 "from outside" as_nobody "$TOPOFS" repair >out 2>err
check "a user is told" grep -q "$tmp/own/two: no living mount of $machine" err
