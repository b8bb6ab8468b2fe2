#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manifests in examples/kubernetes/ are of Kubernetes' API, hang together, and use commands that topofs has.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires_python jsonschema yaml
cat >validate.py <<'PY'
import json, sys, yaml
from jsonschema import Draft202012Validator

schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
for path in sys.argv[2:]:
    manifest = yaml.safe_load(open(path))
    Draft202012Validator(schema).validate(manifest)
    spec = manifest["spec"]
    if manifest["kind"] == "DaemonSet":
        labels = spec["template"]["metadata"]["labels"]
        assert spec["selector"]["matchLabels"].items() <= labels.items(), "the selector selects other pods"
        spec = spec["template"]["spec"]
    volumes = {v["name"] for v in spec["volumes"]}
    for container in spec["containers"]:
        mounted = {m["name"] for m in container["volumeMounts"]}
        assert mounted == volumes, "volumes and mounts differ: %s" % (mounted ^ volumes)
        for m in container["volumeMounts"]:
            privileged = container.get("securityContext", {}).get("privileged")
            assert m.get("mountPropagation") != "Bidirectional" or privileged, "the API takes it of privileged ones only"
        for script in container.get("args", []):
            open("script", "w").write(script)
PY
check "they are as the API says" "$python" validate.py "$top_srcdir/tests/container/kubernetes.schema.json" \
	"$top_srcdir"/examples/kubernetes/*.yaml
check "there is a script" test -s script
check "a shell takes it" sh -n script
# its commands, on folders of this test, up to the mount
cp "$top_srcdir/examples/vm-small.json" dgx-h100.json
sed "s|/machines/|$tmp/|; s|/run/topofs|$tmp/run|g; s|/etc/cdi|$tmp|; s|^exec topofs mount|exec topofs mount --no-such-option|" \
	script >here
mkdir bin
ln -s "$TOPOFS" bin/topofs
check_status 2 "it gets to the mount" env PATH="$tmp/bin:$PATH" sh here 2>err
check "past the specification" grep -q topofs.dev/machine topofs.json
