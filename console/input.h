/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <cmdline.h>
#include <cmdline_parse.h>

/* Wait for input, and meanwhile do the other work of the main thread; and the terminal on standard
 * input, where the cmdline library edits lines. Main thread, unless a comment says otherwise. */

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

#define KEY_CTRL_C '\x03'

/** Begin to edit lines. @return the editor, or NULL with errno set. */
struct cmdline *terminal_open(cmdline_parse_ctx_t *grammar, const char *prompt);

/** Stop editing, and restore the terminal's settings. */
void terminal_close(void);

/** Restore the terminal's settings if the editor is open. Any thread, also more than once. */
void terminal_restore(void);

/** Take the next character that terminal_read() has stored. @return false if there is none. */
bool terminal_next(char *c);

/** Read and store what was typed, at most max bytes, while there is room. @return as read(2). */
ssize_t terminal_read(size_t max);
