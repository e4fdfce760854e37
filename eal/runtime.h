/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Which processes run with a file prefix, read from the EAL's runtime directory: known before
 * rte_eal_init(), which changes what is there. Any thread. */

/**
 * Path of the runtime directory of a file prefix, by the EAL's own rules: $RUNTIME_DIRECTORY, else
 * /var/run for root, else $XDG_RUNTIME_DIR or /tmp; then dpdk/<prefix>. Creates nothing.
 *
 * @return 0, or -ENAMETOOLONG if the path does not fit size bytes.
 */
int runtime_dir(const char *file_prefix, char *dir, size_t size);

/** Pid of the primary, which holds a lock on dir's configuration file; 0 if there is no primary; or
 * a negative errno, -EREMOTE if it is in another pid namespace. A primary must not call this once
 * its EAL runs: closing the file would drop the EAL's own lock on it (fcntl(2)). */
pid_t runtime_primary(const char *dir);

/**
 * Pids of the secondaries whose mp socket in dir still answers. Sockets of dead processes do not
 * count.
 *
 * @return how many pids were written, at most max.
 */
unsigned int runtime_secondaries(const char *dir, pid_t *pids, unsigned int max);

/** The process that has an mp socket of this name: the pid in mp_socket_<pid>_<hex>, 0 for the
 * primary's mp_socket, -1 for any other name. */
pid_t runtime_socket_owner(const char *name);

/** Does a process listen at the mp socket dir/name? A dead process's socket refuses to connect.
 * Sends nothing. */
bool runtime_socket_answers(const char *dir, const char *name);
