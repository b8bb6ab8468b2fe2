#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Another tree comes behind a living mount, whole or not at all; what stays keeps its inode number, and what is open or
# mounted on it stays. RELOADS makes it more reloads than 20.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep timeout stat
. "$top_srcdir/tests/serve.sh"
reloads=${RELOADS:-20}

# document FILE TEXT [MORE]: the machine with other contents; short and long ones, of several pages too
document() {
	long=$(seq -s ' ' 1 4000)
	sed -e "s/\"content.n\"/\"$2\\\\n\"/" -e "s|\"/sys/topofs/none\": \"\"|\"/sys/topofs/none\": \"\", \
\"/sys/topofs/long\": \"$2 $long $2\\\\n\"${3:-}|" machine.orig >"$1.new" && mv "$1.new" "$1"
}
cp "$machine" machine.orig
document a.json old ', "/sys/topofs/going": "x\\n", "/sys/topofs/kind": "file\\n"'
document b.json 'new and longer' ', "/sys/topofs/coming/deep": "y\\n", "/sys/topofs/kind": { "link": "none" }'
cp a.json "$machine"

# keeper_of FOLDER: as its mount tells
keeper_of() {
	"$TOPOFS" status "$1" | sed -n 's/^keeper  *//p'
}

mount_point mnt
"$TOPOFS" mount "$machine" mnt || fail "does not mount"
numbers() {
	find mnt -printf '%P %y %i\n' | sort
}
numbers >numbers.a
exec 3<mnt/sys/topofs/deep/er/file
check "absent is kept" test ! -e mnt/sys/topofs/coming
cat mnt/sys/topofs/going mnt/sys/topofs/kind mnt/sys/topofs/long >/dev/null
(cd mnt/sys/topofs/deep && exec sleep 100) &
inside=$!
on_exit "kill $inside 2>/dev/null"

started=$(date +%s)
check "another topology" "$TOPOFS" reload mnt b.json
check "new content" test "$(cat mnt/sys/topofs/deep/er/file)" = "new and longer"
check "of several pages" test "$(tail -c 15 mnt/sys/topofs/long)" = "new and longer"
check "through a link too" test "$(cat mnt/sys/topofs/link/file)" = "new and longer"
check "what came is there" test "$(cat mnt/sys/topofs/coming/deep)" = y
check "what went is not" test ! -e mnt/sys/topofs/going
check "what became a link is one" test "$(readlink mnt/sys/topofs/kind)" = none
check "lists are new" test "$(echo mnt/sys/topofs/*)" = "$(for name in big coming deep kind link long none; do
	printf 'mnt/sys/topofs/%s ' $name; done | sed 's/ $//')"
numbers >numbers.b
check "paths that stay keep their numbers" test "$(grep -vxFf numbers.a numbers.b | cut -d ' ' -f 1-2 | tr '\n' ,)" = \
	"sys/topofs/coming d,sys/topofs/coming/deep f,sys/topofs/kind l,"
check "and none is there twice" test -z "$(cut -d ' ' -f 3 numbers.a numbers.b | sort | uniq | wc -l |
	grep -vx "$(cat numbers.a numbers.b | sort -u | wc -l)")"
# where the kernel does not say that it expires names (as Linux 6.1, FUSE 7.38), it is the same inode for both
"$TOPOFS" status mnt >told
opened=old
[ "$(sed -n 's/^protocol *FUSE 7[.]//p' told)" -ge 39 ] || opened="new and longer"
cat <&3 >opened
# the old content is kept for a second
[ $(($(date +%s) - started)) -lt 1 ] || [ "$(cat opened)" = "$opened" ] || opened="new and longer"
check "an open file is read on" test "$(cat opened)" = "$opened"
exec 3<&-
check "a working folder stays" test "$(readlink "/proc/$inside/cwd")" = "$tmp/mnt/sys/topofs/deep"
check "and leads on" test "$(cat "/proc/$inside/cwd/er/file")" = "new and longer"
"$TOPOFS" status mnt >told
check "status has the topology" grep -q '^document  *b.json$' told
check "and the generation" grep -q '^generation  *2, after 1 reloads$' told

# refused MESSAGE COMMAND...: status 1, one line, and what was there is still
refused() {
	message=$1
	shift
	check_status 1 "$*" "$@" 2>err
	check "in one line" one_line err
	check "that says $message" grep -q "$message" err
	check "and it stays as it was" test "$(cat mnt/sys/topofs/deep/er/file)" = "$now"
}
now="new and longer"
echo '{ "topofs": 1, "nodes": [ { "cpus": "9" ' >bad.json
refused 'bad.json: line 2' "$TOPOFS" reload mnt bad.json
refused 'no such file' "$TOPOFS" reload mnt missing.json
refused 'nothing that topofs serves' "$TOPOFS" reload .
refused 'no such folder' "$TOPOFS" reload missing

document b.json 'newer'
check "the same file, changed" "$TOPOFS" reload mnt
check "is read" test "$(cat mnt/sys/topofs/deep/er/file)" = newer
check "nothing changed" "$TOPOFS" reload mnt
"$TOPOFS" status mnt >told
check "is no new generation" grep -q '^generation  *3, after 2 reloads$' told
document b.json 'newest'
kill -HUP "$(keeper)"
has_newest() {
	test "$(cat mnt/sys/topofs/deep/er/file)" = newest
}
check "SIGHUP" wait_for 10 has_newest
echo '{' >b.json
kill -HUP "$(keeper)"
sleep 0.3
now=newest
refused 'b.json: line' "$TOPOFS" reload mnt
sleep 1.2
check "when the old one is let go, it is still there" has_newest
kill "$inside"

