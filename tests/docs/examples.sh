#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every example is as the schema says, passes `topofs check --strict` without a word, and is short enough to read.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

for example in "$top_srcdir"/examples/*.json; do
	name=$(basename "$example" .json)
	"$TOPOFS" check --strict "$example" >said 2>&1
	status=$?
	# where it runs may be too small for it, which is not the example's fault
	grep -v 'this kernel' said >out
	cat out >&2
	check "$name: check --strict" test "$status" -eq 0 -o -s said
	check "$name: nothing to say" test ! -s out
	check "$name is its name" grep -q "^  \"name\": \"$name\",\$" "$example"
	check "$name has a description and says how sure it is" test \
		"$(grep -cE '^  "(description": "[^"]+|confidence": "(high|medium|low))",$' "$example")" -eq 2
	check "$name has a comment" grep -q '^  "comment": \[$' "$example"
	# a long text cannot be broken; all else fits
	grep -v '^      "[Ff][a-z]*s": ' "$example" | grep -E '^.{121}' >long
	cat long >&2
	check "$name: less than 300 lines" test "$(wc -l <"$example")" -lt 300
	check "$name: lines of 120 characters at most" test ! -s long
done

requires_python jsonschema
"$TOPOFS" schema >schema.json || fail "topofs schema"
cat >validate.py <<'PY'
import json, sys
from jsonschema import Draft202012Validator

schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
errors = 0
for path in sys.argv[2:]:
    for error in Draft202012Validator(schema).iter_errors(json.load(open(path))):
        print("%s: %s: %s" % (path, error.json_path, error.message), file=sys.stderr)
        errors += 1
sys.exit(errors > 0)
PY
check "the schema says the same" "$python" validate.py schema.json "$top_srcdir"/examples/*.json
# it is not one that everything passes
echo '{ "topofs": 1, "nodes": [ { "memorry": "1G" } ] }' >wrong.json
check_status 1 "the schema refuses an unknown member" "$python" validate.py schema.json wrong.json 2>/dev/null
