/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a document may have at most, found before it is parsed: a parser makes up to 50 bytes of memory of each byte, so
 * 32 MiB of "[]," would take more than a gigabyte. The largest machine of `topofs generate` stays below both.
 */

#include "input_limits.h"

#include "topofs/err.h"

#include <stdbool.h>
#include <string.h>

/* To the end of the text that begins at `at`; `len` where it has none. */
static size_t skip_text(const char *bytes, size_t len, size_t at)
{
	for (at++; at < len && bytes[at] != '"'; at++)
		if (bytes[at] == '\\')
			at++;
	return at < len ? at : len;
}

int check_limits(const char *bytes, size_t len, struct err *err)
{
	size_t depth = 0, values = 1;
	for (size_t i = 0; i < len; i++) {
		bool opens = bytes[i] == '{' || bytes[i] == '[';
		if (bytes[i] == '"') {
			i = skip_text(bytes, len, i);
			continue;
		}
		if (bytes[i] == '}' || bytes[i] == ']')
			depth -= depth > 0;
		depth += opens;
		values += opens || bytes[i] == ',';
		if (depth > DEPTH_MAX)
			return err_set(err, "", "nested deeper than %d levels", DEPTH_MAX);
		if (values > VALUES_MAX)
			return err_set(err, "", "more than %d values", VALUES_MAX);
	}
	return 0;
}
