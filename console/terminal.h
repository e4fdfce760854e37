/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <cmdline.h>
#include <cmdline_parse.h>

/* The terminal on standard input, where the cmdline library edits lines. Main thread, unless a
 * comment says otherwise. */

/** Begin to edit lines. @return the editor, or NULL with errno set. */
struct cmdline *terminal_open(cmdline_parse_ctx_t *grammar, const char *prompt);

/** Stop editing, and restore the terminal's settings. */
void terminal_close(void);

/** Is the editor open? */
bool terminal_is_open(void);

/** Restore the terminal's settings if the editor is open. Any thread, also more than once. */
void terminal_restore(void);

/** Clear the prompt and the half-typed line, to print in their place; and draw them again. */
void terminal_clear_line(void);
void terminal_draw_line(void);

/** Take the next character that terminal_read() has stored. @return false if there is none. */
bool terminal_next(char *c);

/** Is there room to store more characters? */
bool terminal_has_room(void);

/** Read and store what was typed, at most max bytes, while there is room. @return as read(2). */
ssize_t terminal_read(size_t max);

/** Is a Ctrl-C stored? If so, drop it and everything before it. */
bool terminal_interrupted(void);
