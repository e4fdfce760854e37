/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <rte_common.h>

#include "base/signals.h"
#include "console/input.h"
#include "console/output.h"
#include "console/terminal.h"

#define TYPED_MAX 512 /* bytes to read at a time while a command runs */

static const struct input_source *sources;

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
			terminal_clear_line();
		sources[i].ready();
		if (draw)
			terminal_draw_line();
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
		sources_ready(&fds[3], terminal_is_open());
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
		{.fd = terminal_is_open() && terminal_has_room() ? STDIN_FILENO : -1,
			.events = POLLIN},
	};

	sources_poll(&fds[1]);
	if (poll(fds, RTE_DIM(fds), 0) > 0)
		sources_ready(&fds[1], false);
	if (fds[0].revents != 0)
		terminal_read(TYPED_MAX);
	return signals_caught() == 0 && !terminal_interrupted();
}
