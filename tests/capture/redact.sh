#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What tells a machine from all others is not in a redacted description: none of its secrets, in no form.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires od sed

cat >secret.json <<'END'
{ "topofs": 1, "cpu": { "packages": [ { "cpus": "0-3", "cores": 4 } ] },
  "nodes": [ { "cpus": "0-3", "memory": "8G", "free": "5123456K", "meminfo": { "FilePages": 1024 } } ],
  "pci": [ { "root": "0000:00", "node": 0, "devices": [
    { "at": "01.0", "id": "8086:352a", "devices": [
      { "at": "01:00.0", "id": "15b3:1021", "class": "0207", "link": "32.0x16", "serial": "b8-3f-d2-03-00-5e-c2-e7",
        "net": [ { "name": "ib0", "type": 32, "mtu": 4092,
                   "address": "80:00:10:29:fe:80:00:00:00:00:00:00:b8:3f:d2:03:00:5e:c2:e7" },
                 { "name": "eth0", "address": "b8:3f:d2:5e:c2:e7" }, { "name": "eth1", "address": "00:00:00:00:00:00" },
                 { "name": "eth2", "address": "b8:3f:d2:5e:c2:e7" }, { "name": "eth3", "address": "b8:3f:d2:5e:c2:e8" } ],
        "infiniband": { "name": "mlx5_0", "node_guid": "b83f:d203:005e:c2e7", "sys_image_guid": "b83f:d203:005e:c2e7",
          "ports": [ { "gids": [ "fe80:0000:0000:0000:b83f:d203:005e:c2e7", "0000:0000:0000:0000:0000:ffff:0a5e:c2e7" ] } ] } },
      { "at": "01:00.1", "id": "144d:a80a", "class": "010802",
        "nvme": [ { "name": "nvme0", "serial": "S5ECRET0NR1234      ", "model": "Disk", "namespaces": [ { "size": "1G" } ] },
                  { "name": "nvme1", "serial": "S5ECRET0NR9999", "model": "Disk" } ] } ] } ] } ],
  "dmi": { "product_serial": "S5ECRET0NR1234", "board_serial": "BOARD/77.AB", "chassis_serial": "Not Specified",
           "product_uuid": "4c4c4544-0042-3510-8053-cac04f5ec2e7", "chassis_asset_tag": "RACK-17-secret",
           "product_name": "Openly" },
  "files": {
    "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/infiniband/mlx5_0/node_desc": "secrethost mlx5_0\n",
    "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/nvme/nvme0/nvme0n1/wwid": "eui.0025385ec2e70101\n",
    "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/nvme/nvme0/nvme0n1/uuid": "12345678-9abc-4def-8123-456789abcde7\n",
    "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/virtio0/block/vda/serial": "S5ECRET0NR1234\n",
    "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/virtio0/net/eth4/address": "b8:3f:d2:5e:c2:e9\n",
    "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/odd": "says S5ECRET0NR1234, b8:3f:d2:5e:c2:e7\n",
    "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/vpd": { "base64": "AFM1RUNSRVQwTlIxMjM0" },
    "/sys/devices/system/cpu/cpu0/topology/ppin": "0x5ec2e75ec2e71234\n",
    "/sys/firmware/dmi/tables/DMI": { "base64": "AFM1RUNSRVQwTlIxMjM0" },
    "/proc/cpuinfo": "processor\t: 0\nSerial\t\t: 100000005ec2e7aa\n",
    "/proc/cmdline": "root=UUID=feedf00d-9abc-4def-8123-456789abcde7 ip=::::secrethost\n",
    "/proc/sys/kernel/hostname": "secrethost\n",
    "/run/udev/data/b259:0": "E:ID_SERIAL_SHORT=S5ECRET0NR1234\nE:ID_MODEL=Disk\n" } }
END
"$TOPOFS" render -o secret secret.json || fail "cannot render"
"$TOPOFS" capture --root secret --redact -o redacted.json || fail "cannot capture"
"$TOPOFS" check redacted.json || fail "the description is not one that topofs takes"
"$TOPOFS" render -o redacted redacted.json || fail "cannot render what was captured"

# all of a text's forms: as it is, and as the lowest byte first
hidden() {
	for secret; do
		check "$secret is hidden" test -z "$(grep -rliF -e "$secret" redacted.json redacted)"
	done
}
hidden b8:3f:d2:5e:c2:e b83f:d203 b8:3f:d2:03 0a5e:c2e7 S5ECRET BOARD/77 4c4c4544 RACK-17 secret 0025385e 12345678-9abc \
	5ec2e7 feedf00d
hidden 5123456 1280864
check "nor in configuration space" sh -c \
	"! od -An -v -tx1 redacted/sys/bus/pci/devices/0000:01:00.0/config | tr -d ' \n' | grep -q e7c25e0003d23fb8"
