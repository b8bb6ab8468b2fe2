/* SPDX-License-Identifier: Apache-2.0 */
#include "hwloc_format.h"
#include "recognize.h"

#include <ctype.h>
#include <string.h>

static int read_xml(const char *bytes, size_t len, struct topo *ret, struct err *err)
{
	return hw_read(HW_XML, bytes, len, ret, err);
}

static bool is_hwloc(const char *bytes, size_t len)
{
	return begins_with_element(bytes, len, "topology") || begins_with_element(bytes, len, "root");
}

static int read_synthetic(const char *bytes, size_t len, struct topo *ret, struct err *err)
{
	return hw_read(HW_SYNTHETIC, bytes, len, ret, err);
}

/* "numa:2 core:4 pu:1": words of a name, a colon and a number, and none of them a path. */
static bool is_synthetic(const char *argument)
{
	size_t word = strspn(argument, "[( ");
	const char *colon = strchr(argument, ':');
	if (strchr(argument, '/') || !colon || !isalpha((unsigned char)argument[word]) ||
	    !isdigit((unsigned char)colon[1]))
		return false;
	return strspn(argument + word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789(=)[] ") >=
	       (size_t)(colon - argument) - word;
}

const struct format hwloc_format = {
	.name = "hwloc",
	.doc = "hwloc's XML, as lstopo writes it: CPUs, caches, memory, PCI functions and devices.",
	.ending = ".xml",
	.recognizes = is_hwloc,
	.read = read_xml,
};

const struct format synthetic_format = {
	.name = "synthetic",
	.doc = "hwloc's synthetic descriptions, \"package:2 l3:1 core:4 pu:2\", for a file's name.",
	.is_argument = is_synthetic,
	.read = read_synthetic,
};
