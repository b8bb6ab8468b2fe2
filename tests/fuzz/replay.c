/* SPDX-License-Identifier: Apache-2.0 */

/* Gives a fuzz target the files that are named, one after the other: what libFuzzer's main() does with files too. */

#include "laws.h"

#include "topofs/buf.h"

static int replay(const char *path)
{
	_cleanup_buf_ struct buf bytes = { 0 };
	char part[65536];
	FILE *f = fopen(path, "re");

	if (!f) {
		perror(path);
		return EXIT_FAILURE;
	}
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		buf_add(&bytes, part, n);
	fclose(f);
	fprintf(stderr, "%s\n", path);
	/* of its own, so that reading past its end is seen */
	uint8_t *input = malloc(bytes.len ? bytes.len : 1);
	if (!input)
		return EXIT_FAILURE;
	for (size_t i = 0; i < bytes.len; i++)
		input[i] = (uint8_t)bytes.data[i];
	LLVMFuzzerTestOneInput(input, bytes.len);
	free(input);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	int status = argc < 2 ? EXIT_FAILURE : EXIT_SUCCESS;

	for (int i = 1; i < argc; i++)
		status |= replay(argv[i]);
	return status;
}
