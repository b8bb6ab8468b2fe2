#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What README.md shows is what comes out: its commands are run, on its document. Of its machines see machines.sh.
# shellcheck disable=SC2016 # backquotes are those of Markdown
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
readme=$top_srcdir/README.md

"$TOPOFS" --help | sed -n '/^Commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p' | sort >commands
sed -n 's/^| `topofs \([a-z]*\).*/\1/p' "$readme" | sort >commands.readme
check "the table has the commands" diff -u commands commands.readme
sed -n '/^```json/,/^```$/p' "$readme" | grep -v '^```' >two-nodes.json
check "the document is a description" "$TOPOFS" check two-nodes.json

needs_fuse
needs_namespaces
# The pictures are what their commands draw; versions of lstopo that draw otherwise are not compared.
grep -o '`topofs draw [^`]* -o [^`]*`' "$readme" | tr -d '`' | sed 's/^topofs//' >drawn
check "there are pictures" test "$(wc -l <drawn)" -eq 2
if lstopo-no-graphics --version 2>/dev/null | grep -q ' 2\.9'; then
	while read -r command; do
		# shellcheck disable=SC2086 # its words
		"$TOPOFS" $command || fail "$command"
	done <drawn
	for picture in *.svg; do
		same "$top_srcdir/examples/pictures/$picture" "$picture"
	done
else
	lib_report "left out: lstopo is not there, or not of version 2.9"
fi

requires lscpu lspci numactl
mkdir bin
ln -s "$TOPOFS" bin/topofs
PATH=$PWD/bin:$PATH
export PATH
sed -n '/^```console/,/^```$/p' "$readme" | grep -v '^```' >expected
sed -n 's/^\$ //p' expected >script
while read -r command; do
	echo "\$ $command"
	sh -c "$command" </dev/null 2>&1 | sed 's/ *$//'
done <script >actual
check "the commands say what README.md says" diff -u expected actual
