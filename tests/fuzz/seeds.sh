# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
#
# What fuzz targets begin with, made from what is there; read after lib.sh. seeds_of_TARGET FOLDER fills it,
# words_of_TARGET prints words that mean something to the target.

targets='archive document formats recording requests state'

seeds_of_document() {
	for kind in bad odd topologies; do
		for seed in "$top_srcdir/tests/$kind"/*.json; do
			cp "$seed" "$1/$kind-$(basename "$seed")"
		done
	done
	cp "$top_srcdir"/examples/*.json "$1"
}

# members as they stand before a value, the words that can be one, and rows for "without" and "endings"
words_of_document() {
	"$TOPOFS" schema --members | cut -f 1 | sed 's/.*[.]//; s/\[\]$//' | sort -u | sed 's/.*/"&":/'
	"$TOPOFS" schema | grep -o '"enum": \[[^]]*\]' | grep -o '"[^"]*"' | sort -u | grep -vx '"enum"'
	"$TOPOFS" attributes | cut -f 1 | sort -u | sed 's/.*/"&"/'
}

# what each format that is written too makes of a few machines, and what tests have in files of its kind
seeds_of_formats() {
	"$TOPOFS" convert --list | while IFS="$(printf '\t')" read -r format ways ending _; do
		[ "$format" != json ] || continue
		for seed in dgx-h100 vm-small power9-v100; do
			# not every format can say every machine
			[ "$ways" != rw ] || "$TOPOFS" convert --to "$format" "$seed" -o "$1/$seed.$format" 2>/dev/null ||
				rm -f "$1/$seed.$format"
		done
		[ -z "$ending" ] || find "$top_srcdir/tests" "$top_srcdir/examples" -name "*$ending" -size -16k \
			-exec cp {} "$1" \;
	done
}

words_of_formats() {
	mkdir -p spoken
	seeds_of_formats spoken
	cat spoken/* | tr -c 'a-zA-Z0-9_.:=-' '\n' | grep -Ex '.{2,24}' | sort | uniq -c | sort -rn | head -n 2000 |
		awk '{ print $2 }'
	printf '%s\n' '<!--' '-->' '<?xml' '<!DOCTYPE' '<![CDATA[' ']]>' '</' '/>' '="' '&amp;' '&#x3c;'
}

seeds_of_recording() {
	for seed in bare everything; do
		"$TOPOFS" render "$top_srcdir/tests/topologies/$seed.json" >rendered || fail "cannot render $seed"
		split -l 100 rendered "$1/$seed-"
	done
}

# names of files, and the lines that they are in
words_of_recording() {
	"$TOPOFS" attributes | tr -c 'a-zA-Z0-9_\n' '\n' | sort -u
	"$TOPOFS" render "$top_srcdir/tests/topologies/everything.json" | cut -c 1-100 | sort -u | awk 'NR % 4 == 0'
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
