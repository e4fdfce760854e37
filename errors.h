/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ERRORS_H
#define ERRORS_H

#include <stdatomic.h>
#include <stdint.h>

/**
 * The first error that a process has logged during an operation of the group, in shared
 * memory. Written by that process alone, by the thread that logs; order and text are whole
 * once op says which operation they belong to.
 */
struct first_error {
	_Atomic uint64_t op;
	uint64_t order; /* among the errors of all processes: the lowest came first */
	char text[256]; /* without line end or control characters */
};

/**
 * From now on, keep the errors this process logs where the process that asked for the
 * operation finds them. After rte_eal_init(), main thread.
 *
 * @param own this process's place for it.
 * @param order counts the errors kept in the whole group.
 * @param operation number of the operation under way in the group, 0 if none is. Called in any
 *   thread, the interrupt thread included.
 * @return 0 or a negative errno.
 */
int errors_start(struct first_error *own, _Atomic uint64_t *order, uint64_t (*operation)(void));

#endif
