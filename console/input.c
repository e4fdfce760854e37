/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmdline_rdline.h>
#include <cmdline_vt100.h>

#include "base/signals.h"
#include "base/stream.h"
#include "console/input.h"
#include "console/output.h"

/* For wait_for(), beside descriptors. */
#define UNREAD (-1)  /* until nobody reads standard output */
#define DRAINED (-2) /* until standard output is written */

static struct termios found;
/* found is valid and not restored yet; terminal_restore() reads this in any thread. */
static atomic_bool adjusted;
static struct rdline *editor;
static const char *prompt;
static struct cmdline *parser;
static bool (*line_run)(const char *line);
static bool line_last; /* line_run() has returned false */

/* Characters that were read and are not taken yet, because a command runs. */
static char typed[OUTPUT_LINE_MAX + 1];
static size_t nb_typed;

static const struct input_source *sources;

static int
editor_write(__rte_unused struct rdline *rdl, char c)
{
	output_echo(c);
	return 1;
}

static void
editor_validate(__rte_unused struct rdline *rdl, const char *line, __rte_unused unsigned int size)
{
	line_last = !line_run(line);
}

static int
editor_complete(
	__rte_unused struct rdline *rdl, const char *line, char *dst, unsigned int size, int *state)
{
	return cmdline_complete(parser, line, state, dst, size);
}

/* The library's own editor (cmdline_stdin_new()) would write to standard output itself, and wait
 * there for who reads it. */
bool
terminal_open(struct cmdline *cl, const char *text, bool (*run)(const char *line))
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &found) < 0)
		return false;
	editor = rdline_new(editor_write, editor_validate, editor_complete, NULL);
	if (editor == NULL) {
		errno = ENOMEM;
		return false;
	}
	prompt = text;
	parser = cl;
	line_run = run;
	raw = found;
	raw.c_lflag &= ~(ICANON | ECHO | ISIG);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	adjusted = true;
	rdline_newline(editor, prompt);
	return true;
}

void
terminal_close(void)
{
	terminal_restore();
	adjusted = false;
	rdline_free(editor);
}

void
terminal_restore(void)
{
	if (adjusted)
		tcsetattr(STDIN_FILENO, TCSANOW, &found);
}

size_t
terminal_line_len(void)
{
	/* The editor adds a newline to its buffer. */
	return strlen(rdline_get_buffer(editor)) - 1;
}

/* Remember a line that has been run, unless it is empty or was the last one, too. */
static void
history_add(void)
{
	const char *line = rdline_get_buffer(editor), *last = rdline_get_history_item(editor, 0);
	size_t len = terminal_line_len();

	if (len > 0 && (last == NULL || strlen(last) != len || strncmp(line, last, len) != 0))
		rdline_add_history(editor, line);
}

bool
terminal_key(char c)
{
	int ret = rdline_char_in(editor, c);

	if (ret == RDLINE_RES_EOF || ret == RDLINE_RES_EXITED)
		return false;
	if (ret != RDLINE_RES_VALIDATED)
		return true;
	if (line_last)
		return false;
	history_add();
	rdline_newline(editor, prompt);
	return true;
}

/* Clear the prompt and the half-typed line, to print in their place. */
static void
clear_line(void)
{
	size_t len = strlen(prompt) + terminal_line_len();
	struct winsize window;

	/* The cursor is in the last row of the line, because the editor ignores rows. A line that
	 * just fills a row leaves it in that row. */
	output_print("\r" vt100_clear_line);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) {
		for (; len > window.ws_col; len -= window.ws_col)
			output_print(vt100_up_arr vt100_clear_line);
	}
}

static void
typed_drop(size_t nb)
{
	nb_typed -= nb;
	memmove(typed, &typed[nb], nb_typed);
}

bool
terminal_next(char *c)
{
	if (nb_typed == 0)
		return false;
	*c = typed[0];
	typed_drop(1);
	return true;
}

ssize_t
terminal_read(size_t max)
{
	ssize_t len = read(STDIN_FILENO, &typed[nb_typed], RTE_MIN(max, sizeof(typed) - nb_typed));

	if (len > 0)
		nb_typed += len;
	return len;
}

/* Is a Ctrl-C stored? If so, drop it and everything before it. */
static bool
interrupted(void)
{
	size_t i;

	for (i = nb_typed; i > 0; i--) {
		if (typed[i - 1] == KEY_CTRL_C) {
			typed_drop(i);
			return true;
		}
	}
	return false;
}

void
input_set_sources(const struct input_source *all)
{
	sources = all;
}

static void
sources_poll(struct pollfd *fds, bool drained)
{
	unsigned int i;

	for (i = 0; i < INPUT_MAX_SOURCES; i++)
		fds[i] = (struct pollfd){
			.fd = drained || !sources[i].feed ? sources[i].fd : -1, .events = POLLIN};
}

/* Call the sources that are ready. With redraw, print above the prompt and the half-typed line. */
static void
sources_ready(const struct pollfd *fds, bool redraw)
{
	unsigned int i;
	bool draw;

	for (i = 0; i < INPUT_MAX_SOURCES; i++) {
		if (fds[i].revents == 0)
			continue;
		draw = redraw && !sources[i].silent;
		if (draw)
			clear_line();
		sources[i].ready();
		if (draw)
			rdline_redisplay(editor);
	}
}

/* Wait like input_wait(). While a reader has not taken all of the output, neither input nor the
 * feed is looked at. */
static bool
wait_for(int fd, bool redraw)
{
	struct pollfd fds[3 + STREAM_FDS + INPUT_MAX_SOURCES];
	bool drained;
	int nb;

	for (;;) {
		drained = output_drained();
		if (signals_caught() != 0 || (fd == UNREAD && output_line_failed()))
			return false;
		if (fd == DRAINED && drained)
			return true;
		fds[0] = (struct pollfd){.fd = drained ? fd : -1, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = signals_fd(), .events = POLLIN};
		fds[2] = (struct pollfd){.fd = fd == UNREAD ? STDOUT_FILENO : -1};
		stream_poll(&fds[3]);
		sources_poll(&fds[3 + STREAM_FDS], drained);
		nb = poll(fds, RTE_DIM(fds), -1);
		if (nb < 0 && errno != EINTR)
			return false;
		if (nb < 0)
			continue;
		if (fds[1].revents != 0 || fds[2].revents != 0)
			return false;
		sources_ready(&fds[3 + STREAM_FDS], redraw);
		if (fds[0].revents != 0)
			return true;
	}
}

bool
input_wait(int fd)
{
	return wait_for(fd, adjusted);
}

bool
input_drain(void)
{
	return wait_for(DRAINED, false);
}

bool
input_look(void)
{
	struct pollfd fds[1 + INPUT_MAX_SOURCES] = {
		{.fd = adjusted && nb_typed < sizeof(typed) ? STDIN_FILENO : -1, .events = POLLIN},
	};

	sources_poll(&fds[1], output_drained());
	if (poll(fds, RTE_DIM(fds), 0) > 0)
		sources_ready(&fds[1], false);
	if (fds[0].revents != 0)
		terminal_read(sizeof(typed));
	return signals_caught() == 0 && !interrupted();
}
