#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# topofs-cdi's units are ones that systemd takes; the command keeps the specification as the folder of machines is.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
unit=$top_builddir/systemd/topofs-cdi.service
check "it was made" grep -q 'exec /.*/topofs cdi' "$unit"
check "machines are mounted before it" grep -q '^Before=topofs-cdi.service ' "$top_builddir/systemd/topofs@.service"
for starter in docker containerd crio kubelet podman-restart; do
	check "it is there before $starter" grep -q "^Before=.*\\<$starter.service" "$unit"
done
if command -v systemd-analyze >/dev/null; then
	mkdir units
	cp "$top_srcdir/systemd/topofs-cdi.path" "$unit" units/
	systemd-analyze verify --man=no units/topofs-cdi.service units/topofs-cdi.path >complaints 2>&1
	cat complaints >&2
	check "systemd takes them" sh -c '! grep -v "Failed to \|Cannot " complaints | grep topofs-cdi'
fi

# its shell's command line, on folders of this test
mkdir machines
sed -n "/^ExecStart=/,/ fi'\$/p" "$unit" | sed "s/^ExecStart=.*-c '//; s/'\$//; s/\\\\\$//" | sed "s|exec [^ ]*topofs|exec $TOPOFS|
	s|/etc/topofs|$tmp/machines|g; s|/etc/cdi|$tmp|g" >line
check "no machine, no specification" sh line
check "none is there" test ! -e topofs.json
cp "$top_srcdir/examples/vm-small.json" machines/one.json
cp "$top_srcdir/examples/vm-small.json" machines/two.json
ln -s nowhere.json machines/a-link.json
check "two machines, and a link that leads nowhere" sh line
check "both are there" test "$(grep -c '"name": "\(one\|two\)"' topofs.json)" -eq 2
echo '{' >machines/two.json
check_status 1 "a bad one" sh line 2>err
check "loses nothing" test "$(grep -c '"name": "\(one\|two\)"' topofs.json)" -eq 2
rm machines/*
check "no machine any more" sh line
check "none is there" test ! -e topofs.json
