/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOGTAP_H
#define LOGTAP_H

#include <stdbool.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The first error a process has logged during an operation of the group, in
 * shared memory. Written by that process alone, by the thread that logs; order
 * and text are whole once op says which operation they are of.
 */
struct logtap_error {
	_Atomic uint64_t op;
	uint64_t order; /* among the errors of all processes: the lowest came first */
	char text[256]; /* without line end or control characters */
};

/**
 * From now on, keep the errors this process logs where the process that asked
 * for the operation finds them. The log itself goes where it went before. After
 * rte_eal_init(), main thread.
 *
 * @param own this process's place for it.
 * @param order counts the errors kept in the whole group.
 * @param operation number of the operation under way in the group, 0 if none is. Called in any
 *   thread, the interrupt thread included.
 * @return 0 or a negative errno.
 */
int logtap_start(struct logtap_error *own, _Atomic uint64_t *order, uint64_t (*operation)(void));

/** Drop what this thread logs, or not any more. */
void logtap_mute(bool mute);

/** Log as before logtap_start(). Before rte_eal_cleanup(), main thread. */
void logtap_stop(void);

#endif
