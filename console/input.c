/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmdline_rdline.h>
#include <cmdline_socket.h>
#include <cmdline_vt100.h>

#include "base/signals.h"
#include "console/input.h"
#include "console/output.h"

static struct termios found;
/* found is valid and not restored yet; terminal_restore() reads this in any thread. */
static atomic_bool adjusted;
static struct cmdline *editor;
static const char *prompt;

/* Characters that were read and are not taken yet, because a command runs. */
static char typed[OUTPUT_LINE_MAX + 1];
static size_t nb_typed;

static const struct input_source *sources;

struct cmdline *
terminal_open(cmdline_parse_ctx_t *grammar, const char *text)
{
	if (tcgetattr(STDIN_FILENO, &found) < 0)
		return NULL;
	prompt = text;
	editor = cmdline_stdin_new(grammar, text);
	adjusted = editor != NULL;
	return editor;
}

void
terminal_close(void)
{
	cmdline_stdin_exit(editor);
	adjusted = false;
}

void
terminal_restore(void)
{
	if (adjusted)
		tcsetattr(STDIN_FILENO, TCSANOW, &found);
}

/* Clear the prompt and the half-typed line, to print in their place. */
static void
clear_line(void)
{
	/* The editor adds a newline to its buffer. */
	size_t len = strlen(prompt) + strlen(rdline_get_buffer(cmdline_get_rdline(editor))) - 1;
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
sources_poll(struct pollfd *fds)
{
	unsigned int i;

	for (i = 0; i < INPUT_MAX_SOURCES; i++)
		fds[i] = (struct pollfd){.fd = sources[i].fd, .events = POLLIN};
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
			rdline_redisplay(cmdline_get_rdline(editor));
	}
}

bool
input_wait(int fd)
{
	struct pollfd fds[3 + INPUT_MAX_SOURCES] = {
		{.fd = fd, .events = POLLIN},
		{.fd = signals_fd(), .events = POLLIN},
		{.fd = fd < 0 ? STDOUT_FILENO : -1},
	};

	sources_poll(&fds[3]);
	for (;;) {
		if (poll(fds, RTE_DIM(fds), -1) < 0 && errno != EINTR)
			return false;
		if (signals_caught() != 0 || fds[2].revents != 0)
			return false;
		sources_ready(&fds[3], adjusted);
		if (fd < 0 && output_line_failed())
			return false;
		if (fds[0].revents != 0)
			return true;
	}
}

bool
input_look(void)
{
	struct pollfd fds[1 + INPUT_MAX_SOURCES] = {
		{.fd = adjusted && nb_typed < sizeof(typed) ? STDIN_FILENO : -1, .events = POLLIN},
	};

	sources_poll(&fds[1]);
	if (poll(fds, RTE_DIM(fds), 0) > 0)
		sources_ready(&fds[1], false);
	if (fds[0].revents != 0)
		terminal_read(sizeof(typed));
	return signals_caught() == 0 && !interrupted();
}
