/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>

/*
 * What this terminal is told without asking: always what concerns everyone, and
 * the events of the group if it wants them. Main thread.
 */

/** Print what there is; for watch_news_fd(). */
void monitor_news(void);

/** Does this terminal want the events from now on? */
void monitor_set(bool on);

/** `monitor on|off`; rest is what was typed after the command. */
void monitor_command(const char *rest);

#endif
