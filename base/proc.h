/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What the kernel knows of other processes, from /proc. Any thread. */

/** Is there a process with this pid? */
bool proc_alive(pid_t pid);

/** Is the process stopped, by a signal or by a debugger? */
bool proc_stopped(pid_t pid);

/** Close the files that proc_stopped() keeps open, of all pids it was not asked about since the
 * last call. */
void proc_forget_others(void);

/** Command name of a process ("dpdk-testpmd"), or "?" when the process has gone. */
void proc_program(pid_t pid, char *name, size_t size);

/** The thread of this process with one of these names; 0 if there is none. The list ends with
 * NULL. */
pid_t proc_thread(const char *const *names);
