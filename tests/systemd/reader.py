# SPDX-License-Identifier: Apache-2.0
"""reader.py MOUNTPOINT END PRESENT...: asks the server of a mount again and again, until the file END is there.

Prints "N reads, N errors, at most N ms". Each round asks for what the kernel has not kept, so that it reaches the
server, and reads what it has: one of the values PRESENT, of all CPUs that are there.
"""
import os
import sys
import time

mountpoint, end, *present = sys.argv[1:]
reads = errors = longest = 0
while not os.path.exists(end):
    start = time.monotonic()
    try:
        os.statvfs(mountpoint)
        assert not os.path.exists("%s/sys/never-%d-%d" % (mountpoint, os.getpid(), reads))
        os.stat(mountpoint + "/sys/devices/system/cpu")
        with open(mountpoint + "/sys/devices/system/cpu/present") as f:
            got = f.read().strip()
        assert got in present, got
    except (OSError, AssertionError) as e:
        errors += 1
        print(repr(e), file=sys.stderr)
    reads += 1
    longest = max(longest, time.monotonic() - start)
    time.sleep(0.001)
print("%d reads, %d errors, at most %d ms" % (reads, errors, longest * 1000))
