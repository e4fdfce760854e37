/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <rte_common.h>

#include <cmdline_rdline.h>
#include <cmdline_socket.h>
#include <cmdline_vt100.h>

#include "console/output.h"
#include "console/terminal.h"

#define KEY_CTRL_C '\x03'

static struct termios found;
/* found is valid and not restored yet; terminal_restore() reads this in any thread. */
static atomic_bool adjusted;
static struct cmdline *editor;
static const char *prompt;

/* Characters that were read and are not taken yet, because a command runs. */
static char typed[OUTPUT_LINE_MAX + 1];
static size_t nb_typed;

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

bool
terminal_is_open(void)
{
	return adjusted;
}

void
terminal_restore(void)
{
	if (adjusted)
		tcsetattr(STDIN_FILENO, TCSANOW, &found);
}

void
terminal_clear_line(void)
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

void
terminal_draw_line(void)
{
	rdline_redisplay(cmdline_get_rdline(editor));
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

bool
terminal_has_room(void)
{
	return nb_typed < sizeof(typed);
}

ssize_t
terminal_read(size_t max)
{
	ssize_t len = read(STDIN_FILENO, &typed[nb_typed], RTE_MIN(max, sizeof(typed) - nb_typed));

	if (len > 0)
		nb_typed += len;
	return len;
}

bool
terminal_interrupted(void)
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
