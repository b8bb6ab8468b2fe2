#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `topofs cdi` writes is as CDI's specification has it, is written whole or not at all, and its names are valid.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

small=$top_srcdir/examples/vm-small.json
cp "$small" 7-of.nine_a:b.json
check_status 0 "two machines" "$TOPOFS" cdi -o two.json "$small" dgx-h100
check_status 0 "a name that begins with a digit" "$TOPOFS" cdi ./7-of.nine_a:b.json >digit.json
check_status 0 "with a hook" "$TOPOFS" cdi --union --folder /srv/machines --program /opt/topofs dgx-h100 >hook.json
check "its version has such names" grep -q '"cdiVersion": "0.5.0"' digit.json
check "no higher version than is needed" grep -q '"cdiVersion": "0.3.0"' two.json
check "the kind" grep -q '"kind": "topofs.dev/machine"' two.json
check "the device" grep -q '"name": "vm-small"' two.json
check "libudev is told" grep -q SYSTEMD_DEVICE_VERIFY_SYSFS=0 two.json
check "the machine's own name" grep -q TOPOFS_MACHINE=vm-small digit.json
sed 's/"name": "vm-small",//' "$small" >nameless.json
check_status 0 "a machine without a name" "$TOPOFS" cdi ./nameless.json >nameless.cdi
check "has the device's" grep -q TOPOFS_MACHINE=nameless nameless.cdi
check "mounts" grep -q '"hostPath": "/run/topofs/dgx-h100/sys"' two.json
check "the hook" grep -q '"/srv/machines/dgx-h100"' hook.json
check "and where it is" grep -q '"path": "/opt/topofs"' hook.json
check "no mounts beside it" sh -c '! grep -q mounts hook.json'
check_status 0 "with a hook and its policy" "$TOPOFS" cdi --union=host,!/sys/firmware dgx-h100 >policy.json
check "the hook has it" grep -q '"--union=host,!/sys/firmware"' policy.json
sed 's/"topofs": 1,/& "unlisted": "host",/' "$small" >says.json
check_status 0 "a machine that says it" "$TOPOFS" cdi ./says.json >says.cdi
check "has a hook, which asks its mount" grep -q '"hook",' says.cdi
check "and is told nothing" sh -c '! grep -q -e --union says.cdi'
check_status 2 "a policy that is none" "$TOPOFS" cdi --union=/etc dgx-h100 2>err

# refused WORDS ARGUMENT...: one line, and the file that is there stays
refused() {
	words=$1
	shift
	check_status 1 "topofs cdi $*" "$TOPOFS" cdi -o kept.json "$@" 2>err
	check "one line: $(cat err)" test "$(wc -l <err)" -eq 1
	check "it says $words" grep -q "$words" err
	check "nothing is lost" test "$(cat kept.json)" = kept
	check "nothing is half done" sh -c '! ls kept.json.* 2>/dev/null'
}
echo kept >kept.json
for name in -x x- 'x y' "$(printf '%064d' 0)" 'ü'; do
	cp "$small" "./$name.json"
	refused "cannot be a device's name" "./$name.json"
done
mkdir again
cp "$small" again/
refused 'two machines of the name vm-small' "$small" again/vm-small.json
echo '{' >broken.json
refused 'line 2' dgx-h100 broken.json
refused 'no such file' nowhere
check_status 2 "a folder that is none" "$TOPOFS" cdi --folder run dgx-h100 2>err
check_status 2 "a program that is none" "$TOPOFS" cdi --union --program topofs dgx-h100 2>err
bytes=$(printf '/\377')
for option in "--folder=$bytes" "--program=$bytes" "--union=/sys$bytes"; do
	check_status 2 "what no JSON can be" "$TOPOFS" cdi "$option" -o kept.json dgx-h100 2>err
	check "it says so: $(cat err)" grep -q -e "${option%%=*} is not UTF-8" err
	check "nothing is lost" test "$(cat kept.json)" = kept
done
mkdir "$tmp$bytes" && cp "$TOPOFS" "$tmp$bytes/topofs"
check_status 1 "its own path, for a hook" "$tmp$bytes/topofs" cdi -o kept.json ./says.json 2>err
check "it says so" grep -q "the path of topofs is not UTF-8" err
check_status 0 "of which one without has no need" "$tmp$bytes/topofs" cdi -o none.json dgx-h100

requires_python jsonschema
cat >validate.py <<'PY'
import json, sys
from jsonschema import Draft202012Validator

schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
for path in sys.argv[2:]:
    Draft202012Validator(schema).validate(json.load(open(path)))
PY
check "they are as the specification says" "$python" validate.py "$top_srcdir/tests/container/cdi.schema.json" \
	two.json digit.json hook.json policy.json says.cdi
