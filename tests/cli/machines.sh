#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs machines` lists what a name finds, once and by name, with what it says of itself, and goes on past a bad one.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# machine FILE MEMBERS: in a folder of TOPOFS_PATH
machine() {
	mkdir -p "$(dirname "$1")"
	echo "{ \"topofs\": 1, $2 \"cpu\": { \"present\": \"0-1\" } }" >"$1"
}
machine a/zz-both.json '"description": "of a", "confidence": "low", "comment": [ "Known: all.", "Guessed: \\\\nothing." ],'
machine b/zz-both.json '"description": "of b",'
machine b/zz-bare.json ''
machine b/zz-other.json '"name": "not-zz-other", "description": "is called by its file",'
machine b/.json '"description": "has no name",'
machine b/zz-no.txt '"description": "is none",'
TOPOFS_PATH=a::missing:b
export TOPOFS_PATH

"$TOPOFS" machines >list || fail "topofs machines"
# others may be installed here
grep '^zz-' list | sed 's/  */ /' >found
printf '%s\n' 'zz-bare 2 CPUs, 0 nodes, 0 PCI functions' 'zz-both of a' 'zz-other is called by its file' >expected
same expected found
check "columns are aligned" test "$(awk 'match($0, /  +/) { print RSTART + RLENGTH }' list | sort -u | wc -l)" -eq 1
check "nothing without a name" sh -c '! grep -q "has no name" list'

"$TOPOFS" machines --long | awk -v RS= '/^zz-both\n/' >found
cat >expected <<'END'
zz-both
  of a
  2 CPUs, 0 nodes, 0 PCI functions, confidence low
  Known: all.
  Guessed: \nothing.
END
same expected found

if command -v python3 >/dev/null; then
	"$TOPOFS" machines --json | python3 -c '
import json, sys
for m in json.load(sys.stdin):
    if m["name"].startswith("zz-"):
        print(m["name"], m["path"], m.get("description"), m.get("confidence"), m["cpus"], m["nodes"], m["functions"])' >found
	cat >expected <<'END'
zz-bare b/zz-bare.json None None 2 0 0
zz-both a/zz-both.json of a low 2 0 0
zz-other b/zz-other.json is called by its file None 2 0 0
END
	same expected found
fi

# names are files' names, and a file may be called anything
mkdir odd
cp a/zz-both.json "odd/$(printf 'zz-\nline\033[2J').json"
TOPOFS_PATH=odd "$TOPOFS" machines >odd.list || fail "topofs machines"
check "one line, and nothing that a terminal obeys" grep -q '^zz-?line?\[2J  *of a$' odd.list
if cp a/zz-both.json "odd/$(printf 'zz-\377').json" 2>/dev/null; then
	check_status 1 "JSON cannot have such a name" env TOPOFS_PATH=odd "$TOPOFS" machines --json >out 2>err
	check "it says so: $(cat err)" grep -q 'its name is not UTF-8$' err
fi

echo '{' >a/zz-bad.json
mkfifo a/zz-fifo.json
mkdir a/zz-folder.json
check_status 1 "one that is bad" "$TOPOFS" machines >list.bad 2>err
same list list.bad
cut -d ' ' -f 2 err | sed 's/.*zz-\([a-z]*\)[.].*/\1/' | tr '\n' ' ' >found
check "each is named once: $(cat found)" test "$(cat found)" = "bad fifo folder "
