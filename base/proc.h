/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the kernel knows of other processes, from /proc. Any thread. */

/** Is there a process with this pid? */
bool proc_alive(pid_t pid);

/** What /proc/PID/stat says. */
struct proc_status {
	char state;	  /* 'D': waits in the kernel, and no signal ends that; '\0': not known */
	bool ends;	  /* it is dying, or dead: its locks may be gone already */
	uint64_t started; /* when, in clock ticks since the kernel's start; 0: not known. With the
			   * pid it names one process. */
};

struct proc_status proc_status(pid_t pid);

/** A file of a process in /proc. */
enum proc_file {
	PROC_STAT,
	PROC_CGROUP,
};

/** Read a file of a process into text, a buffer of size bytes, as far as there is room. The file
 * stays open if descriptors are left, so to read it again takes one system call. @return false if
 * it cannot be read. */
bool proc_read(pid_t pid, enum proc_file file, char *text, size_t size);

/** Is the process stopped, by a signal or by a debugger? */
bool proc_stopped(struct proc_status status);

/** What such a process is, and what to do. */
extern const char proc_stopped_is[];

/** Close the files of processes of which nobody has read one since the last call. */
void proc_forget_others(void);

/** Write the command name of a process ("dpdk-testpmd") to name, a buffer of size bytes; "?" if the
 * process has gone. */
void proc_program(pid_t pid, char *name, size_t size);

/** How many files this process has open, of those that count for its limit; the limit itself if it
 * cannot even look. */
unsigned int proc_files_open(void);

/** Pid of a process that has locked the file at this path with flock(2); 0 if there is none, or if
 * it has no pid here. */
pid_t proc_lock_holder(const char *path);

/** Id of a thread of this process that has one of these names; 0 if there is none. The list ends
 * with NULL. */
pid_t proc_thread(const char *const *names);
