/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/**
 * Take SIGINT, SIGTERM and SIGHUP away from every thread and hand them to one that waits for them;
 * ignore SIGPIPE. Call it before any other thread starts.
 *
 * @return 0 or a negative errno.
 */
int signals_start(void);

/** A descriptor that becomes readable once a signal has asked the process to leave. */
int signals_fd(void);

/** The signal that asked to leave, 0 if none did. Any thread. */
int signals_caught(void);

/** The process is about to leave by itself: end it by force, with status 1, if it has not within
 * the time that a signal gives it. */
void signals_force_soon(void);

/** It is about to do what may take that much longer. Any thread. */
void signals_allow(unsigned int ms);

/** What to do before the process is ended by force, because it did not leave by itself in time;
 * runs in the signal thread, beside whatever hangs. NULL for none. */
void signals_on_force(void (*fn)(void));
