/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <poll.h>
#include <stddef.h>

/* Standard output and standard error. No write waits for a reader: what a reader does not take at
 * once, as a terminal does not after Ctrl-S, is kept in order and written later. Any thread. */

/** Have stdout and stderr of stdio come here too, and streams_end() run at exit. Call it before
 * anything is printed. @return 0 or a negative errno. */
int streams_start(void);

/** Print on standard output. @return 0 if it is written or kept; or why this text, or some that was
 * kept, cannot be written: a positive errno. */
int stream_print(const char *text, size_t len);

/** Write what is kept of both streams, as far as the readers take it. @return as stream_print(), or
 * EAGAIN while some text for standard output is kept. */
int stream_flush(void);

/** Number of descriptors that stream_poll() fills in. */
#define STREAM_FDS 3

/** Fill in descriptors for poll(2): one becomes ready when stream_flush() may have work. */
void stream_poll(struct pollfd *fds);

/** Make one of those descriptors ready. */
void stream_wake(void);

/** Wait until the readers have taken everything, or until a signal asks the process to leave. Only
 * when the process has left its group, because that may take for ever. */
void streams_end(void);
