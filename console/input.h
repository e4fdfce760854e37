/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Wait for input, and meanwhile do the other work of the main thread; and the terminal on standard
 * input, where the cmdline library's editor edits lines. Main thread, unless a comment says
 * otherwise. */

/** Other work of the main thread. */
struct input_source {
	int fd;		     /* readable when there is work; -1 for never */
	void (*ready)(void); /* does the work; must drain fd, may print lines */
	bool silent;	     /* ready() prints nothing */
	bool feed;	     /* it waits while the reader of standard output does not read */
};

/** Number of sources. */
#define INPUT_MAX_SOURCES 3

/** Set the sources, INPUT_MAX_SOURCES of them, for the functions below. */
void input_set_sources(const struct input_source *sources);

/** Wait until fd is readable; if fd is -1, wait until nobody reads standard output. @return false
 * when it is time to leave: after a signal, or when the feed has ended. */
bool input_wait(int fd);

/** Wait until the reader of standard output has taken what was printed. Nothing may be held.
 * @return false when it is time to leave. */
bool input_drain(void);

/** A wait_fn that prints what a command waits for. @return false when the process should leave; or
 * when a key of console/terminal.h that gives up was typed since the command began, unless it is in
 * an operation that cannot be cancelled. */
bool input_go_on(const char *text);

/** Call the sources that are ready, and look for the keys that give up. A long command calls this.
 * @return false when the command should end. */
bool input_look(void);
