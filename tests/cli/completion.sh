#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make install` puts the completions where bash looks for them; they complete commands, options and machines.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires bash make
[ -f "$top_builddir/completions/topofs" ] || skip "the program was built for another machine: no completions were made"

root=$tmp/root
make -s -C "$top_builddir" install-nodist_bashcompletionDATA DESTDIR="$root" >log 2>&1 || fail "make install: $(cat log)"
installed=$(find "$root" -path '*/bash-completion/completions/topofs')
check "it is installed" test -f "$installed"
"$TOPOFS" completion >printed
check "it is what the program prints" cmp printed "$installed"

# completes "WORDS" EXPECTED: the last word can become this, among others
completes() {
	# shellcheck disable=SC2016,SC2086 # it is bash that is to expand
	bash --norc -c '. "$1" && shift && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _topofs && printf "%s\\n" "${COMPREPLY[@]}"' \
		bash "$installed" $1 >replies
	check "$1 becomes $2" grep -qx -e "$2" replies
}
completes 'topofs cap' capture
completes 'topofs run --forc' --force
completes 'topofs show dgx' dgx-h100
completes 'topofs convert --to j' json
completes 'topofs plan --numbering pa' packed
completes 'topofs plan --group s' switch
completes 'topofs plan --devices gpu,ni' gpu,nic
completes 'topofs capture --pci nvm' nvme
completes 'topofs generate pack' packages=
completes 'topofs generate --out' --output
completes 'topofs help pl' plan
completes 'topofs mount -o allow_other,wa' allow_other,warm
# becomes_no "WORDS" UNEXPECTED
becomes_no() {
	completes "$1" '.*'
	check "$1 does not become $2" test -z "$(grep -x -e "$2" replies)"
}
completes 'topofs convert -t q' qemu-emulated
becomes_no 'topofs convert -t hw' hwloc
becomes_no 'topofs convert -f cl' cloud-hypervisor
becomes_no 'topofs plan --devices bri' bridge
becomes_no 'topofs generate -o pack' packages=

make -s -C "$top_builddir" uninstall-nodist_bashcompletionDATA DESTDIR="$root" >log 2>&1 || fail "make uninstall: $(cat log)"
check "it is gone after make uninstall" test ! -e "$installed"
