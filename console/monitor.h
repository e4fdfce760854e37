/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Print announcements at this terminal, and if it monitors the group, all other events. Main
 * thread. */

/** Print what is new. Call it when heartbeat_fd() is readable. */
void monitor_print(void);

/** `monitor on|off`: have this terminal monitor the group, or not; rest is what was typed after the
 * command. */
void monitor(const char *rest);
