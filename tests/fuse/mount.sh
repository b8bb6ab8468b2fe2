#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A mount answers when `topofs mount` returns, goes with its daemon, and says in one line why it cannot be.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep timeout
. "$top_srcdir/tests/serve.sh"

mount_point mnt

timeout 20 "$TOPOFS" mount "$machine" mnt || fail "does not mount"
check "answers" test "$(cat mnt/sys/topofs/deep/er/file)" = content
check "is named after its topology" grep -q "^$machine $tmp/mnt fuse.topofs ro," /proc/self/mounts
check "has a keeper and a worker" test "$(servers | wc -l)" -eq 2
server=$(keeper)
check "the server is in no folder" test "$(readlink "/proc/$server/cwd")" = /
descriptors() {
	readlink /proc/"$1"/fd/* | sed 's/\(socket\):.*/\1/; s/ (deleted)//; s/anon_inode://' | sort | tr '\n' ' '
}
check "the keeper has its own files alone" test "$(descriptors "$server")" = "/dev/fuse /dev/null /dev/null /dev/null \
/memfd:topofs-record /memfd:topofs-state /memfd:topofs-tree [signalfd] socket socket "
check "the worker has /dev/null and /dev/fuse alone" test \
	"$(descriptors "$(worker)")" = "/dev/fuse /dev/null /dev/null /dev/null "

check_status 1 "refuses to mount over it" "$TOPOFS" mount "$machine" mnt 2>again
check "says so in one line" one_line again
unmount mnt
check "umount ends the server" wait_for 5 no_servers

# mountinfo spells what would end a field as \040
mount_point 'a \b'
timeout 20 "$TOPOFS" mount "$machine" 'a \b' || fail "does not mount on a name with a blank"
check_status 1 "refuses to mount over that" "$TOPOFS" mount "$machine" 'a \b' 2>again
check "as it is mounted already" grep -q 'mounted here already' again
unmount 'a \b'
check "umount ends that server" wait_for 5 no_servers

{ "$TOPOFS" mount "$machine" ./mnt/../mnt 3>&1 >out 2>err; } | timeout 10 cat
check "holds no pipe of its caller" test $? -eq 0
check "mounts by any name" is_mounted "$tmp/mnt"
check "is silent" test ! -s out -a ! -s err
kill -TERM "$(keeper)"
check "SIGTERM ends the server" wait_for 5 no_servers
check "and unmounts" not_mounted "$tmp/mnt"

"$TOPOFS" mount -f "$machine" mnt &
foreground=$!
check "mounts in the foreground" wait_for 5 is_mounted "$tmp/mnt"
check "answers in the foreground" test "$(cat mnt/sys/topofs/deep/er/file)" = content
check "is the process itself" test "$(keeper)" -eq "$foreground"
kill -TERM "$foreground"
check_status 0 "ends well after SIGTERM" wait "$foreground"
check "unmounts from the foreground" not_mounted "$tmp/mnt"

check "mounts in use" "$TOPOFS" mount "$machine" mnt
(cd mnt/sys && echo >"$tmp/inside" && exec sleep 30) &
user=$!
wait_for 5 test -e inside
kill -TERM "$(keeper)"
check "SIGTERM unmounts what is in use" wait_for 5 not_mounted "$tmp/mnt"
kill "$user"

check "mounts again" "$TOPOFS" mount "$machine" mnt
# shellcheck disable=SC2046 # both of them
kill -KILL $(servers)
wait_for 5 no_servers
check_status 1 "refuses a dead mount" "$TOPOFS" mount "$machine" mnt 2>dead
check "says what to do" grep -q "unmount it first" dead
unmount mnt

touch file
# misused MOUNTPOINT [OPTION...]: fails with one line, without a server or a mount left
misused() {
	folder=$1
	shift
	status=0
	timeout 20 "$TOPOFS" mount "$@" "$machine" "$folder" >misused.out 2>misused.err || status=$?
	check "$folder $*: fails" test "$status" -eq 1
	check "$folder $*: one line" one_line misused.err
	check "$folder $*: nothing printed" test ! -s misused.out
}
misused missing
misused file
misused mnt/missing
misused mnt -o no_such_option
misused mnt -o ro,max_read
misused mnt -o ro=1
misused mnt -o max_read=many
check_status 1 "refuses a missing topology" "$TOPOFS" mount "$tmp/missing.json" mnt 2>missing.err
check "says so in one line" one_line missing.err
check "leaves no server behind" wait_for 5 no_servers
check "leaves no mount behind" not_mounted "$tmp/mnt"

for topology in machine.json "$machine" vm-small; do
	"$TOPOFS" mount "$topology" mnt || fail "$topology: does not mount"
	source=$machine
	[ "$topology" != vm-small ] || source=vm-small
	check "$topology is named so that all find it" grep -q "^$source $tmp/mnt fuse.topofs " /proc/self/mounts
	unmount mnt
done
