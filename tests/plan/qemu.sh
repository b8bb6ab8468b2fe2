#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command lines of QEMU for planned guests: as in tests/plan/golden, and taken by QEMU where it is installed.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
golden=$top_srcdir/tests/plan/golden

# guest NAME HOST ARGUMENT...
guest() {
	name=$1
	shift
	check "topofs plan $*" "$TOPOFS" plan "$@" --numbering packed -o "$name.json"
	for format in qemu qemu-emulated; do
		check "$name as $format" "$TOPOFS" convert --to "$format" "$name.json" -o "$name.$format"
		same "$golden/$name.$format" "$name.$format"
	done
	command -v qemu-system-x86_64 >/dev/null || return
	echo "$(cat "$name.qemu-emulated") -S -display none -monitor stdio" >start
	echo quit >quit
	check "QEMU takes $name" sh start <quit >/dev/null
}

guest q-switch dgx-h100 --vcpus 4 --memory 512M --nodes 0-1 --devices 0000:1b:00.0,0000:18:00.0 --group switch
guest q-root dgx-h100 --vcpus 4 --memory 512M --nodes 0-1 --devices 0000:1b:00.0,0000:9d:00.0 --group root
guest q-nodes xeon-e7-8895v2-8s --vcpus 16 --memory 512M

check_status 1 "a spread plan" "$TOPOFS" convert --to qemu "$golden/rfc.json" 2>said
check "is refused with what to do" grep -q 'cpu 1: QEMU numbers .*--numbering packed' said
check_status 1 "a machine that is no plan, with CPUs spread" "$TOPOFS" convert --to qemu dgx-h100 -o none 2>said
check "nothing is written" test ! -e none
