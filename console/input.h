/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Wait for input, and meanwhile see to whatever else the main thread has to do. Main thread. */

/** Something beside input that the main thread has to see to. */
struct input_source {
	int fd;		     /* readable when there is; -1 for never */
	void (*ready)(void); /* then called; must drain fd, may print lines */
	bool silent;	     /* it prints nothing */
};

/** Most sources. */
#define INPUT_MAX_SOURCES 3

/** Set the sources that the functions below see to: INPUT_MAX_SOURCES of them. */
void input_set_sources(const struct input_source *sources);

/**
 * Wait until fd can be read.
 *
 * @param fd -1 to wait for ever, until nobody reads standard output.
 * @return false when it is time to leave: a signal has come, or the feed has ended.
 */
bool input_wait(int fd);

/**
 * For a command that takes long: see to the sources, so that it must be ready for all that they do,
 * and to Ctrl-C, which at a terminal is a character and no signal.
 *
 * @return false once the command should end.
 */
bool input_look(void);
