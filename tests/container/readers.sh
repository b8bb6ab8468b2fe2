#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs that no LD_PRELOAD reaches, a static one in C and one in Go, read a container's machine as all others do.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires cc
. "$top_srcdir/tests/container/sleeping.sh"
source=$top_srcdir/tests/container

cc -static -O1 -o c-reader "$source/reader.c" 2>err || skip "no static program can be made: $(tail -n 1 err)"
check "it is static" sh -c '! ldd ./c-reader' >&2
readers=c-reader
if command -v go >/dev/null; then
	check "go builds" env GO111MODULE=off GOCACHE="$tmp/cache" GOPATH="$tmp/go" HOME="$tmp" CGO_ENABLED=0 GOFLAGS= \
		go build -o go-reader "$source/reader.go"
	check "it is static, too" sh -c '! ldd ./go-reader' >&2
	readers="$readers go-reader"
fi

mount_point() {
	mkdir "$1"
	on_exit "umount -l '$tmp/$1' 2>/dev/null"
}
mount_point served
"$TOPOFS" mount vm-small served || fail "no mount"
# nothing but the machine in it
container one "bind('$tmp/served/sys', '/sys', 'ro')
mounts[:] = [m for m in mounts if m['destination'] != '/sys/fs/cgroup']" || skip "runc runs no container here: $(cat one.out)"
# shellcheck disable=SC2016
inside one sh -c '
	find /sys -type f -perm -444 -print0 | LC_ALL=C sort -z | xargs -0 cat
	find /sys -type l -printf "%p -> %l\n" | LC_ALL=C sort' >by-shell
check "there is something to read" test "$(wc -c <by-shell)" -gt 20000
for reader in $readers; do
	cp "$reader" one/root/mnt/
	check "$reader reads" inside one "/mnt/$reader" /sys >"by-$reader"
	check "what the shell reads" cmp by-shell "by-$reader"
done
command -v go >/dev/null || skip "go is not installed; the static program in C is well"
