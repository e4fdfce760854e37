/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"
#include "group/views.h"

/* Can every process answer, and has every process done what was sent to it? Main thread, holder of
 * the turn. Nothing is sent to anyone. */

/**
 * Can every process answer? The primary must be there, and no process may be stopped or hung. A
 * process that is late gets up to a second to show that it runs.
 *
 * @param now receives what each process sees, once all are well.
 * @return 0; or a negative errno, and in why which process it is and what to do.
 */
int readiness_check(struct views *now, wait_fn wait, char *why);

/**
 * Wait until the interrupt thread of every process has done what was sent to it so far.
 *
 * @return 0, or -ETIMEDOUT if some process is stopped or stays busy.
 */
int readiness_settle(wait_fn wait);
