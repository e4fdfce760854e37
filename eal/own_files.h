/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The files that each process has in the EAL's runtime directory: its mp socket, and a secondary's
 * copies of the primary's memory tables. The EAL removes them only in rte_eal_cleanup(). Any
 * thread. */

/** Remove from dir the files of the secondary with this pid (0: the primary's socket), except those
 * that a process uses: the pid may have a new owner. */
void own_files_remove_dead(const char *dir, pid_t pid);

/** The room that one more secondary needs in dir, in bytes and files. */
void own_files_join_needs(const char *dir, uint64_t *bytes, unsigned int *files);

/** Has the file system of dir less room than this, for this user? */
bool own_files_no_room(const char *dir, uint64_t bytes, unsigned int files);

/** From now on the EAL may make files in dir, for a secondary or a primary. Main thread. */
void own_files_begin(const char *dir, bool secondary);

/** Remove this process's files, if own_files_begin() was called. */
void own_files_remove_own(void);
