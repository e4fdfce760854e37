/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>

#include <cmdline.h>

#include "base/signals.h"
#include "console/console.h"
#include "console/grammar.h"
#include "console/output.h"
#include "console/terminal.h"

#define HANGUP_MS 100
#define KEYS_MAX 64 /* keys to handle before the sources get their turn */

static struct cmdline *parser; /* of the present lines; it neither reads nor writes */
static bool quitting;

/* Input that is not typed at a terminal. */
struct lines {
	const struct console *con;
	char line[OUTPUT_LINE_MAX + 2]; /* with newline and null */
	size_t used;
	bool too_long;
};

void
console_quit(__rte_unused const char *rest)
{
	quitting = true;
}

#define NO_COMMAND "it fits no command"
#define NOT_ASCII "it has characters that are not ASCII; pipe it in instead"
#define TOO_LONG "it is longer than " RTE_STR(OUTPUT_LINE_MAX) " bytes"

static void
refuse(const char *what)
{
	output_failure("line refused, nothing was run: %s\n", what);
}

/* @return false if no more lines should be run. */
static bool
typed_run(const char *line)
{
	if (cmdline_parse(parser, line) < 0)
		refuse(NO_COMMAND);
	return !quitting;
}

/*
 * Pass one character to the editor of the cmdline library. The editor silently drops characters
 * past its buffer, and all but ASCII. A line that has lost characters must not run.
 *
 * @return false when the session is over.
 */
static bool
terminal_feed(char c, bool *dropped)
{
	if ((unsigned char)c >= 0x80)
		*dropped = true;
	if ((c == '\r' || c == '\n') && (*dropped || terminal_line_len() > OUTPUT_LINE_MAX)) {
		output_print("\n");
		refuse(*dropped ? NOT_ASCII : TOO_LONG);
		c = KEY_CTRL_C;
	}
	if (c == KEY_CTRL_C)
		*dropped = false;
	return terminal_key(c);
}

/* Wait for keys and read them. @return false when it is time to leave. */
static bool
keys_read(void)
{
	struct pollfd hangup = {.fd = signals_fd(), .events = POLLIN};
	ssize_t len;

	while (input_wait(STDIN_FILENO)) {
		len = terminal_read(KEYS_MAX);
		if (len > 0)
			return true;
		if (len < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* It was put in the background just now. */
		if (len < 0 && errno == EIO && !terminal_look())
			continue;
		/* A terminal ends only when it hangs up. Wait for the signal of that. */
		poll(&hangup, 1, HANGUP_MS);
		break;
	}
	return false;
}

/* A parser with neither input nor output. */
static bool
parser_make(void)
{
	quitting = false;
	parser = cmdline_new(grammar, "", -1, -1);
	if (parser != NULL)
		return true;
	fprintf(stderr, PROGRAM ": no memory to read commands\n");
	output_fail();
	return false;
}

static enum console_end
terminal_run(const struct console *con)
{
	bool dropped = false, running = true;
	char c;

	input_set_sources(con->sources);
	if (!parser_make())
		return CONSOLE_END_FAILED;
	if (!terminal_open(parser, con->prompt, typed_run)) {
		perror(PROGRAM ": cannot use the terminal");
		output_fail();
		cmdline_free(parser);
		return CONSOLE_END_FAILED;
	}
	output_to_terminal();
	while (running && input_drain()) {
		if (terminal_next(&c))
			running = terminal_feed(c, &dropped);
		else if (!keys_read())
			break;
	}
	if (running)
		output_print("\n");
	terminal_close();
	cmdline_free(parser);
	return running && signals_caught() == 0 ? CONSOLE_END_INPUT : CONSOLE_END_LEAVE;
}

static bool
lines_begin(const struct console *con, struct lines *lines)
{
	*lines = (struct lines){.con = con};
	input_set_sources(con->sources);
	return parser_make();
}

static void
line_parse(struct lines *lines)
{
	char *line = lines->line;
	size_t len = lines->used;
	char first;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	first = line[strspn(line, " \t")];
	if (lines->con->trace && first != '\0' && first != '#')
		output_print("%s%s\n", lines->con->prompt, line);
	if (lines->too_long) {
		refuse(TOO_LONG);
	} else if (memchr(line, '\0', len) != NULL || memchr(line, '\r', len) != NULL) {
		refuse("it has a null byte or a carriage return");
	} else {
		line[len] = '\n';
		line[len + 1] = '\0';
		if (cmdline_parse(parser, line) < 0)
			refuse(NO_COMMAND);
	}
}

static enum console_end
line_run(struct lines *lines)
{
	output_begin_line(lines->line);
	line_parse(lines);
	/* Nothing is held now, and the next line comes after this answer. */
	input_drain();
	output_end_line();
	lines->used = 0;
	lines->too_long = false;
	if (signals_caught() != 0 || quitting)
		return CONSOLE_END_LEAVE;
	return output_line_failed() && !lines->con->keep_going ? CONSOLE_END_FAILED
							       : CONSOLE_END_INPUT;
}

/* Add some bytes, and run each line that they complete. */
static enum console_end
lines_take(struct lines *lines, const char *buf, size_t len)
{
	enum console_end end = CONSOLE_END_INPUT;
	size_t i;

	for (i = 0; i < len && end == CONSOLE_END_INPUT; i++) {
		if (buf[i] == '\n')
			end = line_run(lines);
		else if (lines->used < OUTPUT_LINE_MAX)
			lines->line[lines->used++] = buf[i];
		else
			lines->too_long = true;
	}
	return end;
}

/* Run the last line if it lacks its newline, and clean up. */
static enum console_end
lines_end(struct lines *lines, enum console_end end)
{
	if (signals_caught() != 0)
		end = CONSOLE_END_LEAVE;
	if (end == CONSOLE_END_INPUT && (lines->too_long || lines->used > 0))
		end = line_run(lines);
	cmdline_free(parser);
	return end;
}

enum console_end
console_text(const struct console *con, const char *text)
{
	struct lines lines;

	if (!lines_begin(con, &lines))
		return CONSOLE_END_FAILED;
	return lines_end(&lines, lines_take(&lines, text, strlen(text)));
}

/* @return the number of bytes, or 0 at the end of input, after an error, or on a signal. */
static size_t
lines_read(int fd, char *buf, size_t size)
{
	ssize_t len;

	while (input_wait(fd)) {
		len = read(fd, buf, size);
		if (len >= 0)
			return len;
		if (errno != EINTR && errno != EAGAIN) {
			perror(PROGRAM ": cannot read commands");
			output_fail();
			break;
		}
	}
	return 0;
}

enum console_end
console_lines(const struct console *con, int fd)
{
	enum console_end end = CONSOLE_END_INPUT;
	struct lines lines;
	char buf[4096];
	size_t len;

	if (!lines_begin(con, &lines))
		return CONSOLE_END_FAILED;
	while (end == CONSOLE_END_INPUT && (len = lines_read(fd, buf, sizeof(buf))) > 0)
		end = lines_take(&lines, buf, len);
	/* After a read error the missing lines count as one that failed. */
	if (end == CONSOLE_END_INPUT && output_line_failed() && !con->keep_going)
		end = CONSOLE_END_FAILED;
	return lines_end(&lines, end);
}

enum console_end
console_input(const struct console *con)
{
	return isatty(STDIN_FILENO) ? terminal_run(con) : console_lines(con, STDIN_FILENO);
}

void
console_feed(const struct console *con)
{
	input_set_sources(con->sources);
	output_to_feed();
	input_wait(-1);
}
