/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <rte_common.h>

#include <cmdline.h>
#include <cmdline_parse.h>
#include <cmdline_rdline.h>
#include <cmdline_socket.h>
#include <cmdline_vt100.h>

#include "base/program.h"
#include "console.h"
#include "options.h"
#include "base/signals.h"
#include "base/text.h"

#define KEY_CTRL_C '\x03'

#define HANGUP_MS 100
#define TYPED_READ 64 /* so much is run before the other sources are seen to again */

static struct termios found;
/* The thread that ends the process by force looks at it before it takes what was found. */
static atomic_bool adjusted;
static bool at_terminal; /* from its first prompt on */
static bool feeding;
static bool line_failed; /* the one under way, or the last */
static bool any_failed;
static bool output_failed;

/* The line under way that nobody has typed, or NULL. */
static const char *now_line;

/* What is read from and seen to now; the cmdline of the terminal, or of the lines. */
static const struct console *now_con;
static struct cmdline *now_cl;

/* What was typed at the terminal and is not taken yet, as a command runs. */
static char typed[CONSOLE_LINE_MAX + 1];
static size_t nb_typed;

/* Lines that nobody types, as they come in. */
struct lines {
	const struct console *con;
	struct cmdline *cl;
	char line[CONSOLE_LINE_MAX + 2]; /* and a newline, and the null */
	size_t used;
	bool too_long;
};

/* All of it, however slow the one is who reads, unless the process is to leave. @return errno. */
static int
output_write(const char *text, size_t len)
{
	struct pollfd fds[] = {
		{.fd = STDOUT_FILENO, .events = POLLOUT},
		{.fd = signals_fd(), .events = POLLIN},
	};
	ssize_t done;

	while (len > 0) {
		done = write(STDOUT_FILENO, text, len);
		if (done >= 0) {
			text += done;
			len -= done;
		} else if (errno == EAGAIN && signals_caught() == 0) {
			/* Whoever shares it may have set O_NONBLOCK. */
			poll(fds, RTE_DIM(fds), -1);
		} else if (errno != EINTR) {
			return errno;
		}
	}
	return 0;
}

void
console_print(const char *format, ...)
{
	char line[CONSOLE_LINE_MAX + 1], *text;
	int len, err = ENOMEM;
	va_list ap;

	/* Not vdprintf(3), which asks the kernel where the file stands, each time. */
	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len >= 0) {
		err = output_write(text, len);
		free(text);
	}
	/* A person sees that nothing comes; and that nobody reads is how a feed ends. */
	if (err == 0 || (at_terminal && isatty(STDOUT_FILENO)) || (feeding && err == EPIPE))
		return;
	if (!at_terminal)
		line_failed = any_failed = true;
	if (output_failed)
		return;
	output_failed = true;
	fprintf(stderr, PROGRAM ": cannot write to standard output: %s", strerror(err));
	if (now_line != NULL) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(now_line, "\n"), now_line);
		fprintf(stderr, "; the answer to \"%s\" is lost", text_printable(line));
	}
	fprintf(stderr, "\n");
}

void
console_fail(void)
{
	line_failed = true;
}

void
console_quit(void)
{
	cmdline_quit(now_cl);
}

bool
console_wait(const char *text)
{
	if (text != NULL && at_terminal)
		console_print("%s\n", text);
	else if (text != NULL)
		fprintf(stderr, PROGRAM ": %s\n", text);
	return signals_caught() == 0;
}

/* Take in what is typed, as far as there is room. */
static void
typed_read(void)
{
	ssize_t len = read(STDIN_FILENO, &typed[nb_typed], sizeof(typed) - nb_typed);

	if (len > 0)
		nb_typed += len;
}

/* Is there Ctrl-C in what was typed meanwhile? It takes what was typed before with it. */
static bool
typed_interrupt(void)
{
	size_t i;

	for (i = nb_typed; i > 0; i--) {
		if (typed[i - 1] == KEY_CTRL_C) {
			nb_typed -= i;
			memmove(typed, &typed[i], nb_typed);
			return true;
		}
	}
	return false;
}

