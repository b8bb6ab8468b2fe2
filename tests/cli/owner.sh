#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What root serves to others is warned of, or with --strict refused, where somebody else can change or replace it.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
requires setpriv

ln -s "$TOPOFS" mount.topofs
mkdir mnt
chmod 755 .
mkdir safe
cp "$top_srcdir/examples/vm-small.json" safe/machine.json

# warns WORDS FILE [COMMAND...]: one line on it, and all goes on; with --strict the same is an error. "": no line.
warns() {
	words=$1 file=$2
	shift 2
	check_status 0 "$file ($words)" "$@" ./mount.topofs -f "$file" mnt >out 2>&1
	if [ -n "$words" ]; then
		check "one line: $(cat out)" test "$(wc -l <out)" -eq 1
		check "it says $words" grep -qx "topofs: $file: document: warning: $words, and so what is served" out
		check_status 1 "$file --strict" "$@" "$TOPOFS" mount --strict "$file" mnt >out 2>&1
		check "it says why" grep -qx "topofs: $file: document: $words, and so what is served" out
	else
		check "in silence: $(cat out)" test ! -s out
	fi
}
file=safe/machine.json
warns '' "$file"
chmod 666 "$file"
warns 'anybody can change it' "$file"
chmod 664 "$file"
warns '' "$file"
chgrp 4242 "$file"
warns 'group 4242 can change it' "$file"
chmod 644 "$file"
warns '' "$file"
chown 4242 "$file"
warns 'user 4242 can change it' "$file"
warns '' "$file" env SUDO_UID=4242
warns 'user 4242 can change it' "$file" env SUDO_UID=4243
if unshare -Ur true 2>/dev/null; then
	# who has no number there may be the root outside, so it is not said that it is user 65534
	warns '' "$file" unshare -Ur
	chmod 666 "$file"
	warns 'anybody can change it' "$file" unshare -Ur
	chmod 644 "$file"
fi
chown 0:0 "$file"
chmod 777 safe
warns 'anybody can put another in its place' "$file"
ln -s safe/machine.json link.json
warns 'anybody can put another in its place' link.json
chmod 1777 safe
warns '' "$file"
warns '' link.json

# who reads for themselves is not warned
chmod 666 "$file"
check_status 0 "topofs check" "$TOPOFS" check --strict "$file" >out 2>&1
check "in silence" test ! -s out
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
as_nobody test -x "$TOPOFS" || skip "nobody cannot reach $TOPOFS"
warns '' "$file" as_nobody

# nor may attach and reload bring to others what somebody else can change
says="topofs: $file: document: anybody can change it, and so what is served"
check_status 1 "attach --strict" "$TOPOFS" attach --pid $$ --strict "$file" 2>out
check "it says why" grep -qxF "$says" out
needs_fuse
on_exit "umount -l '$tmp/mnt'"
"$TOPOFS" mount vm-small mnt || fail "no mount"
check_status 1 "reload --strict" "$TOPOFS" reload --strict mnt "$file" 2>out
check "it says why" grep -qxF "$says" out
check "it serves what it served" "$TOPOFS" status mnt >out
check "by its name" grep -qx 'document *vm-small' out
check_status 0 "reload" "$TOPOFS" reload mnt "$file" 2>out
says=$(echo "$says" | sed 's/document: /&warning: /')
check "warns" grep -qxF "$says" out
check_status 0 "upgrade" "$TOPOFS" upgrade mnt 2>out
check "it warns, too" grep -qF "document: warning: anybody can change it" out
