# SPDX-License-Identifier: Apache-2.0
# A shell test exits 0 (passed), 77 (skipped) or anything else (failed); tests/lib.sh says how to write one.
shell_tests = \
	%D%/bad/bad.sh \
	%D%/bad/mount.sh \
	%D%/capture/archive.sh \
	%D%/capture/corpus.sh \
	%D%/capture/diff.sh \
	%D%/capture/hostile.sh \
	%D%/capture/reads.sh \
	%D%/capture/redact.sh \
	%D%/capture/root.sh \
	%D%/capture/running.sh \
	%D%/capture/scope.sh \
	%D%/capture/shelf.sh \
	%D%/cli/completion.sh \
	%D%/cli/convert.sh \
	%D%/cli/doctor.sh \
	%D%/cli/files.sh \
	%D%/cli/find.sh \
	%D%/cli/generate.sh \
	%D%/cli/help.sh \
	%D%/cli/install.sh \
	%D%/cli/machines.sh \
	%D%/cli/misuse.sh \
	%D%/cli/output.sh \
	%D%/cli/owner.sh \
	%D%/consumers/hwloc.sh \
	%D%/consumers/lscpu.sh \
	%D%/consumers/lspci.sh \
	%D%/consumers/lstopo.sh \
	%D%/consumers/nccl.sh \
	%D%/consumers/nccl-xml.sh \
	%D%/consumers/numactl.sh \
	%D%/consumers/nvidia.sh \
	%D%/consumers/ordinary-user.sh \
	%D%/consumers/shelf.sh \
	%D%/container/bwrap.sh \
	%D%/container/cdi.sh \
	%D%/container/kubernetes.sh \
	%D%/container/nspawn.sh \
	%D%/container/podman-cdi.sh \
	%D%/container/attach.sh \
	%D%/container/crun.sh \
	%D%/container/readers.sh \
	%D%/container/repair.sh \
	%D%/container/rootless.sh \
	%D%/container/runc.sh \
	%D%/container/survive.sh \
	%D%/docs/architecture.sh \
	%D%/docs/attributes.sh \
	%D%/docs/examples.sh \
	%D%/docs/lint.sh \
	%D%/docs/machines.sh \
	%D%/docs/manual-examples.sh \
	%D%/docs/manual.sh \
	%D%/docs/readme.sh \
	%D%/fuse/bounded.sh \
	%D%/fuse/cache.sh \
	%D%/fuse/confined.sh \
	%D%/fuse/files.sh \
	%D%/fuse/follow.sh \
	%D%/fuse/helper.sh \
	%D%/fuse/laws.sh \
	%D%/fuse/mount.sh \
	%D%/fuse/notify.sh \
	%D%/fuse/options.sh \
	%D%/fuse/raw.sh \
	%D%/fuse/reload.sh \
	%D%/fuse/soak.sh \
	%D%/fuse/storm.sh \
	%D%/fuse/status.sh \
	%D%/fuse/union.sh \
	%D%/fuse/user.sh \
	%D%/fuse/warm.sh \
	%D%/fuzz/replay.sh \
	%D%/layering.sh \
	%D%/libvirt/bad.sh \
	%D%/libvirt/capabilities.sh \
	%D%/libvirt/domain.sh \
	%D%/libvirt/import.sh \
	%D%/odd/odd.sh \
	%D%/plan/bad.sh \
	%D%/plan/cloud-hypervisor.sh \
	%D%/plan/consumers.sh \
	%D%/plan/golden.sh \
	%D%/plan/qemu-read.sh \
	%D%/plan/qemu.sh \
	%D%/plan/random.sh \
	%D%/run/chroot.sh \
	%D%/run/denied.sh \
	%D%/run/draw.sh \
	%D%/run/leftover.sh \
	%D%/run/proc.sh \
	%D%/run/status.sh \
	%D%/run/union.sh \
	%D%/run/user.sh \
	%D%/systemd/cdi.sh \
	%D%/systemd/unit.sh \
	$(NULL)

# Criterion programs of one test-NOUN.c a header, linked into one; each test is a line of make check.
unit_tests = \
	%D%/unit/test-arena.c \
	%D%/unit/test-buf.c \
	%D%/unit/test-idset.c \
	%D%/unit/test-json.c \
	%D%/unit/test-laws.c \
	%D%/unit/test-pci-config.c \
	%D%/unit/test-privileges.c \
	%D%/unit/test-resources.c \
	%D%/unit/test-tree.c \
	%D%/unit/test-xml.c \
	$(NULL)

