#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What topofs@.service and its like do, run by nspawn.sh in a machine that was booted for it.
TOPOFS=$(command -v topofs)
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

systemd-tmpfiles --create topofs.conf
check "it is known where machines are described" test -d /etc/topofs
cp "$top_srcdir/examples/vm-small.json" small.json
topofs render small.json --output expected
cp small.json /etc/topofs/one.json
mounted=/run/topofs/one

# state WHAT: a property of the service
state() {
	systemctl show --value --property="$1" topofs@one.service
}

keeper() {
	while main=$(state MainPID) && [ "$main" -eq 0 ]; do
		sleep 0.01
	done
	echo "$main"
}

is_active() {
	systemctl -q is-active "$1"
}

is_inactive() {
	[ "$(systemctl is-active "$1")" = inactive ]
}

cpus() {
	cat "${1:-$mounted}/sys/devices/system/cpu/present"
}

mount_id() {
	awk -v folder="$mounted" '$5 == folder { print $1 }' /proc/self/mountinfo
}

same_files() {
	diff -r --no-dereference "$1" "$2" >&2
}

no_processes() {
	! pgrep -x topofs >&2
}

# readers PRESENT...: two of them, one where it is mounted and one where something else has put it.
readers() {
	rm -f end
	for at in "$mounted" "$tmp/bound"; do
		python3 "$top_srcdir/tests/systemd/reader.py" "$at" end "$@" >"readers.$(basename "$at")" 2>>errors &
	done
}

# readers_saw WHAT
readers_saw() {
	: >end
	wait
	sed "s|^|$1: |" readers.* >&2
	check "no reader saw an error: $1" sh -c '! grep -v " 0 errors" readers.*'
	check "there were two: $1" test "$(cat readers.* | wc -l)" -eq 2
	sort errors | uniq -c >&2
}

# storm WHAT COMMAND: it is given the keeper, again and again
storm() {
	for round in $(seq "$STORM"); do
		# shellcheck disable=SC2086
		$2 "$(keeper)" 2>/dev/null
		sleep "0.$((round % 4 + 1))"
	done
	check "it goes on after kill -9 of $1" wait_for 10 is_active topofs@one
}

kill_worker() {
	pkill -9 -P "$1"
}

kill_keeper() {
	kill -9 "$1"
}

kill_both() {
	# shellcheck disable=SC2046
	kill -9 $(pgrep -P "$1") "$1"
}

systemctl --version | head -n 1 >&2

# --- it starts --------------------------------------------------------------------------------------------

