#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What could not be written is a failure, told in one line; a reader that has seen enough is none.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires timeout

# cannot_write WORDS...: onto a full disk, and with standard output closed
cannot_write() {
	check_status 1 "topofs $* on a full disk" "$TOPOFS" "$@" >/dev/full 2>err
	check "topofs $*: says so" grep -qx 'topofs: cannot write: No space left on device' err
	check_status 1 "topofs $* with standard output closed" "$TOPOFS" "$@" >&- 2>err
	check "topofs $*: says so" grep -qx 'topofs: cannot write: Bad file descriptor' err
}
[ -c /dev/full ] || skip "there is no /dev/full"
cannot_write --version
cannot_write --help
cannot_write help show
cannot_write show --help
cannot_write show vm-small
cannot_write render vm-small
cannot_write render vm-small /sys/devices/system/cpu/online
cannot_write schema
cannot_write schema --members
cannot_write attributes
cannot_write completion
check_status 0 "what prints nothing needs no standard output" "$TOPOFS" check vm-small >&-

# a closed pipe ends it as it ends others, by SIGPIPE, without a word
{
	status=0
	timeout 20 env --default-signal=PIPE "$TOPOFS" render dgx-h100 2>err || status=$?
	echo "$status" >status
} | head -c 1 >first
check "SIGPIPE ends it: status $(cat status)" test "$(cat status)" -eq 141
check "in silence" test ! -s err
# shellcheck disable=SC2016
check_status 1 "where SIGPIPE is ignored it is an error" sh -c 'trap "" PIPE
	{ "$TOPOFS" render dgx-h100 2>err; echo $? >status; } | head -c 1 >first
	sleep 0.2
	exit "$(cat status)"'
check "told in one line" grep -qx 'topofs: cannot write: Broken pipe' err

# -o: a file is replaced, a device or a pipe written to, and standard output gone on with
"$TOPOFS" convert vm-small >vm.json || fail "cannot convert"
check "to /dev/null" "$TOPOFS" convert -o /dev/null vm-small
check "which stays a device" test -c /dev/null
echo before >appended
check "to /dev/stdout, which is a file" "$TOPOFS" convert -o /dev/stdout vm-small >>appended
check "after what is there" sh -c 'sed 1d appended | cmp - vm.json && head -n 1 appended | grep -qx before'
"$TOPOFS" convert -o /dev/stdout vm-small | cat >piped
same vm.json piped
# shellcheck disable=SC2016
check "to the file itself" sh -c '"$TOPOFS" convert -o itself vm-small >itself'
same vm.json itself
check_status 1 "to a full disk" "$TOPOFS" convert -o /dev/full vm-small 2>err
check "which it says" grep -qx 'topofs: /dev/full: No space left on device' err

# the document does not become what is printed on
check_status 1 "all closed" "$TOPOFS" show vm-small <&- >&- 2>&-
