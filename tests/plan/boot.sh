#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# boot.sh [NAME...]: guests boot as they were planned. QEMU, without hardware, is started with the command line that
# topofs convert --to qemu-emulated prints of a plan, and boots Debian's kernel. Inside, topofs diff compares the plan
# with the running machine; explained.py knows what may differ. What programs find there they find in the plan too, and
# in what topofs captured there. It takes a minute a guest, so make check leaves it out: make check-boot.
#
# acpi-generic-initiator needs QEMU 9.0, so guests with memory of devices are not among those that boot.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$top_srcdir/tests/qemu/guest.sh"
guest_kernel
requires lscpu numactl
requires_python json
needs_fuse
walk=$top_builddir/tests/consumers/nccl-walk

# --- the guests ------------------------------------------------------------------------------------------

cat >odd.json <<'END'
{ "topofs": 1, "name": "odd", "cpu": { "packages": [ { "cpus": "0-1" } ] },
  "nodes": [ { "cpus": "0-1", "memory": "2G", "distances": [10, 20, 10] }, { "memory": "1G", "distances": [30, 10, 17] },
             { "memory": "1G", "distances": [10, 17, 10] } ] }
END

# plan NAME HOST ARGUMENT...: where no names were given, all
asked=" $* "
plans=
plan() {
	case $asked in
	"  " | *" $1 "*) ;;
	*) return ;;
	esac
	name=$1
	shift
	"$TOPOFS" plan "$@" --numbering packed -o "$name.json" || fail "topofs plan $*"
	"$TOPOFS" convert --to qemu-emulated "$name.json" -o "$name.command" || fail "$name: no command line"
	plans="$plans $name"
}

plan rfc xeon-e7-8895v2-8s --vcpus 16 --memory 2G
plan dgx-switch dgx-h100 --vcpus 8 --memory 1G --devices gpu,nic --group switch
plan dgx-node dgx-h100 --vcpus 8 --memory 1G --devices gpu,nic
plan dgx-root dgx-h100 --vcpus 8 --memory 1G --devices gpu,nic --group root
plan fallback dgx-h100 --vcpus 4 --memory 1G --nodes 0 --devices gpu --best-effort
plan memory-only odd.json --vcpus 2 --memory 1G --nodes 0,1
plan distances odd.json --vcpus 2 --memory 1536M --nodes 0-2
plan uneven xeon-e7-8895v2-8s --vcpus 10 --memory 1536M --nodes 0-2
[ -n "$plans" ] || fail "there is no such plan: $*"

# --- what they boot into ---------------------------------------------------------------------------------

guest_root
put_tool lscpu numactl
for program in "$TOPOFS" "$walk"; do
	cp "$program" root/
	put_libraries "$program"
	strip "root/$(basename "$program")" 2>/dev/null || true
done
mkdir root/plans
for name in $plans; do
	cp "$name.json" root/plans
done
cat >root/init <<END
#!$busybox sh
PATH=/usr/bin:/usr/sbin:/bin:/sbin
export PATH
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs devtmpfs /dev
$busybox mount -t tmpfs tmpfs /tmp
for port in 1 2; do
	$busybox stty -F /dev/ttyS\$port raw -echo
done
plan=\$($busybox sed 's/.*plan=\([^ ]*\).*/\1/' /proc/cmdline)
/topofs capture 2>/tmp/errors >/dev/ttyS1
{
	echo "kernel: \$($busybox uname -r)"
	/topofs diff /plans/\$plan.json / 2>>/tmp/errors | $busybox sed 's/^/diff: /'
	/nccl-walk | $busybox sed 's/^/walk: /'
	lscpu -p=CPU,CORE,SOCKET,NODE | $busybox sed 's/^/lscpu: /'
	numactl -H | $busybox sed 's/^/numactl: /'
	$busybox sed 's/^/error: /' /tmp/errors
	echo end
} >/dev/ttyS2
$busybox poweroff -f
END
guest_pack

# --- booting them ----------------------------------------------------------------------------------------

# boot NAME: what the guest says is in NAME.told, what it captured in NAME.captured
boot() {
	cat >start <<END
exec $(cat "$1.command") \
    -accel tcg -no-reboot -display none -serial stdio -serial file:$1.captured -serial file:$1.told \
    -kernel $kernel -initrd initramfs -append 'console=ttyS0 quiet loglevel=3 panic=-1 plan=$1'
END
	timeout 1800 sh ./start </dev/null >console 2>&1
	grep -qx end "$1.told" && return
	tail -n 50 console >&2
	return 1
}

# told NAME WHAT: the lines of a kind
told() {
	sed -n "s/^$2: //p" "$1.told"
}

# where: where each function stands, which nccl-walk tells; what it can is that of an emulated one in the guest
where() {
	sed 's/ 0x[0-9a-f]*//; s/ speed=.* width=[0-9]*//'
}

# shape: what numactl says but for memory that is taken
shape() {
	grep -v ' \(size\|free\):'
}

# agrees NAME WHAT PLAN: the lines of a kind are those that the plan, as it is served, makes
agrees() {
	check "$1: $2 in the guest agrees with the plan" diff -u "$3" "$1.$2"
}

for name in $plans; do
	boot "$name" || fail "$name did not come to its end"
	echo "$name: booted Linux $(told "$name" kernel), $(told "$name" diff | wc -l) differences, explained:" >&2
	told "$name" diff >differences
	check "$name: there is something to explain" test -s differences
	check "$name: everything that differs inside is explained" "$python" "$top_srcdir/tests/plan/explained.py" \
		"$name.json" <differences >&2
	check "$name: no errors" test -z "$(told "$name" error)"
	"$TOPOFS" render -o "$name.plan" "$name.json" || fail "$name cannot be rendered"
	"$walk" "$name.plan" | where >expected
	told "$name" walk | where >"$name.walk"
	agrees "$name" walk expected
	lscpu --sysroot "$name.plan" -p=CPU,CORE,SOCKET,NODE >expected
	told "$name" lscpu >"$name.lscpu"
	agrees "$name" lscpu expected
	"$TOPOFS" run "$name.json" -- numactl -H | shape >expected
	told "$name" numactl | shape >"$name.numactl"
	agrees "$name" numactl expected

	"$TOPOFS" render -o "$name.guest" "$name.captured" || fail "what $name captured cannot be rendered"
	"$TOPOFS" diff "$name.plan" "$name.guest" >differences
	check "$name: everything that differs outside is explained" "$python" "$top_srcdir/tests/plan/explained.py" \
		"$name.json" <differences
	# the command line alone tells as much: all but what QEMU's CPUs and firmware make up
	"$TOPOFS" convert --from qemu "$name.command" | sed 's/^{/{ "plan": {},/' >imported.json
	"$TOPOFS" render -o imported imported.json || fail "$name: the command line makes no machine"
	"$TOPOFS" diff imported "$name.guest" >differences
	check "$name: what the command line makes is what booted" "$python" "$top_srcdir/tests/plan/explained.py" \
		imported.json <differences
	rm -r imported
	"$walk" "$name.guest" | where >again
	check "$name: the walk over what it captured is that inside" cmp again "$name.walk"
	for kind in possible online has_cpu has_memory; do
		check "$name: nodes $kind" cmp "$name.plan/sys/devices/system/node/$kind" \
			"$name.guest/sys/devices/system/node/$kind"
	done
	rm -r "$name.plan" "$name.guest"
done
