/* SPDX-License-Identifier: Apache-2.0 */

/* reader FOLDER: the bytes of all files that everybody may read, then all links, each in the order of their paths. */

#define _XOPEN_SOURCE 700

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct list {
	char **at;
	size_t n;
} files, links;

static void add(struct list *l, const char *path)
{
	l->at = realloc(l->at, (l->n + 1) * sizeof *l->at);
	if (!l->at || !(l->at[l->n++] = strdup(path)))
		abort();
}

static int found(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)where;
	if (kind == FTW_F && (st->st_mode & 0444) == 0444)
		add(&files, path);
	else if (kind == FTW_SL)
		add(&links, path);
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct list *l)
{
	if (l->n)
		qsort(l->at, l->n, sizeof *l->at, by_path);
}

static int print_file(const char *path)
{
	char bytes[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return 1;
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		fwrite(bytes, 1, (size_t)n, stdout);
	close(fd);
	return n != 0;
}

int main(int argc, char **argv)
{
	char text[PATH_MAX];
	if (argc != 2 || nftw(argv[1], found, 64, FTW_PHYS))
		return 2;
	sort(&files);
	sort(&links);
	for (size_t i = 0; i < files.n; i++)
		if (print_file(files.at[i]))
			return perror(files.at[i]), 1;
	for (size_t i = 0; i < links.n; i++) {
		ssize_t n = readlink(links.at[i], text, sizeof text);
		if (n < 0)
			return perror(links.at[i]), 1;
		printf("%s -> %.*s\n", links.at[i], (int)n, text);
	}
	return fflush(stdout) != 0;
}
