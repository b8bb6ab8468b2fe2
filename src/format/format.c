/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/format.h"

#include "recognize.h"

#include <string.h>

const struct format *const formats[] = {
	&json_format,
	&nccl_format,
	&libvirt_domain_format,
	&libvirt_caps_format,
	&hwloc_format,
	&synthetic_format,
	&qemu_format,
	&qemu_emulated_format,
	&cloud_hypervisor_format,
};
const size_t n_formats = sizeof formats / sizeof *formats;

const struct format *format_named(const char *name)
{
	for (size_t i = 0; i < n_formats; i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

const struct format *format_of(const char *bytes, size_t len)
{
	for (size_t i = 0; i < n_formats; i++)
		if (formats[i]->recognizes && formats[i]->recognizes(bytes, len))
			return formats[i];
	return is_xml(bytes, len) ? NULL : &json_format;
}

const struct format *format_of_argument(const char *text)
{
	for (size_t i = 0; i < n_formats; i++)
		if (formats[i]->is_argument && formats[i]->is_argument(text))
			return formats[i];
	return NULL;
}
