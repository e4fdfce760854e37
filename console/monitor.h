/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* What this terminal shows without being asked: always what is announced to every process, and the
 * events of the group if it wants them. Main thread. */

/** Print what there is, when heartbeat_fd() is readable. */
void monitor_print(void);

/** Does this terminal want the events from now on? */
void monitor_set(bool on);

/** `monitor on|off`; rest is what was typed after the command. */
void monitor(const char *rest);
