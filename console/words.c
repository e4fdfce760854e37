/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_string_fns.h>

#include "console/words.h"

void
words_split(struct words *words, const char *rest)
{
	char *save = NULL, *word;

	words->nb = 0;
	strlcpy(words->text, rest, sizeof(words->text));
	for (word = strtok_r(words->text, " \t", &save); word != NULL;
		word = strtok_r(NULL, " \t", &save)) {
		if (words->nb < WORDS_MAX)
			words->word[words->nb] = word;
		words->nb++;
	}
}
