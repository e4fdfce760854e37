/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"
#include "group/views.h"

/* Can every process answer, and has every process served its requests? Sends nothing. Main thread,
 * with the turn. */

/**
 * Check that the primary is there, and that no process is stopped or hung. A process that is late
 * gets up to a second to show that it runs.
 *
 * @param now receives the views.
 * @return 0, or a negative errno; why names the process and says what to do.
 */
int readiness_check(struct views *now, wait_fn wait, char *why);

/**
 * The same for a process that starts or leaves, with the turn or without. Only processes count to
 * which the EAL sends its requests. Clears nothing away, and does not wait for requests that were
 * sent before. A process that leaves gets more time for it.
 */
int readiness_look(struct views *now, char *why);

/** Wait until the interrupt thread of every process has served what was sent to it before. @return
 * 0, -ETIMEDOUT if a process is stopped or stays busy, or -ECANCELED if wait gave up. */
int readiness_settle(wait_fn wait);
