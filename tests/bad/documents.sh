# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# The bad documents, in the folder of the test; read after lib.sh.

cp "${top_srcdir:?}"/tests/bad/*.json "${tmp:?}"

# Too large or too odd to keep; named made-*.
printf '{ "topofs": 1, "name": "' >made-1g-text.json
truncate -s 1G made-1g-text.json
printf '{ "topofs": 1, "cpu": { "present": "0" } }\0' >made-nul.json
mkdir made-folder.json
mkfifo made-fifo.json
ln -s made-loop.json made-loop.json

# nested N OPEN CLOSE: OPEN N times, CLOSE as often
nested() {
	awk -v n="$1" -v opening="$2" -v closing="$3" 'BEGIN {
		for (i = 0; i < n; i++) printf "%s", opening
		for (i = 0; i < n; i++) printf "%s", closing }'
}

{ printf '{ "topofs": 1, "comment": '; nested 10000 '{"a":' '}' | sed 's/:}/:{}}/'; echo ' }'; } >made-deep-objects.json
{ printf '{ "topofs": 1, "comment": '; nested 10000 '[' ']'; echo ' }'; } >made-deep-arrays.json
{
	printf '{ "topofs": 1, "cpu": { "present": "0" }, "pci": [ { "root": "0000:00", "devices": ['
	nested 900 '{"at":"00.0","id":"1:1","class":"0604","devices":[' ']}'
	echo '] } ] }'
} >made-deep-bridges.json

# many N FORMAT: N members of a list, each with its number in it once
many() {
	awk -v n="$1" -v format="$2" 'BEGIN { for (i = 0; i < n; i++) printf format "%s", i, i < n - 1 ? "," : "" }'
}

{
	printf '{ "topofs": 1, "cpu": { "present": "0" }, "pci": [ { "root": "0000:00", "devices": ['
	many 300 '{"at":"00.0","id":"1:%x","class":"0604"}'
	echo '] } ] }'
} >made-300-buses.json
{
	printf '{ "topofs": 1, "cpu": { "present": "0" }, "pci": ['
	awk 'BEGIN { for (i = 0; i < 131; i++) {
		printf "%s{\"root\":\"%x:00\",", i ? "," : "", i
		if (i)
			printf "\"under\":\"%x:00:00.0\",", i - 1
		printf "\"devices\":[{\"at\":\"00.0\",\"id\":\"1:1\",\"class\":\"0200\"}]}" } }'
	echo '] }'
} >made-deep-host-bridges.json
{ printf '{ "topofs": 1, "'; nested 100000 k ''; echo '": 1 }'; } >made-long-key.json
{ printf '{ "topofs": 1, "dmi": { "'; nested 100000 k ''; echo '": "x" } }'; } >made-long-name.json
{ printf '{ "topofs": 1, "nodes": [ { "cpus": "'; nested 100000 '0-' ''; echo '" } ] }'; } >made-long-list.json
{
	printf '{ "topofs": 1, "cpu": { "present": "0", "caches": ['
	many 200 '{"level":1,"size":"1K","per":"cpu","ids":330000%02d}'
	echo '] } }'
} >made-far-ids.json
{
	printf '{ "topofs": 1, "cpu": { "present": "0" }, "nodes": [ { "id": "0-1023" } ], "distances": ['
	many 100 '{"from":"0-1023","to":"0-1023","value":%d}'
	echo '] }'
} >made-distances.json
{ printf '{ "topofs": 1, "comment": ['; many 1100000 '[%d]'; echo '] }'; } >made-many-lists.json
{ printf '{ "topofs": 1, "comment": ['; many 2000000 '%d'; echo '] }'; } >made-many-numbers.json
{
	printf '{ "topofs": 1, "cpu": { "present": "0" }, "pci": [ { "root": "0000:00", "devices": ['
	nested 300 '{"at":"00.0","id":"1:1","class":"0604","devices":[' ']}'
	echo '] } ] }'
} >made-deep-buses.json

# without_parser: the words of the JSON parser, which change with its version, left out
without_parser() {
	sed -e 's/^\(topofs: json-[^:]*: line [0-9]* column [0-9]*\): .*/\1/' \
		-e 's/^\(topofs: made-[^:]*: line [0-9]* column [0-9]*\): .*/\1/' -e 's/^\(topofs: blank.json: [^:]*\): .*/\1/'
}
