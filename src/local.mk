# SPDX-License-Identifier: Apache-2.0
# The core knows neither FUSE nor the command line; unit tests link it alone.
noinst_LIBRARIES += %D%/libcore.a
core_libs = $(JANSSON_LIBS) $(LIBXML2_LIBS) $(HWLOC_LIBS) $(CAP_NG_LIBS) $(SECCOMP_LIBS)
%C%_libcore_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(LIBXML2_CFLAGS) $(HWLOC_CFLAGS) $(CAP_NG_CFLAGS) $(SECCOMP_CFLAGS)
%C%_libcore_a_SOURCES = \
	%D%/base/arena.c \
	%D%/base/buf.c \
	%D%/base/child.c \
	%D%/base/err.c \
	%D%/base/idset.c \
	%D%/base/io.c \
	%D%/base/memfile.c \
	%D%/base/mountinfo.c \
	%D%/base/policy.c \
	%D%/base/privileges.c \
	%D%/base/size.c \
	%D%/format/cloud_hypervisor.c \
	%D%/format/compare.c \
	%D%/format/compare.h \
	%D%/format/compare_things.c \
	%D%/format/condense.c \
	%D%/format/condense.h \
	%D%/format/condense_cpu.c \
	%D%/format/document.h \
	%D%/format/expand.c \
	%D%/format/expand.h \
	%D%/format/expand_cache.c \
	%D%/format/expand_cpu.c \
	%D%/format/expand_pci.c \
	%D%/format/fields.c \
	%D%/format/format.c \
	%D%/format/guest.c \
	%D%/format/guest.h \
	%D%/format/hwloc.c \
	%D%/format/hwloc_format.h \
	%D%/format/hwloc_load.h \
	%D%/format/input_limits.c \
	%D%/format/input_limits.h \
	%D%/format/json.c \
	%D%/format/layout.c \
	%D%/format/layout.h \
	%D%/format/libvirt.c \
	%D%/format/libvirt.h \
	%D%/format/libvirt_caps_read.c \
	%D%/format/libvirt_caps_write.c \
	%D%/format/libvirt_domain.h \
	%D%/format/libvirt_domain_read.c \
	%D%/format/libvirt_domain_write.c \
	%D%/format/libvirt_memory.c \
	%D%/format/libvirt_pci_read.c \
	%D%/format/libvirt_pci_write.c \
	%D%/format/nccl.h \
	%D%/format/nccl_number.c \
	%D%/format/nccl_read.c \
	%D%/format/nccl_scan.c \
	%D%/format/nccl_write.c \
	%D%/format/recognize.c \
	%D%/format/recognize.h \
	%D%/format/qemu.h \
	%D%/format/qemu_buses.c \
	%D%/format/qemu_cpus.c \
	%D%/format/qemu_devices.c \
	%D%/format/qemu_devices.h \
	%D%/format/qemu_hmat.c \
	%D%/format/qemu_nodes.c \
	%D%/format/qemu_options.c \
	%D%/format/qemu_read.c \
	%D%/format/qemu_verify.c \
	%D%/format/qemu_words.c \
	%D%/format/qemu_write.c \
	%D%/format/types.c \
	%D%/format/types.h \
	%D%/format/types_files.c \
	%D%/format/types_map.c \
	%D%/format/types_object.c \
	%D%/format/types_pci.c \
	%D%/format/types_policy.c \
	%D%/format/types_text.c \
	%D%/format/xml.c \
	%D%/format/xml.h \
	%D%/plan/buses.c \
	%D%/plan/caches.c \
	%D%/plan/cells.c \
	%D%/plan/cpus.c \
	%D%/plan/devices.c \
	%D%/plan/nodes.c \
	%D%/plan/placement.c \
	%D%/plan/placement.h \
	%D%/plan/plan.c \
	%D%/plan/planning.h \
	%D%/plan/sandbox.c \
	%D%/sysfs/block.c \
	%D%/sysfs/cache.c \
	%D%/sysfs/classes.h \
	%D%/sysfs/cpu.c \
	%D%/sysfs/cpu.h \
	%D%/sysfs/cpu_kind.c \
	%D%/sysfs/cpuinfo.c \
	%D%/sysfs/cpus.c \
	%D%/sysfs/drm.c \
	%D%/sysfs/explain.c \
	%D%/sysfs/hugepages.c \
	%D%/sysfs/infiniband.c \
	%D%/sysfs/meminfo.c \
	%D%/sysfs/net.c \
	%D%/sysfs/node.c \
	%D%/sysfs/nvme.c \
	%D%/sysfs/pci.c \
	%D%/sysfs/pci_bus.c \
	%D%/sysfs/pci_capability.c \
	%D%/sysfs/pci_config.c \
	%D%/sysfs/pci_config.h \
	%D%/sysfs/pci_resource.c \
	%D%/sysfs/pci_scan.c \
	%D%/sysfs/proc.c \
	%D%/sysfs/redact.c \
	%D%/sysfs/redact.h \
	%D%/sysfs/redact_value.c \
	%D%/sysfs/rows.c \
	%D%/sysfs/scan.c \
	%D%/sysfs/scan.h \
	%D%/sysfs/style.c \
	%D%/sysfs/sysfs.c \
	%D%/sysfs/system.c \
	%D%/sysfs/virtio.c \
	%D%/sysfs/wanted.c \
	%D%/topo/checks.h \
	%D%/topo/cut.c \
	%D%/topo/cut.h \
	%D%/topo/cut_extras.c \
	%D%/topo/emulated.c \
	%D%/topo/facts.c \
	%D%/topo/facts_pci.c \
	%D%/topo/finding.h \
	%D%/topo/kinds.c \
	%D%/topo/resources.c \
	%D%/topo/rules.c \
	%D%/topo/rules_cpu.c \
	%D%/topo/rules_name.c \
	%D%/topo/rules_node.c \
	%D%/topo/rules_pci.c \
	%D%/topo/rules_plan.c \
	%D%/topo/scope.c \
	%D%/topo/topo.c \
	%D%/tree/diff.c \
	%D%/tree/dump.c \
	%D%/tree/fill.c \
	%D%/tree/filling.h \
	%D%/tree/image.c \
	%D%/tree/load.c \
	%D%/tree/pool.c \
	%D%/tree/pool.h \
	%D%/tree/save.c \
	%D%/tree/tree.c \
	include/topofs/arena.h \
	include/topofs/buf.h \
	include/topofs/child.h \
	include/topofs/emulated.h \
	include/topofs/err.h \
	include/topofs/facts.h \
	include/topofs/format.h \
	include/topofs/idset.h \
	include/topofs/io.h \
	include/topofs/memfile.h \
	include/topofs/mountinfo.h \
	include/topofs/plan.h \
	include/topofs/rules.h \
	include/topofs/scope.h \
	include/topofs/policy.h \
	include/topofs/privileges.h \
	include/topofs/size.h \
	include/topofs/sysfs.h \
	include/topofs/topo.h \
	include/topofs/tree.h \
	$(NULL)