bool
console_look(void)
{
	struct pollfd fds[1 + CONSOLE_MAX_SOURCES] = {
		{.fd = adjusted && nb_typed < sizeof(typed) ? STDIN_FILENO : -1, .events = POLLIN},
	};
	unsigned int i;

	for (i = 0; i < CONSOLE_MAX_SOURCES; i++)
		fds[1 + i] = (struct pollfd){.fd = now_con->sources[i].fd, .events = POLLIN};
	if (poll(fds, RTE_DIM(fds), 0) > 0) {
		for (i = 0; i < CONSOLE_MAX_SOURCES; i++) {
			if (fds[1 + i].revents != 0)
				now_con->sources[i].ready();
		}
	}
	if (fds[0].revents != 0)
		typed_read();
	return signals_caught() == 0 && !typed_interrupt();
}

bool
console_failed(void)
{
	return any_failed;
}

void
console_restore(void)
{
	if (adjusted)
		tcsetattr(STDIN_FILENO, TCSANOW, &found);
}

/*
 * Clear the prompt and the half-typed line, all rows of it. Wherever in the line the cursor
 * is, the editor knows of no rows, and so has left it in the last one.
 */
static void
line_clear(const struct console *con, struct cmdline *cl)
{
	size_t len = strlen(rdline_get_buffer(cmdline_get_rdline(cl)));
	struct winsize window;

	/* The editor gives its buffer with a newline at the end. */
	len += strlen(con->prompt) - 1;
	console_print("\r" vt100_clear_line);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) {
		/* At the very end of a row the cursor stays in it. */
		for (; len > window.ws_col; len -= window.ws_col)
			console_print(vt100_up_arr vt100_clear_line);
	}
}

/* What it prints comes above the prompt and the half-typed line, which are drawn again. */
static void
source_ready(struct cmdline *cl, const struct console_source *source)
{
	bool redraw = adjusted && !source->silent;

	if (redraw)
		line_clear(now_con, cl);
	source->ready();
	if (redraw)
		rdline_redisplay(cmdline_get_rdline(cl));
}

/*
 * Wait for input and read what is there; meanwhile see to the other sources.
 *
 * @param fd to read from, -1 to read nothing until nobody reads standard output.
 * @return how many bytes, or 0 when it is time to leave: end of input, or a signal.
 */
static size_t
input_read(const struct console *con, struct cmdline *cl, int fd, char *buf, size_t size)
{
	struct pollfd fds[3 + CONSOLE_MAX_SOURCES] = {
		{.fd = fd, .events = POLLIN},
		{.fd = signals_fd(), .events = POLLIN},
		{.fd = fd < 0 ? STDOUT_FILENO : -1},
	};
	unsigned int i;
	ssize_t len;

	for (i = 0; i < CONSOLE_MAX_SOURCES; i++)
		fds[3 + i] = (struct pollfd){.fd = con->sources[i].fd, .events = POLLIN};
	for (;;) {
		if (poll(fds, RTE_DIM(fds), -1) < 0 && errno != EINTR)
			return 0;
		if (signals_caught() != 0 || fds[2].revents != 0)
			return 0;
		for (i = 0; i < CONSOLE_MAX_SOURCES; i++) {
			if (fds[3 + i].revents != 0)
				source_ready(cl, &con->sources[i]);
		}
		if (feeding && line_failed)
			return 0;
		if (fds[0].revents == 0)
			continue;
		len = read(fd, buf, size);
		if (len > 0)
			return len;
		if (len < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* A terminal only ends when it is hung up, and the signal is on its way. */
		if (adjusted) {
			poll(&fds[1], 1, HANGUP_MS);
		} else if (len < 0) {
			perror(PROGRAM ": cannot read commands");
			line_failed = any_failed = true;
		}
		return 0;
	}
}

/* Why a line was not run, on the terminal; the words are the same wherever it came from. */
static void
refuse(const char *what)
{
	console_print("line refused, nothing was run: %s\n", what);
	console_fail();
}

static void
refuse_long(void)
{
	char what[64];

	snprintf(what, sizeof(what), "it is longer than %d bytes", CONSOLE_LINE_MAX);
	refuse(what);
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
	console_print("\n");
	if (*dropped)
		refuse("it has characters that are not ASCII; pipe it in instead");
	else
		refuse_long();
	*dropped = false;
	return cmdline_in(cl, &key, 1) >= 0;
}

static enum console_end
terminal_run(const struct console *con)
{
	bool dropped = false, running = true;
	struct cmdline *cl;
	char c;

	if (tcgetattr(STDIN_FILENO, &found) < 0 ||
		(cl = cmdline_stdin_new(con->grammar, con->prompt)) == NULL) {
		perror(PROGRAM ": cannot use the terminal");
		any_failed = true;
		return CONSOLE_END_FAILED;
	}
	adjusted = at_terminal = true;
	now_con = con;
	now_cl = cl;
	while (running && signals_caught() == 0) {
		if (nb_typed == 0)
			nb_typed = input_read(con, cl, STDIN_FILENO, typed, TYPED_READ);
		if (nb_typed == 0)
			break;
		c = typed[0];
		memmove(typed, &typed[1], --nb_typed);
		running = terminal_feed(cl, c, &dropped);
	}
	if (running)
		console_print("\n");
	cmdline_stdin_exit(cl);
	adjusted = false;
	return running && signals_caught() == 0 ? CONSOLE_END_INPUT : CONSOLE_END_LEAVE;
}

static int
lines_begin(const struct console *con, struct lines *lines)
{
	memset(lines, 0, sizeof(*lines));
	lines->con = con;
	lines->cl = cmdline_new(con->lines, "", -1, STDOUT_FILENO);
	now_con = con;
	now_cl = lines->cl;
	if (lines->cl != NULL)
		return 0;
	fprintf(stderr, PROGRAM ": no memory to read commands\n");
	any_failed = true;
	return -ENOMEM;
}

/* Hand the line to the grammar. */
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
		console_print("%s%s\n", lines->con->prompt, line);
	if (lines->too_long) {
		refuse_long();
	} else if (memchr(line, '\0', len) != NULL || memchr(line, '\r', len) != NULL) {
		refuse("it has a null byte or a carriage return");
	} else {
		line[len] = '\n';
		line[len + 1] = '\0';
		if (cmdline_parse(lines->cl, line) < 0)
			refuse("it fits no command");
	}
}

