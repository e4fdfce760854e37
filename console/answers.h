/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "console/output.h"
#include "operations/operation.h"

/* How commands answer. An answer that reports a failure also fails the command. Main thread, unless
 * a comment says otherwise. */

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

/** Most words that a command takes. */
#define WORDS_MAX 6

/** The words after a command. */
struct words {
	char text[OUTPUT_LINE_MAX + 1];
	char *word[WORDS_MAX];
	int nb; /* counts also the words after the first WORDS_MAX, which are left out */
};

/** Split rest at its blanks. Any thread. */
void words_split(struct words *words, const char *rest);
