/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* See each error that the EAL logs, and keep the log quiet where it would mislead. Main thread. */

/**
 * From now on, call keep for each error that this process logs. The log itself still goes where the
 * EAL's options say, and looks as they say. After rte_eal_init().
 *
 * @param keep called in the thread that logs, which may be the interrupt thread: it must neither
 *   allocate nor wait. The text has neither colours nor a time stamp, and no null at its end.
 * @return 0 or a negative errno.
 */
int log_tap_start(void (*keep)(const char *text, size_t len));

/** Drop what the calling thread logs, or stop dropping it. Any thread. */
void log_tap_mute(bool mute);

/** Call keep no more. The log goes on to the end of the process. */
void log_tap_stop(void);
