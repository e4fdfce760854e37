/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <sys/types.h>

#include "process/options.h"

/* Processes of an earlier group with the same file prefix, beside which no other may start. One
 * that is about to end is waited for, for 2 s. Both functions: main thread, before rte_eal_init(),
 * with the turn if there is a group; they return 0, or a negative errno and in why what to do. */

/**
 * Refuse to start beside a process that uses a file of the runtime directory which has been
 * removed: this one would make another of the same name, and have nothing in common with that
 * process.
 *
 * @param primary its pid; 0 if there is none.
 */
int earlier_files(const struct eal_options *options, const char *dir, pid_t primary, char *why);

/** Refuse to be a primary beside the secondaries of an earlier one. */
int earlier_secondaries(const struct eal_options *options, const char *dir, char *why);
