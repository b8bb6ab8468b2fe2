/* SPDX-License-Identifier: Apache-2.0 */

/* A tar file, whose headers are given right checksums, captured as `topofs capture --root FILE` does. */

#include "laws.h"

#include "topofs/cmd.h"
#include "topofs/sysfs.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCK = 512, SIZE_AT = 124, SIZE_LEN = 12, SUM_AT = 148, SUM_LEN = 8 };

static void mend_checksum(unsigned char *header)
{
	unsigned sum = 0;
	char text[SUM_LEN + 1];

	memset(header + SUM_AT, ' ', SUM_LEN);
	for (size_t i = 0; i < BLOCK; i++)
		sum += header[i];
	snprintf(text, sizeof text, "%06o", sum);
	memcpy(header + SUM_AT, text, SUM_LEN - 1);
}

/* Walks from header to header, by the sizes they tell. */
static void mend(unsigned char *tar, size_t len)
{
	for (size_t at = 0; len - at >= BLOCK;) {
		char size[SIZE_LEN + 1] = { 0 };
		memcpy(size, tar + at + SIZE_AT, SIZE_LEN);
		if (tar[at])
			mend_checksum(tar + at);
		size_t blocks = 1 + (strtoull(size, NULL, 8) + BLOCK - 1) / BLOCK;
		if (blocks > (len - at) / BLOCK)
			return;
		at += blocks * BLOCK;
	}
}

static void capture(int file)
{
	_cleanup_topo_ struct topo t = { 0 };
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	if (capture_machine(path, &t) == EXIT_OK && is_small(&t) && is_servable(&t))
		hold_laws(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	unsigned char *tar = malloc(len + 1);
	int file = memfd_create("recording.tar", MFD_CLOEXEC);

	HOLD(tar && file >= 0, "no memory");
	if (len)
		memcpy(tar, bytes, len);
	mend(tar, len);
	HOLD(write(file, tar, len) == (ssize_t)len, "no memory");
	capture(file);
	close(file);
	free(tar);
	return 0;
}
