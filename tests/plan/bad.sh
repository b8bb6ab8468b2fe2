#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Requests that cannot be met are refused with one line that has the numbers, and write nothing.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

# refused STATUS MESSAGE ARGUMENT...
refused() {
	status=$1 message=$2
	shift 2
	check_status "$status" "topofs plan $*" "$TOPOFS" plan "$@" -o none.json 2>err
	[ "$status" -eq 1 ] || message="$message (try topofs plan --help)"
	check "topofs plan $*: $(cat err)" test "$(cat err)" = "topofs: $message"
	check "topofs plan $*: no file" test ! -e none.json
}

refused 2 '--vcpus is missing' dgx-h100 --memory 1G
refused 2 '--memory is missing' dgx-h100 --vcpus 2
refused 2 '--vcpus: expected a number of 1 to 8192, got "0"' dgx-h100 --vcpus 0 --memory 1G
refused 2 '--vcpus: expected a number of 1 to 8192, got "-4"' dgx-h100 --vcpus -4 --memory 1G
refused 2 '--vcpus: expected a number of 1 to 8192, got "9000"' dgx-h100 --vcpus 9000 --memory 1G
refused 2 '--threads: expected a number of 1 to 8, got "two"' dgx-h100 --vcpus 4 --memory 1G --threads two
refused 2 '--memory: expected a size such as 64G, got "64GB"' dgx-h100 --vcpus 4 --memory 64GB
refused 2 '--memory: expected a size such as 64G, got "100"' dgx-h100 --vcpus 4 --memory 100
refused 2 '--group: expected one of node, root, switch, got "numa"' dgx-h100 --vcpus 4 --memory 1G --group numa
refused 2 '--numbering: expected one of spread, packed, got "x"' dgx-h100 --vcpus 4 --memory 1G --numbering x
refused 2 '--strict and --best-effort do not go together' dgx-h100 --vcpus 4 --memory 1G --strict --best-effort
refused 2 '--collapse and --vcpus do not go together' dgx-h100 --collapse --vcpus 4
refused 2 '--collapse and --group do not go together' dgx-h100 --collapse --group root
refused 1 'xeon-e7-8895v2-8s: --vcpus: 7 are fewer than the 8 nodes with CPUs: name fewer with --nodes' xeon-e7-8895v2-8s --vcpus 7 --memory 64G
refused 1 'dgx-h100: --threads: 5 vCPUs do not divide into cores of 2 threads' dgx-h100 --vcpus 5 --memory 1G --threads 2
refused 1 'dgx-h100: --threads: 2 vCPUs are 1 cores of 2 threads: too few for 2 nodes with CPUs' dgx-h100 --vcpus 2 --memory 1G --threads 2
refused 1 'dgx-h100: --memory: node 0 of the host has 1T, its share of 4T is 2T' dgx-h100 --vcpus 4 --memory 4T
refused 1 'dgx-h100: --memory: expected a multiple of 2M, got 3M' dgx-h100 --vcpus 4 --memory 3M
refused 1 'dgx-h100: --memory: 2M are less than 2M for each of 2 nodes' dgx-h100 --vcpus 4 --memory 2M
refused 1 'dgx-h100: --nodes: the host has no node 2' dgx-h100 --vcpus 4 --memory 1G --nodes 0-2
refused 2 '--nodes: "1-0": the range 1-0 runs backwards' dgx-h100 --vcpus 4 --memory 1G --nodes 1-0
refused 1 'dgx-h100: --nodes: the list is empty' dgx-h100 --vcpus 4 --memory 1G --nodes ''
refused 1 'gb200-tray: --nodes: node 2 is memory of 0008:01:00.0, and comes with it' gb200-tray --vcpus 4 --memory 1G --nodes 0,2
refused 1 'gb200-tray: --nodes: node 3 has neither memory nor CPUs that may be used' gb200-tray --vcpus 4 --memory 1G --nodes 0,3
refused 1 'dgx-h100: --cpus: the host has no CPU 224 that is online' dgx-h100 --vcpus 4 --memory 1G --cpus 0-224
refused 1 'dgx-h100: --devices: the host has no function 0000:01:02.0' dgx-h100 --vcpus 4 --memory 1G --devices 0000:01:02.0
refused 1 'dgx-h100: --devices: 0000:16:00.0 is a bridge: name what is below it' dgx-h100 --vcpus 4 --memory 1G --devices 0000:16:00.0
refused 2 '--devices: "gpus" is none of gpu, nic, nvswitch, nvme, all, and no address such as 0000:3b:00.0' dgx-h100 --vcpus 4 --memory 1G --devices gpus
refused 2 '--devices: "1b:00": expected a PCI address such as "0000:3b:00.0"' dgx-h100 --vcpus 4 --memory 1G --devices 1b:00
refused 1 "xeon-e7-8895v2-8s: --devices: the host has no gpu that can be given" xeon-e7-8895v2-8s --vcpus 8 --memory 1G --devices gpu
refused 1 'dgx-h100: --devices: 0000:9d:00.0 is on node 1 of the host, which the guest has no node of' dgx-h100 --vcpus 4 --memory 1G --nodes 0 --devices gpu --strict
refused 1 'dgx-h100: --devices: there is no function 0000:ff:00.0' dgx-h100 --collapse --devices 0000:ff:00.0
refused 1 'dgx-h100: --memory: the nodes have 2T' dgx-h100 --collapse --memory 3T
