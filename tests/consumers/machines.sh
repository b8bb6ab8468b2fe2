# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the tests of programs on the examples share; read after lib.sh.

# shellcheck disable=SC2154 # lib.sh sets it
. "$top_srcdir/tests/serve.sh"
needs_fuse
"$TOPOFS" run vm-small -- true 2>err || fail "topofs run: $(cat err)"

# on MACHINE COMMAND...: runs it on that example.
on() {
	on_machine=$1
	shift
	"$TOPOFS" run "$on_machine" -- "$@"
}

# on_mount MACHINE: mounts the example at ./mnt until the test ends.
on_mount() {
	mount_point mnt
	"$TOPOFS" mount "$1" mnt || fail "topofs mount $1"
}

# shown FILE MACHINE COMMAND...: what it prints there goes into FILE; it must succeed without a word of complaint.
shown() {
	shown_in=$1
	shift
	on "$@" >"$shown_in" 2>err
	shown_status=$?
	# said of the machine below: it has no modules
	sed -i '/libkmod/d' err
	head -n 5 err >&2
	check "$*" test "$shown_status" -eq 0 -a ! -s err
}

# equal WHAT EXPECTED ACTUAL: the two texts are the same.
equal() {
	[ "$2" = "$3" ] || printf 'expected: %s\nfound:    %s\n' "$2" "$3" >&2
	check "$1" test "$2" = "$3"
}
