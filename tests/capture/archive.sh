#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A recording is taken from a tar file as from the folder it was packed from, and no archive leads elsewhere.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires tar gzip bzip2 xz mkfifo

mkdir -p box/inner
"$TOPOFS" render -o box/inner/machine "$top_srcdir/examples/vm-small.json" || fail "cannot render"
machine=box/inner/machine
mkdir -p $machine/sys/odd/folder $machine/dev
printf 'no line end' >$machine/sys/odd/text
ln $machine/sys/odd/text $machine/sys/odd/zweitname
ln -s ../nowhere $machine/sys/odd/dangling
touch $machine/dev/elsewhere box/README
"$TOPOFS" capture --root $machine -o folder.json || fail "cannot capture the folder"

# taken NAME: the archive gives what the folder gives
taken() {
	"$TOPOFS" capture --root "$1" -o "$1.json" || fail "$1: cannot capture"
	check "$1" cmp folder.json "$1.json"
}
tar --sort=name -cf plain.tar box
tar --sort=name -cjf nested.tar.bz2 box/inner
tar --sort=name -cJf named.tar.xz --transform 's,^,/,S' -P box
(cd $machine && tar --sort=name -czf "$tmp/dotted.tar.gz" .)
(cd $machine && tar --sort=name -cf "$tmp/parts.tar" dev proc sys)
(cd $machine && tar --format=pax -cf "$tmp/pax.tar" sys proc)
for archive in plain.tar nested.tar.bz2 named.tar.xz dotted.tar.gz parts.tar pax.tar; do
	taken "$archive"
done

# --- what does not belong in one ---------------------------------------------------------------------------

mkfifo $machine/sys/odd/fifo
truncate -s 17M $machine/sys/odd/large
echo evil >evil
tar --sort=name -cf hostile.tar -P --transform 's,^evil,../../evil,S' --hard-dereference box evil
timeout 60 "$TOPOFS" capture --root hostile.tar -o hostile.tar.json 2>warnings || fail "gives up"
check "the rest is taken" cmp folder.json hostile.tar.json
cat >expected <<'END'
topofs: warning: /../../evil: leads out of the archive
topofs: warning: /sys/odd/fifo: neither a file nor a folder nor a link
topofs: warning: /sys/odd/large: larger than 16 MiB
END
sort warnings | diff expected - >&2 || fail "other warnings"
check "nothing is unpacked" test ! -e ../evil

# --- what is none ------------------------------------------------------------------------------------------

# refused NAME: one line and status 1
refused() {
	check_status 1 "$1" timeout 60 "$TOPOFS" capture --root "$1" -o refused.json 2>complaint
	check "$1: one line: $(cat complaint)" test "$(grep -c "^topofs: $1: " complaint)" -eq 1 -a "$(wc -l <complaint)" -eq 1
	check "$1: nothing is written" test ! -e refused.json
}
size=$(wc -c <plain.tar)
head -c $((size / 2)) plain.tar >half.tar
head -c 3000 dotted.tar.gz >short.tar.gz
{
	head -c 2000 nested.tar.bz2
	head -c 20000 /dev/zero
	tail -c +22001 nested.tar.bz2
} >damaged.tar.bz2
: >empty.tar
head -c 10240 /dev/zero >zeros.tar
echo 'not a tar file' >text
tar --sort=name -cf nothing.tar evil
mkfifo fifo
for archive in half.tar short.tar.gz damaged.tar.bz2 empty.tar zeros.tar text nothing.tar fifo; do
	refused "$archive"
done

# --- recorded machines, as they were published -------------------------------------------------------------

for archive in "$top_srcdir"/../shared/corpus/*/*.tar.*; do
	[ -f "$archive" ] || continue
	rm -rf unpacked
	mkdir unpacked
	tar -C unpacked -xf "$archive" 2>/dev/null
	folder=$(find unpacked -type d \( -name sys -o -name proc \) | awk -F/ '{ print NF, $0 }' | sort -n |
		sed -n '1s/^[0-9]* //p')
	"$TOPOFS" capture --root "$archive" -o packed.json 2>/dev/null
	"$TOPOFS" capture --root "${folder%/*}" -o unpacked.json 2>/dev/null
	check "$(basename "$archive")" cmp packed.json unpacked.json
done
