/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "console/output.h"
#include "operations/operation.h"

/* How commands answer. What says that something was wrong also fails the command. Main thread. */

/** Is there one word that can be a device? If not, say what is wrong with it. */
bool answer_one_device(const char *verb, const char *args, const char *rest);

/** The arguments of a command are wrong. */
void answer_usage(const char *verb, const char *args);

/** The primary has left. */
void answer_primary_left(void);

/** What came of a command: note, and then "done what (text)", or "failed to verb what: text". */
void answer_result(const char *verb, const char *done, const char *what, const struct result *res);

/** The same, of a device; typed is how it was named, if its bus does not name it. */
void answer_device(const char *verb, const char *done, const char *typed, const struct result *res);

/* The words of what was typed after a command. Any thread. */

/** Most words that a command takes. */
#define WORDS_MAX 6

struct words {
	char text[OUTPUT_LINE_MAX + 1];
	char *word[WORDS_MAX];
	int nb; /* more than WORDS_MAX if there are more; those are not in word */
};

void words_split(struct words *words, const char *rest);
