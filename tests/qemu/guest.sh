# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
#
# What tests that boot a Linux in QEMU share; read it behind tests/lib.sh. In this order:
#
#     guest_kernel                  sets $package, $kernel and $modules, the folder where that kernel's modules are
#     guest_root                    makes root/, with its first folders and busybox
#     put FILE... ; put_tool NAME...    and what else belongs there
#     guest_pack                    makes `initramfs` of root/

# guest_kernel: Debian's own, kept in tests/qemu/cache of the build; KERNEL_PACKAGE names another one.
guest_kernel() {
	requires qemu-system-x86_64 apt-get apt-cache dpkg-deb busybox cpio ldd timeout
	[ "$(uname -m)" = x86_64 ] || skip "an x86_64 kernel is booted with the programs of this machine"
	cache=$top_builddir/tests/qemu/cache
	mkdir -p "$cache"
	package=${KERNEL_PACKAGE:-$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
		sed -n 's/^ *Depends: *\(linux-image-[^ ]*\).*/\1/p' | head -n 1)}
	[ -n "$package" ] || skip "apt knows no package linux-image-cloud-amd64"
	if [ ! -d "$cache/$package" ]; then
		mkdir package
		(cd package && apt-get -q download "$package" >apt.log 2>&1) || skip "$package cannot be downloaded"
		dpkg-deb -x package/"$package"_*.deb kernel || fail "$package cannot be unpacked"
		# where another test was faster, its own stays
		mv -T kernel "$cache/$package" 2>/dev/null || rm -r kernel
		rm -r package
	fi
	kernel=$(echo "$cache/$package"/boot/vmlinuz-*)
	modules=$cache/$package
	[ -f "$kernel" ] || fail "$package has no kernel"
}

# put FILE...: at its own place, with the libraries it needs
put() {
	for file; do
		mkdir -p "root$(dirname "$file")"
		cp -a "$(realpath "$file")" "root$file"
		put_libraries "$file"
	done
}

# put_libraries PROGRAM: those it needs
put_libraries() {
	ldd "$1" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
		[ -e "root$library" ] || { mkdir -p "root$(dirname "$library")" && cp -L "$library" "root$library"; }
	done
}

# put_tool NAME...: from where it is installed
put_tool() {
	for tool; do
		for folder in /usr/bin /usr/sbin /bin /sbin; do
			[ ! -x "$folder/$tool" ] || { put "$folder/$tool" && break; }
		done
	done
}

guest_root() {
	mkdir -p root/dev root/proc root/sys root/tmp root/etc root/run
	for link in bin sbin lib lib64; do
		[ ! -L /$link ] || { mkdir -p "root/usr/$link" && ln -s usr/$link root/$link; }
	done
	busybox=$(command -v busybox)
	put "$busybox"
}

guest_pack() {
	chmod 755 root/init
	(cd root && find . | cpio --quiet -o -H newc >../initramfs) || fail "no initramfs"
}