check "bytes that can hold anything are left out" test -z "$(find redacted -name vpd -o -name DMI -o -name cmdline)"

# has FILE TEXT
has() {
	check "$1 is $2" test "$(cat "redacted/$1")" = "$2"
}
pci=sys/bus/pci/devices
has $pci/0000:01:00.0/net/eth0/address 02:00:00:00:00:01
has $pci/0000:01:00.0/net/eth1/address 00:00:00:00:00:00
has $pci/0000:01:00.0/net/eth2/address 02:00:00:00:00:01
has $pci/0000:01:00.0/net/eth3/address 02:00:00:00:00:02
has $pci/0000:01:00.1/virtio0/net/eth4/address 02:00:00:00:00:03
guid=$(cat redacted/$pci/0000:01:00.0/infiniband/mlx5_0/node_guid)
check "a GUID stays one: $guid" sh -c "echo $guid | grep -qx '0200:0000:0000:000[1-9]'"
has $pci/0000:01:00.0/infiniband/mlx5_0/sys_image_guid "$guid"
has $pci/0000:01:00.0/infiniband/mlx5_0/ports/1/gids/0 "fe80:0000:0000:0000:$guid"
has $pci/0000:01:00.0/net/ib0/address \
	"80:00:10:29:fe:80:00:00:00:00:00:00:$(echo "$guid" | sed 's/://g; s/../:&/g; s/^://')"
has $pci/0000:01:00.0/infiniband/mlx5_0/node_desc "machine-1 mlx5_0"
has proc/sys/kernel/hostname machine-1
has $pci/0000:01:00.1/nvme/nvme0/nvme0n1/uuid 00000000-0000-4000-8000-000000000001
has sys/class/dmi/id/product_uuid 00000000-0000-4000-8000-000000000002
serial=$(cat redacted/sys/class/dmi/id/product_serial)
check "a serial number keeps its form: $serial" sh -c "echo $serial | grep -qx 'X0XXXXX0XX000[1-9]'"
check "and stays equal" test "$(sed 's/ *$//' redacted/$pci/0000:01:00.1/nvme/nvme0/serial)" = "$serial"
check "or different" test "$(cat redacted/$pci/0000:01:00.1/nvme/nvme1/serial)" != "$serial"
has $pci/0000:01:00.1/odd "says $serial, 02:00:00:00:00:01"
has run/udev/data/b259:0 "E:ID_SERIAL_SHORT=$serial
E:ID_MODEL=Disk"
has sys/class/dmi/id/chassis_serial "Not Specified"
has sys/class/dmi/id/product_name Openly
check "all memory is free" grep -q 'MemFree: *8388608 kB' redacted/proc/meminfo
check "of each node" grep -q 'MemFree: *8388608 kB' redacted/sys/devices/system/node/node0/meminfo
check "and page by page" grep -qx 'nr_free_pages 2097152' redacted/sys/devices/system/node/node0/vmstat

"$TOPOFS" capture --root secret --redact >again.json
check "the same again" cmp redacted.json again.json
"$TOPOFS" capture --root secret -o plain.json
check "without the option nothing is hidden" grep -q S5ECRET0NR1234 plain.json

# a recorded machine: its own values, wherever the file lies
machine=$top_srcdir/../shared/corpus/hwloc/32em64t-2n8c+dax+nvme+mic+dimms.tar.bz2
[ -f "$machine" ] || exit 0
"$TOPOFS" capture --root "$machine" -o whole.json 2>/dev/null || fail "cannot capture $machine"
"$TOPOFS" capture --root "$machine" --redact -o less.json 2>/dev/null || fail "cannot capture $machine redacted"
"$TOPOFS" render --force -o whole whole.json
"$TOPOFS" render --force -o less less.json
find whole -type f \( -name address -path '*/net/*' -o -name '*_guid' -o -name serial -o -name '*_serial' -o -name '*_uuid' \
	-o -name 'wwid' -o -path '*/gids/*' \) -exec cat {} + | sed 's/^ *//; s/ *$//' |
	grep -v -e '^[0-9a-f]*:..:..\.[0-7]$' -e '^[0:]*$' -e '^fe80[0:]*$' -e '^$' | sort -u >values
check "there are values to hide" test -s values
while read -r value; do
	check "$value is hidden" test -z "$(grep -rlF -e "$value" less.json less)"
done <values
(cd whole && find . | sort) >whole.files
(cd less && find . | sort) >less.files
check "the files are those there were" test -z \
	"$(diff whole.files less.files | sed -n '/^[<>]/p' | grep -v -e /vpd -e /firmware/dmi/)"
