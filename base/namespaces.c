/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/namespaces.h"

uint64_t
namespace_of(pid_t pid, const char *kind)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

uint64_t
namespace_own(const char *kind)
{
	return namespace_of(getpid(), kind);
}

bool
namespace_has(pid_t pid)
{
	char path[64], line[256];
	int first, below = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return true;
	/* The pids of the process, from this namespace down to its own. */
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "NSpid: %d %d", &first, &below) > 0)
			break;
	}
	fclose(f);
	return below == 0;
}

bool
namespace_has_proc(void)
{
	char pid[32];
	ssize_t len = readlink("/proc/self", pid, sizeof(pid) - 1);

	if (len <= 0)
		return false;
	pid[len] = '\0';
	return atoi(pid) == getpid();
}
