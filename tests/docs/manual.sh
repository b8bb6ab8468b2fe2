#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual against the program's tables, both ways: commands, options, members, rules and attributes.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
man=$top_srcdir/man

# --- topofs(1): a subsection a command, an item an option -------------------------------------------------

"$TOPOFS" --help | sed -n '/^Commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p' >commands
check "there are commands" test -s commands
while read -r command; do
	"$TOPOFS" "$command" --help | sed -n "/^Options:\$/,\$s/^  *\(-.*\)/$command \1/p" |
		sed -e 's/   *.*//' -e '/-h, --help$/d'
done <commands | sort >options.program
awk '
/^\.S[sh]/ { command = $1 == ".Ss" && $2 == "topofs" ? $3 : "" }
command != "" && /^\.It Fl/ {
	sub(/^\.It Fl /, ""); sub(/^Fl /, "-"); gsub(/ , Fl Fl /, ", --"); gsub(/ Ar /, " ")
	print command " -" $0
}' "$man/topofs.1" | sort >options.page
check "topofs(1) has the options of --help" diff -u options.program options.page

# SYNOPSIS has every command, and each of its options in the short form or the long one
awk '
/^\.Sh/ { inside = $2 == "SYNOPSIS" }
!inside { next }
/^\.Cm/ { command = $2; print command }
/^\.Nm/ { command = "" }
command != "" && /^\.(Op )?Fl/ {
	gsub(/Fl Fl /, "--"); gsub(/Fl /, "-")
	for (i = 1; i <= NF; i++)
		if ($i ~ /^-/)
			print command " " $i
}' "$man/topofs.1" | sort -u >synopsis.page
while read -r command; do
	check "SYNOPSIS has topofs $command" grep -qx "$command" synopsis.page
done <commands
sed 's/[[=].*//' options.program | while read -r command names; do
	for name in $(echo "$names" | tr -d ,); do
		! grep -qx -e "$command $name" synopsis.page || continue 2
	done
	lib_report "FAILED: SYNOPSIS has topofs $command $names"
done

# each begins with the sentence of the list of commands
sed -n 's/^\.Ss topofs //p' "$man/topofs.1" | sort >commands.page
sort commands | diff -u - commands.page >&2 || fail "topofs(1) has a subsection for each command"
while read -r command; do
	"$TOPOFS" "$command" --help | awk 'NR == 3 { print toupper(substr($0, 4, 1)) substr($0, 5) }'
done <commands >sentences
while read -r sentence; do
	check "topofs(1) says: $sentence" grep -qxF "$sentence" "$man/topofs.1"
done <sentences

# What topofs doctor looks at is an item each.
"$TOPOFS" doctor | sed 's/^[a-z]* *\([a-z]*\): .*/\1/' >checks.program
sed -n '/^\.Ss topofs doctor/,/^\.It Fl/s/^\.It Cm //p' "$man/topofs.1" >checks.page
check "topofs(1) has the checks of topofs doctor" diff -u checks.program checks.page

# the formats of convert, by their sentences
"$TOPOFS" convert --list | cut -f 1,4 >formats.program
awk '
/^\.S[sh]/ { inside = $0 == ".Ss topofs convert" }
inside && /^\.It Cm/ { name = $3; getline; print name "\t" $0 }' "$man/topofs.1" >formats.page
check "topofs(1) has the formats of convert --list" diff -u formats.program formats.page

{
	grep -oh 'env("[A-Z_]*"' "$top_srcdir"/src/cmd/*.c "$top_srcdir/src/serve/store.c" | tr -d '"' | sed 's/env(//'
	sed -n 's/^\(	{\|#define MACHINE_VARIABLE\) "\([A-Z_]*\)".*/\2/p' "$top_srcdir"/src/cmd/enter.[ch]
} | sort -u >environment.program
sed -n 's/^\.\(It \)*Ev \([A-Z_]*\).*/\2/p' "$man/topofs.1" | sort -u >environment.page
check "topofs(1) has the program's environment" diff -u environment.program environment.page

# --- topofs.json(5): a subsection an object, an item a member, with its type ------------------------------

"$TOPOFS" schema --members | cut -f 1,2 | sort >members.program
check "there are members" test -s members.program
awk '
/^\.S[sh]/ { inside = $1 == ".Ss"; object = $2 == "The" ? "" : $2 "." }
inside && /^\.It Cm/ {
	key = $3
	sub(/^\.It Cm [$a-z_]* Pq /, "")
	print object key "\t" $0
}' "$man/topofs.json.5" | sort >members.page
check "topofs.json(5) has the members of the schema" diff -u members.program members.page

# --- topofs.json(5): the rules, by their sentences --------------------------------------------------------

sed -n '/^const struct rule rules/,/^};/s/^[^"]*"[^"]*", [A-Z]*, "\(.*\)", check_.*/\1/p' \
	"$top_srcdir/src/topo/rules.c" >rules.program
check "there are rules" test -s rules.program
sed -n '/^\.Sh WHAT IS CHECKED/,/^\.Sh SEE/p' "$man/topofs.json.5" | grep -A1 '^\.It$' | grep -v '^\(\.It\|--\)$' \
	>rules.page
check "topofs.json(5) has the rules" diff -u rules.program rules.page

# --- topofs-attributes(7): its list is what the program prints --------------------------------------------

# A class with its folder, then its rows by their names; links from elsewhere by their whole path.
"$TOPOFS" attributes | awk -F '\t' '
$2 == "class" {
	if (class != "")
		print ".El"
	class = $1
	print ".Ss " class
	print ".Pa " $3
	print ".Pp"
	print $4
	print ".Bl -tag -width Ds"
	next
}
{
	name = $1 == class "/listed" ? $3 : substr($1, length(class) + 2)
	print ".It Pa " name ($2 == "file" ? "" : " Pq " $2)
	print $4
}
END { print ".El" }' >list
check "there are attributes" test "$(wc -l <list)" -gt 100
awk '
/^\.\\" rows end/ { skipped = 0 }
!skipped
/^\.\\" rows begin/ { skipped = 1; while ((getline line < "list") > 0) print line }' \
	"$man/topofs-attributes.7" >topofs-attributes.7
same "$man/topofs-attributes.7" topofs-attributes.7
