# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What shell tests share. A test begins with
#
#     #!/bin/sh
#     # SPDX-License-Identifier: Apache-2.0
#     # What it holds, in a sentence.
#     . "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
#     requires lscpu
#     needs_fuse
#
# then calls check, same or fail; it stands in an empty folder of its own ($tmp), which goes at the end. It also runs by
# hand, without make: top_srcdir, TOPOFS and TOPOFS_PATH have defaults for a build in build/.

set -u
LC_ALL=C
if [ -z "${top_srcdir:-}" ]; then
	top_srcdir=$(dirname "$0")/..
	[ -f "$top_srcdir/tests/lib.sh" ] || top_srcdir=$top_srcdir/..
fi
top_srcdir=$(cd "$top_srcdir" && pwd) || exit 99
top_builddir=${top_builddir:-$top_srcdir/build}
TOPOFS=${TOPOFS:-$top_builddir/topofs}
TOPOFS_PATH=${TOPOFS_PATH:-$top_srcdir/examples}
export LC_ALL TOPOFS TOPOFS_PATH top_srcdir top_builddir

lib_cleanup=
lib_test=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")

# What came out is collected in a file, so that it neither depends on nor disturbs where a check's output goes, and
# counts from subshells too.
lib_report() {
	echo "$*" >>"$tmp.report"
}

# skip REASON: ends the test as skipped.
skip() {
	lib_report "skipped: $*"
	exit 77
}

# fail MESSAGE: ends the test as failed.
fail() {
	lib_report "FAILED: $*"
	exit 1
}

# on_exit COMMAND: runs it when the test ends, however it ends; the last one given runs first.
on_exit() {
	lib_cleanup="$*
$lib_cleanup"
}

# check DESCRIPTION COMMAND...: the command must succeed. The test goes on, and fails at its end.
check() {
	lib_what=$1
	shift
	if "$@"; then
		lib_report "ok: $lib_what"
	else
		lib_report "FAILED: $lib_what (status $?: $*)"
	fi
}

# check_status STATUS DESCRIPTION COMMAND...: the command must exit with exactly that status.
check_status() {
	lib_want=$1 lib_what=$2 lib_got=0
	shift 2
	"$@" || lib_got=$?
	check "$lib_what: exit status $lib_got, expected $lib_want" test "$lib_got" -eq "$lib_want"
}

# same EXPECTED-FILE ACTUAL-FILE: equal bytes, or the difference is shown. With TESTS_UPDATE=1 in the
# environment the expected file is written instead; read `git diff` before you commit it.
same() {
	if [ -n "${TESTS_UPDATE:-}" ]; then
		cp "$2" "$1" || fail "cannot update $1"
	fi
	check "$2 is as $1" diff -u "$1" "$2"
}

# requires TOOL...: the test is skipped without one of them.
requires() {
	for lib_tool; do
		command -v "$lib_tool" >/dev/null 2>&1 || skip "$lib_tool is not installed"
	done
}

# requires_python MODULE...: sets $python to an interpreter that has them, or skips the test.
requires_python() {
	lib_modules=$(echo "$*" | tr ' ' ',')
	for python in python3 /usr/bin/python3; do
		"$python" -c "import $lib_modules" 2>/dev/null && return
	done
	skip "no python3 with $*"
}

# in_memory: sets $memory to a folder for tens of thousands of small files: in memory where there is room for them, as a
# disk takes seconds.
in_memory() {
	memory=$tmp
	[ -w /dev/shm ] && [ "$(df -kP /dev/shm | awk 'NR == 2 { print $4 }')" -gt 524288 ] || return 0
	memory=$(mktemp -d /dev/shm/topofs-test.XXXXXX) || exit 99
	on_exit "rm -rf --one-file-system '$memory'"
}

needs_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

# needs_namespaces: what `topofs run` makes: a user and a mount namespace.
needs_namespaces() {
	requires unshare
	unshare -Urm true 2>/dev/null || skip "user namespaces are not to be had here"
}

# needs_fuse: a FUSE mount can be made, by root or through fusermount3. It begins root's test again in a mount namespace
# of its own: one that another test makes meanwhile would keep a copy of this test's mounts, and their servers.
needs_fuse() {
	# -c, as the redirection would make a file; in a subshell, as one that fails ends the shell of a special builtin
	{ [ -c /dev/fuse ] && (: <>/dev/fuse) 2>/dev/null; } || skip "/dev/fuse cannot be opened"
	requires unshare
	if [ "$(id -u)" -eq 0 ]; then
		unshare -m true 2>/dev/null || skip "not allowed to mount"
		[ -n "${TOPOFS_TEST_MOUNTS:-}" ] || lib_own_mounts
	else
		requires fusermount3
	fi
}

lib_own_mounts() {
	cd / && rm -rf --one-file-system "$tmp" "$tmp.report"
	TOPOFS_TEST_MOUNTS=1 exec unshare -m /bin/sh "$lib_test"
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails when it has not by then.
wait_for() {
	lib_tries=$(($1 * 20))
	shift
	until "$@"; do
		lib_tries=$((lib_tries - 1))
		[ "$lib_tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

# two_by_two COMMAND WORD...: calls it with each word, two at a time, as most of a visit is waiting for mounts.
two_by_two() {
	lib_call=$1
	shift
	while [ $# -gt 0 ]; do
		"$lib_call" "$1" &
		[ $# -lt 2 ] || "$lib_call" "$2"
		shift $(($# > 1 ? 2 : 1))
		wait
	done
}

lib_end() {
	lib_status=$?
	trap - EXIT
	cd / || exit 99
	eval "$lib_cleanup"
	cat "$tmp.report" >&2
	case $lib_status in
	0 | 77) grep -q ^FAILED "$tmp.report" && lib_status=1 ;;
	esac
	rm -rf --one-file-system "$tmp" "$tmp.report"
	exit "$lib_status"
}

tmp=$(mktemp -d "${TMPDIR:-/tmp}/topofs-test.XXXXXX") || exit 99
: >"$tmp.report"
trap lib_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$tmp" || exit 99
