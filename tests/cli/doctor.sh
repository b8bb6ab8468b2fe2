#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `topofs doctor` finds what is really in the way, says what to do, and calls nothing well that it could not look at.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
deny=$top_builddir/tests/deny

# says LEVEL CHECK WORDS COMMAND...: the line of that check, from doctor run by the command
says() {
	level=$1 name=$2 words=$3 status=0
	shift 3
	"$@" "$TOPOFS" doctor >out 2>err || status=$?
	check "$* topofs doctor: nothing on standard error" test ! -s err
	check "$* topofs doctor: '$(grep " $name: " out)' is $level, $words" grep -q "^$level *$name: .*$words" out
	check "$* topofs doctor: status $status" test "$status" -eq "$(grep -c '^problem ' out | sed 's/^[1-9].*/1/')"
}

"$TOPOFS" doctor >all
check "a line for each check" test "$(wc -l <all)" -ge 15
check "every line has a level, a name and a sentence" sh -c \
	'! grep -Ev "^(ok      |note    |problem ) [a-z]+: [^ ].{20}" all'
requires python3
"$TOPOFS" doctor --json >all.json
python3 -c 'import json
for v in json.load(open("all.json")):
    print("%-8s %s: %s" % (v["level"], v["check"], "; ".join(v[key] for key in ("what", "advice") if key in v)))' >again
check "as JSON it says the same" diff -u all again

# --- system calls that a container's filter refuses -------------------------------------------------------

if [ -x "$deny" ] && "$deny" EPERM get_mempolicy -- true; then
	says problem mempolicy CAP_SYS_NICE "$deny" EPERM get_mempolicy --
	says problem mempolicy CONFIG_NUMA "$deny" ENOSYS get_mempolicy --
	says problem affinity 'Operation not permitted' "$deny" EPERM sched_getaffinity --
	says note masks 'not known' "$deny" EPERM sched_getaffinity --
	says problem mount 'cannot make a user namespace' "$deny" EPERM unshare --
	says note requests 'not known' "$deny" EPERM unshare --
	says problem mount 'not permitted' "$deny" EPERM mount --
fi
says ok udev = env SYSTEMD_DEVICE_VERIFY_SYSFS=0
says note fusermount 'no fusermount3' env PATH=/nonexistent

# --- as root, on a host of its own ------------------------------------------------------------------------

needs_root
needs_fuse
requires mount pgrep
. "$top_srcdir/tests/serve.sh"

# on_host COMMANDS COMMAND...: where the shell's commands were run before, and nothing else is mounted by topofs
on_host() {
	# shellcheck disable=SC2016
	unshare -m --propagation private sh -c '
		while umount -l -t fuse.topofs -a 2>/dev/null && grep -q " fuse.topofs " /proc/self/mounts; do :; done
		eval "$1"; shift; exec "$@"' sh "$@"
}
says ok fuse opened on_host 'mount -t tmpfs none /dev && mknod -m 666 /dev/fuse c 10 229'
says note fuse '0600; its permissions are usually 0666' on_host 'mount -t tmpfs none /dev && mknod -m 600 /dev/fuse c 10 229'
says ok requests spares on_host :
says ok mounts '0 of topofs' on_host :
says ok propagation shared on_host 'mount --make-shared /'
says note propagation 'not shared' on_host 'mount --make-private /'
says problem fuse 'No such file' on_host 'mount -t tmpfs none /dev'
says note reload 'not known' on_host 'mount -t tmpfs none /dev'
says problem fuse 'No such device' on_host 'mount --bind /dev/null /dev/fuse'
echo 20 >seconds
echo 0 >none
for name in default max; do
	setting=/proc/sys/fs/fuse/${name}_request_timeout
	[ -e $setting ] || continue
	says problem timeout "sysctl fs.fuse.${name}_request_timeout=0" on_host "mount --bind $tmp/seconds $setting"
	says ok timeout waits on_host "mount --bind $tmp/none $setting"
done
if command -v systemctl >/dev/null; then
	version=$(systemctl --version | sed -n 's/^systemd \([0-9]*\).*/\1/p')
	says '[a-z]*' systemd "systemd $version" on_host 'mount -t tmpfs none /run && mkdir -p /run/systemd/system'
	says note systemd 'not known' on_host 'mount -t tmpfs none /run && mkdir -p /run/systemd/system' env PATH=/nonexistent
fi

mkdir mnt
mounted="'$TOPOFS' mount '$machine' '$tmp/mnt'"
says ok mounts '1 of topofs' on_host "$mounted"
says note memory 'oom_score_adj 0' on_host "$mounted"
# to lower it takes a capability that not every root has
echo -900 >score
says ok memory 'the last' on_host "$mounted; mount --bind score \
	/proc/\$('$TOPOFS' status mnt | sed -n 's/^keeper *//p')/oom_score_adj"
cat >dead.sh <<'SCRIPT'
"$TOPOFS" mount "$1" mnt
. "$top_srcdir/tests/serve.sh"
kill -9 $(keeper) $(servers)
while cat mnt/sys/topofs/deep/er/file; do :; done
SCRIPT
says problem mounts 'umount -l' on_host "tmp='$tmp' sh -c '. ./dead.sh' sh '$machine' >said 2>&1"
says problem dead 'topofs repair' on_host "tmp='$tmp' sh -c '. ./dead.sh' sh '$machine' >said 2>&1"
check "no server is left" wait_for 5 no_servers

# --- for ordinary users -----------------------------------------------------------------------------------

as_nobody test -x "$TOPOFS" 2>/dev/null || skip "nobody cannot reach $TOPOFS"
as_nobody unshare -Urm true 2>/dev/null || skip "user namespaces are not to be had here"
says ok users 'no root' as_nobody
says ok resend '' as_nobody
limit=/proc/sys/user/max_user_namespaces
as_nobody unshare -Ur sh -c "echo 0 >$limit" 2>/dev/null &&
	says problem mount user.max_user_namespaces as_nobody unshare -Ur sh -c \
		"echo 0 >$limit"' && exec setpriv --bounding-set=-all --inh-caps=-all "$@"' sh
says problem fuse 'Permission denied' setpriv --reuid=65534 --regid=65534 --clear-groups \
	unshare -Urm sh -c 'mount -t tmpfs none /dev && mknod /dev/fuse c 10 229 2>/dev/null || : >/dev/fuse; chmod 0 /dev/fuse
	exec setpriv --bounding-set=-all --inh-caps=-all "$@"' sh
