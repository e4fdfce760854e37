/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "group/members.h"

/* The first error that each process logs during an operation. A process that refuses a request logs
 * the reason, and the process that asked shows it. Main thread, unless a comment says otherwise. */

/** From now on, keep the first error that this process logs during each operation of the group.
 * Call it after rte_eal_init(). @return 0 or a negative errno. */
int errors_start(void);

/**
 * Find the first error in the group since this process took the turn; later errors follow from it.
 * With the turn, or for its holder, which waits. Any thread.
 *
 * @param who receives the process that logged it.
 * @return false if no process of this program has logged an error.
 */
bool errors_first(struct who *who, char *text, size_t size);

/** The same, among those errors that have part in them. */
bool errors_first_with(const char *part, struct who *who, char *text, size_t size);
