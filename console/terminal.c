/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include <cmdline_rdline.h>
#include <cmdline_vt100.h>

#include "base/clock.h"
#include "base/stream.h"
#include "console/output.h"
#include "console/terminal.h"
#include "group/heartbeat.h"
#include "group/primary.h"
#include "group/views.h"

#define TYPED_MAX 4096 /* as much as the kernel keeps */
/* A command that waits and can be given up looks for keys more often than this, even on a machine
 * that is so busy that a look each 250 ms is late. */
#define LOOKS_MS 2000

static struct termios found;
/* found is valid and not restored yet; terminal_restore() reads this in any thread. */
static atomic_bool adjusted;
static atomic_bool opened; /* lines are edited, when the process is in the foreground */
static atomic_bool front;  /* the editor is shown */
static struct rdline *editor;
static const char *prompt;
static struct cmdline *parser;
static bool (*line_run)(const char *line);
static bool line_last; /* line_run() has returned false */
static bool prompted, told_background;

/* Protects what follows. While a command runs, the watch thread reads the terminal, too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Characters that were read and are not taken yet, because a command runs. */
static char typed[TYPED_MAX];
static size_t nb_typed;
static char command[OUTPUT_LINE_MAX + 2]; /* the command that runs; empty if none does */
static uint64_t looked_ns;		  /* when the command last looked for keys, or began */
static bool refused_leave;		  /* the Ctrl-D that is stored was refused */

static int
editor_write(__rte_unused struct rdline *rdl, char c)
{
	output_echo(c);
	return 1;
}

static void
editor_validate(__rte_unused struct rdline *rdl, const char *line, __rte_unused unsigned int size)
{
	pthread_mutex_lock(&lock);
	snprintf(command, sizeof(command), "%.*s", (int)strcspn(line, "\n"), line);
	looked_ns = clock_now_ns();
	refused_leave = false;
	pthread_mutex_unlock(&lock);
	line_last = !line_run(line);
	pthread_mutex_lock(&lock);
	command[0] = '\0';
	pthread_mutex_unlock(&lock);
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
	prompted = false;
	opened = true;
	return true;
}

/* Is this process in the foreground of its terminal? Yes also without job control. */
static bool
in_front(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group < 0 || group == getpgrp();
}

/* Has somebody else changed the settings since? A shell does while the process is in the background
 * or stopped. */
static bool
settings_changed(void)
{
	struct termios now;

	return tcgetattr(STDIN_FILENO, &now) == 0 && (now.c_lflag & (ICANON | ECHO | ISIG)) != 0;
}

bool
terminal_look(void)
{
	struct termios raw;

	if (!opened)
		return true;
	if (!in_front()) {
		if (!told_background)
			output_print("runs in the background; bring it to the foreground (fg) to "
				     "type\n");
		told_background = true;
		front = false;
		return false;
	}
	if (front && !settings_changed())
		return true;
	told_background = false;
	/* A shell may have left them as the editor needs them. */
	if (settings_changed())
		tcgetattr(STDIN_FILENO, &found);
	raw = found;
	raw.c_lflag &= ~(ICANON | ECHO | ISIG);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	adjusted = true;
	front = true;
	if (prompted)
		rdline_redisplay(editor);
	else
		rdline_newline(editor, prompt);
	prompted = true;
	return true;
}

bool
terminal_is_open(void)
{
	return front;
}

void
terminal_close(void)
{
	terminal_restore();
	opened = front = adjusted = false;
	rdline_free(editor);
}

void
terminal_restore(void)
{
	/* In the background they may be those of the shell. */
	if (adjusted && (in_front() || !settings_changed()))
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

void
terminal_clear(void)
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

void
terminal_redraw(void)
{
	rdline_redisplay(editor);
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
	bool any;

	pthread_mutex_lock(&lock);
	any = nb_typed > 0;
	if (any) {
		*c = typed[0];
		typed_drop(1);
	}
	pthread_mutex_unlock(&lock);
	return any;
}

ssize_t
terminal_read(size_t max)
{
	ssize_t len;

	pthread_mutex_lock(&lock);
	len = read(STDIN_FILENO, &typed[nb_typed], RTE_MIN(max, sizeof(typed) - nb_typed));
	if (len > 0)
		nb_typed += len;
	pthread_mutex_unlock(&lock);
	return len;
}

static bool
gives_up(char c)
{
	return c == KEY_CTRL_C || c == KEY_CTRL_D || c == KEY_CTRL_Z || c == KEY_CTRL_BACKSLASH;
}

/* Has a key been typed that gives up the command? If so, drop it and everything before it; a Ctrl-D
 * stays, for the editor. Under lock. */
static bool
gave_up(void)
{
	struct pollfd key = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t len;
	size_t i;

	while (nb_typed < sizeof(typed) && poll(&key, 1, 0) > 0) {
		len = read(STDIN_FILENO, &typed[nb_typed], sizeof(typed) - nb_typed);
		if (len <= 0)
			break;
		nb_typed += len;
	}
	for (i = nb_typed; i > 0 && !gives_up(typed[i - 1]); i--)
		;
	if (i > 0)
		typed_drop(typed[i - 1] == KEY_CTRL_D ? i - 1 : i);
	return i > 0;
}

bool
terminal_given_up(void)
{
	bool up = false;

	pthread_mutex_lock(&lock);
	if (command[0] != '\0') {
		looked_ns = clock_now_ns();
		up = gave_up();
	}
	pthread_mutex_unlock(&lock);
	return up;
}

/* The process that an operation probably waits for. A primary asks others in its turn, so one that
 * is late is named before it. */
static void
awaited(char *text, size_t size)
{
	const struct peer *peer, *late = NULL;
	struct views views;

	views_take(&views);
	for (peer = views.peers; peer < views.peers + views.nb; peer++) {
		if (peer->self || peer->state == PEER_GONE)
			continue;
		if (peers_halt(peer->state) == NULL &&
			!peers_beat_is_old(peer->beat_ns, HEARTBEAT_LATE_MS))
			continue;
		if (late == NULL || late->who.primary)
			late = peer;
	}
	if (late != NULL && peers_halt(late->state) != NULL)
		snprintf(text, size, "%s, which is %s", who_name(late->who).text,
			peers_halt(late->state));
	else if (late != NULL)
		snprintf(text, size, "%s, which does not answer", who_name(late->who).text);
	else if (primary_is_self())
		snprintf(text, size, "a driver in this process");
	else
		snprintf(text, size, "%s", who_name(primary_who()).text);
}

void
terminal_beat(void)
{
	char line[sizeof(command)], whom[96], text[sizeof(line) + sizeof(whom) + 64];
	bool refuse = false;

	/* The main thread has the lock for a moment only, unless somebody else reads the keys. */
	if (!opened)
		return;
	if (front != in_front() || (front && settings_changed()))
		stream_wake();
	if (!front || pthread_mutex_trylock(&lock) != 0)
		return;
	/* A command that waits looks by itself. */
	if (command[0] != '\0' && clock_now_ns() - looked_ns > LOOKS_MS * CLOCK_NS_PER_MS) {
		refuse = gave_up() && !refused_leave;
		refused_leave = nb_typed > 0 && typed[0] == KEY_CTRL_D;
		strlcpy(line, command, sizeof(line));
	}
	pthread_mutex_unlock(&lock);
	if (!refuse)
		return;
	awaited(whom, sizeof(whom));
	snprintf(text, sizeof(text), "%s cannot be cancelled: waiting for %s\n", line, whom);
	stream_print(text, strlen(text));
}