/* Run the line that is complete now. */
static enum console_end
line_run(struct lines *lines)
{
	line_failed = false;
	now_line = lines->line;
	line_parse(lines);
	now_line = NULL;
	lines->used = 0;
	lines->too_long = false;
	any_failed = any_failed || line_failed;
	/* A null byte means nothing to the editor, but it tells whether `quit` was run. */
	if (signals_caught() != 0 || cmdline_in(lines->cl, "", 1) < 0)
		return CONSOLE_END_LEAVE;
	return line_failed && !lines->con->keep_going ? CONSOLE_END_FAILED : CONSOLE_END_INPUT;
}

/* Take some bytes and run the lines that are complete with them. */
static enum console_end
lines_take(struct lines *lines, const char *buf, size_t len)
{
	enum console_end end = CONSOLE_END_INPUT;
	size_t i;

	for (i = 0; i < len && end == CONSOLE_END_INPUT; i++) {
		if (buf[i] == '\n')
			end = line_run(lines);
		else if (lines->used < CONSOLE_LINE_MAX)
			lines->line[lines->used++] = buf[i];
		else
			lines->too_long = true;
	}
	return end;
}

/* The last line may lack its newline; it is whole all the same. */
static enum console_end
lines_end(struct lines *lines, enum console_end end)
{
	if (signals_caught() != 0)
		end = CONSOLE_END_LEAVE;
	if (end == CONSOLE_END_INPUT && (lines->too_long || lines->used > 0))
		end = line_run(lines);
	cmdline_free(lines->cl);
	return end;
}

enum console_end
console_text(const struct console *con, const char *text)
{
	struct lines lines;

	if (lines_begin(con, &lines) < 0)
		return CONSOLE_END_FAILED;
	return lines_end(&lines, lines_take(&lines, text, strlen(text)));
}

enum console_end
console_lines(const struct console *con, int fd)
{
	enum console_end end = CONSOLE_END_INPUT;
	struct lines lines;
	char buf[4096];
	size_t len;

	if (lines_begin(con, &lines) < 0)
		return CONSOLE_END_FAILED;
	while (end == CONSOLE_END_INPUT &&
		(len = input_read(con, lines.cl, fd, buf, sizeof(buf))) > 0)
		end = lines_take(&lines, buf, len);
	/* What could not be read may have been anything. */
	if (end == CONSOLE_END_INPUT && line_failed && !con->keep_going)
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
	struct lines lines;
	char none;

	if (lines_begin(con, &lines) == 0) {
		feeding = true;
		line_failed = false;
		input_read(con, lines.cl, -1, &none, sizeof(none));
		cmdline_free(lines.cl);
	}
}
