/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Leave when a signal asks for it, by force if the process takes too long (base/force.h). Main
 * thread, where nothing else is said. */

/**
 * Have SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGXCPU wait for a new thread, and ignore signals that
 * would stop or end the process for no reason. What the parent has blocked, ignored or set a timer
 * for does not count, except that it has ignored SIGHUP. Call it before any other thread starts.
 *
 * @return 0 or a negative errno.
 */
int signals_start(void);

/** A descriptor that becomes readable once a signal has asked the process to leave. Any thread. */
int signals_fd(void);

/** The signal that asked the process to leave, 0 if none did. Any thread. */
int signals_caught(void);
