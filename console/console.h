/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "console/input.h"

/* Lines in, one after the other: from a text, a descriptor or a terminal, to the commands of
 * console/grammar.h. Main thread. */

/** How lines are read and run. */
struct console {
	const char *prompt;
	struct input_source sources[INPUT_MAX_SOURCES]; /* seen to while no command runs */
	/* Of lines that nobody types: */
	bool trace;	 /* show each with the prompt before it is run */
	bool keep_going; /* run the next one also after one that has failed */
};

/** Why no more lines were run. */
enum console_end {
	CONSOLE_END_INPUT,  /* there were no more */
	CONSOLE_END_FAILED, /* one has failed, and keep_going is off */
	CONSOLE_END_LEAVE,  /* `quit`, or a signal */
};

/** Run the lines of a text, or those read from a descriptor until its end, one after the other,
 * without prompt or echo. */
enum console_end console_text(const struct console *con, const char *text);
enum console_end console_lines(const struct console *con, int fd);

/** Read lines from standard input until `quit`, the end of input or a signal. A terminal gets
 * prompt, editing and history of the cmdline library and is given back as it was found; anything
 * else is console_lines(). */
enum console_end console_input(const struct console *con);

/** See to the sources alone until a signal, or until nobody reads standard output. */
void console_feed(const struct console *con);

/** `quit`: the command under way is the last. */
void console_quit(const char *rest);
