/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <cmdline.h>
#include <cmdline_parse.h>

/** Longest line taken, in bytes without its newline; a longer one is refused whole. */
#define CONSOLE_LINE_MAX 511

/** Something else than input that the main thread has to see to. */
struct console_source {
	int fd;				   /* readable when there is; -1 for never */
	void (*ready)(struct cmdline *cl); /* then called; has to drain fd, may print lines */
};

/** Most sources console_run() takes. */
#define CONSOLE_MAX_SOURCES 2

/**
 * Read lines from standard input and run them by the grammar ctx until `quit`,
 * the end of input or a signal. A terminal gets prompt, editing and history of
 * the cmdline library and is given back as it was found; anything else is read
 * line by line, without prompt or echo. Main thread only.
 *
 * @param sources CONSOLE_MAX_SOURCES of them, seen to while no command runs.
 * @return 0 or a negative errno, with nothing read.
 */
int console_run(cmdline_parse_ctx_t *ctx, const char *prompt, const struct console_source *sources);

/** Give the terminal back as it was found. Any thread, any time, more than once. */
void console_restore(void);

#endif
