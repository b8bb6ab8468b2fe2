/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes, as each format of others that can be read takes them, a machine, its files. FUZZ_FORMAT names the one format that
 * is tried; without it each has its turn.
 */

#include "laws.h"

#include "topofs/format.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *only = getenv("FUZZ_FORMAT");

	for (size_t i = 0; i < n_formats; i++)
		if (formats[i] != &json_format && formats[i]->read &&
		    (!only || !*only || !strcmp(only, formats[i]->name)))
			hold_read(formats[i], bytes, len);
	return 0;
}
