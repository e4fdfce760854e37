/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Forward packets from port to port, in a thread of its own. Main thread. */

/** The core that the thread is bound to, -1 for any of the EAL's. */
void forward_set_core(int core);

/** What is forwarded now, as the text given to forward_start(); NULL if nothing is. */
const char *forward_running(void);

/**
 * Forward what comes in at port in to port out, and back if both is set, until forward_off() or
 * until a port is taken away. With the turn, while nothing is forwarded.
 *
 * @param text names it: "forward net_null0 net_null1".
 * @return 0, or a negative errno and why.
 */
int forward_start(const char *text, unsigned int in, unsigned int out, bool both, char *why);

/** @return false if nothing was forwarded. */
bool forward_off(void);
