#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Of a bad document nothing is mounted, and no command is started on it; the line is that of `topofs check`.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires pgrep timeout
. "$top_srcdir/tests/serve.sh"
rm "$machine"
. "$top_srcdir/tests/bad/documents.sh"

mount_point mnt
# documents of the same names may be served elsewhere
TOPOFS_TEST=$tmp
export TOPOFS_TEST

# refused COMMAND...: with status 1 and one line
refused() {
	status=0
	timeout 60 "$@" >out 2>line || status=$?
	[ "$status" -eq 1 ] && [ ! -s out ] && [ "$(wc -l <line)" -eq 1 ] && [ ! -e started ] && not_mounted "$tmp/mnt"
}

for document in *.json; do
	check "mount $document" refused "$TOPOFS" mount "$document" mnt
	cat line >>said.mount
	check "run $document" refused "$TOPOFS" run "$document" -- touch started
	cat line >>said.run
done
without_parser <said.mount >lines
same "$top_srcdir/tests/bad/expected" lines
without_parser <said.run >lines
same "$top_srcdir/tests/bad/expected" lines
check "no server is left" wait_for 5 no_servers_here '[^ /]*\.json'
check "the mount point is as it was" rmdir mnt
