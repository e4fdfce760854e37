/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "console/output.h"

/* The words of what was typed after a command. Any thread. */

/** Most words that a command takes. */
#define WORDS_MAX 6

struct words {
	char text[OUTPUT_LINE_MAX + 1];
	char *word[WORDS_MAX];
	int nb; /* more than WORDS_MAX if there are more; those are not in word */
};

void words_split(struct words *words, const char *rest);
