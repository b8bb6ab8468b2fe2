# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
#
# What fuzz targets begin with, made from what is there; read after lib.sh. seeds_of_TARGET FOLDER fills it,
# words_of_TARGET prints words that mean something to the target.

targets='archive document recording requests state'

seeds_of_document() {
	for kind in bad odd topologies; do
		for seed in "$top_srcdir/tests/$kind"/*.json; do
			cp "$seed" "$1/$kind-$(basename "$seed")"
		done
	done
	cp "$top_srcdir"/examples/*.json "$1"
	for format in libvirt-capabilities nccl; do
		for seed in dgx-h100 vm-small; do
			"$TOPOFS" convert --to $format "$seed" -o "$1/$seed.$format" || fail "cannot convert $seed"
		done
	done
}

words_of_document() {
	"$TOPOFS" schema --members | cut -f 1 | tr -c 'a-zA-Z0-9_\n' '\n' | sort -u
}

seeds_of_recording() {
	for seed in bare everything; do
		"$TOPOFS" render "$top_srcdir/tests/topologies/$seed.json" >rendered || fail "cannot render $seed"
		split -l 100 rendered "$1/$seed-"
	done
}

words_of_recording() {
	"$TOPOFS" attributes | tr -c 'a-zA-Z0-9_\n' '\n' | sort -u
}

seeds_of_archive() {
	mkdir -p files/rec/sys/devices/system/cpu
	echo 0-3 >files/rec/sys/devices/system/cpu/present
	ln -s ../present files/rec/sys/devices/system/cpu/link
	for form in v7 ustar gnu pax; do
		tar -C files --format=$form -cf "$1/$form.tar" rec
	done
	rm -rf files
}

words_of_archive() {
	words_of_recording
}

# their inputs are dense: any bytes are requests, or damage
seeds_of_requests() {
	# INIT has been; GETATTR, LOOKUP of "d", READLINK, READ, READDIR, READDIRPLUS, IOCTL
	printf '\001\003\002\020\000%016d\001\002\002\000d\000\005\004\000\000' 0 >"$1/some"
	for opcode in 017 034 054 047; do
		printf "\\001\\$opcode\\002\\050\\000%040d" 0 >"$1/$opcode"
	done
}

words_of_requests() {
	printf '%s\n' d e many file link
}

seeds_of_state() {
	printf '\001\000\000\000\000\000\000\000\000' >"$1/first"
	printf '\001\001\003\010\000\002\000\000\000' >"$1/second"
}

words_of_state() {
	words_of_requests
}
