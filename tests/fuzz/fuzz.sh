#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh [TARGET...]: each for FUZZ_SECONDS (600), one after the other, in a build with --enable-fuzzers. What was found
# worth trying stays in tests/fuzz/corpus/TARGET of the build, what makes a target fail in tests/fuzz/found.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$top_srcdir/tests/fuzz/seeds.sh"
folder=$top_builddir/tests/fuzz
mkdir -p "$folder/found"

# max_len TARGET: as long as its seeds need to be
max_len() {
	case $1 in
	archive) echo 32768 ;;
	document | formats | recording) echo 8192 ;;
	*) echo 4096 ;;
	esac
}

fuzz() {
	mkdir -p "$folder/corpus/$1" "$1"
	"seeds_of_$1" "$1"
	"words_of_$1" | sed -n 's/[\\"]/\\&/g; s/..*/"&"/p' >"$1.dict"
	[ ! -d "$top_srcdir/tests/fuzz/kept/$1" ] || cp "$top_srcdir/tests/fuzz/kept/$1"/* "$1"
	"$folder/$1" -dict="$1.dict" -max_len="$(max_len "$1")" -max_total_time="${FUZZ_SECONDS:-600}" -timeout=120 \
		-rss_limit_mb=4096 -close_fd_mask=2 -print_final_stats=1 -artifact_prefix="$folder/found/$1-" \
		"$folder/corpus/$1" "$1" >"$folder/$1.out" 2>&1
	status=$?
	[ "$status" -eq 0 ] || tail -n 60 "$folder/$1.out" >&2
	check "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$1.out") executions" test "$status" -eq 0
}

[ -x "$folder/document" ] || fail "$folder/document is not built"
nm "$folder/document" 2>/dev/null | grep -q LLVMFuzzerRunDriver || fail "not built with --enable-fuzzers CC=clang"
[ $# -gt 0 ] || eval "set -- $targets"
for target; do
	fuzz "$target"
done
