#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# load(mount(tree)) == tree: what the kernel shows of each machine is what `topofs render` wrote, to the byte.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
needs_fuse
requires find diff

# every path with its kind, permissions, size and link text; a folder's size is the disk's affair
list() {
	(cd "$1" && find . -type d -printf '%P %M\n' -o -printf '%P %M %s %l\n' | sort)
}

in_memory
mkdir mnt
on_exit 'umount mnt 2>/dev/null || fusermount3 -u mnt 2>/dev/null'
for machine in "$top_srcdir"/examples/*.json "$top_srcdir"/tests/topologies/*.json; do
	name=$(basename "$machine" .json)
	"$TOPOFS" render -o "$memory/$name" "$machine" || fail "$name cannot be rendered"
	"$TOPOFS" mount "$machine" mnt || fail "$name cannot be mounted"
	list "$memory/$name" >expected
	list mnt >actual
	check "$name: paths, kinds, permissions, sizes" diff expected actual
	check "$name: contents" diff -r --no-dereference "$memory/$name" mnt
	check "$name is large enough to tell" test "$(wc -l <actual)" -gt 50
	umount mnt 2>/dev/null || fusermount3 -u mnt || fail "$name cannot be unmounted"
	rm -rf "$memory/${name:?}"
done