check_PROGRAMS += %D%/consumers/nccl-walk %D%/deny %D%/fuse/confined %D%/fuse/greedy %D%/fuse/raw %D%/fuse/storm
%C%_consumers_nccl_walk_SOURCES = %D%/consumers/nccl-walk.c
%C%_deny_SOURCES = %D%/deny.c
%C%_deny_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS)
%C%_deny_LDADD = $(SECCOMP_LIBS)
%C%_fuse_confined_SOURCES = %D%/fuse/confined.c
%C%_fuse_confined_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/serve
%C%_fuse_confined_LDADD = src/libserve.a src/libcore.a $(serve_libs)
%C%_fuse_greedy_SOURCES = %D%/fuse/greedy.c
%C%_fuse_greedy_LDADD = src/libserve.a src/libcore.a $(serve_libs)
%C%_fuse_raw_SOURCES = %D%/fuse/raw.c
%C%_fuse_raw_LDADD = src/libserve.a src/libcore.a $(serve_libs)
%C%_fuse_storm_SOURCES = %D%/fuse/storm.c
%C%_fuse_storm_LDADD = src/libserve.a src/libcore.a $(serve_libs)

include %D%/fuzz/local.mk

TESTS = $(shell_tests)
if HAVE_CRITERION
check_PROGRAMS += %D%/unit/unit
%C%_unit_unit_SOURCES = $(unit_tests)
%C%_unit_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/format $(CRITERION_CFLAGS) $(LIBXML2_CFLAGS)
%C%_unit_unit_LDADD = src/libcore.a $(CRITERION_LIBS) $(core_libs)
TESTS += %D%/unit/unit
else
TESTS += %D%/unit/no-criterion.sh
endif

EXTRA_DIST += \
	$(wildcard $(top_srcdir)/%D%/bad/*.json) \
	$(wildcard $(top_srcdir)/%D%/odd/*.json) \
	$(wildcard $(top_srcdir)/%D%/libvirt/*.json) \
	$(wildcard $(top_srcdir)/%D%/libvirt/*.xml) \
	$(wildcard $(top_srcdir)/%D%/machines/*/*) \
	$(wildcard $(top_srcdir)/%D%/plan/golden/*.cloud-hypervisor) \
	$(wildcard $(top_srcdir)/%D%/plan/golden/*.json) \
	$(wildcard $(top_srcdir)/%D%/plan/golden/*.qemu) \
	$(wildcard $(top_srcdir)/%D%/plan/golden/*.qemu-emulated) \
	$(wildcard $(top_srcdir)/%D%/plan/golden/*.why) \
	%D%/bad/documents.sh \
	%D%/bad/expected \
	%D%/consumers/machines.sh \
	%D%/container/bundle.sh \
	%D%/container/cdi.schema.json \
	%D%/container/kubernetes.schema.json \
	%D%/container/reader.c \
	%D%/container/reader.go \
	%D%/container/sleeping.sh \
	%D%/consumers/nccl-strict.py \
	%D%/lib.sh \
	%D%/lsan.supp \
	%D%/odd/expected \
	%D%/plan/boot.sh \
	%D%/plan/consumers.py \
	%D%/plan/explained.py \
	%D%/qemu/guest.sh \
	%D%/qemu/kernel.sh \
	%D%/serve.sh \
	%D%/systemd/inside.sh \
	%D%/systemd/nspawn.sh \
	%D%/systemd/reader.py \
	%D%/topologies/bare.json \
	%D%/topologies/everything.json \
	%D%/topologies/hybrid.json \
	%D%/topologies/mainframe.json \
	%D%/topologies/many-caches.json \
	%D%/topologies/power.json \
	%D%/unit/no-criterion.sh \
	$(shell_tests) \
	$(unit_tests) \
	$(NULL)

TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = /bin/sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	TOPOFS='$(abs_top_builddir)/topofs$(EXEEXT)'; export TOPOFS; \
	TOPOFS_PATH='$(abs_top_srcdir)/examples'; export TOPOFS_PATH; \
	LC_ALL=C; export LC_ALL; \
	CRITERION_OUTPUTS=tap:-; export CRITERION_OUTPUTS; \
	LSAN_OPTIONS='suppressions=$(abs_top_srcdir)/tests/lsan.supp:print_suppressions=0'; export LSAN_OPTIONS;

# Minutes each, so not in make check: another kernel.
check-kernel: all $(check_PROGRAMS)
	$(AM_TESTS_ENVIRONMENT) /bin/sh '$(srcdir)/%D%/qemu/kernel.sh' $(KERNEL_TESTS)

# and guests of QEMU against their plans
check-boot: all $(check_PROGRAMS)
	$(AM_TESTS_ENVIRONMENT) /bin/sh '$(srcdir)/%D%/plan/boot.sh' $(BOOT_PLANS)

# and the units in a Debian that was booted for them
check-systemd: all
	$(AM_TESTS_ENVIRONMENT) /bin/sh '$(srcdir)/%D%/systemd/nspawn.sh'

.PHONY: check-boot check-kernel check-systemd
