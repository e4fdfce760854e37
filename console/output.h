/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include <rte_common.h>

#include "operations/operation.h"

/* Print the answers of commands, and record whether commands have failed. Main thread. */

/** Longest input line, in bytes without its newline. A longer line is refused. */
#define OUTPUT_LINE_MAX 511

/** Print on standard output. What its reader does not take yet is kept (base/stream.h). If printing
 * fails, say so once on standard error; the command has failed then, except at a terminal. */
__rte_format_printf(1, 2) void output_print(const char *format, ...);

/** Print a character that was typed. A failure is no matter: the next answer shows it. */
void output_echo(char c);

/** Has the reader taken all that was printed? Until it has, no more should be printed than one
 * command prints. */
bool output_drained(void);

/** Record that the command under way, or reading its line, has failed. */
void output_fail(void);

/** Print why the command has failed, and record it. */
#define output_failure(...) (output_print(__VA_ARGS__), output_fail())

/** Print what a command waits for: in a script on standard error, to keep it apart from the
 * answers. */
void output_waiting(const char *text);

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

/** Is rest one word that can be a device? If not, print what is wrong. */
bool answer_one_device(const char *verb, const char *args, const char *rest);

/** Print that the arguments are wrong, and the usage. */
void answer_usage(const char *verb, const char *args);

/** Print that the primary has left. */
void answer_primary_left(void);

/** Print the note, then "done what (text)" or "failed to verb what: text". */
void answer_result(const char *verb, const char *done, const char *what, const struct result *res);

/** The same for a device, by res->name, or else as it was typed. */
void answer_device(const char *verb, const char *done, const char *typed, const struct result *res);

#define WORDS_MAX 6 /* most words that a command takes */

/** The words after a command. */
struct words {
	char text[OUTPUT_LINE_MAX + 1];
	char *word[WORDS_MAX];
	int nb; /* counts also the words after the first WORDS_MAX, which are left out */
};

/** Split rest at its blanks. */
void words_split(struct words *words, const char *rest);
