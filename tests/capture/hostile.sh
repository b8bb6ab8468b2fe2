#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A folder made to do harm: nothing hangs, nothing outside is read, each problem is told once, the rest is captured.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires mkfifo timeout truncate diff

"$TOPOFS" render -o machine "$top_srcdir/examples/vm-small.json" || fail "cannot render"
"$TOPOFS" capture --root machine -o tame.json || fail "cannot capture"
odd=machine/sys/odd
mkdir -p $odd/folder secret
echo kept >$odd/kept
echo confidential >secret/file

# --- links, FIFOs, devices ---------------------------------------------------------------------------------

ln -s loop $odd/loop
ln -s . $odd/here
ln -s ../.. $odd/up
ln -s ../../../secret/file $odd/out
ln -s "$tmp/secret/file" $odd/absolute
ln -s "$tmp/secret" $odd/outfolder
ln -s "$tmp/secret" machine/sys/devices/pci0000:99
rm -r machine/sys/class/dmi
ln -s "$tmp/secret" machine/sys/class/dmi
mkfifo $odd/fifo
told="absolute out outfolder fifo"
if [ "$(id -u)" -eq 0 ] && mknod $odd/zero c 1 5 2>/dev/null; then
	mknod $odd/disk b 7 99
	told="$told zero disk"
fi

# --- names and sizes ---------------------------------------------------------------------------------------

: >"$odd/two
lines"
: >"$odd/$(printf 'not\377utf8')"
: >"$odd/$(printf 'esc\033[31m')"
mkdir "$odd/$(printf 'folder\nof two')"
: >"$odd/$(printf 'folder\nof two')/file"
mkdir -p "machine/sys/module/$(printf 'bad\nmodule')" "machine/sys/module/$(printf 'bad\377')"
truncate -s 2G $odd/sparse
head -c 300 /dev/zero | tr '\0' x >long
: >"$odd/$(head -c 255 long)"
mkdir -p many
(cd many && seq 100000 | xargs touch)
mv many $odd/many
told="$told sparse"

# --- what changes meanwhile --------------------------------------------------------------------------------

echo 0 >$odd/changes
(while [ ! -e enough ]; do
	echo 0123456789 >>$odd/changes
	[ "$(wc -c <$odd/changes)" -lt 100000 ] || : >$odd/changes
done) 2>/dev/null &
changer=$!
on_exit ": >'$tmp/enough'; wait $changer"

check_status 0 "it ends" timeout 60 "$TOPOFS" capture --root machine -o m.json 2>warnings
# told NAME...: each by one line with its path
told() {
	for name; do
		check "told: $name" test "$(grep -c "^topofs: warning: /sys/odd/$name: " warnings)" -eq 1
	done
}
# shellcheck disable=SC2086
told $told
check "each line is a warning with a path" test -z "$(grep -v '^topofs: warning: /sys/' warnings)"
check "none is said twice" test -z "$(sort warnings | uniq -d)"
check "a terminal is safe" test -z "$(tr -d '\n -~' <warnings | tr -d '\200-\377')"
check "nothing outside is read" sh -c '! grep -q confidential m.json'
check "the description is one that topofs takes" "$TOPOFS" check --force m.json
: >enough
wait $changer

"$TOPOFS" render -o again m.json || fail "what was captured cannot be rendered"
check "what is sound is there" test "$(cat again/sys/odd/kept)" = kept
check "100,000 files are there" test "$(find again/sys/odd/many -type f | wc -l)" -eq 100000
check "links that lead in are there" test "$(readlink again/sys/odd/loop)" = loop
cat machine/sys/devices/system/cpu/cpu1/topology/* >here
cat again/sys/devices/system/cpu/cpu1/topology/* >there
check "the machine is understood" cmp here there

# --- as nobody ---------------------------------------------------------------------------------------------

[ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || exit 0
chmod 755 "$tmp"
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
$nobody test -x "$TOPOFS" || exit 0
rm -r $odd/many $odd/sparse
chmod 0 $odd/kept $odd/folder
# shellcheck disable=SC2086
check_status 0 "as nobody" timeout 60 $nobody "$TOPOFS" capture --root machine >nobody.json 2>warnings
told kept folder
check "the rest is taken" "$TOPOFS" check --force nobody.json
