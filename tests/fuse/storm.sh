#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A mount outlives who answers for it: no reader sees more than a pause. STORM_SECONDS makes it last longer.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$top_srcdir/tests/serve.sh"
needs_fuse
requires pgrep timeout
storm=$top_builddir/tests/fuse/storm
[ -x "$storm" ] || skip "tests/fuse/storm is not built"
seconds=${STORM_SECONDS:-2}

"$TOPOFS" render -o expected "$machine" || fail "cannot render"
for mode in resend memory; do
	mount_point "$mode"
	# answered from memory is what older kernels need; they cannot send a request again
	[ $mode = resend ] || export TOPOFS_NO_RESEND=1
	"$TOPOFS" mount "$machine" "$mode" || fail "cannot mount"
	timeout 300 "$storm" "$mode" expected "$seconds" >told 2>&1
	status=$?
	cat told >&2
	check "$mode: $(tail -n 1 told)" test "$status" -eq 0
	umount "$mode" || fusermount3 -u "$mode"
	check "$mode: no server is left" wait_for 5 no_servers
done
unset TOPOFS_NO_RESEND

# reloads between two documents, then upgrades: every read is wholly old or wholly new
sed 's/"8G"/"123456789K"/g; s/content/another content/; s/AAECAwQFBgcICQ==/AAECAwQFBgcICQAAAAA=/' "$machine" >other.json
"$TOPOFS" render -o other other.json || fail "cannot render"
cp "$TOPOFS" topofs-new
# shellcheck disable=SC2016
for change in '"$TOPOFS" reload reloaded other.json && "$TOPOFS" reload reloaded "$machine"' \
	'./topofs-new upgrade reloaded && "$TOPOFS" upgrade reloaded'; do
	[ -d reloaded ] || mount_point reloaded
	"$TOPOFS" mount "$machine" reloaded || fail "cannot mount"
	machine=$machine timeout 300 "$storm" reloaded expected "$seconds" other "$change" >told 2>&1
	status=$?
	cat told >&2
	check "$change: $(tail -n 1 told)" test "$status" -eq 0
	umount reloaded || fusermount3 -u reloaded
	check "no server is left" wait_for 5 no_servers
done

# find(1) and cp(1) would ask for statfs(2), which the kernel never keeps
pass() {
	ls -lR mnt
	xargs cat <files
}
mount_point mnt
"$TOPOFS" mount "$machine" mnt || fail "cannot mount"
find mnt -type f >files
pass >first
worker=$(worker)
# given_up FIELD VALUE: what /proc tells of the worker
given_up() {
	check "the worker has $1 $2" test "$(sed -n "s/^$1:[[:space:]]*//p" "/proc/$worker/status")" = "$2"
}
given_up CapEff 0000000000000000
given_up CapPrm 0000000000000000
given_up NoNewPrivs 1
given_up Seccomp 2
keeper=$(keeper)
on_exit "kill -CONT $keeper 2>/dev/null"

# The kernel may drop pages when memory is short, which then only a worker can give back: one time of three will do.
without_worker() {
	for _ in 1 2 3; do
		worker=$(worker)
		kill -STOP "$keeper"
		kill -KILL "$worker"
		pass >second &
		reader=$!
		wait_for 10 sh -c "! kill -0 $reader 2>/dev/null" && return
		kill -CONT "$keeper"
		wait "$reader"
	done
	return 1
}
check "without a worker, what was read is read again" without_worker
check "and it is the same" cmp first second
kill -CONT "$keeper"
check "another worker answers" timeout 20 test ! -e mnt/sys/never-asked-for
check "it is another one" test "$(worker)" -ne "$worker"
kill -KILL "$keeper"
check "without a keeper the worker goes on" timeout 20 test ! -e mnt/sys/never-asked-for-either
