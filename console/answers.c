/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include <rte_string_fns.h>

#include "console/answers.h"
#include "group/primary.h"

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

bool
answer_one_device(const char *verb, const char *args, const char *rest)
{
	struct words words;

	words_split(&words, rest);
	if (words.nb == 0)
		output_failure(
			"failed to %s device: missing argument; usage: %s %s\n", verb, verb, args);
	else if (words.nb > 1)
		output_failure("failed to %s device %s: expected one word, got %d; devargs have no "
			       "blanks\n",
			verb, rest, words.nb);
	else if (strcmp(rest, "\"\"") == 0 || strcmp(rest, "''") == 0)
		output_failure("failed to %s device %s: empty word; usage: %s %s\n", verb, rest,
			verb, args);
	else
		return true;
	return false;
}

void
answer_usage(const char *verb, const char *args)
{
	output_failure("failed to %s: wrong arguments; usage: %s %s\n", verb, verb, args);
}

void
answer_primary_left(void)
{
	char text[96];

	primary_lost_text(text, sizeof(text));
	output_failure("%s\n", text);
}

void
answer_result(const char *verb, const char *done, const char *what, const struct result *res)
{
	if (res->note[0] != '\0')
		output_print("note: %s\n", res->note);
	if (res->err != 0)
		output_failure("failed to %s %s: %s\n", verb, what, res->text);
	else if (res->text[0] != '\0')
		output_print("%s %s (%s)\n", done, what, res->text);
	else
		output_print("%s %s\n", done, what);
}

void
answer_device(const char *verb, const char *done, const char *typed, const struct result *res)
{
	char what[OUTPUT_LINE_MAX + 16];

	snprintf(what, sizeof(what), "device %s", res->name[0] == '\0' ? typed : res->name);
	answer_result(verb, done, what, res);
}
