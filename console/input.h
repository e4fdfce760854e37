/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <cmdline.h>

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

/** Call the sources that are ready, and look for Ctrl-C, which at a terminal is a character and no
 * signal. A long command calls this. @return false when the command should end. */
bool input_look(void);

#define KEY_CTRL_C '\x03'

/**
 * Begin to edit lines.
 *
 * @param parser completes words.
 * @param run is called with each line, which ends with a newline; it returns false to end the
 *   session.
 * @return false with errno set if that is not possible.
 */
bool terminal_open(struct cmdline *parser, const char *prompt, bool (*run)(const char *line));

/** Stop editing, and restore the terminal's settings. */
void terminal_close(void);

/** Restore the terminal's settings if the editor is open. Any thread, also more than once. */
void terminal_restore(void);

/** Hand a key to the editor. @return false when the session is over. */
bool terminal_key(char c);

/** Length of the half-typed line. */
size_t terminal_line_len(void);

/** Take the next character that terminal_read() has stored. @return false if there is none. */
bool terminal_next(char *c);

/** Read and store what was typed, at most max bytes, while there is room. @return as read(2). */
ssize_t terminal_read(size_t max);
