/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Files that processes have mapped, from /proc/PID/maps, which only root and the process's own user
 * can read. Any thread. */

/** A file that a process has mapped. */
struct mapped_file {
	dev_t dev;
	uint64_t inode;
	const char *path;
	bool removed; /* nothing is at the path, or another file */
};

/**
 * Call match() for each mapped file of a process, until it returns true. A file may come several
 * times.
 *
 * @param arg is passed to match().
 * @return 1 if it has returned true, 0 if it has not, or a negative errno: -ENOENT if there is no
 *   process with this pid, -EACCES if this user may not look.
 */
int maps_find(pid_t pid, bool (*match)(const struct mapped_file *file, void *arg), void *arg);