check "it starts" systemctl start topofs@one
check "its bytes are right" same_files expected "$mounted"
exposure=$(systemd-analyze security --no-pager topofs@one.service | sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p')
echo "systemd-analyze security: $exposure" >&2
check "what it can reach is little: $exposure" awk -v is="$exposure" 'BEGIN { exit !(is != "" && is <= 1.5) }'
check "the process that answers has no capability" grep -q '^CapEff:	0*$' "/proc/$(pgrep -P "$(keeper)")/status"
check "nor has the one that keeps it" grep -q '^CapEff:	0*$' "/proc/$(keeper)/status"

mkdir bound && mount --bind "$mounted" bound
on_exit "umount -l '$tmp/bound' 2>/dev/null; systemctl stop topofs@one topofs@two 2>/dev/null"
id=$(mount_id)

# --- whatever dies ----------------------------------------------------------------------------------------

readers 0-3
storm "the worker" kill_worker
storm "the keeper" kill_keeper
storm "both" kill_both
readers_saw "kill -9"
echo "started anew: $(state NRestarts) times" >&2
check "systemd started it anew" test "$(state NRestarts)" -ge "$STORM"
check "its bytes are right" same_files expected "$mounted"

# --- restart, with another program ------------------------------------------------------------------------

readers 0-3
before=$(keeper)
cp "$TOPOFS" new && mv new "$TOPOFS"
for round in 1 2 3 4 5; do
	check "it starts again" systemctl restart topofs@one
done
readers_saw "restart"
check "by another process" test "$(keeper)" -ne "$before"
check "which is the program there is now" test "$(readlink "/proc/$(keeper)/exe")" = "$TOPOFS"
check "topofs upgrade works, too" topofs upgrade "$mounted"
check "its bytes are right" same_files expected "$mounted"
check "the mount is the same" test "$(mount_id)" = "$id"

# --- reload -----------------------------------------------------------------------------------------------

sed 's/"2-3", "cores": 2/"2-5", "cores": 4/; s/"2-3"/"2-5"/' small.json >larger.json
topofs render larger.json --output expected-larger
readers 0-3 0-5
cp larger.json /etc/topofs/one.json
check "it is read anew" systemctl reload topofs@one
check "its bytes are the new ones" same_files expected-larger "$mounted"
echo '{ "topofs": 1, "cpu": nothing }' >/etc/topofs/one.json
check_status 1 "a bad description is refused" systemctl reload topofs@one 2>said
cat said >&2
systemctl status --no-pager topofs@one >said
check "systemctl says why" grep -q "topofs: /etc/topofs/one.json: line 1" said
check "the old one goes on" same_files expected-larger "$mounted"
check "it starts again with a bad description" systemctl restart topofs@one
check "and goes on with the old one" same_files expected-larger "$mounted"
cp small.json /etc/topofs/one.json
check "it starts again with a good one" systemctl restart topofs@one
check "which is what it serves" same_files expected "$mounted"
readers_saw "reload"
check "the mount is the same" test "$(mount_id)" = "$id"

# --- two, and stop ----------------------------------------------------------------------------------------

cp larger.json /etc/topofs/two.json
mkdir -p /etc/systemd/system/topofs@two.service.d
printf '[Service]\nEnvironment=OPTIONS=allow_other,warm\n' >/etc/systemd/system/topofs@two.service.d/warm.conf
systemctl daemon-reload
check "another one starts" systemctl start topofs@two
check "it is another one" test "$(cpus) $(cpus /run/topofs/two)" = "0-3 0-5"
reads() {
	topofs status --json /run/topofs/two | grep '"read"'
}
before=$(reads)
check "its bytes are right" same_files expected-larger /run/topofs/two
check "it was warm when it was ready" test "$(reads)" = "$before"
check "one of them stops" systemctl stop topofs@one
check "its mount point goes" wait_for 10 test ! -e "$mounted"
check "with what kept it" wait_for 10 is_inactive topofs-mount@one
check "the other one goes on" test "$(cpus /run/topofs/two)" = 0-5
check "and stops" systemctl stop topofs@two
check "nothing is mounted" wait_for 10 sh -c '! grep -q "/run/topofs/.*fuse" /proc/self/mountinfo'
check "no process is left" no_processes
umount -l bound

check "it starts after a stop" systemctl start topofs@one
check "at once after it" sh -c 'systemctl stop topofs@one; systemctl start topofs@one'
check "its bytes are right" same_files expected "$mounted"
before=$(keeper)
mount --bind "$mounted" bound && umount --force --lazy bound
is_another() {
	[ "$(state MainPID)" -ne "$before" ] && is_active topofs@one
}
check "what ends its connection has it started anew" wait_for 10 is_another
check "and mounted" same_files expected "$mounted"
umount "$mounted"
check "who unmounts it ends it" wait_for 10 is_inactive topofs@one
check "its mount point goes" wait_for 10 test ! -e "$mounted"

echo '{' >/etc/topofs/one.json
check_status 1 "it does not start with a bad description" systemctl start topofs@one 2>/dev/null
check "and is not tried again" test "$(systemctl is-active topofs@one) $(state NRestarts)" = "failed 0"
systemctl status --no-pager topofs@one >said
check "systemctl says why" grep -q "topofs: /etc/topofs/one.json: line" said
check "nothing is mounted" wait_for 10 test ! -e "$mounted"
systemctl reset-failed topofs@one

# --- what else is installed -------------------------------------------------------------------------------

has_device() {
	grep -qs "\"$1\"" /etc/cdi/topofs.json
}
rm -f /etc/topofs/*.json
check "it looks for machines that come" systemctl start topofs-cdi.path
cp small.json /etc/topofs/new.json
check "one that comes is a device for containers" wait_for 10 has_device new
# a change while it looks at the one before is not seen
wait_for 10 is_inactive topofs-cdi.service
rm /etc/topofs/new.json
check "one that goes is none" wait_for 10 test ! -e /etc/cdi/topofs.json
systemctl stop topofs-cdi.path
topofs doctor >said 2>&1
cat said >&2
check "topofs doctor finds a systemd that keeps mounts" grep -q '^ok  *systemd: ' said
