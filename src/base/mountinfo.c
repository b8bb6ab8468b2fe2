/* SPDX-License-Identifier: Apache-2.0 */
#include "topofs/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Takes the octal escapes out: of blanks, tabs, line ends and backslashes. */
static const char *unescape(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text), *to = copy;
	for (const char *c = text; *c; to++) {
		bool octal = c[0] == '\\' && c[1] >= '0' && c[1] < '4' && c[2] && c[3];
		*to = octal ? (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0')) : *c;
		c += octal ? 4 : 1;
	}
	*to = '\0';
	return copy;
}

/* "36 35 98:0 /root /mountpoint options shared:2 master:1... - type source options" */
static void parse_mount(struct arena *a, char *line, mount_list *ret)
{
	enum { PARTS = 6 };
	char *part[PARTS], *save = NULL;
	char *end = strstr(line, " - ");
	if (!end)
		return;
	*end = '\0';
	for (int i = 0; i < PARTS; i++)
		if (!(part[i] = strtok_r(i ? NULL : line, " ", &save)))
			return;
	bool shared = false;
	for (const char *word; (word = strtok_r(NULL, " ", &save));)
		shared |= !strncmp(word, "shared:", 7);
	const char *type = strtok_r(end + 3, " ", &save);
	const char *source = strtok_r(NULL, " ", &save), *super = strtok_r(NULL, " ", &save);
	struct mount_line *m = LIST_ADD(a, ret);
	m->shared = shared;
	m->id = strtoull(part[0], NULL, 10);
	m->parent = strtoull(part[1], NULL, 10);
	sscanf(part[2], "%u:%u", &m->major, &m->minor);
	m->root = unescape(a, part[3]);
	m->mountpoint = unescape(a, part[4]);
	m->options = arena_strdup(a, part[5]);
	m->type = unescape(a, type ? type : "");
	m->source = unescape(a, source ? source : "");
	m->super = arena_strdup(a, super ? super : "");
}

int read_mounts(struct arena *a, int proc, pid_t pid, mount_list *ret)
{
	char *line = NULL, path[32] = "self/mountinfo";
	size_t size = 0;
	if (pid)
		snprintf(path, sizeof path, "%d/mountinfo", (int)pid);
	int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file)
		return -errno;
	*ret = (mount_list){ 0 };
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		parse_mount(a, line, ret);
	}
	free(line);
	fclose(file);
	return 0;
}

int read_own_mounts(struct arena *a, mount_list *ret)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return -errno;
	int rc = read_mounts(a, proc, 0, ret);
	close(proc);
	return rc;
}

const struct mount_line *find_mount(const mount_list *mounts, uint64_t id)
{
	for (size_t i = 0; i < mounts->n; i++)
		if (mounts->at[i].id == id)
			return &mounts->at[i];
	return NULL;
}

bool is_served(const struct mount_line *m)
{
	return !strcmp(m->type, "fuse.topofs");
}
