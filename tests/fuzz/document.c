/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes, a document, a machine, its files. */

#include "laws.h"

#include "topofs/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	hold_read(&json_format, bytes, len);
	return 0;
}
