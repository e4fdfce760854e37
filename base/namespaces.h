/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Namespaces of the kernel, as containers have them. A pid means something only in its own pid
 * namespace, and CLOCK_MONOTONIC only in its own time namespace. Any thread. */

/** Number of this process's namespace of a kind ("pid", "time"); 0 if the kernel has no such kind.
 * Two namespaces that exist at the same time have different numbers. */
uint64_t namespace_own(const char *kind);

/** The same of the process with this pid; 0 also if this user may not look. */
uint64_t namespace_of(pid_t pid, const char *kind);

/** Is the process with this pid in this process's pid namespace, and not in one below it? True if
 * the process has gone. */
bool namespace_has(pid_t pid);

/** Does /proc show the processes of this process's pid namespace? If not, every pid there is some
 * other process's. */
bool namespace_has_proc(void);
