/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every member a document may have, one row each: the reader, the writer, the schema and the manual's test all
 * walk these tables. Read from the bottom up: document, cpu, package, node, function.
 */

#include "document.h"

#include <stddef.h>

// clang-format off
#define FIELD(T, member, key_, kind_, doc_, ...) \
	{ .key = key_, .type = &type_##kind_, .offset = offsetof(struct T, member), .doc = doc_, __VA_ARGS__ }
#define TABLE(name_, T, shorthand_, doc_) \
	const struct table name_##_table = { #name_, doc_, sizeof(struct T), shorthand_, name_##_fields, \
					     sizeof name_##_fields / sizeof *name_##_fields }
#define ID      .min = 0, .max = INT32_MAX
#define CPUS    .max = TOPO_MAX_CPU
#define NODES   .max = TOPO_MAX_NODE

/* --- CPUs ------------------------------------------------------------------------------------------------ */

static const char *const threads_names[] = { "apart", "adjacent", NULL };
static const char *const ending_names[] = { "nul", "double", "none", "dot", "slash", NULL };
static const char *const meminfo_styles[] = { "today", "spaced", "narrow", NULL };
static const char *const per_names[] = { "cpu", "core", "cluster", "die", "package", "node", "machine", NULL };

static const struct field run_fields[] = {
	FIELD(doc_run, ids, "ids", idset, "Core ids, one for each core.", .required = true, .max = INT16_MAX),
	FIELD(doc_run, cpus, "cpus", idset, "Their CPUs, divided evenly among them.", .required = true, CPUS),
	FIELD(doc_run, threads, "threads", choice, "Which CPUs are threads of one core: the first of each core, then the second of "
	      "each (apart, as x86 servers number them), or one core's after the other's (adjacent).", .values = threads_names),
	FIELD(doc_run, units, "units", i32, "So many neighbouring CPUs make a core though each has a core id of its own, one of ids for each CPU (AMD's compute units).", .min = 2, .max = 16),
};
static TABLE(run, doc_run, NULL, "Cores with the same number of threads.");

static const struct table die_table, cluster_table;

#define GROUP_FIELDS \
	FIELD(doc_group, id, "id", i64, "Its id; its place in the list where not said; -1 where the kernel knows none.", .min = -1, .max = INT32_MAX, .def = ID_BY_PLACE), \
	FIELD(doc_group, cpus, "cpus", idset, "The CPUs in it.", .required = true, CPUS), \
	FIELD(doc_group, cores, "cores", cores, "How many cores the CPUs make, numbered on within the package; or, where they are " \
	      "not alike, a list of runs. Without it every CPU is a core.", .sub = &run_table), \
	FIELD(doc_group, threads, "threads", choice, "Which CPUs are threads of one core: 0-3 as two cores are {0,2} and {1,3} when " \
	      "apart, {0,1} and {2,3} when adjacent.", .values = threads_names)

#define CLUSTER_IDS \
	FIELD(doc_group, cluster_ids, "cluster_ids", idset, "Ids of the clusters where each core is a cluster of its own, in the order of the cores.", .max = INT32_MAX / 64)

static const struct field cluster_fields[] = { GROUP_FIELDS };
static TABLE(cluster, doc_group, NULL, "A cluster of cores: shares an L2 on x86, a node of the PPTT on arm64.");

static const struct field die_fields[] = {
	GROUP_FIELDS,
	CLUSTER_IDS,
	FIELD(doc_group, clusters, "clusters", objects, "Its clusters, instead of cores.", .sub = &cluster_table),
};
static TABLE(die, doc_group, NULL, "A die of a package.");

static const struct field package_fields[] = {
	GROUP_FIELDS,
	CLUSTER_IDS,
	FIELD(doc_group, dies, "dies", objects, "Its dies, instead of cores.", .sub = &die_table),
	FIELD(doc_group, clusters, "clusters", objects, "Its clusters, instead of cores.", .sub = &cluster_table),
	FIELD(doc_group, unnumbered, "unnumbered", bool, "The kernel knows no ids of its cores: core_id is -1."),
	FIELD(doc_group, book, "book", i32, "The book it is in (s390).", ID, .def = TOPO_UNKNOWN),
	FIELD(doc_group, drawer, "drawer", i32, "The drawer it is in (s390).", ID, .def = TOPO_UNKNOWN),
};
TABLE(package, doc_group, NULL, "A processor package (socket).");

static const struct field cache_fields[] = {
	FIELD(doc_cache, cache.level, "level", i32, "1 for L1.", .required = true, .min = 1, .max = 9),
	FIELD(doc_cache, cache.type, "type", choice, "What it holds.", .values = cache_type_names, .def = CACHE_UNIFIED),
	FIELD(doc_cache, cache.size_k, "size", size_k, "Its size, of one instance.", .required = true),
	FIELD(doc_cache, cache.line, "line", i64, "Line size in bytes; 0: not known.", .min = 0, .max = 65536, .def = 64),
	FIELD(doc_cache, cache.ways, "ways", i64, "Ways of associativity.", .min = 0, .max = INT32_MAX),
	FIELD(doc_cache, cache.sets, "sets", i64, "Sets; size / ways / line where not said.", .min = 0, .max = INT32_MAX),
	FIELD(doc_cache, cache.partition, "partition", i64, "Physical line partition; 1 on x86, else none.", .min = 0, .max = INT32_MAX, .def = PARTITION_BY_ARCH),
	FIELD(doc_cache, per, "per", choice, "One instance for each of these.", .values = per_names, .def = PER_UNSAID),
	FIELD(doc_cache, cores, "cores", i32, "Instead of per: so many neighbouring cores of a package share one.", .min = 1, .max = TOPO_MAX_CPU),
	FIELD(doc_cache, cache.cpus, "cpus", idset, "Only these CPUs have it; they share one where neither per nor cores is said.", CPUS),
	FIELD(doc_cache, ids, "ids", idset, "Ids of the instances, in the order of their first CPUs; 0, 1, 2 ... where not said.", .max = INT32_MAX / 64),
	FIELD(doc_cache, cache.write_policy, "write_policy", text, "WriteThrough or WriteBack, where the kernel says."),
	FIELD(doc_cache, cache.allocation_policy, "allocation_policy", text, "ReadAllocate, WriteAllocate or ReadWriteAllocate, where the kernel says."),
};
static TABLE(cache, doc_cache, NULL, "Caches of one level and type. The order of the list is that of a CPU's index0, index1 ...");

static const struct field kind_fields[] = {
	FIELD(cpu_kind, name, "name", name, "core, atom ...: makes /sys/devices/cpu_NAME, as the kernel does for hybrid processors."),
	FIELD(cpu_kind, cpus, "cpus", idset, "The CPUs of this kind; all where not said.", CPUS),
	FIELD(cpu_kind, capacity, "capacity", i64, "cpu_capacity: 1024 for the strongest.", .min = 0, .max = INT32_MAX, .def = TOPO_UNKNOWN),
	FIELD(cpu_kind, min_khz, "min_khz", i64, "cpufreq's lowest frequency in kHz.", .min = 0, .max = INT32_MAX),
	FIELD(cpu_kind, max_khz, "max_khz", i64, "cpufreq's highest frequency in kHz.", .min = 0, .max = INT32_MAX),
	FIELD(cpu_kind, base_khz, "base_khz", i64, "cpufreq's base frequency in kHz.", .min = 0, .max = INT32_MAX),
	FIELD(cpu_kind, nominal_mhz, "nominal_mhz", i64, "acpi_cppc's nominal frequency in MHz.", .min = 0, .max = INT32_MAX),
	FIELD(cpu_kind, midr, "midr", text, "arm64's main id register, 0x and 16 digits."),
	FIELD(cpu_kind, info, "info", map, "Lines of /proc/cpuinfo that differ from the machine's."),
};
static TABLE(kind, cpu_kind, NULL, "CPUs that are alike: P and E cores, big and LITTLE; one for all to tell frequencies.");

static const struct field cpu_fields[] = {
	FIELD(document, topo.arch, "arch", name, "The architecture, as uname -m has it.", .text = "x86_64"),
	FIELD(document, topo.cpuinfo, "info", map, "Lines of /proc/cpuinfo that are the same for all CPUs."),
	FIELD(document, packages, "packages", objects, "The processor packages.", .sub = &package_table),
	FIELD(document, topo.possible, "possible", idset, "CPUs there may ever be; those present where not said.", CPUS),
	FIELD(document, topo.present, "present", idset, "CPUs there are; those of the packages where not said.", CPUS),
	FIELD(document, topo.online, "online", idset, "CPUs that run; those present where not said.", CPUS),
	FIELD(document, topo.isolated, "isolated", idset, "CPUs kept from the scheduler (isolcpus=).", CPUS),
	FIELD(document, topo.kernel_max, "kernel_max", i64, "Highest CPU id the kernel is built for; 8191 on x86_64, 2047 on ppc64le, else 511, where it is enough.", .min = 0, .max = TOPO_MAX_CPU, .def = TOPO_UNKNOWN),
	FIELD(document, topo.mask_bits, "mask_bits", i32, "Width of CPU masks; the highest possible CPU + 1 where not said.", .min = 1, .max = TOPO_MAX_CPU + 1),
	FIELD(document, topo.unknown_dies, "unknown_dies", bool, "The kernel tells dies though it knows none: die_id -1, every CPU on its own."),
	FIELD(document, caches, "caches", objects, "The caches, in the order of index0, index1 ...", .sub = &cache_table),
	FIELD(document, topo.kinds, "kinds", objects, "Kinds of CPUs.", .sub = &kind_table),
	FIELD(document, topo.vulnerabilities, "vulnerabilities", files_map, "Files of /sys/devices/system/cpu/vulnerabilities."),
};
static TABLE(cpu, document, NULL, "The CPUs.");

/* --- nodes ----------------------------------------------------------------------------------------------- */

static const struct field hugepages_fields[] = {
	FIELD(hugepages, size_k, "size", size_k, "Size of one page.", .required = true),
	FIELD(hugepages, total, "total", i64, "Pages there are.", .min = 0, .max = INT64_MAX),
	FIELD(hugepages, free, "free", i64, "Pages that are free.", .min = 0, .max = INT64_MAX, .live = true),
	FIELD(hugepages, surplus, "surplus", i64, "Pages above the pool's size.", .min = 0, .max = INT64_MAX, .live = true),
};
static TABLE(hugepages, hugepages, NULL, "A pool of huge pages on a node.");

static const struct field access_fields[] = {
	FIELD(node_access, class, "class", i32, "0: from the best initiators of any kind; 1: from the best CPUs.", .min = 0, .max = 9),
	FIELD(node_access, initiators, "initiators", idset, "The nodes with the best access to this one.", NODES),
	FIELD(node_access, read_bandwidth, "read_bandwidth", i64, "From those, in MiB/s.", .min = 0, .max = INT32_MAX),
	FIELD(node_access, write_bandwidth, "write_bandwidth", i64, "From those, in MiB/s.", .min = 0, .max = INT32_MAX),
	FIELD(node_access, read_latency, "read_latency", i64, "From those, in nanoseconds.", .min = 0, .max = INT32_MAX),
	FIELD(node_access, write_latency, "write_latency", i64, "From those, in nanoseconds.", .min = 0, .max = INT32_MAX),
};
static TABLE(access, node_access, NULL, "How well a node's memory is reached (ACPI HMAT).");

static const struct field memory_side_cache_fields[] = {
	FIELD(memory_side_cache, level, "level", i32, "1 for the one next to the memory.", .min = 1, .max = 9, .def = 1),
	FIELD(memory_side_cache, size, "size", size, "Its size.", .required = true),
	FIELD(memory_side_cache, line, "line", i64, "Line size in bytes.", .min = 0, .max = INT32_MAX, .def = 64),
	FIELD(memory_side_cache, indexing, "indexing", i32, "0: direct mapped; 1: other.", .min = 0, .max = 2),
	FIELD(memory_side_cache, write_policy, "write_policy", i32, "0: write back; 1: write through.", .min = 0, .max = 2),
};
static TABLE(memory_side_cache, memory_side_cache, NULL, "A cache in front of a node's memory.");

static const struct field node_fields[] = {
	FIELD(doc_node, ids, "id", idset, "Its id; several make nodes that are alike; its place in the list where not said.", NODES),
	FIELD(doc_node, node.cpus, "cpus", idset, "Its CPUs; none where not said.", CPUS),
	FIELD(doc_node, node.memory_k, "memory", size_k, "Its memory; none where not said."),
	FIELD(doc_node, node.free_k, "free", size_k, "Memory that is free; all where not said.", .def = TOPO_UNKNOWN, .live = true),
	FIELD(doc_node, node.device, "device", bdf, "The PCI function whose memory it is (a coherent GPU)."),
	FIELD(doc_node, node.address, "address", hex64, "Where that memory begins in the physical address space."),
	FIELD(doc_node, node.generic_initiator, "generic_initiator", bool, "An initiator without CPUs (ACPI Generic Initiator Affinity)."),
	FIELD(doc_node, node.movable, "movable", bool, "Its memory is not for the kernel itself; that of a device never is."),
	FIELD(doc_node, node.distances, "distances", numbers, "Distance to every node, in the order of their ids.", .min = 0, .max = TOPO_DISTANCE_MAX),
	FIELD(doc_node, node.meminfo, "meminfo", counts, "Values of its meminfo, in KiB, instead of those derived; from a first MemTotal on they are all there is, in this order.", .live = true),
	FIELD(doc_node, node.numastat, "numastat", counts, "Values of its numastat; 0 where not said.", .live = true),
	FIELD(doc_node, node.hugepages, "hugepages", objects, "Its pools of huge pages.", .sub = &hugepages_table),
	FIELD(doc_node, node.access, "access", objects, "Its access classes.", .sub = &access_table),
	FIELD(doc_node, node.memory_side_caches, "memory_side_caches", objects, "Its memory-side caches.", .sub = &memory_side_cache_table),
};
TABLE(node, doc_node, NULL, "A NUMA node, or several that are alike.");

static const struct field distance_fields[] = {
	FIELD(doc_distance, from, "from", idset, "Nodes.", .required = true, NODES),
	FIELD(doc_distance, to, "to", idset, "Nodes.", .required = true, NODES),
	FIELD(doc_distance, value, "value", i32, "The distance between each of one and each of the other.", .required = true, .min = 0, .max = TOPO_DISTANCE_MAX),
};
static TABLE(distance, doc_distance, NULL, "A distance in both directions. Later ones win; a node is 10 from itself.");

/* --- PCI ------------------------------------------------------------------------------------------------- */

#define PARENT(T) \
	FIELD(T, on.parent, "parent", text, "The device between it and the function, \"virtio0\", or the folders down to that, \"ata1/host0/target0:0:0/0:0:0:0\".")

static const struct field virtio_fields[] = {
	FIELD(virtio, name, "name", name, "Its name, \"virtio0\".", .required = true),
	FIELD(virtio, driver, "driver", name, "The driver bound to it, \"virtio_net\"."),
	FIELD(virtio, device, "device", i64, "Its kind: 1 network, 2 block ...; as the ids of the function say where not said.", .min = 0, .max = INT32_MAX, .def = TOPO_UNKNOWN),
	FIELD(virtio, features, "features", text, "A digit for each feature bit, from bit 0."),
};
static TABLE(virtio, virtio, "name", "A virtio device.");

static const struct field net_fields[] = {
	FIELD(net, name, "name", name, "Its name.", .required = true),
	PARENT(net),
	FIELD(net, address, "address", text, "Hardware address; made from the PCI address where not said."),
	FIELD(net, operstate, "operstate", text, "up, down, unknown ...", .text = "up"),
	FIELD(net, speed_mbps, "speed", i64, "Mbit/s; -1: not known.", .min = -1, .max = INT32_MAX, .def = TOPO_UNKNOWN),
	FIELD(net, mtu, "mtu", i32, "Largest packet in bytes.", .min = 0, .max = INT32_MAX, .def = 1500),
	FIELD(net, type, "type", i32, "ARPHRD_*: 1 Ethernet, 32 InfiniBand.", .min = 0, .max = 65535, .def = 1),
	FIELD(net, dev_port, "dev_port", i32, "Port of the function, from 0.", .min = 0, .max = 65535),
	FIELD(net, ifindex, "ifindex", i32, "Interface number; counted where not said.", .min = 0, .max = INT32_MAX),
};
TABLE(net, net, "name", "A network interface.");

static const struct field port_fields[] = {
	FIELD(ib_port, id, "id", i32, "Number of the port, from 1.", .min = 1, .max = 255, .def = 1),
	FIELD(ib_port, state, "state", text, "Logical state.", .text = "4: ACTIVE"),
	FIELD(ib_port, phys_state, "phys_state", text, "Physical state.", .text = "5: LinkUp"),
	FIELD(ib_port, rate, "rate", text, "Signalling rate.", .text = "400 Gb/sec (4X NDR)"),
	FIELD(ib_port, link_layer, "link_layer", text, "InfiniBand or Ethernet.", .text = "InfiniBand"),
	FIELD(ib_port, lid, "lid", i32, "Local identifier.", .min = 0, .max = 65535),
	FIELD(ib_port, gids, "gids", texts, "GID table; one made from the GUID where not said."),
	FIELD(ib_port, pkeys, "pkeys", texts, "P_Key table; 0xffff where not said."),
};
TABLE(port, ib_port, NULL, "A port of an RDMA device.");

static const struct field infiniband_fields[] = {
	FIELD(infiniband, name, "name", name, "Its name.", .required = true),
	PARENT(infiniband),
	FIELD(infiniband, node_guid, "node_guid", text, "Node GUID, four groups of four digits; made from the PCI address where not said."),
	FIELD(infiniband, sys_image_guid, "sys_image_guid", text, "System image GUID; the node GUID where not said."),
	FIELD(infiniband, node_type, "node_type", text, "Kind of node.", .text = "1: CA"),
	FIELD(infiniband, fw_ver, "fw_ver", text, "Firmware version."),
	FIELD(infiniband, hca_type, "hca_type", text, "Adapter type."),
	FIELD(infiniband, board_id, "board_id", text, "Board id (PSID)."),
	FIELD(infiniband, uverbs, "uverbs", i64, "N of uverbsN; its place among all where not said.", .min = 0, .max = 255, .def = TOPO_UNKNOWN),
	FIELD(infiniband, ports, "ports", objects, "Its ports; one with all defaults where not said.", .sub = &port_table),
};
TABLE(infiniband, infiniband, "name", "An RDMA device.");

static const struct field drm_fields[] = {
	FIELD(drm, card, "card", i64, "N of cardN.", .min = 0, .max = 63, .def = TOPO_UNKNOWN),
	FIELD(drm, render, "render", i64, "N of renderDN, from 128.", .min = 128, .max = 191, .def = TOPO_UNKNOWN),
	PARENT(drm),
};
static TABLE(drm, drm, NULL, "A graphics device.");

static const struct field namespace_fields[] = {
	FIELD(nvme_namespace, id, "id", i32, "Its number, from 1.", .min = 1, .max = INT32_MAX, .def = 1),
	FIELD(nvme_namespace, size, "size", size, "Its size.", .required = true),
};
static TABLE(namespace, nvme_namespace, NULL, "A namespace (block device) of an NVMe controller.");

static const struct field nvme_fields[] = {
	FIELD(nvme, name, "name", name, "Its name.", .required = true),
	PARENT(nvme),
	FIELD(nvme, model, "model", text, "Model."),
	FIELD(nvme, serial, "serial", text, "Serial number."),
	FIELD(nvme, firmware, "firmware", text, "Firmware revision."),
	FIELD(nvme, namespaces, "namespaces", objects, "Its namespaces.", .sub = &namespace_table),
};
static TABLE(nvme, nvme, "name", "An NVMe controller.");

static const struct field block_fields[] = {
	FIELD(block, name, "name", name, "Its name, \"sda\".", .required = true),
	PARENT(block),
	FIELD(block, size, "size", size, "Its size.", .required = true),
	FIELD(block, dev, "dev", text, "Numbers of its device file, \"8:0\"; by its name where not said."),
	FIELD(block, sector, "sector", i32, "Bytes of a logical block.", .min = 1, .max = INT32_MAX, .def = 512),
	FIELD(block, rotational, "rotational", bool, "It turns."),
	FIELD(block, removable, "removable", bool, "It can be taken out."),
	FIELD(block, read_only, "read_only", bool, "It is read-only."),
	FIELD(block, serial, "serial", text, "Serial number of a virtio disk."),
	FIELD(block, vendor, "vendor", text, "Vendor of a SCSI disk."),
	FIELD(block, model, "model", text, "Model of a SCSI disk."),
	FIELD(block, revision, "revision", text, "Firmware revision of a SCSI disk."),
	FIELD(block, scsi_type, "scsi_type", i32, "Kind of a SCSI device: 0 disk, 5 CD-ROM.", .min = 0, .max = 31),
};
TABLE(block, block, NULL, "A disk.");

/* In the order of enum pcie_type, from -1 on; see type_choice. */
static const char *const pcie_names[] = {
	[PCIE_ENDPOINT] = "endpoint", [PCIE_LEGACY_ENDPOINT] = "legacy-endpoint", [2] = "", [3] = "",
	[PCIE_ROOT_PORT] = "root-port", [PCIE_UPSTREAM] = "upstream", [PCIE_DOWNSTREAM] = "downstream",
	[PCIE_TO_PCI_BRIDGE] = "pcie-to-pci-bridge", [PCI_TO_PCIE_BRIDGE] = "pci-to-pcie-bridge",
	[PCIE_RC_ENDPOINT] = "root-complex-endpoint", [PCIE_RC_EVENT_COLLECTOR] = "event-collector",
	[11] = "", [12] = "", [13] = "", [14] = "", [15] = "", [PCIE_NONE] = "conventional", [PCIE_NONE + 1] = NULL,
};

static const struct field function_fields[] = {
	FIELD(doc_pci, at, "at", text, "Its address, \"01.0\" or \"16:00.0\" or \"0000:16:00.0\"; what is missing comes from the bridge above.", .required = true),
	FIELD(doc_pci, pci.vendor, "id", ids, "Vendor and device id, \"10de:2330\".", .required = true),
	FIELD(doc_pci, pci.subsystem_vendor, "subsystem", ids, "Subsystem vendor and device id."),
	FIELD(doc_pci, pci.class, "class", class, "Class, \"0302\", or with programming interface, \"030200\"; 0604 where there are devices below."),
	FIELD(doc_pci, pci.revision, "revision", hex8, "Revision, \"a1\"."),
	FIELD(doc_pci, pci.link, "link", link, "Its PCIe link: GT/s and lanes, \"32.0x16\". A port without one has that of the function below it, a function that of the port above."),
	FIELD(doc_pci, pci.max_link, "max_link", max_link, "What the link could be; the same where not said; unknown where its register names no speed and no lanes."),
	FIELD(doc_pci, pci.type, "type", choice, "Kind of PCIe function; by its place where not said.", .values = pcie_names, .def = PCIE_AUTO),
	FIELD(doc_pci, pci.node, "node", i32, "Its NUMA node, -1 for none; that of the bridge above where not said.", .min = -1, .max = TOPO_MAX_NODE, .def = NODE_INHERITED),
	FIELD(doc_pci, pci.cpus, "cpus", idset, "CPUs near it; those of its node where not said.", CPUS),
	FIELD(doc_pci, bus, "bus", text, "Of a bridge: the bus below it, \"16\", or with the highest further down, \"16-1b\". The bus of its first device, and the highest in use below, where not said."),
	FIELD(doc_pci, pci.bars, "bars", bars, "Base address registers: \"16M\", \"128G prefetchable 64-bit\", \"256 io\", \"32M at 0x90000000\"; null for one that is not there. A 64-bit one takes two."),
	FIELD(doc_pci, pci.bars[BAR_ROM], "rom", bar, "Expansion ROM, \"512K\"."),
	FIELD(doc_pci, pci.irq, "irq", i32, "Interrupt number.", .min = 0, .max = INT32_MAX),
	FIELD(doc_pci, pci.msi_irqs, "msi_irqs", idset, "Interrupt numbers of its message signalled vectors.", .max = 1 << 20),
	FIELD(doc_pci, pci.msi, "msi", bool, "These vectors are MSI, not MSI-X."),
	FIELD(doc_pci, pci.driver, "driver", name, "The driver bound to it."),
	FIELD(doc_pci, pci.label, "label", text, "Firmware's label of the port."),
	FIELD(doc_pci, pci.slot, "slot", name, "Name of the physical slot."),
	FIELD(doc_pci, pci.iommu_group, "iommu_group", i64, "Its IOMMU group.", ID, .def = TOPO_UNKNOWN),
	FIELD(doc_pci, pci.physfn, "physfn", bdf, "Of a virtual function: its physical function."),
	FIELD(doc_pci, pci.total_vfs, "total_vfs", i32, "Of a physical function: how many virtual ones it can have.", .min = 0, .max = 65535),
	FIELD(doc_pci, pci.serial, "serial", serial, "PCIe serial number, \"b8-3f-d2-03-00-00-00-01\"."),
	FIELD(doc_pci, pci.config, "config", config, "Its configuration space as it was read, in base64; zeros beyond. Made from the other members where not said.", .raw = true),
	FIELD(doc_pci, pci.config_size, "config_size", i32, "Bytes of its config file; 256, or 4096 of a PCIe function, where not said.", .min = 1, .max = 4096),
	FIELD(doc_pci, pci.resource, "resource", texts, "Lines of its resource file as they were read; made from bars and rom where not said.", .raw = true),
	FIELD(doc_pci, virtio, "virtio", objects, "Its virtio devices.", .sub = &virtio_table),
	FIELD(doc_pci, net, "net", objects, "Its network interfaces.", .sub = &net_table),
	FIELD(doc_pci, infiniband, "infiniband", objects, "Its RDMA devices.", .sub = &infiniband_table),
	FIELD(doc_pci, drm, "drm", objects, "Its graphics devices.", .sub = &drm_table),
	FIELD(doc_pci, nvme, "nvme", objects, "Its NVMe controllers.", .sub = &nvme_table),
	FIELD(doc_pci, block, "block", objects, "Its disks, other than NVMe.", .sub = &block_table),
	FIELD(doc_pci, devices, "devices", objects, "What is below a bridge.", .sub = &function_table),
};
TABLE(function, doc_pci, NULL, "A PCI function; a bridge where it has devices or class 0604.");

static const struct field root_fields[] = {
	FIELD(doc_root, root, "root", text, "Domain and bus, \"0000:15\" or \"15\".", .required = true),
	FIELD(doc_root, node, "node", i32, "NUMA node of what is below, where that says nothing else; -1 for none.", .min = -1, .max = TOPO_MAX_NODE, .def = TOPO_UNKNOWN),
	FIELD(doc_root, under, "under", text, "Where it stands, if not in /sys/devices: a folder there, \"platform/4000000.pcie\", or the PCI function it is behind (VMD)."),
	FIELD(doc_root, devices, "devices", objects, "Functions on its bus.", .sub = &function_table),
};
TABLE(root, doc_root, NULL, "A PCI host bridge.");

/* --- a plan ---------------------------------------------------------------------------------------------- */

static const struct field planned_cpus_fields[] = {
	FIELD(planned_cpus, cpus, "cpus", idset, "CPUs of the guest.", .required = true, CPUS),
	FIELD(planned_cpus, host, "host", idset, "CPUs of the host, on any of which each of them runs.", .required = true, CPUS),
};
static TABLE(planned_cpus, planned_cpus, NULL, "Where CPUs of a guest run.");

static const struct field planned_nodes_fields[] = {
	FIELD(planned_nodes, nodes, "nodes", idset, "Nodes of the guest.", .required = true, NODES),
	FIELD(planned_nodes, host, "host", idset, "The host's, whose memory and distances they have.", .required = true, NODES),
};
static TABLE(planned_nodes, planned_nodes, NULL, "Which nodes of the host those of a guest stand for.");

static const struct field planned_device_fields[] = {
	FIELD(planned_device, function, "at", bdf, "Address in the guest.", .required = true),
	FIELD(planned_device, host, "host", bdf, "Address in the host.", .required = true),
};
static TABLE(planned_device, planned_device, NULL, "A PCI function of the host that a guest is given.");

static const struct field plan_fields[] = {
	FIELD(document, topo.plan.host, "host", name, "Name of the host."),
	FIELD(document, topo.plan.cpus, "cpus", objects, "Where its CPUs run.", .sub = &planned_cpus_table),
	FIELD(document, topo.plan.nodes, "nodes", objects, "What its nodes stand for.", .sub = &planned_nodes_table),
	FIELD(document, topo.plan.devices, "devices", objects, "The functions it is given.", .sub = &planned_device_table),
};
static TABLE(plan, document, NULL, "Of a guest that was planned: which part of the host is which of its own.");

/* --- the document ---------------------------------------------------------------------------------------- */

static const struct field document_fields[] = {
	FIELD(document, version, "topofs", i64, "Version of the format: 1.", .required = true, .min = 1, .max = 1),
	FIELD(document, topo.schema, "$schema", text, "Where editors find the JSON Schema."),
	FIELD(document, topo.name, "name", name, "Name of the machine."),
	FIELD(document, topo.description, "description", text, "What machine it is, in a line."),
	FIELD(document, topo.confidence, "confidence", choice, "How much of it is known. high: guessed is only what nothing is placed by. medium: CPUs, nodes and which devices are near each other are known, addresses and ports partly guessed. low: parts of that are guessed too.", .values = confidence_names),
	FIELD(document, topo.comment, "comment", comment, "Anything, a text or a list of texts; every object may have one."),
	{ .key = "cpu", .type = &type_object, .doc = "The CPUs.", .sub = &cpu_table },
	FIELD(document, nodes, "nodes", objects, "The NUMA nodes.", .sub = &node_table),
	FIELD(document, topo.memory_k, "memory", size_k, "Memory of a machine without nodes."),
	FIELD(document, distances, "distances", objects, "Distances between nodes, instead of a list in each node.", .sub = &distance_table),
	FIELD(document, topo.possible_nodes, "possible_nodes", idset, "Nodes there may ever be; those there are where not said, rounded up to a power of two beyond 63.", NODES),
	FIELD(document, pci, "pci", objects, "The PCI host bridges.", .sub = &root_table),
	{ .key = "plan", .type = &type_object, .doc = "What of a host it is, where it is a guest that topofs plan made.", .sub = &plan_table },
	FIELD(document, topo.dmi, "dmi", files_map, "Files of /sys/class/dmi/id: product_name, sys_vendor ..."),
	FIELD(document, topo.modules, "modules", files_map, "Kernel modules and their versions: /sys/module/NAME/version."),
	FIELD(document, topo.without, "without", texts, "Rows of files that its kernel lacks, as topofs attributes names them: \"cpu/topology/die_id\", or \"pci_bus\" for a whole class."),
	FIELD(document, topo.endings, "endings", map, "Rows of files that do not end in one line end, as on some kernels: nul (a NUL behind it), double (two), none; or of links that a recording wrote anew: dot (\".\" for all), slash (one behind).", .values = ending_names),
	FIELD(document, topo.meminfo_style, "meminfo_style", choice, "How nodes lay out their meminfo: today, spaced (an empty line first, before Linux 2.6.38) or narrow (before 2.6.32).", .values = meminfo_styles),
	FIELD(document, topo.unlisted, "unlisted", policy, "What of the real /sys is to be seen beside the machine, where --union has no policy: hide (nothing but the control groups), host (networks, disks, modules and the kernel), /sys/PATH (this too), !/sys/PATH (all but this)."),
	FIELD(document, topo.extras, "files", files, "Paths below /sys and /proc served as said here: a text, {\"base64\": ...}, {\"link\": ...}, {\"dir\": true}, or null for none."),
};
TABLE(document, document, NULL, "A machine.");
// clang-format on
