/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The EAL's runtime directory: which processes run with its file prefix, known before
 * rte_eal_init(), which changes what is there; and the files that each process has there: its mp
 * socket, and a secondary's copies of the primary's memory tables. The EAL removes them only in
 * rte_eal_cleanup(). Any thread. */

/** Versions of DPDK, "24.11.8" or "24.11.0-rc1". */
struct runtime_versions {
	char primary[32], own[32];
};

/**
 * Path of the runtime directory of a file prefix, by the EAL's own rules: $RUNTIME_DIRECTORY, else
 * /var/run for root, else $XDG_RUNTIME_DIR or /tmp; then dpdk/<prefix>. Creates nothing.
 *
 * @return 0, or -ENAMETOOLONG if the path does not fit dir, PATH_MAX bytes.
 */
int runtime_dir(const char *file_prefix, char *dir);

/** Pid of the primary, which holds a lock on dir's configuration file; 0 if there is no primary; or
 * a negative errno, -EREMOTE if it has no pid in this pid namespace. A primary must not call this
 * once its EAL runs: closing the file would drop the EAL's own lock on it (fcntl(2)). */
pid_t runtime_primary(const char *dir);

/** In a secondary: open dir's configuration file, and keep it open. From then on runtime_primary()
 * neither needs a descriptor, nor does it depend on what is at the file's path. Main thread, before
 * other threads call runtime_primary(). @return 0 or a negative errno. */
int runtime_primary_keep(const char *dir);

/** Has the primary, which runs, made its memory, so that its EAL is complete? */
bool runtime_primary_complete(const char *dir);

/**
 * Compare the DPDK of the primary, which runs, with this process's.
 *
 * @return true if they differ; versions gets both. false, too, while the primary is still making
 * its memory, which the EAL waits for: it compares the versions itself, with fewer words.
 */
bool runtime_other_dpdk(const char *dir, struct runtime_versions *versions);

/** A file in the runtime directory that every process of a group keeps locked: the table of
 * the memory zones. */
#define RUNTIME_TABLE "fbarray_memzone"

/** Has a process locked the table at this path? To find out, this locks the table for a moment, so
 * nobody may be joining the group. With the turn of those that start. */
bool runtime_table_used(const char *path);

/** Instead of a pid: the primary, whose socket does not have its pid in its name. */
#define RUNTIME_PRIMARY 0
/** Instead of a pid: a process of another pid namespace. */
#define RUNTIME_ELSEWHERE (-1)

/**
 * The pids in the names of the mp sockets in dir that answer, or RUNTIME_PRIMARY. Sockets of dead
 * processes do not count. A secondary of another pid namespace has the pid that it has there.
 *
 * @return how many were written, at most max; or a negative errno if the sockets cannot be seen.
 */
int runtime_sockets(const char *dir, pid_t *pids, unsigned int max);

/** Is the process that has this pid here the secondary that has the socket with this pid in dir? If
 * not, that one is in another pid namespace. */
bool runtime_is_secondary(const char *dir, pid_t pid);

/** The secondaries whose mp socket in dir answers: pids, or RUNTIME_ELSEWHERE. @return how many
 * were written, at most max. */
unsigned int runtime_secondaries(const char *dir, pid_t *pids, unsigned int max);

/** Remove from dir the files of the secondary with this pid (0: the primary's socket), except those
 * that a process uses: the pid may have a new owner. */
void runtime_remove_dead(const char *dir, pid_t pid);

/** Remove from dir the socket of the secondary with this pid, so that the primary does not ask that
 * process any more. */
void runtime_socket_remove(const char *dir, pid_t pid);

/** The room that one more secondary needs in dir, in bytes and files. */
void runtime_join_needs(const char *dir, uint64_t *bytes, unsigned int *files);

/** Has the file system of dir less room than this, for this user? */
bool runtime_no_room(const char *dir, uint64_t bytes, unsigned int files);

/** From now on the EAL may make files in dir, for a secondary or a primary. Main thread. */
void runtime_files_begin(const char *dir, bool secondary);

/** Has runtime_files_begin() been called? */
bool runtime_files_begun(void);

/** Remove this process's files, if runtime_files_begin() was called. @return false if the directory
 * cannot be read, for example without a free descriptor. */
bool runtime_files_remove(void);
