/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <cmdline.h>
#include <cmdline_parse.h>

/* The terminal on standard input, while the cmdline library edits lines there. Main thread, where
 * nothing else is said. */

/** Begin to edit lines. @return what the cmdline library has of it, or NULL with errno set. */
struct cmdline *terminal_open(cmdline_parse_ctx_t *grammar, const char *prompt);

/** End, and give the terminal back as it was found. */
void terminal_close(void);

/** Is it open? */
bool terminal_is_open(void);

/** Give it back as it was found, if it is open. Any thread, any time, more than once. */
void terminal_restore(void);

/** Clear the prompt and the half-typed line, to print above them; and draw them again. */
void terminal_clear_line(void);
void terminal_draw_line(void);

/** The next character that was typed and read already. @return false if there is none. */
bool terminal_next(char *c);

/** Has it room for more of what is typed? */
bool terminal_has_room(void);

/** Take in what is typed, as far as there is room, at most so many bytes. @return as read(2). */
ssize_t terminal_read(size_t max);

/** Is there Ctrl-C in what was typed and not taken yet? It is dropped with what stands before. */
bool terminal_interrupted(void);
