#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What topofs.json(5) shows passes `topofs check` and makes the files it says; the commands of topofs(1) work.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
man=$top_srcdir/man

# --- documents --------------------------------------------------------------------------------------------

# Displays into N.json, "= PATH TEXT" behind them into N.texts. Members alone get the rest of a document.
mkdir documents
awk '
/^\.Bd -literal/ { inside = 1; text = ""; next }
/^\.Ed/ && inside {
	inside = 0
	kind = substr(text, 1, 1)
	if (kind != "{" && kind != "\"")
		next
	file = sprintf("documents/%02d", ++n)
	print kind == "{" ? text : "{ \"topofs\": 1, " text "}" >(file ".json")
	next
}
inside { gsub(/\\e/, "\\"); text = text $0 "\n" }
/^\.\\"= / { print substr($0, 6) >(file ".texts") }' "$man/topofs.json.5"
check "topofs.json(5) has documents" test -s documents/05.json
for document in documents/*.json; do
	"$TOPOFS" check "$document" >out 2>&1
	status=$?
	# most are too short to have caches
	grep -v 'cpu.caches: warning: there are none' out >&2 && cat "$document" >&2
	check "$document is a description" test "$status" -eq 0
	texts=${document%.json}.texts
	[ -e "$texts" ] || continue
	while read -r path text; do
		check "$document: $path is $text" test "$("$TOPOFS" render "$document" "$path")" = "$text"
	done <"$texts"
done
check "they say what they make" test "$(cat documents/*.texts | wc -l)" -gt 20

# --- commands ---------------------------------------------------------------------------------------------

awk '
/^\.Sh/ { examples = $2 == "EXAMPLES" }
examples && /^\$ / { print substr($0, 3) }' "$man/topofs.1" >commands
check "topofs(1) has examples" test -s commands
mkdir bin
ln -s "$TOPOFS" bin/topofs
PATH=$PWD/bin:$PATH
export PATH

# shellcheck disable=SC2016 # at the end
on_exit 'umount "$tmp/machine" 2>/dev/null'
# In order, as they use what earlier ones made. run and mount need what not every computer has.
fuse=yes
{ [ -c /dev/fuse ] && (: <>/dev/fuse) && unshare -m true; } 2>/dev/null || fuse=no
while read -r command; do
	needed=true
	for tool in lscpu numactl lspci; do
		case $command in
		*"$tool"*) command -v "$tool" >/dev/null 2>&1 || needed=false ;;
		esac
	done
	case $command in
	*"topofs run"* | *"topofs mount"* | *"topofs status"* | *umount* | *"--sysroot machine"*) [ "$fuse" = yes ] || needed=false ;;
	esac
	"$needed" || continue
	check "$command" sh -c "$command" </dev/null >/dev/null
done <commands
