/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/maps.h"

#define REMOVED " (deleted)"

/* Read a line of maps. @return false if no file is mapped there. */
static bool
line_read(char *line, struct mapped_file *file)
{
	unsigned int major_nb, minor_nb;
	size_t len = strlen(REMOVED);
	char *path, *end;
	int at = 0;

	if (sscanf(line, "%*s %*s %*s %x:%x %" SCNu64 " %n", &major_nb, &minor_nb, &file->inode,
		    &at) != 3 ||
		line[at] != '/')
		return false;
	path = line + at;
	end = path + strcspn(path, "\n");
	*end = '\0';
	file->removed = end - path > (ssize_t)len && strcmp(end - len, REMOVED) == 0;
	if (file->removed)
		end[-len] = '\0';
	file->dev = makedev(major_nb, minor_nb);
	file->path = path;
	return true;
}

int
maps_find(pid_t pid, bool (*match)(const struct mapped_file *file, void *arg), void *arg)
{
	struct mapped_file file;
	char path[64], *line = NULL;
	bool found = false;
	size_t size = 0;
	int ret = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return -errno;
	while (!found && getline(&line, &size, f) > 0)
		found = line_read(line, &file) && match(&file, arg);
	/* A process that ends meanwhile has no more lines. */
	if (!found && ferror(f))
		ret = -errno;
	free(line);
	fclose(f);
	return found ? 1 : ret;
}
