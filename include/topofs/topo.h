/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOPOFS_TOPO_H
#define TOPOFS_TOPO_H

/*
 * What the machine is, as plain data: CPUs, caches, NUMA nodes, PCI functions and their class devices.
 *
 * It says only what somebody said; what follows from something else (sibling masks, local CPUs, bus windows,
 * modaliases ...) is computed in facts.h. Objects name each other by id (CPU number, node number, PCI
 * address), never by pointer. All memory belongs to the topology's arena; topo_done() frees it. Zero is an
 * empty topology.
 *
 * Units stand in the names: _k is KiB (1024 bytes), _khz, _mhz, _mbps (10^6 bits/s), bandwidths are MiB/s and
 * latencies ns as in Documentation/admin-guide/mm/numaperf.rst.
 */

#include "topofs/arena.h"
#include "topofs/idset.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	TOPO_MAX_CPU = 8191,	/* highest CPU id: the kernel's NR_CPUS is 8192 at most */
	TOPO_MAX_NODE = 1023,	/* highest node id: MAX_NUMNODES is 1024 at most (NODES_SHIFT 10) */
	TOPO_UNKNOWN = -1,	/* an id that nobody said */
	TOPO_DISTANCE_MAX = 255 /* ACPI SLIT; 255 is "unreachable" */
};

/* Ordered key = value texts. */
struct pair {
	const char *key, *value;
};
typedef LIST_OF(struct pair) topo_map;

/* The same with numbers, as in meminfo. */
struct count {
	const char *key;
	uint64_t value;
};
typedef LIST_OF(struct count) topo_counts;

/* Levels of the CPU hierarchy, inside out, as in drivers/base/topology.c. */
enum topo_level { LEVEL_CORE, LEVEL_CLUSTER, LEVEL_DIE, LEVEL_PACKAGE, LEVEL_BOOK, LEVEL_DRAWER, N_LEVELS };

struct cpu {
	uint32_t id;
	/* by enum topo_level */
	int32_t group[N_LEVELS];  /* the lowest CPU of its core, cluster ...; TOPO_UNKNOWN where nobody told */
	int32_t number[N_LEVELS]; /* what core_id, cluster_id ... say: not unique, and -1 on some machines */
};

/* CPUs that are alike: P and E cores, big and LITTLE; one kind for all where only a frequency is told. */
struct cpu_kind {
	const char *name;   /* "core", "atom", "lowpower": /sys/devices/cpu_NAME/cpus; NULL: no such folder */
	struct idset cpus;  /* never empty */
	int64_t capacity;   /* cpu_capacity, 1024 = the strongest; TOPO_UNKNOWN: no file */
	uint64_t min_khz, max_khz, base_khz; /* cpufreq; 0: no file */
	uint64_t nominal_mhz;		     /* acpi_cppc/nominal_freq; 0: no file */
	const char *midr;		     /* regs/identification/midr_el1, "0x00000000410fd0c0"; NULL: no file */
	topo_map info;			     /* /proc/cpuinfo fields that differ from the machine's */
};

enum cache_type { CACHE_DATA, CACHE_INSTRUCTION, CACHE_UNIFIED };

/* One cache. A CPU's index0, index1 ... are its caches in the order of the topology's list. */
struct cache {
	uint32_t level;
	int32_t type; /* enum cache_type */
	int64_t id;   /* unique among level and type; TOPO_UNKNOWN: no file */
	uint64_t size_k;
	uint64_t line, ways, sets, partition; /* coherency_line_size (bytes) ...; 0: not known */
	const char *write_policy, *allocation_policy; /* "WriteBack", "ReadWriteAllocate"; NULL: no file */
	struct idset cpus;
};

/* An access class of a node: Documentation/admin-guide/mm/numaperf.rst. */
struct node_access {
	uint32_t class;		 /* 0: best initiators of any kind; 1: best CPUs */
	struct idset initiators; /* nodes */
	uint64_t read_bandwidth, write_bandwidth; /* MiB/s; 0: no file */
	uint64_t read_latency, write_latency;	  /* ns; 0: no file */
};

struct memory_side_cache {
	uint32_t level;
	uint64_t size; /* bytes */
	uint64_t line; /* bytes */
	uint32_t indexing;     /* 0 direct mapped, 1 other (enum cache_indexing of include/linux/node.h) */
	uint32_t write_policy; /* 0 write back, 1 write through */
};

struct hugepages {
	uint64_t size_k;
	uint64_t total, free, surplus; /* pages */
};

