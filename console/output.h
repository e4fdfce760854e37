/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include <rte_common.h>

/* What commands print, and whether they have failed. Main thread. */

/** Longest line that is taken, in bytes without its newline. A longer line is refused whole. */
#define OUTPUT_LINE_MAX 511

/** Print on standard output. If that cannot be written, say so once on standard error; then the
 * command has failed, except at a terminal's prompt. */
__rte_format_printf(1, 2) void output_print(const char *format, ...);

/** The command under way, or the reading of lines, has failed; what was printed says why. */
void output_fail(void);

/** Print why the command under way has failed. */
#define output_failure(...) (output_print(__VA_ARGS__), output_fail())

/**
 * Tell the person who typed a command what it waits for; a wait_fn. In a script the text goes to
 * standard error, so that whatever reads the answers does not find it among them.
 *
 * @return false once the process should leave.
 */
bool output_wait(const char *text);

/** A line begins that was not typed at a terminal, or NULL for one that was; and it ends. */
void output_begin_line(const char *line);
void output_end_line(void);

/** Has the line under way failed, or the last one? */
bool output_line_failed(void);

/** Has any line failed that was not typed at a terminal, or its answer been lost? */
bool output_any_failed(void);

/** From now on answers go to a person at a terminal; or to a reader of events, who ends them. */
void output_to_terminal(void);
void output_to_feed(void);
