/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Says of every GPU and NIC what NCCL makes of it: a line each, in order of address.
 *
 *     BDF CLASS switch=BDF|- speed=TEXT width=N numa=N cpus=MASK
 *
 * It reads the files that NCCL's topology detection (src/graph/xml.cc) reads, in its way: the place of a function by
 * way of its bus, attributes without their last byte, the lesser of what the function and the port above it can,
 * from there two folders at a time upwards, and the node of the last function before the root complex. The two levels
 * of a Broadcom switch are one switch, as for NCCL. A prefix ("nccl-walk MOUNTPOINT") stands before every path. Exits
 * with 1 where NCCL would not take it for a PCI device.
 */

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 256 /* NCCL's buffers */

static const char *prefix = "";

/* Reads DIR/NAME; empty where it is not there. The last byte is dropped, whatever it is. */
static void read_attribute(const char *dir, const char *name, char text[TEXT_MAX])
{
	char path[PATH_MAX];
	size_t len = 0, n;

	text[0] = '\0';
	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return;
	FILE *file = fopen(path, "r");
	if (!file)
		return;
	while (len < TEXT_MAX - 1 && (n = fread(text + len, 1, TEXT_MAX - 1 - len, file)) > 0)
		len += n;
	fclose(file);
	text[len ? len - 1 : 0] = '\0';
}

/* "0000:1b:00.0": exactly twelve characters. */
static bool is_bdf(const char *name)
{
	static const char form[] = "xxxx:xx:xx.x";

	for (size_t i = 0; i < sizeof form - 1; i++)
		if (form[i] == 'x' ? !strchr("0123456789abcdef", name[i]) || !name[i] : form[i] != name[i])
			return false;
	return name[sizeof form - 1] == '\0' || name[sizeof form - 1] == '/';
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Cuts the last name off and says whether what is left is still a PCI function. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return is_bdf(last_name(path));
}

static bool is_pci(const char *path)
{
	char link[PATH_MAX], subsystem[PATH_MAX];

	if (snprintf(link, sizeof link, "%s/subsystem", path) >= (int)sizeof link || !realpath(link, subsystem))
		return false;
	return !strcmp(last_name(subsystem), "pci");
}

/* The lesser speed of a function and the port above it, as text; what is missing counts for nothing. */
static void read_speed(const char *path, char speed[TEXT_MAX])
{
	char above[TEXT_MAX];
	float own_speed = 1e9f, above_speed = 1e9f;

	read_attribute(path, "max_link_speed", speed);
	read_attribute(path, "../max_link_speed", above);
	sscanf(speed, "%f GT/s", &own_speed);
	sscanf(above, "%f GT/s", &above_speed);
	if (above_speed < own_speed)
		memcpy(speed, above, TEXT_MAX);
}

static int read_width(const char *path)
{
	char own[TEXT_MAX], above[TEXT_MAX];

	read_attribute(path, "max_link_width", own);
	read_attribute(path, "../max_link_width", above);
	int a = atoi(own), b = atoi(above);
	return a < b ? a : b;
}

static void read_cpus(int node, char cpus[TEXT_MAX])
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof dir, "%s/sys/devices/system/node/node%u", prefix, (unsigned)node);
	read_attribute(dir, "cpumap", cpus);
}

static uint64_t read_id(const char *path)
{
	static const char *const parts[] = { "vendor", "device", "subsystem_vendor", "subsystem_device" };
	char text[TEXT_MAX];
	uint64_t id = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		read_attribute(path, parts[i], text);
		id = id << 16 | (strtoul(text, NULL, 0) & 0xffff);
	}
	return id;
}

/* The PCIe generation of a Broadcom switch that presents itself as two levels, 0 the upper; 0 of any other function. */
static int broadcom(uint64_t id, unsigned level)
{
	uint64_t kind = id & ~0xfffull;

	if (kind == 0x1000c0101000a000)
		return 4;
	return kind == (0x1000c03010000000 | level << 12) ? 5 : 0;
}

/* Walks to the root complex; keeps the first switch on the way, and the node of the last function. */
static void walk(char *path, char the_switch[TEXT_MAX], int *node)
{
	char text[TEXT_MAX];
	uint64_t below = 0;

	strcpy(the_switch, "-");
	for (bool first = true;; first = false) {
		read_attribute(path, "numa_node", text);
		*node = atoi(text);
		if (!go_up(path) || !go_up(path))
			return;
		uint64_t id = read_id(path);
		if (first || (below && broadcom(id, 0) && broadcom(id, 0) == broadcom(below, 1)))
			snprintf(the_switch, TEXT_MAX, "%.12s", last_name(path));
		below = first ? id : 0;
	}
}

static int show(const char *bdf, const char *class)
{
	char path[PATH_MAX], by_bus[PATH_MAX], speed[TEXT_MAX], the_switch[TEXT_MAX], cpus[TEXT_MAX];
	int node;

	snprintf(by_bus, sizeof by_bus, "%s/sys/class/pci_bus/%.7s/../../%s", prefix, bdf, bdf);
	if (!realpath(by_bus, path)) {
		fprintf(stderr, "nccl-walk: could not find real path of %s\n", by_bus);
		return 1;
	}
	if (!is_pci(path)) {
		fprintf(stderr, "nccl-walk: %s is not of subsystem pci\n", path);
		return 1;
	}
	read_speed(path, speed);
	int width = read_width(path);
	walk(path, the_switch, &node);
	read_cpus(node, cpus);
	printf("%s %s switch=%s speed=%s width=%d numa=%d cpus=%s\n", bdf, class, the_switch, speed, width, node, cpus);
	return 0;
}

int main(int argc, char **argv)
{
	char dir[PATH_MAX], path[PATH_MAX * 2], class[TEXT_MAX];
	struct dirent **names;
	int failed = 0;

	prefix = argc > 1 ? argv[1] : "";
	snprintf(dir, sizeof dir, "%s/sys/bus/pci/devices", prefix);
	int n = scandir(dir, &names, NULL, alphasort);
	if (n < 0) {
		perror(dir);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
		read_attribute(path, "class", class);
		/* 0x12 is what AMD's GPUs are, for RCCL */
		if (is_bdf(names[i]->d_name) &&
		    (!strncmp(class, "0x03", 4) || !strncmp(class, "0x02", 4) || !strncmp(class, "0x12", 4)))
			failed |= show(names[i]->d_name, class);
		free(names[i]);
	}
	free(names);
	return failed;
}
