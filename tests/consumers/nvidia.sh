#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# /proc/driver/nvidia/gpus/*/information tells where a GPU is and which minor number it has, and invents no UUID.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

"$TOPOFS" render -o machine dgx-h100 || fail "cannot render"
lspci_says=$(grep -l '^0x10de' machine/sys/bus/pci/drivers/nvidia/0000:*/vendor | wc -l)
check "each GPU of the driver has one" test "$(find machine/proc/driver/nvidia/gpus -name information | wc -l)" -eq "$lspci_says"

# value KEY: what the information of the GPU in $gpu says, as programs parse it
value() {
	sed -n "s/^$1:[ \t]*//p" "$gpu/information"
}
minor=0
for gpu in machine/proc/driver/nvidia/gpus/*; do
	check "$gpu: its location" test "$(value 'Bus Location')" = "${gpu##*/}"
	check "$gpu: its minor number" test "$(value 'Device Minor')" -eq "$minor"
	check "$gpu: its interrupt" test "$(value IRQ)" = "$(cat "machine/sys/bus/pci/devices/${gpu##*/}/irq")"
	check "$gpu: no UUID" test -z "$(value 'GPU UUID' | sed 's/^GPU-//' | tr -d '?-')"
	minor=$((minor + 1))
done
check "there are eight" test "$minor" -eq 8
