/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The files that each process has in the EAL's runtime directory: its mp socket, and a secondary's
 * copies of the primary's memory tables. Any thread. */

/** Remove the files of the secondary with this pid from dir; with pid 0, the primary's socket. */
void own_files_remove(const char *dir, pid_t pid);

/** The same, but only the files that no process uses: the pid may have a new owner. */
void own_files_remove_dead(const char *dir, pid_t pid);

/** The room that one more secondary needs in dir, in bytes and files. */
void own_files_join_needs(const char *dir, uint64_t *bytes, unsigned int *files);

/** Has the file system of dir less room than this, for this user? */
bool own_files_no_room(const char *dir, uint64_t bytes, unsigned int files);

/* The files that the EAL makes for this process, and removes only in rte_eal_cleanup(). */

/** From now on the EAL may make files in dir, for a secondary or a primary. Main thread. */
void own_files_begin(const char *dir, bool secondary);

/** Remove them, for a process that ends without rte_eal_cleanup(). Nothing before
 * own_files_begin(). Any thread. */
void own_files_remove_own(void);