if HAVE_HWLOC
%C%_libcore_a_SOURCES += \
	%D%/format/hwloc_cpu.c \
	%D%/format/hwloc_device.c \
	%D%/format/hwloc_load.c \
	%D%/format/hwloc_node.c \
	%D%/format/hwloc_pci.c \
	$(NULL)
else
%C%_libcore_a_SOURCES += %D%/format/hwloc_none.c
endif

# What serves a tree, linked also by the test that plays the kernel.
noinst_LIBRARIES += %D%/libserve.a
%C%_libserve_a_CPPFLAGS = $(AM_CPPFLAGS) $(FUSE3_CFLAGS) $(SECCOMP_CFLAGS)
%C%_libserve_a_SOURCES = \
	%D%/serve/confine.c \
	%D%/serve/control.c \
	%D%/serve/features.c \
	%D%/serve/follow.c \
	%D%/serve/generation.c \
	%D%/serve/keeper.c \
	%D%/serve/keeper.h \
	%D%/serve/mount.c \
	%D%/serve/ops.c \
	%D%/serve/owner.c \
	%D%/serve/pins.c \
	%D%/serve/probe.c \
	%D%/serve/reload.c \
	%D%/serve/renew.c \
	%D%/serve/served.h \
	%D%/serve/server.c \
	%D%/serve/session.c \
	%D%/serve/state.c \
	%D%/serve/status.c \
	%D%/serve/store.c \
	%D%/serve/warm.c \
	%D%/serve/worker.c \
	include/topofs/serve.h \
	$(NULL)

# What puts mounts together.
noinst_LIBRARIES += %D%/libcompose.a
%C%_libcompose_a_SOURCES = \
	%D%/compose/compose.c \
	%D%/compose/dead.c \
	%D%/compose/enter.c \
	%D%/compose/heal.c \
	%D%/compose/links.c \
	%D%/compose/mounts.c \
	%D%/compose/mounts.h \
	%D%/compose/policy.c \
	%D%/compose/repair.c \
	%D%/compose/repair.h \
	%D%/compose/union.c \
	%D%/compose/union.h \
	include/topofs/compose.h \
	$(NULL)

# The commands, linked also by the fuzz targets that capture.
noinst_LIBRARIES += %D%/libcmd.a
%C%_libcmd_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(LIBARCHIVE_CFLAGS)
%C%_libcmd_a_SOURCES = \
	%D%/cmd/attach.c \
	%D%/cmd/attributes.c \
	%D%/cmd/capture.c \
	%D%/cmd/cdi.c \
	%D%/cmd/check.c \
	%D%/cmd/cmd.c \
	%D%/cmd/completion.c \
	%D%/cmd/convert.c \
	%D%/cmd/container.c \
	%D%/cmd/container.h \
	%D%/cmd/detach.c \
	%D%/cmd/diff.c \
	%D%/cmd/doctor.c \
	%D%/cmd/doctor.h \
	%D%/cmd/doctor_host.c \
	%D%/cmd/doctor_kernel.c \
	%D%/cmd/doctor_mounts.c \
	%D%/cmd/document.c \
	%D%/cmd/draw.c \
	%D%/cmd/enter.c \
	%D%/cmd/enter.h \
	%D%/cmd/generate.c \
	%D%/cmd/hook.c \
	%D%/cmd/machine.c \
	%D%/cmd/machines.c \
	%D%/cmd/mount.c \
	%D%/cmd/namespaces.c \
	%D%/cmd/namespaces.h \
	%D%/cmd/reload.c \
	%D%/cmd/plan.c \
	%D%/cmd/render.c \
	%D%/cmd/repair.c \
	%D%/cmd/run.c \
	%D%/cmd/schema.c \
	%D%/cmd/show.c \
	%D%/cmd/status.c \
	%D%/cmd/topology.c \
	%D%/cmd/unpack.c \
	%D%/cmd/unpack.h \
	%D%/cmd/upgrade.c \
	include/topofs/cmd.h \
	$(NULL)

bin_PROGRAMS += topofs
serve_libs = $(FUSE3_LIBS) $(CAP_NG_LIBS) $(SECCOMP_LIBS)
topofs_LDADD = %D%/libcmd.a %D%/libserve.a %D%/libcompose.a %D%/libcore.a $(serve_libs) $(core_libs) $(LIBARCHIVE_LIBS)
topofs_SOURCES = %D%/main.c
