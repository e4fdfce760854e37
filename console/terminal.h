/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <cmdline.h>

/* The terminal on standard input, where the cmdline library's editor edits lines. Main thread,
 * unless a comment says otherwise. */

/* At a terminal these keys are characters and no signals. Each of them gives up what a command
 * waits for. Ctrl-D then also leaves, as at any prompt. */
#define KEY_CTRL_C '\x03'
#define KEY_CTRL_D '\x04'
#define KEY_CTRL_Z '\x1a'
#define KEY_CTRL_BACKSLASH '\x1c'

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

/** Clear the prompt and the half-typed line, to print in their place; and draw them once more. */
void terminal_clear(void);
void terminal_redraw(void);

/** Look whether the process is in the foreground of the terminal, if that is open: if it has come
 * there, show the editor; if not, say so once. @return false if standard input must not be read. */
bool terminal_look(void);

/** Is the editor shown? */
bool terminal_is_open(void);

/** Has one of the keys above been typed since the command began? That key, and all before it, are
 * dropped. Call it only if the command can be given up. */
bool terminal_given_up(void);

/** With each beat, in the watch thread: have the main thread look if the process came to the
 * foreground of the terminal, or left it. If one of these keys was typed during an operation that
 * cannot be cancelled, say so. */
void terminal_beat(void);
