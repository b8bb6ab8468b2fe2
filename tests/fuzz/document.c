/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes, a document of some format, a machine, its files. FUZZ_FORMAT names the one format that is tried; without it each
 * has its turn.
 */

#include "laws.h"

#include "topofs/format.h"

#include <string.h>

static void try_format(const struct format *format, const char *bytes, size_t len)
{
	_cleanup_topo_ struct topo t = { 0 };
	struct err err = { 0 };

	if (format->read(bytes, len, &t, &err)) {
		hold_complaint(&err);
		return;
	}
	if (is_small(&t) && is_servable(&t))
		hold_laws(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *only = getenv("FUZZ_FORMAT");

	for (size_t i = 0; i < n_formats; i++)
		if (formats[i]->read && (!only || !*only || !strcmp(only, formats[i]->name)))
			try_format(formats[i], (const char *)bytes, len);
	return 0;
}
