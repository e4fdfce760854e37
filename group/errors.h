/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "group/members.h"

/* The first error of each process during an operation. It is where the reason of a refusal comes
 * from: the process that refused has logged it, and the process that asked shows it. */

/**
 * From now on, keep the first error that this process logs during an operation of the group. After
 * rte_eal_init(), main thread.
 *
 * @return 0 or a negative errno.
 */
int errors_start(void);

/**
 * The error that came first in the group since this process took the turn: the cause, of which
 * later ones are consequences. Holder of the turn.
 *
 * @param who receives the process that logged it.
 * @return false if no process of this program has logged one.
 */
bool errors_first(struct who *who, char *text, size_t size);
