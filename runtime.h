/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * The EAL's runtime directory, looked at from outside the EAL: who runs with a
 * file prefix can be learnt before rte_eal_init(), which changes what it finds.
 */

/**
 * Path of the runtime directory of a file prefix, by the EAL's own rules:
 * $RUNTIME_DIRECTORY, else /var/run for root, else $XDG_RUNTIME_DIR or /tmp;
 * then dpdk/<prefix>. Nothing is created.
 *
 * @return 0, or -ENAMETOOLONG if the path does not fit size bytes.
 */
int runtime_dir(const char *file_prefix, char *dir, size_t size);

/**
 * Pid of the primary that holds the lock on dir's configuration file, 0 if none
 * does, or a negative errno; -EREMOTE if it is in another pid namespace. A primary must not call it
 * once its EAL runs: to close the file would drop the EAL's own lock on it (fcntl(2)).
 */
pid_t runtime_primary(const char *dir);

/**
 * Pids of the secondaries whose mp socket in dir still answers; the sockets of
 * dead ones are passed over.
 *
 * @return how many pids were written, at most max.
 */
unsigned int runtime_secondaries(const char *dir, pid_t *pids, unsigned int max);

/** Remove the mp socket, and what else it has made in dir, of the secondary with this pid; with
 * pid 0, the primary's socket. */
void runtime_remove_files(const char *dir, pid_t pid);

/** As runtime_remove_files(), but only what nobody uses: its pid may have a new owner. */
void runtime_remove_dead(const char *dir, pid_t pid);

/** What one more secondary puts into dir: its socket, and a copy of each table of the primary's. */
void runtime_join_needs(const char *dir, uint64_t *bytes, unsigned int *files);

/** Has the file system of dir less room than this, for this user? */
bool runtime_full(const char *dir, uint64_t bytes, unsigned int files);

/**
 * Make the runtime directory and the one above it, as the EAL does, and see that
 * other users can neither put anything in its place nor get at what is in it:
 * the EAL follows links, overwrites what it finds, and waits for whoever has
 * locked the directory.
 *
 * @param why receives a sentence on failure.
 * @return 0 or a negative errno.
 */
int runtime_make_dir(const char *dir, char *why, size_t size);

/**
 * Is this something that other users can do nothing with, not even read it?
 *
 * @param type S_IFREG or S_IFDIR.
 * @param why receives a sentence if not.
 * @return 0 or -EPERM.
 */
int runtime_check_private(
	const char *path, const struct stat *st, mode_t type, char *why, size_t size);

#endif
