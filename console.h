/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>

#include <rte_common.h>

#include <cmdline_parse.h>

#include "base/wait.h"

/** Longest line taken, in bytes without its newline; a longer one is refused whole. */
#define CONSOLE_LINE_MAX 511

/** Something else than input that the main thread has to see to. */
struct console_source {
	int fd;		     /* readable when there is; -1 for never */
	void (*ready)(void); /* then called; has to drain fd, may print lines */
	bool silent;	     /* it prints nothing */
};

/** Most sources a console takes. */
#define CONSOLE_MAX_SOURCES 3

/** How lines are read and run. */
struct console {
	cmdline_parse_ctx_t *grammar; /* of lines that are typed */
	cmdline_parse_ctx_t *lines;   /* of others */
	const char *prompt;
	struct console_source sources[CONSOLE_MAX_SOURCES]; /* no command runs, or one looks */
	/* Of lines that nobody types: */
	bool trace;	 /* show each with the prompt before it is run */
	bool keep_going; /* run the next one also after one that has failed */
};

/** Why no more lines were run. */
enum console_end {
	CONSOLE_END_INPUT,  /* there were no more */
	CONSOLE_END_FAILED, /* one has failed, and this is not to keep going */
	CONSOLE_END_LEAVE,  /* `quit`, or a signal */
};

/**
 * Run the lines of a text, or those read from a descriptor until its end, one
 * after the other, without prompt or echo. Main thread, as all below.
 */
enum console_end console_text(const struct console *con, const char *text);
enum console_end console_lines(const struct console *con, int fd);

/**
 * Read lines from standard input until `quit`, the end of input or a signal. A
 * terminal gets prompt, editing and history of the cmdline library and is given
 * back as it was found; anything else is console_lines().
 */
enum console_end console_input(const struct console *con);

/** See to the sources alone until a signal, or until nobody reads standard output. */
void console_feed(const struct console *con);

/**
 * Print on standard output, of any command or source. If it cannot be written, that is
 * said once on standard error, and the command has failed; but not at a terminal's prompt.
 */
__rte_format_printf(1, 2) void console_print(const char *format, ...);

/** The command under way has failed; what it has printed says why. */
void console_fail(void);

/** The command under way is to be the last. */
void console_quit(void);

/**
 * How a command tells the person who typed it what it waits for; as wait_fn. What reads the
 * answers of a script is not to find it among them, so there it goes to standard error.
 *
 * @return false once the process is to leave.
 */
bool console_wait(const char *text);

/**
 * For a command that goes on for long: see to the sources, so that it must be ready for all that
 * they do, and to Ctrl-C, which at a terminal is a character and no signal.
 *
 * @return false once the command is to end.
 */
bool console_look(void);

/** Has any line failed that was not typed at a terminal, or its answer been lost? */
bool console_failed(void);

/** Give the terminal back as it was found. Any thread, any time, more than once. */
void console_restore(void);

#endif
