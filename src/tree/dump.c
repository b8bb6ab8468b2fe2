/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/tree.h"

#include <string.h>
#include <sys/stat.h>

/* Octal takes three digits and no more, so what follows never reads as part of it. */
static void escape(struct buf *out, const char *bytes, size_t len)
{
	static const char special[] = "\a\b\t\n\v\f\r\\", letters[] = "abtnvfr\\";
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		const char *found = c ? strchr(special, c) : NULL;
		if (found)
			buf_printf(out, "\\%c", letters[found - special]);
		else if (c < 0x20 || c >= 0x7f)
			buf_printf(out, "\\%03o", c);
		else
			buf_putc(out, (char)c);
	}
}

static void dump_file(const struct tree *t, uint32_t e, struct buf *out)
{
	const char *text = tree_data(t, e);
	size_t len = t->entries[e].size;
	unsigned int permissions = t->entries[e].mode & 07777;
	if (permissions != 0444)
		buf_printf(out, " [%04o]", permissions);
	buf_puts(out, ": ");
	escape(out, text, len && text[len - 1] == '\n' ? len - 1 : len);
}

void tree_dump(const struct tree *t, uint32_t from, struct buf *out)
{
	_cleanup_buf_ struct buf path = { 0 };
	for (uint32_t e = from == TREE_ROOT ? 1 : from; e < t->entries[from].end; e++) {
		buf_cut(&path, 0);
		tree_path(t, e, &path);
		escape(out, path.data, path.len);
		if (S_ISDIR(t->entries[e].mode)) {
			buf_putc(out, '/');
		} else if (S_ISLNK(t->entries[e].mode)) {
			buf_puts(out, " -> ");
			escape(out, tree_data(t, e), t->entries[e].size);
		} else {
			dump_file(t, e, out);
		}
		buf_putc(out, '\n');
	}
}
