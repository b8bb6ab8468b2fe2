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
#include <unistd.h>

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

/* --- the tree -------------------------------------------------------------------------------------------- */

enum { MAX_FOUND = 4096, BDF_SIZE = 13 };

static struct found {
	char busid[BDF_SIZE], above[BDF_SIZE]; /* "": no switch above it */
	char node[TEXT_MAX], path[PATH_MAX];
} *found[MAX_FOUND];
static size_t n_found;

static int compare_found(const void *x, const void *y)
{
	const struct found *a = *(struct found *const *)x, *b = *(struct found *const *)y;
	return strcmp(a->busid, b->busid);
}

/* Adds a function and the switches above it, as ncclTopoGetXmlFromSys() does. */
static void find_way_up(char *path)
{
	for (;;) {
		struct found *f = calloc(1, sizeof *f);
		if (!f || n_found == MAX_FOUND)
			exit(2);
		snprintf(f->busid, sizeof f->busid, "%.12s", last_name(path));
		for (size_t i = 0; i < n_found; i++)
			if (!strcmp(found[i]->busid, f->busid)) {
				free(f);
				return;
			}
		snprintf(f->path, sizeof f->path, "%s", path);
		read_attribute(path, "numa_node", f->node);
		found[n_found++] = f;
		if (!go_up(path) || !go_up(path))
			return;
		snprintf(f->above, sizeof f->above, "%.12s", last_name(path));
	}
}

/* Whether NCCL would ask for it: a GPU of CUDA or HIP, or the function 0 of a network adapter that is not virtual. */
static bool is_asked_for(const char *bdf, const char *class, char path[PATH_MAX])
{
	char dir[PATH_MAX], vendor[TEXT_MAX];
	bool nic = !strncmp(class, "0x02", 4);

	snprintf(dir, sizeof dir, "%s/sys/bus/pci/devices/%s", prefix, bdf);
	read_attribute(dir, "vendor", vendor);
	bool nvidia = !strcmp(vendor, "0x10de"), amd = !strcmp(vendor, "0x1002");
	bool gpu = (!strncmp(class, "0x03", 4) && (nvidia || amd)) || (!strncmp(class, "0x12", 4) && amd);
	if (!gpu && !nic)
		return false;
	snprintf(path, PATH_MAX, "%s/sys/class/pci_bus/%.7s/../../%s", prefix, bdf, bdf);
	if (nic) {
		char sub[PATH_MAX + 16];
		snprintf(sub, sizeof sub, "%s/physfn", dir);
		if (!access(sub, F_OK))
			return false;
		DIR *d = opendir(dir);
		for (struct dirent *e; d && (e = readdir(d));)
			if (!strncmp(e->d_name, "virtio", 6)) {
				closedir(d);
				return false;
			}
		if (d)
			closedir(d);
		char last = path[strlen(path) - 1];
		path[strlen(path) - 1] = '0';
		read_attribute(path, "class", vendor);
		if (strncmp(vendor, "0x02", 4))
			path[strlen(path) - 1] = last;
	}
	return true;
}

static void print_function(const struct found *f, int indent)
{
	static const char *const names[] = { "class", "vendor", "device", "subsystem_vendor", "subsystem_device" };
	char text[TEXT_MAX];
	bool opened = false;

	printf("%*s<pci busid=\"%s\"", indent, "", f->busid);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		read_attribute(f->path, names[i], text);
		printf(" %s=\"%s\"", names[i], text);
	}
	read_speed(f->path, text);
	printf(" link_speed=\"%s\" link_width=\"%d\"", text, read_width(f->path));
	for (size_t i = 0; i < n_found; i++)
		if (!strcmp(found[i]->above, f->busid)) {
			fputs(opened ? "" : ">\n", stdout);
			opened = true;
			print_function(found[i], indent + 2);
		}
	char links[PATH_MAX];
	struct dirent **names_of_links;
	snprintf(links, sizeof links, "%s/sys/kernel/pci_switch_link/virtual_switch_links/%s", prefix, f->busid);
	read_attribute(f->path, "vendor", text);
	int n = strcmp(text, "0x1000") ? 0 : scandir(links, &names_of_links, NULL, alphasort);
	for (int i = 0; i < n; i++)
		if (is_bdf(names_of_links[i]->d_name)) {
			fputs(opened ? "" : ">\n", stdout);
			opened = true;
			printf("%*s<pcilink target=\"%s\"/>\n", indent + 2, "", names_of_links[i]->d_name);
		}
	if (opened)
		printf("%*s</pci>\n", indent, "");
	else
		puts("/>");
}

