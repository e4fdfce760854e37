/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Leave when a signal asks for it, by force if the process takes too long (base/force.h). Main
 * thread, where nothing else is said. */

/**
 * Block SIGINT, SIGTERM and SIGHUP in every thread except a new one that waits for them; ignore
 * SIGPIPE and SIGTTOU. Call it before any other thread starts.
 *
 * @return 0 or a negative errno.
 */
int signals_start(void);

/** A descriptor that becomes readable once a signal has asked the process to leave. Any thread. */
int signals_fd(void);

/** The signal that asked the process to leave, 0 if none did. Any thread. */
int signals_caught(void);
