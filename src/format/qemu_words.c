/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A command line as a shell would split it: quotes, backslashes, lines continued by a backslash. Variables and commands
 * have no value here and are refused. What stands before the QEMU (assignments, sudo, a line of libvirt's log) is
 * passed over; the command ends with its line.
 */

#include "qemu.h"

#include <errno.h>
#include <string.h>

struct splitter {
	const char *p, *end;
	struct arena *a;
	struct err *err;
	size_t place; /* of the next word, 0 is the program */
	struct buf word;
	bool any; /* the word has begun, even where it is empty */
};

static int refuse_word(struct splitter *s, const char *what)
{
	_cleanup_buf_ struct buf where = { 0 };
	buf_printf(&where, "argument %zu", s->place);
	return err_set(s->err, buf_text(&where), "%s", what);
}

static int read_quoted(struct splitter *s, char quote)
{
	s->any = true;
	for (s->p++; s->p < s->end && *s->p != quote; s->p++) {
		bool escaped = quote == '"' && *s->p == '\\' && s->p + 1 < s->end && strchr("\"\\$`\n", s->p[1]);
		if (quote == '"' && (*s->p == '$' || *s->p == '`'))
			return refuse_word(s, "a variable or command of the shell, which has no value here");
		s->p += escaped;
		if (!escaped || *s->p != '\n')
			buf_putc(&s->word, *s->p);
	}
	if (s->p == s->end)
		return refuse_word(s, "a quote that does not end");
	s->p++;
	return 0;
}

/* One character outside quotes, or a quoted part. */
static int read_part(struct splitter *s)
{
	if (*s->p == '\'' || *s->p == '"')
		return read_quoted(s, *s->p);
	if (*s->p == '$' || *s->p == '`')
		return refuse_word(s, "a variable or command of the shell, which has no value here");
	if (*s->p == '\\' && s->p + 1 < s->end && s->p[1] == '\n') {
		s->p += 2;
		return 0;
	}
	s->p += *s->p == '\\' && s->p + 1 < s->end;
	s->any = true;
	buf_putc(&s->word, *s->p++);
	return 0;
}

static bool is_program(const char *word)
{
	static const char *const begins[] = { "qemu-system-", "qemu-kvm", "kvm" };
	const char *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
	size_t n = strlen(name);
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (!strncmp(name, begins[i], strlen(begins[i])) && (i == 0 ? n > 12 : n == strlen(begins[i])))
			return true;
	return false;
}

static void end_word(struct splitter *s, qemu_words *ret)
{
	const char *word = buf_text(&s->word);
	if (s->any && (ret->n || is_program(word))) {
		*LIST_ADD(s->a, ret) = arena_strndup(s->a, word, s->word.len);
		s->place++;
	}
	buf_cut(&s->word, 0);
	s->any = false;
}

/* Up to the end of the command; false: up to the end of the text. */
static int split(struct splitter *s, qemu_words *ret)
{
	while (s->p < s->end) {
		char c = *s->p;
		bool ends = c == '\n' || c == ';' || c == '|' || c == '&' || c == '<' || c == '>';
		if (ends || c == ' ' || c == '\t' || c == '\r') {
			end_word(s, ret);
			if (ends && ret->n)
				return 0;
			s->p++;
		} else if (c == '#' && !s->any) {
			while (s->p < s->end && *s->p != '\n')
				s->p++;
		} else if (!ret->n && (c == '\'' || c == '"' || c == '$' || c == '`')) {
			/* of what is not the command */
			s->any = true;
			buf_putc(&s->word, *s->p++);
		} else if (read_part(s)) {
			return -EINVAL;
		}
	}
	end_word(s, ret);
	return 0;
}

int qemu_split(const char *bytes, size_t len, struct arena *a, qemu_words *ret, struct err *err)
{
	struct splitter s = { .p = bytes, .end = bytes + len, .a = a, .err = err };
	int failed = memchr(bytes, 0, len) ? err_set(err, "", "a command line has no NUL") : split(&s, ret);
	buf_done(&s.word);
	if (!failed && !ret->n)
		failed = err_set(err, "", "no command of a QEMU: qemu-system-x86_64, qemu-kvm ...");
	return failed;
}

bool qemu_recognizes(const char *bytes, size_t len)
{
	char word[256];
	size_t n = 0;
	while (len && strchr(" \t\r\n", *bytes))
		bytes++, len--;
	while (n < len && n < sizeof word - 1 && bytes[n] && !strchr(" \t\r\n", bytes[n]))
		n++;
	memcpy(word, bytes, n);
	word[n] = '\0';
	return is_program(word);
}
