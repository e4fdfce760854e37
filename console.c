/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <rte_common.h>

#include <cmdline.h>
#include <cmdline_parse.h>
#include <cmdline_rdline.h>
#include <cmdline_socket.h>
#include <cmdline_vt100.h>

#include "console.h"
#include "signals.h"

#define KEY_CTRL_C '\x03'

#define HANGUP_MS 100

static struct termios found;
static bool adjusted;
static const struct console_source *sources;

void
console_restore(void)
{
	if (adjusted)
		tcsetattr(STDIN_FILENO, TCSANOW, &found);
}

/* What it prints comes above the prompt and the half-typed line, which are drawn again. */
static void
source_ready(struct cmdline *cl, const struct console_source *source)
{
	if (adjusted)
		cmdline_printf(cl, "\r" vt100_clear_line);
	source->ready(cl);
	if (adjusted)
		rdline_redisplay(cmdline_get_rdline(cl));
}

/*
 * Wait for input and read what is there; meanwhile see to the other sources.
 *
 * @return how many bytes, or 0 when it is time to leave: end of input, or a signal.
 */
static size_t
input_read(struct cmdline *cl, char *buf, size_t size)
{
	struct pollfd fds[2 + CONSOLE_MAX_SOURCES] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = signals_fd(), .events = POLLIN},
	};
	unsigned int i;
	ssize_t len;

	for (i = 0; i < CONSOLE_MAX_SOURCES; i++)
		fds[2 + i] = (struct pollfd){.fd = sources[i].fd, .events = POLLIN};
	for (;;) {
		if (poll(fds, RTE_DIM(fds), -1) < 0 && errno != EINTR)
			return 0;
		if (signals_caught() != 0)
			return 0;
		for (i = 0; i < CONSOLE_MAX_SOURCES; i++) {
			if (fds[2 + i].revents != 0)
				source_ready(cl, &sources[i]);
		}
		if (fds[0].revents == 0)
			continue;
		len = read(STDIN_FILENO, buf, size);
		if (len > 0)
			return len;
		if (len < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* A terminal only ends when it is hung up, and the signal is on its way. */
		if (adjusted)
			poll(&fds[1], 1, HANGUP_MS);
		return 0;
	}
}

/* Why a line was not run, on the terminal; the words are the same wherever it came from. */
static void
refuse(struct cmdline *cl, const char *what)
{
	cmdline_printf(cl, "line refused, nothing was run: %s\n", what);
}

static void
refuse_long(struct cmdline *cl)
{
	char what[64];

	snprintf(what, sizeof(what), "it is longer than %d bytes", CONSOLE_LINE_MAX);
	refuse(cl, what);
}

/*
 * Hand one character to the editor of the cmdline library. The editor drops what
 * it cannot hold, without a word: characters past its buffer and all but ASCII.
 * A line it may have changed that way must not run.
 *
 * @return false when the session is over.
 */
static bool
terminal_feed(struct cmdline *cl, char c, bool *dropped)
{
	const char key = KEY_CTRL_C;
	size_t len;

	if ((unsigned char)c >= 0x80)
		*dropped = true;
	if (c != '\r' && c != '\n') {
		if (c == KEY_CTRL_C)
			*dropped = false;
		return cmdline_in(cl, &c, 1) >= 0;
	}
	/* The editor gives its buffer with a newline at the end. */
	len = strlen(rdline_get_buffer(cmdline_get_rdline(cl)));
	if (len <= CONSOLE_LINE_MAX + 1 && !*dropped)
		return cmdline_in(cl, &c, 1) >= 0;
	cmdline_printf(cl, "\n");
	if (*dropped)
		refuse(cl, "it has characters that are not ASCII; pipe it in instead");
	else
		refuse_long(cl);
	*dropped = false;
	return cmdline_in(cl, &key, 1) >= 0;
}

static int
terminal_run(cmdline_parse_ctx_t *ctx, const char *prompt)
{
	bool dropped = false, running = true;
	struct cmdline *cl;
	char buf[64];
	size_t len, i;

	if (tcgetattr(STDIN_FILENO, &found) < 0)
		return -errno;
	cl = cmdline_stdin_new(ctx, prompt);
	if (cl == NULL)
		return -ENOMEM;
	adjusted = true;
	while (running && (len = input_read(cl, buf, sizeof(buf))) > 0) {
		for (i = 0; i < len && running && signals_caught() == 0; i++)
			running = terminal_feed(cl, buf[i], &dropped);
	}
	if (running)
		cmdline_printf(cl, "\n");
	cmdline_stdin_exit(cl);
	return 0;
}

/*
 * Run the line of len bytes in buf.
 *
 * @return false when the session is over.
 */
static bool
line_run(struct cmdline *cl, char *buf, size_t len)
{
	if (len > 0 && buf[len - 1] == '\r')
		len--;
	if (memchr(buf, '\0', len) != NULL || memchr(buf, '\r', len) != NULL) {
		refuse(cl, "it has a null byte or a carriage return");
		return true;
	}
	buf[len] = '\n';
	buf[len + 1] = '\0';
	cmdline_parse(cl, buf);
	/* A null byte means nothing to the editor, but it tells whether `quit` was run. */
	return cmdline_in(cl, "", 1) >= 0;
}

static int
lines_run(cmdline_parse_ctx_t *ctx)
{
	char line[CONSOLE_LINE_MAX + 2], buf[4096];
	size_t used = 0, len, i;
	bool too_long = false, running = true;
	struct cmdline *cl;

	cl = cmdline_new(ctx, "", STDIN_FILENO, STDOUT_FILENO);
	if (cl == NULL)
		return -ENOMEM;
	while (running && (len = input_read(cl, buf, sizeof(buf))) > 0) {
		for (i = 0; i < len && running && signals_caught() == 0; i++) {
			if (buf[i] != '\n') {
				too_long = too_long || used == CONSOLE_LINE_MAX;
				if (!too_long)
					line[used++] = buf[i];
				continue;
			}
			if (too_long)
				refuse_long(cl);
			else
				running = line_run(cl, line, used);
			used = 0;
			too_long = false;
		}
	}
	/* The last line may lack its newline; it is whole all the same. */
	if (running && signals_caught() == 0) {
		if (too_long)
			refuse_long(cl);
		else if (used > 0)
			line_run(cl, line, used);
	}
	cmdline_free(cl);
	return 0;
}

int
console_run(cmdline_parse_ctx_t *ctx, const char *prompt, const struct console_source *from)
{
	sources = from;
	return isatty(STDIN_FILENO) ? terminal_run(ctx, prompt) : lines_run(ctx);
}
