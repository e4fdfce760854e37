/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "eal/own_files.h"
#include "process/cleanup.h"

/* Where the EAL of a primary answers telemetry. */
#define TELEMETRY_SOCKET "dpdk_telemetry.v2"

static char files_dir[PATH_MAX];
static bool is_secondary;
/* The thread that ends the process by force reads it before it reads the two above. */
static atomic_bool begun;

void
cleanup_begin(const char *dir, bool secondary)
{
	strlcpy(files_dir, dir, sizeof(files_dir));
	is_secondary = secondary;
	begun = true;
}

void
cleanup_remove_files(void)
{
	char path[PATH_MAX + sizeof(TELEMETRY_SOCKET)];

	if (!begun)
		return;
	own_files_remove(files_dir, is_secondary ? getpid() : 0);
	snprintf(path, sizeof(path), "%s/" TELEMETRY_SOCKET, files_dir);
	if (!is_secondary)
		unlink(path);
}
