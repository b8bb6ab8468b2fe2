#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Containers read on, and all of it right, while what serves them is killed, reloaded and upgraded; many cost no more.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
. "$top_srcdir/tests/container/sleeping.sh"
. "$top_srcdir/tests/serve.sh"
requires unshare
# SURVIVE_KILLS=N: more of all, by hand
kills=${SURVIVE_KILLS:-5}
turns=${SURVIVE_KILLS:+b a }b

# Two machines, with a file that tells whose turn it is: a's
"$python" - "$machine" one.json "$top_srcdir/examples/vm-small.json" two.json <<'END' || exit 99
import json, sys
for source, to in zip(sys.argv[1::2], sys.argv[2::2]):
    machine = json.load(open(source))
    machine.setdefault("files", {})["/sys/topofs/turn"] = "a" * 100 + "\n"
    json.dump(machine, open(to, "w"))
END

# In a container: all files of its devices, again and again, compared with the sum of what they should be. The kernel
# keeps none of what is asked for by stat -f, and by a name that was never asked for before.
cat >reader <<'END'
n=0
say() {
	echo "pass $n: $*" >>/mnt/errors
}
while [ ! -e /mnt/stop ]; do
	n=$((n + 1))
	seen=$(cd /sys/devices && find . -type f -perm -444 | LC_ALL=C sort | xargs cat 2>>/mnt/errors | sha1sum)
	[ "$seen" = "$1" ] || say "$seen"
	turn=$(cat /sys/topofs/turn 2>>/mnt/errors | tr -s '[:lower:]')
	[ "$turn" = a ] || [ "$turn" = b ] || say "turn $turn"
	stat -f /sys >/dev/null 2>>/mnt/errors || say "statfs"
	[ ! -e "/sys/absent-$n" ] || say "what is absent is there"
	echo $n >/mnt/new && mv /mnt/new /mnt/passes
done
END

# serves NAME: a mount of that machine, and the sum of what its readers should see
serves() {
	mount_point "served-$1"
	"$TOPOFS" mount "$1.json" "served-$1" || fail "no mount"
	sum=$(cd "served-$1/sys/devices" && find . -type f -perm -444 | sort | xargs cat | sha1sum)
	mkdir -p "$1/root/mnt"
	cp reader "$1/root/mnt/"
	machines="$machines $1"
}

passes() {
	cat "$1/root/mnt/passes" 2>/dev/null || echo 0
}

has_passed() {
	[ "$(passes "$1")" -ge "$2" ]
}

# read_on WHAT: each reader comes round twice more, without an error
read_on() {
	for name in $readers; do
		check "$name: reads on, $1" wait_for 30 has_passed "$name" $(($(passes "$name") + 2))
		check "$name: no error, $1: $(head -n 3 "$name/root/mnt/errors")" test ! -s "$name/root/mnt/errors"
	done
}

# process_of MOUNT KIND: the number of its worker or keeper
process_of() {
	"$TOPOFS" status "$1" | sed -n "s/^$2 *\([0-9]*\).*/\1/p"
}

machines=
serves one
container one "bind('$tmp/served-one/sys', '/sys', 'ro')
config['process']['args'] = ['sh', '/mnt/reader', '$sum']" || skip "runc runs no container here: $(cat one.out)"
serves two
container two "bind('$tmp/served-two/sys', '/sys', 'ro')
config['process']['args'] = ['sh', '/mnt/reader', '$sum']" || fail "no container: $(cat two.out)"
readers=$machines
if command -v podman >/dev/null; then
	mkdir -p pod/root/mnt
	cp reader pod/root/mnt/
	if podman_container pod "$tmp/served-two/sys" sh /mnt/reader "$sum"; then
		readers="$readers pod"
	else
		lib_report "podman runs no container here: $(tail -n 1 pod.out)"
	fi
fi
for name in $readers; do
	check "$name: reads" wait_for 30 has_passed "$name" 1
done

i=0
while [ $i -lt "$kills" ]; do
	i=$((i + 1))
	for name in $machines; do
		kill -9 "$(process_of "served-$name" worker)"
	done
done
read_on "after $kills kills"
for name in $machines; do
	"$TOPOFS" status "served-$name" >said
	check "$name: as many workers died: $(grep ^worker said)" grep -q "^worker .* after $kills that died" said
done

for turn in $turns; do
	for name in $machines; do
		sed -i "s/[ab]\{100\}/$(printf '%100s' '' | tr ' ' "$turn")/" "$name.json"
		check "$name: reload" "$TOPOFS" reload "served-$name"
	done
	[ -z "${SURVIVE_KILLS:-}" ] || read_on "after a reload"
done
for name in $machines; do
	check "$name: upgrade" "$TOPOFS" upgrade "served-$name"
done
read_on "after a reload and an upgrade"
for name in $machines; do
	check "$name: is at the last turn" grep -q '^b*$' "served-$name/sys/topofs/turn"
	kill -9 "$(process_of "served-$name" keeper)"
done
read_on "without a keeper"
for name in $readers; do
	touch "$name/root/mnt/stop"
done

# --- 200 mounts of one machine ----------------------------------------------------------------------------

mount_point served
"$TOPOFS" mount "$machine" served || fail "no mount"
find served -type f -exec cat {} + >/dev/null
memory() {
	"$TOPOFS" status served | sed -n 's/^memory *\([0-9]*\) KiB/\1/p'
}
before=$(memory)
# ten mounts of it, and those at twenty places; of each place one is read whole
mkdir many
# shellcheck disable=SC2016
unshare -m sh -c '
	for place in many/1/0 many/1/1 many/1/2 many/1/3 many/1/4 many/1/5 many/1/6 many/1/7 many/1/8 many/1/9; do
		mkdir -p $place && mount --bind served/sys $place || exit
	done
	for place in $(seq 2 20); do
		mkdir many/$place && mount --rbind many/1 many/$place || exit
	done
	grep -c "$1.* fuse.topofs" /proc/self/mountinfo
	cat many/*/*/devices/system/cpu/present | uniq -c
	find many/*/0/devices/system -type f -exec cat {} + | wc -c' sh "$tmp/many/" >seen || fail "no 200 mounts"
after=$(memory)
one=$(find served/sys/devices/system -type f -exec cat {} + | wc -c)
check "200 mounts, all right and whole: $(tr -s ' \n' ' ' <seen)" test "$(tr -s ' \n' ' ' <seen)" = "200 200 0-7 $((20 * one)) "
check "memory is flat: $before KiB, after 200 mounts were read $after KiB" test "$after" -le $((before + before / 10))
check "one worker" test "$(pgrep -c -P "$(process_of served keeper)")" -eq 1
