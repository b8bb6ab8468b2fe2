#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs hook` as runc's createContainer hook, of a machine that topofs mount serves.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
needs_fuse
requires ip mountpoint runc
. "$top_srcdir/tests/serve.sh"
. "$top_srcdir/tests/container/bundle.sh"
(cd bundle && runc spec) || fail "no bundle"

runs() {
	runc --root "$tmp/runc" run --bundle bundle "topofs-test-$$" </dev/null
}

status=0
bundle "$tmp" true
runs >said 2>&1 || status=$?
check "without a mount the container is not created: $status" test "$status" -ne 0
if ! grep -q "nothing of topofs is mounted here" said; then
	cat said >&2
	skip "runc does not run containers here"
fi

mount_point served
"$TOPOFS" mount "$machine" served || fail "no mount"
bundle "$tmp/served" "$look"
runs >seen 2>err || fail "the container does not run: $(cat err)"
looked seen
