#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `make install` puts down names the folder of the administrator's machines where the program looks for them.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires make
[ -f "$top_builddir/completions/topofs" ] || skip "the program was built for another machine"

machines=$("$TOPOFS" machines --help | tr '\n' ' ' | sed 's/.*TOPOFS_PATH, in \([^ ]*\) .*/\1/')
names_it() {
	grep -rlF "$1" "$2" | sed 's,.*/,,' | grep -vx topofs | LC_ALL=C sort >named
	printf '%s\n' topofs-cdi.path topofs-cdi.service topofs-containers.7 topofs.1 topofs.conf topofs@.service >expected
	check "$1 is in all that names it" diff -u expected named
}
make -s -C "$top_builddir" install-data DESTDIR="$tmp/configured" >log 2>&1 || fail "make install-data: $(cat log)"
names_it "$machines" "$tmp/configured"
make -s -C "$top_builddir" install-data DESTDIR="$tmp/other" sysconfdir=/opt/etc >log 2>&1 ||
	fail "make install-data: $(cat log)"
names_it /opt/etc/topofs "$tmp/other"
check "nothing names the other one" test -z "$(grep -rl '[^t]/etc/topofs\|^/etc/topofs' "$tmp/other" | grep -v /completions/)"
