/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include <rte_common.h>

/* Print the answers of commands, and record whether commands have failed. Main thread. */

/** Longest input line, in bytes without its newline. A longer line is refused. */
#define OUTPUT_LINE_MAX 511

/** Print on standard output. If that fails, say so once on standard error; the command has failed
 * then, except at a terminal. */
__rte_format_printf(1, 2) void output_print(const char *format, ...);

/** Record that the command under way, or reading its line, has failed. */
void output_fail(void);

/** Print why the command has failed, and record it. */
#define output_failure(...) (output_print(__VA_ARGS__), output_fail())

/** A wait_fn that prints what a command waits for: in a script on standard error, to keep it apart
 * from the answers. @return false when the process should leave. */
bool output_wait(const char *text);

/** Begin and end a line that was not typed at a terminal. line must last until its end. */
void output_begin_line(const char *line);
void output_end_line(void);

/** Has the present line failed, or else the last one? */
bool output_line_failed(void);

/** Has any line failed, or its answer been lost, that was not typed at a terminal? */
bool output_any_failed(void);

/** From now on, answers go to a person at a terminal; or to a reader, which may end the feed. */
void output_to_terminal(void);
void output_to_feed(void);
