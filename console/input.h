/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Wait for input, and meanwhile do the other work of the main thread. Main thread. */

/** Other work of the main thread. */
struct input_source {
	int fd;		     /* readable when there is work; -1 for never */
	void (*ready)(void); /* does the work; must drain fd, may print lines */
	bool silent;	     /* ready() prints nothing */
};

/** Number of sources. */
#define INPUT_MAX_SOURCES 3

/** Set the sources, INPUT_MAX_SOURCES of them, for the functions below. */
void input_set_sources(const struct input_source *sources);

/** Wait until fd is readable; if fd is -1, wait until nobody reads standard output. @return false
 * when it is time to leave: after a signal, or when the feed has ended. */
bool input_wait(int fd);

/** Call the sources that are ready, and look for Ctrl-C, which at a terminal is a character and no
 * signal. A long command calls this. @return false when the command should end. */
bool input_look(void);
