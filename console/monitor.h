/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Print announcements at this terminal, and if it monitors the group, all other events. Main
 * thread. */

/** Print what is new. Call it when heartbeat_fd() is readable. */
void monitor_print(void);

/** Have this terminal monitor the group, or not. */
void monitor_set(bool on);

/** `monitor on|off`; rest is what was typed after the command. */
void monitor(const char *rest);
