#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The POWER9 that comes with topofs against a recorded one: they differ in nothing but what its comment explains. The
# recordings are kept beside the project.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
recording=$top_srcdir/../shared/corpus/hwloc/nvidiagpunumanodes.tar.bz2
[ -f "$recording" ] || skip "there are no recordings beside the project"

check_status 1 "they differ" "$TOPOFS" diff "$top_srcdir/examples/power9-v100.json" "$recording" >found
cat >explained <<'END'
^without 
^endings cache/shared_cpu_map: 
^modules nvidia: gone
^cpu: arch ppc64le -> ppc64$
^cpu info \(cpu\|revision\): gone
^cpu: \(present\|online\) 0-175 -> 0-15,88-103$
^package \(0\|8\): cpus 
^L[123] .*: ids 
^node \(0\|8\): cpus 
^node 25[0-5]: \(device\|address\) .* -> none$
^host bridge .*: gone
^pci .*: gone
^/proc/
^/sys/bus/pci/devices/.*/\(class\|local_cpus\): new
^/sys/devices/pci.*: gone
^/sys/devices/system/cpu/cpu[0-9]*/\(cpufreq\|of_node\|physical_id\|smt_snooze_delay\): new
^/sys/devices/system/cpu/\(nohz_full\|offline\): 
^/sys/fs/cgroup/
/nr_hugepages_mempolicy: new
END
grep -vf explained found >unexplained
cat unexplained >&2
check "nothing else: sizes, distances, core ids and caches are as recorded" test ! -s unexplained
check "the recording was read" grep -q '^node 250: device' found
