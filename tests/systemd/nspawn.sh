#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The units under a systemd of their own: a Debian that debootstrap makes, booted by systemd-nspawn with this build
# installed; there inside.sh shows what they do. It takes a minute, and three more the first time, so make check leaves
# it out; make check-systemd runs it. The Debian is kept in tests/systemd/cache of the build.
#
# DEBIAN_SUITE names another one; STORM is how many processes are killed in each storm, 20 where not said.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires debootstrap systemd-nspawn nsenter pgrep make python3
needs_root
needs_fuse
suite=${DEBIAN_SUITE:-bookworm}
cache=$top_builddir/tests/systemd/cache/$suite
include=systemd,systemd-sysv,dbus,procps,python3-minimal

if [ ! -d "$cache" ]; then
	mkdir -p "$(dirname "$cache")"
	on_exit "rm -rf --one-file-system '$cache.$$'"
	debootstrap --variant=minbase --include="$include" "$suite" "$cache.$$" >debootstrap.log 2>&1 ||
		skip "debootstrap makes no $suite: $(tail -n 1 debootstrap.log)"
	mv -T "$cache.$$" "$cache"
fi
make -s -C "$top_builddir" install DESTDIR="$tmp/installed" sysconfdir=/etc >install.log 2>&1 || fail "not installed: $(tail -n 1 install.log)"
mkdir -p "$tmp/installed/top" "$tmp/installed/usr/local/lib"
# the libraries it was built with, where that Debian has none of the name
ldd "$TOPOFS" | grep -o '/[^ ]*' | while read -r library; do
	[ -n "$(find "$cache/usr/lib" -name "$(basename "$library")")" ] || cp -L "$library" "$tmp/installed/usr/local/lib/"
done

# --- booted -----------------------------------------------------------------------------------------------

# In a mount namespace with a tree of cgroups as systemd wants it, also where this system has one of the first version;
# pidfd_getfd as on a host, where no filter of systemd-nspawn's is before it.
name=$(basename "$tmp" | tr . -)
cat >boot.sh <<'SH'
mount --make-rprivate / && cd "$1" || exit 1
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup && mkdir "/sys/fs/cgroup/$2" && echo $$ >"/sys/fs/cgroup/$2/cgroup.procs" || exit 1
mkdir over && mount -t tmpfs tmpfs over && mkdir over/upper over/work over/root || exit 1
mount -t overlay -o "lowerdir=$1/installed:$3,upperdir=over/upper,workdir=over/work" overlay over/root || exit 1
exec systemd-nspawn --quiet --register=no --keep-unit --private-network --directory=over/root --machine="$2" \
	--bind=/dev/fuse --bind-ro="$4:/top" --system-call-filter=pidfd_getfd --boot --console=pipe
SH
remove_cgroup() {
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && find "/sys/fs/cgroup/$1" -depth -type d -exec rmdir {} +' \
		sh "$name"
}
on_exit remove_cgroup
unshare -m sh boot.sh "$tmp" "$name" "$(realpath "$cache")" "$top_srcdir" </dev/null >console 2>&1 &
machine=$!
first=
end_machine() {
	# shellcheck disable=SC2086
	kill -9 $first "$machine" 2>/dev/null
	wait "$machine"
}
on_exit end_machine

has_booted() {
	first=$(pgrep -P "$machine" -x systemd) &&
		inside systemctl is-system-running 2>/dev/null | grep -qx 'running\|degraded'
}
inside() {
	nsenter --all --target "$first" env -i PATH=/usr/local/bin:/usr/bin:/usr/sbin "$@"
}
wait_for 60 has_booted || {
	cat console >&2
	fail "$suite does not boot here"
}
inside ldconfig
inside topofs --version >&2 || skip "this build does not run in $suite"
check "what inside.sh shows" inside STORM="${STORM:-20}" sh /top/tests/systemd/inside.sh
inside systemctl poweroff
has_ended() {
	! kill -0 "$machine" 2>/dev/null
}
check "nothing keeps it from ending" wait_for 30 has_ended
