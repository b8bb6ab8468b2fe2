#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same with crun, which takes control groups of version 2 alone: in a mount namespace that has only these.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_root
needs_fuse
requires crun ip mountpoint unshare
. "$top_srcdir/tests/serve.sh"
. "$top_srcdir/tests/container/bundle.sh"
(cd bundle && crun spec) || fail "no bundle"

# Of control groups it needs no more than that they are there.
runs() {
	# shellcheck disable=SC2016 # the inner shell expands
	unshare -m sh -c '
		umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup || exit 99
		exec crun --cgroup-manager disabled --root "$1/crun" run --bundle bundle "topofs-test-$2"' \
		sh "$tmp" $$ </dev/null
}
bundle "$tmp" true
"$python" - <<'END'
import json
config = json.load(open("bundle/config.json"))
del config["hooks"]
json.dump(config, open("bundle/config.json", "w"))
END
runs >said 2>&1 || skip "crun runs no container here: $(tail -n 1 said)"

status=0
bundle "$tmp" true
runs >said 2>&1 || status=$?
check "without a mount the container is not created: $status" test "$status" -ne 0

mount_point served
"$TOPOFS" mount "$machine" served || fail "no mount"
bundle "$tmp/served" "$look"
runs >seen 2>err || fail "the container does not run: $(cat err)"
looked seen