struct node {
	uint32_t id;
	struct idset cpus;
	uint64_t memory_k;
	int64_t free_k;	     /* TOPO_UNKNOWN: all of it */
	uint64_t device;     /* address of the PCI function whose memory this is; BDF_NONE */
	uint64_t address;    /* where that memory begins in the physical address space; 0: not known */
	bool generic_initiator;
	bool movable; /* its memory is not for the kernel itself (ZONE_MOVABLE); that of a device never is */
	/* KiB, or pages for HugePages_*; what is not said is derived, but from MemTotal on all is said, in order */
	topo_counts meminfo;
	topo_counts numastat;
	LIST_OF(struct hugepages) hugepages;
	LIST_OF(struct node_access) access;
	LIST_OF(struct memory_side_cache) memory_side_caches;
	LIST_OF(uint32_t) distances; /* to every node in id order; empty: 10 to itself, 20 to others */
};

/* A PCI address: domain << 16 | bus << 8 | device << 3 | function. Domains have up to 32 bits. */
#define BDF_NONE UINT64_MAX
#define BDF(domain, bus, dev, fn) ((uint64_t)(domain) << 16 | (uint64_t)(bus) << 8 | (uint64_t)(dev) << 3 | (fn))
#define BDF_DOMAIN(a) ((uint32_t)((a) >> 16))
#define BDF_BUS(a) ((uint32_t)((a) >> 8 & 0xff))
#define BDF_DEVICE(a) ((uint32_t)((a) >> 3 & 0x1f))
#define BDF_FUNCTION(a) ((uint32_t)((a) & 7))
/* domain and bus together, as in /sys/class/pci_bus */
#define BDF_BUS_KEY(a) ((a) >> 8)

struct pci_root {
	uint32_t domain, bus;
	int32_t node;	    /* TOPO_UNKNOWN: none */
	const char *under;  /* folder below /sys/devices that holds it ("platform/x.pcie"); NULL: /sys/devices */
	uint64_t under_function; /* or the function it stands behind (VMD); BDF_NONE */
};

/* A base address register or expansion ROM. */
struct bar {
	uint64_t size;	  /* bytes, a power of two; 0: the register is not there */
	uint64_t address; /* 0: topofs chooses */
	bool io, is_64bit, prefetchable;
};
enum { BAR_ROM = 6, N_BARS = 7 };

/* PCI_EXP_FLAGS_TYPE of include/uapi/linux/pci_regs.h, and what else a function can be. */
enum pcie_type {
	PCIE_AUTO = -1, /* by place: see facts.h */
	PCIE_ENDPOINT = 0,
	PCIE_LEGACY_ENDPOINT = 1,
	PCIE_ROOT_PORT = 4,
	PCIE_UPSTREAM = 5,
	PCIE_DOWNSTREAM = 6,
	PCIE_TO_PCI_BRIDGE = 7,
	PCI_TO_PCIE_BRIDGE = 8,
	PCIE_RC_ENDPOINT = 9,
	PCIE_RC_EVENT_COLLECTOR = 10,
	PCIE_NONE = 16 /* conventional PCI */
};

/* Speed in tenths of GT/s (25, 50, 80, 160, 320, 640), 0: not said. Of max_link also LINK_NONE: it names none. */
#define LINK_NONE UINT32_MAX
struct link {
	uint32_t speed, width;
};

struct pci {
	uint64_t address;
	uint64_t parent; /* address of the bridge above; BDF_NONE: on its root's bus */
	uint64_t root;	 /* BDF_BUS_KEY of its host bridge's bus */
	uint16_t vendor, device, subsystem_vendor, subsystem_device;
	uint32_t class; /* 24 bits: base class, sub class, programming interface */
	uint8_t revision;
	int32_t node;			  /* TOPO_UNKNOWN: -1 */
	struct idset cpus;		  /* local_cpus; empty: those of the node, without a node all */
	bool bridge;			  /* has header type 1 and the two bus numbers below */
	uint8_t secondary, subordinate;	  /* of a bridge */
	int32_t type;			  /* enum pcie_type */
	struct link link, max_link;	  /* current and maximum */
	struct bar bars[N_BARS];	  /* a 64-bit one takes two */
	uint32_t irq;
	struct idset msi_irqs; /* those of its message signalled vectors */
	bool msi;	       /* these are MSI, not MSI-X */
	const char *driver; /* NULL: none bound */
	const char *label;  /* firmware's name of the port, "GPU0"; NULL */
	const char *slot;   /* physical slot name: /sys/bus/pci/slots; NULL */
	int64_t iommu_group;
	uint64_t physfn;	/* of a virtual function; BDF_NONE */
	uint32_t total_vfs;	/* sriov_totalvfs of a physical function; 0: no SR-IOV */
	uint64_t serial;	/* PCIe device serial number; 0: none */
	const uint8_t *config;	/* its configuration space as it was read, zeros beyond; NULL: made from all the rest */
	uint32_t config_len, config_size; /* bytes in config; size of the file, 0: as it would be made */
	LIST_OF(const char *) resource;	  /* lines of its resource file as they were read; none: made */
};

