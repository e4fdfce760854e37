/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What the kernel knows of other processes, from /proc. Any thread. */

/** Is there a process with this pid? */
bool proc_alive(pid_t pid);

/** The state of a process, as /proc/PID/stat names it: 'D' if it waits in the kernel and no signal
 * ends that; '\0' if it is not known. */
char proc_state(pid_t pid);

/** Is the process stopped, by a signal or by a debugger? */
bool proc_stopped(pid_t pid);

/** What such a process is, and what to do. */
extern const char proc_stopped_is[];

/** Close the files that proc_state() and proc_stopped() keep open for pids that nobody has asked
 * about since the last call. */
void proc_forget_others(void);

/** Write the command name of a process ("dpdk-testpmd") to name, a buffer of size bytes; "?" if the
 * process has gone. */
void proc_program(pid_t pid, char *name, size_t size);

/** How many files this process has open, of those that count for its limit; the limit itself if it
 * cannot even look. */
unsigned int proc_files_open(void);

/** Id of a thread of this process that has one of these names; 0 if there is none. The list ends
 * with NULL. */
pid_t proc_thread(const char *const *names);