/* What NCCL takes from the processor comes from cpuinfo here: its CPUID arithmetic, and the file's line. */
static void print_processor(const char *arch)
{
	static const char *const lines[] = { "vendor_id", "cpu family", "model" };
	char path[PATH_MAX], line[1024], vendor[TEXT_MAX] = "";
	long family = -1, model = -1;

	printf(" arch=\"%s\"", arch);
	snprintf(path, sizeof path, "%s/proc/cpuinfo", prefix);
	FILE *file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file) && *line != '\n')
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
			size_t len = strlen(lines[i]);
			char *value = strchr(line, ':');
			if (strncmp(line, lines[i], len) || line[len] != '\t' || !value)
				continue;
			if (i == 0)
				sscanf(value, ": %255[^\n]", vendor);
			else
				*(i == 1 ? &family : &model) = strtol(value + 1, NULL, 10);
		}
	if (file)
		fclose(file);
	if (strcmp(arch, "x86_64"))
		return;
	long base = family > 15 ? 15 : family, extended = family - base;
	if (*vendor)
		printf(" vendor=\"%s\"", vendor);
	if (family >= 0)
		printf(" familyid=\"%ld\"", base + (extended << 4));
	if (model >= 0)
		printf(" modelid=\"%ld\"", model);
}

static void print_cpu(const char *node, const char *arch)
{
	char cpus[TEXT_MAX];
	bool opened = false;

	for (size_t i = 0; i < n_found; i++) {
		if (*found[i]->above || strcmp(found[i]->node, node))
			continue;
		if (!opened) {
			read_cpus(atoi(node), cpus);
			printf("  <cpu numaid=\"%s\"", node);
			/* what it finds empty it leaves out */
			if (*cpus)
				printf(" affinity=\"%s\"", cpus);
			print_processor(arch);
			puts(">");
		}
		opened = true;
		print_function(found[i], 4);
	}
	if (opened)
		puts("  </cpu>");
}

static void print_tree(const char *arch)
{
	char node[TEXT_MAX];

	qsort(found, n_found, sizeof *found, compare_found);
	puts("<system version=\"1\">");
	for (int i = 0; i < 1024; i++) {
		snprintf(node, sizeof node, "%d", i);
		print_cpu(node, arch);
	}
	print_cpu("-1", arch);
	puts("</system>");
	for (size_t i = 0; i < n_found; i++)
		free(found[i]);
}

/* --------------------------------------------------------------------------------------------------------- */

static int visit(const char *bdf, const char *class, bool xml)
{
	char path[PATH_MAX], real[PATH_MAX];

	/* 0x12 is what AMD's GPUs are, for RCCL */
	bool shown = !strncmp(class, "0x03", 4) || !strncmp(class, "0x02", 4) || !strncmp(class, "0x12", 4);
	if (!xml)
		return shown ? show(bdf, class) : 0;
	if (!is_asked_for(bdf, class, path))
		return 0;
	if (!realpath(path, real) || !is_pci(real)) {
		fprintf(stderr, "nccl-walk: could not find real path of %s\n", path);
		return 1;
	}
	find_way_up(real);
	return 0;
}

int main(int argc, char **argv)
{
	char dir[PATH_MAX], path[PATH_MAX * 2], class[TEXT_MAX];
	struct dirent **names;
	int failed = 0;
	bool xml = argc > 2 && !strcmp(argv[1], "--xml");

	/* --xml ARCH [MOUNTPOINT]: the architecture that NCCL is built for */
	prefix = argc > 1 + 2 * xml ? argv[1 + 2 * xml] : "";
	snprintf(dir, sizeof dir, "%s/sys/bus/pci/devices", prefix);
	int n = scandir(dir, &names, NULL, alphasort);
	if (n < 0) {
		perror(dir);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
		read_attribute(path, "class", class);
		if (is_bdf(names[i]->d_name))
			failed |= visit(names[i]->d_name, class, xml);
		free(names[i]);
	}
	free(names);
	if (xml)
		print_tree(argv[2]);
	return failed;
}