/*
 * Where a device stands: in the folder of its PCI function (BDF_NONE: it is left out), or further down, below devices
 * of which the topology need not know more than their folders' names.
 */
struct site {
	uint64_t function;
	const char *parent; /* "virtio0", "ata1/host0/target0:0:0/0:0:0:0"; NULL: the function itself */
};

/* Devices on PCI functions: each begins with where it stands. */
struct net {
	struct site on;
	const char *name;
	const char *address;   /* hardware address, "b8:3f:d2:00:00:01"; NULL: derived from the PCI address */
	const char *operstate; /* "up", "down" */
	int64_t speed_mbps;    /* TOPO_UNKNOWN: -1, as the kernel says for a link that is down */
	uint32_t mtu;
	uint32_t type; /* ARPHRD_* of include/uapi/linux/if_arp.h: 1 Ethernet, 32 InfiniBand */
	uint32_t dev_port;
	uint32_t ifindex; /* 0: topofs counts */
};

struct ib_port {
	uint32_t id;
	const char *state, *phys_state, *rate, *link_layer; /* the kernel's texts, "4: ACTIVE" */
	uint32_t lid;
	LIST_OF(const char *) gids; /* "fe80:0000:..."; none: one derived from the GUID */
	LIST_OF(const char *) pkeys;
};

struct infiniband {
	struct site on;
	const char *name;
	const char *node_guid, *sys_image_guid; /* "b83f:d203:0000:0001"; NULL: derived from the PCI address */
	const char *node_type, *fw_ver, *hca_type, *board_id;
	LIST_OF(struct ib_port) ports; /* none said: one */
	int64_t uverbs; /* N of uverbsN; TOPO_UNKNOWN: its place in the list */
};

struct drm {
	struct site on;
	int64_t card, render; /* minor numbers of cardN and renderDN; TOPO_UNKNOWN: none */
};

struct nvme_namespace {
	uint32_t id;
	uint64_t size; /* bytes */
};

struct nvme {
	struct site on;
	const char *name;
	const char *model, *serial, *firmware;
	LIST_OF(struct nvme_namespace) namespaces;
};

/* A device of a paravirtual function: linux/virtio_ids.h. */
struct virtio {
	struct site on;
	const char *name;     /* "virtio0" */
	int64_t device;	      /* VIRTIO_ID_*: 1 network, 2 block; TOPO_UNKNOWN: as the function's ids say */
	const char *features; /* a digit for each feature bit; NULL: no file */
	const char *driver;   /* "virtio_net"; NULL: none bound */
};

/* A disk other than a namespace of an NVMe controller. */
struct block {
	struct site on;
	const char *name; /* "sda", "vda" */
	uint64_t size;	  /* bytes */
	const char *dev;  /* "8:0"; NULL: derived from the name */
	uint32_t sector;  /* bytes of a logical block */
	bool rotational, removable, read_only;
	const char *serial;		   /* of a virtio disk; NULL: no file */
	const char *vendor, *model, *revision; /* of a SCSI disk, as its INQUIRY says, with trailing blanks */
	int32_t scsi_type; /* of a SCSI disk: 0 disk, 5 CD-ROM (scsi/scsi_proto.h) */
};

/* Every kind: X(T) for a struct T, which the topology has a list Ts of, and a function of the document a list T. */
#define TOPO_DEVICES(X) X(virtio) X(net) X(infiniband) X(drm) X(nvme) X(block)

/* How much of a description is known of such a machine, and not guessed. */
enum confidence { CONFIDENCE_UNSAID, CONFIDENCE_HIGH, CONFIDENCE_MEDIUM, CONFIDENCE_LOW };

/* Of a guest that was planned (plan.h): which part of its host each of its own is. */
struct planned_cpus {
	struct idset cpus, host; /* each of these runs on any of those */
};
struct planned_nodes {
	struct idset nodes, host;
};
struct planned_device {
	uint64_t function, host; /* addresses */
};
struct planned {
	const char *host; /* its name; NULL: the machine was not planned */
	LIST_OF(struct planned_cpus) cpus;
	LIST_OF(struct planned_nodes) nodes;
	LIST_OF(struct planned_device) devices;
};

