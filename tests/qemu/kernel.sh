#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kernel.sh [TEST...]: the tests of tests/fuse and tests/run on Debian's own kernel, 6.1, which cannot send a request
# again: in QEMU without hardware, with an initramfs of the tools they need. It takes ten minutes, so make check leaves
# it out; make check-kernel runs it. The kernel's package is kept in tests/qemu/cache of the build.
#
# KERNEL_PACKAGE names another one; STORM_SECONDS is how long workers are killed there, 60 where not said, and RELOADS how
# often a mount is reloaded with others on top of it, 100 where not said.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$top_srcdir/tests/qemu/guest.sh"
seconds=${STORM_SECONDS:-60} reloads=${RELOADS:-100}
top_builddir=$(cd "$top_builddir" && pwd)

# laws.sh takes an hour without hardware, helper.sh covers /sbin, reads.sh needs strace
if [ $# -eq 0 ]; then
	for test in "$top_srcdir"/tests/fuse/*.sh "$top_srcdir"/tests/run/*.sh; do
		case $test in
		*/laws.sh | */helper.sh | */soak.sh) ;;
		*) set -- "$@" "${test#"$top_srcdir"/tests/}" ;;
		esac
	done
fi

guest_kernel
module=$(find "$modules" -name fuse.ko)
[ -f "$module" ] || fail "$package has no FUSE"

# --- what it boots into ----------------------------------------------------------------------------------

guest_root
mkdir -p root/top/build/tests
put_tool awk base64 basename cat chmod chown chroot cksum cmp cp cut date dd diff dirname echo env expr false find findmnt \
	flock fusermount3 getfattr grep head id kill ln ls mkdir mkfifo mknod mktemp mount mountpoint mv nproc nsenter od pgrep \
	printf ps pwd readlink realpath printenv rm rmdir sed seq setpriv sh sleep sort split stat tail tar taskset tee test \
	timeout touch tr true truncate umount uname uniq unshare wc xargs
# not one that is a script which looks for one
if [ -x /usr/bin/python3 ]; then
	put /usr/bin/python3
	library=$(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
	mkdir -p "root$library"
	(cd "$library" && tar -cf - --exclude=__pycache__ --exclude=test --exclude=dist-packages --exclude=site-packages \
		--exclude=idlelib --exclude=tkinter --exclude='config-*' --exclude=ensurepip --exclude=lib2to3 .) |
		tar -C "root$library" -xf -
	for object in "root$library"/lib-dynload/*.so; do
		put "${object#root}"
	done
fi
cp -a "$top_srcdir/tests" "$top_srcdir/examples" root/top
for program in topofs $(cd "$top_builddir" && find tests/fuse -type f -perm /100); do
	mkdir -p "root/top/build/$(dirname "$program")"
	cp "$top_builddir/$program" "root/top/build/$program"
	put_libraries "$top_builddir/$program"
done
ln -s ../proc/self/mounts root/etc/mtab
printf '%s\n' root:x:0:0::/:/bin/sh nobody:x:65534:65534::/:/bin/sh >root/etc/passwd
cp "$module" root/fuse.ko
cat >root/init <<END
#!$busybox sh
# the first root cannot be made private, as unshare -m does
if [ -f /fuse.ko ] && [ ! -d /old ]; then
	$busybox mkdir /old /new
	$busybox mount -t tmpfs -o size=90% tmpfs /new
	$busybox cp -a /[!n]* /new
	exec $busybox switch_root /new /init
fi
PATH=/usr/bin:/usr/sbin:/bin:/sbin
STORM_SECONDS=$seconds RELOADS=$reloads top_srcdir=/top
export PATH STORM_SECONDS RELOADS top_srcdir
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs devtmpfs /dev
$busybox mount -t tmpfs -o mode=1777 tmpfs /tmp
$busybox ln -s /proc/self/fd /dev/fd
$busybox insmod /fuse.ko
echo "guest: kernel \$($busybox uname -r)"
for test in $*; do
	/bin/sh /top/tests/\$test >/tmp/log 2>&1 </dev/null
	status=\$?
	$busybox sed -n '/^\(ok\|FAILED\|skipped\): /s/^/guest:   /p' /tmp/log
	[ \$status -eq 0 ] || [ \$status -eq 77 ] || $busybox sed 's/^/guest: log: /' /tmp/log
	echo "guest: \$test \$status"
done
mkdir /tmp/mnt
/top/build/topofs mount /top/tests/topologies/bare.json /tmp/mnt && /top/build/topofs status /tmp/mnt |
	$busybox sed 's/^/guest: status: /'
echo "guest: end"
$busybox poweroff -f
END
guest_pack

# --- booting it ------------------------------------------------------------------------------------------

timeout 3600 qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 2048 -nodefaults -no-reboot -display none -serial stdio \
	-kernel "$kernel" -initrd initramfs -append "console=ttyS0 quiet loglevel=3 panic=-1" </dev/null >console 2>&1
tr -d '\r' <console | grep -a '^guest: ' >told
cat told >&2
grep -qx 'guest: end' told || tail -n 50 console >&2
check "$package booted and came to the end" grep -qx 'guest: end' told
check "its kernel is another one" sh -c "! grep -qx 'guest: kernel $(uname -r)' told"
for test; do
	check "$test on $(sed -n 's/^guest: kernel //p' told)" grep -Eqx "guest: $test (0|77)" told
done
! grep -q '^guest: fuse/storm.sh' told || check "the storm ran" grep -q 'memory: [0-9][0-9]* kills' told
! grep -q '^guest: fuse/reload.sh' told || check "the reloads ran" grep -qx "guest:   ok: $reloads reloads" told
