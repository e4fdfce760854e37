/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "base/stream.h"
#include "base/text.h"
#include "console/output.h"
#include "group/primary.h"

static bool at_terminal; /* from the first prompt on */
static bool feeding;
static bool line_failed; /* the present line, or the last one */
static bool any_failed;
static bool lost_told;

static const char *now_line; /* the present line, unless it was typed; else NULL */

/* Some of what was printed is not written. */
static void
lost(int err)
{
	char line[OUTPUT_LINE_MAX + 1];

	/* A person sees that nothing comes. A feed ends normally when its reader has gone. */
	if ((at_terminal && isatty(STDOUT_FILENO)) || (feeding && err == EPIPE))
		return;
	if (!at_terminal)
		output_fail();
	if (lost_told)
		return;
	lost_told = true;
	fprintf(stderr, PROGRAM ": cannot write to standard output: %s", strerror(err));
	if (now_line != NULL) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(now_line, "\n"), now_line);
		fprintf(stderr, "; the answer to \"%s\" is lost", text_printable(line));
	}
	fprintf(stderr, "\n");
}

void
output_print(const char *format, ...)
{
	int len, err = ENOMEM;
	va_list ap;
	char *text;

	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len >= 0) {
		err = stream_print(text, len);
		free(text);
	}
	if (err != 0)
		lost(err);
}

void
output_echo(char c)
{
	stream_print(&c, 1);
}

bool
output_drained(void)
{
	int err = stream_flush();

	if (err != 0 && err != EAGAIN)
		lost(err);
	return err != EAGAIN;
}

void
output_fail(void)
{
	line_failed = true;
	any_failed = any_failed || !at_terminal;
}

void
output_waiting(const char *text)
{
	if (at_terminal)
		output_print("%s\n", text);
	else
		fprintf(stderr, PROGRAM ": %s\n", text);
}

void
output_begin_line(const char *line)
{
	line_failed = false;
	now_line = line;
}

void
output_end_line(void)
{
	now_line = NULL;
}

bool
output_line_failed(void)
{
	return line_failed;
}

bool
output_any_failed(void)
{
	return any_failed;
}

void
output_to_terminal(void)
{
	at_terminal = true;
}

void
output_to_feed(void)
{
	feeding = true;
	line_failed = false;
}

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