/* How kernels laid out the meminfo of a node: today, and before 2.6.38 after an empty line; narrow before 2.6.32. */
enum meminfo_style { MEMINFO_TODAY, MEMINFO_SPACED, MEMINFO_NARROW };

/* A path that is served as said, whatever the rows would make of it. */
enum extra_kind { EXTRA_FILE, EXTRA_LINK, EXTRA_DIR, EXTRA_ABSENT };
struct extra {
	const char *path; /* absolute: "/sys/..." or "/proc/..." */
	enum extra_kind kind;
	const char *data; /* a file's bytes or a link's text */
	size_t len;
};

struct topo {
	struct arena arena;
	const char *name, *description, *comment;
	int32_t confidence; /* enum confidence */
	const char *schema; /* what the document calls its JSON Schema; NULL */

	const char *arch;	   /* as uname -m says: "x86_64", "aarch64", "ppc64le" ... */
	topo_map cpuinfo;	   /* /proc/cpuinfo fields that are the same for all CPUs */
	LIST_OF(struct cpu) cpus; /* every CPU that is present, in id order */
	struct idset possible, present, online, isolated;
	int64_t kernel_max;
	bool unknown_dies; /* the kernel tells dies though it knows none: die_id -1, every CPU alone */
	uint32_t mask_bits; /* width of CPU masks; 0: the highest possible CPU + 1 */
	LIST_OF(struct cpu_kind) kinds;
	LIST_OF(struct cache) caches;
	topo_map vulnerabilities;

	LIST_OF(struct node) nodes; /* in id order */
	struct idset possible_nodes;
	uint64_t memory_k; /* of a machine without nodes */

	LIST_OF(struct pci_root) roots;
	LIST_OF(struct pci) pci; /* below one host bridge after the other; a bridge, then all that is below it */
	/* devices on functions, in the order of those: nets, infinibands ... */
#define TOPO_LIST(T) LIST_OF(struct T) T##s;
	TOPO_DEVICES(TOPO_LIST)
#undef TOPO_LIST

	struct planned plan;
	topo_map dmi;	  /* /sys/class/dmi/id */
	topo_map modules; /* /sys/module/KEY/version = VALUE; "" for a module without version */
	LIST_OF(struct extra) extras;
	const char *unlisted; /* what of the real /sys is to be seen beside it, words of policy.h; NULL: not said */
	/* row = how its files end instead of with a line end: "nul", "double", "none"; its links: "dot", "slash" */
	topo_map endings;
	int32_t meminfo_style; /* enum meminfo_style */
	/* rows of files that its kernel lacks: "cpu/topology/die_id", or "pci_bus" for a class */
	LIST_OF(const char *) without;
};

void topo_done(struct topo *t);
#define _cleanup_topo_ __attribute__((cleanup(topo_done)))

/* NULL where there is none. Searched by id: the lists are in id order. */
const struct cpu *topo_cpu(const struct topo *t, uint32_t id);
const struct node *topo_node(const struct topo *t, uint32_t id);
/* Distance between two nodes given by their places in the list. */
uint32_t topo_distance(const struct topo *t, size_t from, size_t to);
/* The value of a key, or NULL. */
const char *topo_map_get(const topo_map *map, const char *key);

/* Whether two texts are equal, or both NULL. */
bool topo_same_text(const char *a, const char *b);

/* Reads a number of at most so many hexadecimal digits; returns what follows them, NULL where there are none. */
const char *hex_parse(const char *text, int digits, uint64_t *ret);

/* "0000:3b:00.0"; a domain above ffff takes more digits (drivers/pci/probe.c pci_setup_device). */
void bdf_print(uint64_t address, struct buf *out);
const char *bdf_text(struct arena *a, uint64_t address);
/* Reads "dddd:bb:dd.f", "bb:dd.f" or "dd.f"; what the text lacks comes from `base`. NULL or what is wrong. */
const char *bdf_parse(const char *text, uint64_t base, uint64_t *ret);

/* The names of levels and cache types, as the document and the kernel write them. */
extern const char *const level_names[N_LEVELS];	     /* "core", "cluster", ... */
extern const char *const cache_type_names[];	     /* "Data", "Instruction", "Unified", NULL */
extern const char *const confidence_names[];	     /* "" where unsaid, "high", "medium", "low", NULL */

#endif
