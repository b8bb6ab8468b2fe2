/* SPDX-License-Identifier: Apache-2.0 */

/* Network interfaces: net/core/net-sysfs.c, Documentation/ABI/testing/sysfs-class-net. */

#include "classes.h"
#include "scan.h"

#include <stdlib.h>
#include <string.h>

static const struct net *self_of(const struct object *o)
{
	return o->self;
}

enum { IPOIB_TYPE = 32 }; /* ARPHRD_INFINIBAND of include/uapi/linux/if_arp.h */

static bool is_infiniband(const struct object *o)
{
	return self_of(o)->type == IPOIB_TYPE;
}

/*
 * Locally administered, and made from the function's domain, bus, device and port. Over InfiniBand it is a
 * queue pair and a GID (RFC 4391, section 9.1.1).
 */
static void show_address(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	const struct net *net = self_of(o);
	uint64_t at = net->on.function;
	if (net->address) {
		buf_puts(out, net->address);
		return;
	}
	if (is_infiniband(o))
		buf_puts(out, "80:00:00:48:fe:80:00:00:00:00:00:00:02:00:");
	else
		buf_puts(out, "02:");
	buf_printf(out, "%02x:%02x:%02x:%02x:%02x", BDF_DOMAIN(at) >> 8 & 0xff, BDF_DOMAIN(at) & 0xff, BDF_BUS(at),
		   (unsigned)(at & 0xff), net->dev_port & 0xff);
	if (is_infiniband(o))
		buf_puts(out, ":00");
}

static void show_broadcast(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_puts(out, is_infiniband(o) ? "00:ff:ff:ff:ff:12:40:1b:ff:ff:00:00:00:00:00:00:ff:ff:ff:ff"
				       : "ff:ff:ff:ff:ff:ff");
}

static void load_speed(const struct attr *attr, const struct loading *l, const char *text)
{
	(void)attr;
	((struct net *)l->self)->speed_mbps = strtoll(text, NULL, 10);
}

static void show_ifindex(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	/* 1 is the loopback interface */
	buf_printf(out, "%zu", self_of(o)->ifindex ? (size_t)self_of(o)->ifindex : o->index + 2);
}

static bool is_up(const struct object *o)
{
	return !strcmp(self_of(o)->operstate, "up");
}

static void show_carrier(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_putc(out, is_up(o) ? '1' : '0');
}

/* IFF_BROADCAST | IFF_MULTICAST, and IFF_UP; the file leaves the volatile flags out. */
static void show_flags(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_puts(out, is_up(o) ? "0x1003" : "0x1002");
}

static void show_speed(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_printf(out, "%lld", (long long)self_of(o)->speed_mbps);
}

/* A driver that knows no speed knows no duplex. */
static void show_duplex(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_puts(out, self_of(o)->speed_mbps < 0 ? "unknown" : "full");
}

static void show_addr_len(const struct attr *attr, const struct object *o, struct buf *out)
{
	(void)attr;
	buf_puts(out, is_infiniband(o) ? "20" : "6");
}

static void show_uevent(const struct attr *attr, const struct object *o, struct buf *out)
{
	buf_printf(out, "INTERFACE=%s\nIFINDEX=", self_of(o)->name);
	show_ifindex(attr, o, out);
}

// clang-format off
#define COUNTER(name) CONSTANT("statistics/" name, "0", "A counter, of a machine that does nothing.")

static const struct attr net_attrs[] = {
	{ "address", "Hardware address.", show_address, .load = load_text, .offset = offsetof(struct net, address),
	  .secret = SECRET_MAC },
	{ "addr_len", "Bytes of an address.", show_addr_len },
	{ "broadcast", "Broadcast address.", show_broadcast },
	{ "carrier", "1 with a link.", show_carrier, .mode = 0644 },
	CONSTANT("dev_id", "0x0", "Tells interfaces with one address apart."),
	INT("dev_port", struct net, dev_port, "Port of the function, from 0."),
	{ "duplex", "Duplex.", show_duplex },
	{ "flags", "IFF_ flags.", show_flags, .mode = 0644 },
	{ "ifindex", "Interface number.", show_ifindex, .load = load_int, .offset = offsetof(struct net, ifindex) },
	{ "iflink", "Interface it is linked to: itself.", show_ifindex },
	{ "mtu", "Largest packet in bytes.", show_int, .load = load_int, .offset = offsetof(struct net, mtu), .mode = 0644 },
	TEXT("operstate", struct net, operstate, "up, down ..."),
	{ "speed", "Mbit/s.", show_speed, .load = load_speed },
	CONSTANT("tx_queue_len", "1000", "Packets its queue holds."),
	INT("type", struct net, type, "ARPHRD_*: 1 Ethernet, 32 InfiniBand."),
	COUNTER("rx_bytes"), COUNTER("rx_packets"), COUNTER("rx_errors"), COUNTER("rx_dropped"),
	COUNTER("tx_bytes"), COUNTER("tx_packets"), COUNTER("tx_errors"), COUNTER("tx_dropped"),
	{ "uevent", "What udev is told.", show_uevent, .mode = 0644 },
	PARENT(struct net),
};
// clang-format on

static size_t count_nets(const struct facts *f)
{
	return f->topo->nets.n;
}

static bool at_net(const struct facts *f, size_t i, size_t part, const void **self, struct buf *path)
{
	(void)part;
	const struct net *net = &f->topo->nets.at[i];
	*self = net;
	if (!link_to_parent(f, &net->on, path))
		return false;
	buf_printf(path, "/net/%s", net->name);
	return true;
}

static void found_net(const struct tree *tree, uint32_t dir, const struct site *on, struct topo *t)
{
	struct net *net = LIST_ADD(&t->arena, &t->nets);
	*net = (struct net){ .on = *on, .name = arena_strdup(&t->arena, tree_name(tree, dir)), .type = 1,
			     .operstate = "unknown", .speed_mbps = TOPO_UNKNOWN };
	scan_rows(&net_class, tree, dir, t, net);
}

static void scan_nets(const struct class *class, const struct tree *tree, struct topo *t)
{
	(void)class;
	scan_class_devices(tree, t, "net", found_net);
}

const struct class net_class = {
	"net", "A network interface.", "/sys/devices/**/*:*:*.[0-7]/**/net/*", count_nets, NULL, at_net, ROWS(net_attrs),
	.subsystem = "class/net", .listed = { "class/net" }, .scan = scan_nets,
};
