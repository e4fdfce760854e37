/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "console/input.h"

/* Read lines from a text, a descriptor or a terminal, and run them as commands (console/grammar.h).
 * Main thread. */

/** How lines are read and run. */
struct console {
	const char *prompt;
	struct input_source sources[INPUT_MAX_SOURCES]; /* called while no command runs */
	/* For lines that are not typed at a terminal: */
	bool trace;	 /* print each line, after the prompt, before it runs */
	bool keep_going; /* go on after a line that failed */
};

/** Why no more lines were run. */
enum console_end {
	CONSOLE_END_INPUT,  /* end of input */
	CONSOLE_END_FAILED, /* a line has failed, and keep_going is false */
	CONSOLE_END_LEAVE,  /* `quit`, or a signal */
};

/** Run the lines of a text, or of a descriptor until its end, without prompt or echo. */
enum console_end console_text(const struct console *con, const char *text);
enum console_end console_lines(const struct console *con, int fd);

/** Run the lines of standard input. A terminal gets prompt, editing and history of the cmdline
 * library, and is restored at the end; anything else goes to console_lines(). */
enum console_end console_input(const struct console *con);

/** Call only the sources, until a signal, or until nobody reads standard output. */
void console_feed(const struct console *con);

/** `quit`: run no more lines. */
void console_quit(const char *rest);
