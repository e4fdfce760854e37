/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Forward packets from port to port in a thread of its own. Main thread. */

/** Bind the thread to this core, or with -1 to all cores of the EAL. Before forward_start(). */
void forward_set_core(int core);

/** The text given to forward_start(); NULL if nothing is forwarded now. */
const char *forward_running(void);

/**
 * Forward what port in receives to port out, and back if both is set, until forward_off(), until a
 * port is taken away, or until the primary leaves. With the turn, while nothing is forwarded.
 *
 * @param text for people: "forward net_null0 net_null1".
 * @return 0, or a negative errno and why.
 */
int forward_start(const char *text, unsigned int in, unsigned int out, bool both, char *why);

/** Stop forwarding. @return false if nothing was forwarded. */
bool forward_off(void);