# many at once, also while workers are killed
for _ in 1 2 3 4 5; do
	"$TOPOFS" reload mnt a.json &
	"$TOPOFS" reload mnt machine.orig &
	pkill -KILL -P "$(keeper)" 2>/dev/null
	wait
done
check "the last of many wins" "$TOPOFS" reload mnt a.json
check "and is served" test "$(cat mnt/sys/topofs/deep/er/file)" = old

if [ "$(id -u)" -eq 0 ]; then
	# in another mount namespace: something on a folder, on a file, and files bound elsewhere
	mkfifo ready over
	cp a.json c.json
	document d.json changed
	cat >inside.sh <<'INSIDE'
mount -t tmpfs tmpfs mnt/sys/topofs/deep && touch mnt/sys/topofs/deep/mine || exit
touch mask bound && echo mask >mask && mount --bind mask mnt/sys/topofs/big && mount --bind mask mnt/sys/topofs/long &&
mount --bind mnt/sys/topofs/none bound || exit
echo >ready
read -r _ <over
test -e mnt/sys/topofs/deep/mine && test "$(cat mnt/sys/topofs/long)" = mask &&
test "$(cat mnt/sys/topofs/big)" = mask && cmp bound mnt/sys/topofs/none
INSIDE
	sed -i 's|"/sys/topofs/none": ""|"/sys/topofs/none": "something\\n"|' d.json
	unshare -m sh inside.sh &
	inside=$!
	read -r _ <ready
	n=0
	while [ $n -lt "$reloads" ]; do
		"$TOPOFS" reload mnt d.json || break
		test "$(cat mnt/sys/topofs/deep/er/file)" = changed || break
		"$TOPOFS" reload mnt c.json || break
		test "$(cat mnt/sys/topofs/deep/er/file)" = old || break
		n=$((n + 2))
	done
	check "$n reloads" test $n -ge "$reloads"
	"$TOPOFS" reload mnt d.json
	echo >over
	check "what is mounted in another namespace is still" wait "$inside"
fi
unmount mnt
check "the server ends" wait_for 5 no_servers

cp machine.orig "$machine"
"$TOPOFS" mount "$machine" mnt || fail "does not mount again"
worker=$(worker)
kill -KILL "$(keeper)"
check_status 1 "without a keeper" "$TOPOFS" reload mnt 2>err
check "says so" one_line err
unmount mnt
check "the worker ends" wait_for 5 sh -c "! kill -0 $worker 2>/dev/null"

# as a kernel that cannot expire names
TOPOFS_NO_EXPIRE=1 "$TOPOFS" mount a.json mnt || fail "does not mount"
cat mnt/sys/topofs/deep/er/file mnt/sys/topofs/going >/dev/null
check "absent" test ! -e mnt/sys/topofs/coming
document b.json 'new and longer' ', "/sys/topofs/coming/deep": "y\\n"'
check "without expiring" "$TOPOFS" reload mnt b.json
check "new content" test "$(cat mnt/sys/topofs/deep/er/file)" = "new and longer"
check "what came" test "$(cat mnt/sys/topofs/coming/deep)" = y
check "what went" test ! -e mnt/sys/topofs/going
unmount mnt

needs_namespaces
check_status 1 "topofs run" "$TOPOFS" run "$machine" -- "$TOPOFS" reload /sys 2>err
check "says why it cannot" grep -q 'topofs run' err
needs_nobody
chown 65534:65534 mnt
chmod 644 ./*.json
# shellcheck disable=SC2016
check "an ordinary user" as_nobody sh -euc '"$TOPOFS" mount a.json mnt; "$TOPOFS" reload mnt b.json
	test "$(cat mnt/sys/topofs/deep/er/file)" = "new and longer"; fusermount3 -u mnt'
"$TOPOFS" mount -o allow_other a.json mnt
check_status 1 "another's" setpriv --reuid=65534 --regid=65534 --clear-groups "$TOPOFS" reload mnt b.json 2>err
check "says so" grep -q 'is not yours' err
check_status 1 "another keeper" "$TOPOFS" reload --pid $$ mnt b.json 2>err
check "says which it is" grep -qx "topofs: mnt: its keeper is process $(keeper_of mnt), not $$" err
check "its keeper" "$TOPOFS" reload --pid "$(keeper_of mnt)" mnt b.json
check_status 2 "no process" "$TOPOFS" reload --pid x mnt 2>err

# questions at once wait for each other, also where the keeper becomes another program meanwhile
at_once() {
	waited=
	for question in "reload mnt a.json" "upgrade mnt" "reload mnt b.json" "upgrade mnt" "reload mnt" "reload mnt a.json"; do
		# shellcheck disable=SC2086 # words
		timeout 50 "$TOPOFS" $question 2>>at_once.err &
		waited="$waited $!"
	done
	all=0
	for question in $waited; do
		wait "$question" || all=1
	done
	return $all
}
one=$(keeper_of mnt)
for round in 1 2 3; do
	check "reloads and upgrades at once, $round" at_once
done
same /dev/null at_once.err
check "its keeper is the same process" [ "$(keeper_of mnt)" = "$one" ]
unmount mnt

# what a mount says of itself is believed as far as the user who mounted it
as_mounter() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+sys_admin,+dac_override \
		--ambient-caps=+sys_admin,+dac_override "$@"
}
as_mounter "$TOPOFS" mount -o allow_other "$tmp/a.json" "$tmp/mnt"
check_status 1 "a user's description is not read for root" "$TOPOFS" reload mnt 2>err
check "which says why" grep -qx 'topofs: mnt: user 65534 mounted it and may name any file to be read: .*' err
check_status 1 "nor at an upgrade" "$TOPOFS" upgrade mnt 2>err
check "one that root names is" "$TOPOFS" reload mnt b.json
check "and is served" test "$(cat mnt/sys/topofs/deep/er/file)" = "new and longer"
unmount mnt
