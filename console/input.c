/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <rte_common.h>

#include "base/signals.h"
#include "base/stream.h"
#include "console/input.h"
#include "console/output.h"
#include "console/terminal.h"
#include "operations/operation.h"

/* For wait_for(), beside descriptors. */
#define UNREAD (-1)  /* until nobody reads standard output */
#define DRAINED (-2) /* until standard output is written */

#define POLL_MAX (3 + STREAM_FDS + INPUT_MAX_SOURCES)

static const struct input_source *sources;

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
			terminal_clear();
		sources[i].ready();
		if (draw)
			terminal_redraw();
	}
}

/* poll(2), but for empty entries. It refuses more entries than the process may have files, and the
 * limit of these may be lowered while the process runs. */
static int
poll_used(struct pollfd *fds, unsigned int nb)
{
	struct pollfd used[POLL_MAX] = {0};
	unsigned int of[POLL_MAX] = {0}, nb_used = 0, i;
	int ret;

	for (i = 0; i < nb; i++) {
		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		of[nb_used] = i;
		used[nb_used++] = fds[i];
	}
	ret = poll(used, nb_used, -1);
	for (i = 0; i < nb_used && ret > 0; i++)
		fds[of[i]].revents = used[i].revents;
	return ret;
}

/* Wait like input_wait(). While a reader has not taken all of the output, neither input nor the
 * feed is looked at. */
static bool
wait_for(int fd)
{
	struct pollfd fds[POLL_MAX];
	bool drained, front;
	int nb;

	for (;;) {
		drained = output_drained();
		if (signals_caught() != 0 || (fd == UNREAD && output_line_failed()))
			return false;
		if (fd == DRAINED && drained)
			return true;
		front = fd != STDIN_FILENO || terminal_look();
		fds[0] = (struct pollfd){.fd = drained && front ? fd : -1, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = signals_fd(), .events = POLLIN};
		fds[2] = (struct pollfd){.fd = fd == UNREAD ? STDOUT_FILENO : -1};
		stream_poll(&fds[3]);
		sources_poll(&fds[3 + STREAM_FDS], drained);
		nb = poll_used(fds, RTE_DIM(fds));
		if (nb < 0 && errno != EINTR)
			return false;
		if (nb < 0)
			continue;
		if (fds[1].revents != 0 || fds[2].revents != 0)
			return false;
		sources_ready(&fds[3 + STREAM_FDS], fd != DRAINED && terminal_is_open());
		if (fds[0].revents != 0)
			return true;
	}
}

bool
input_wait(int fd)
{
	return wait_for(fd);
}

bool
input_drain(void)
{
	return wait_for(DRAINED);
}

bool
input_go_on(const char *text)
{
	if (text != NULL)
		output_waiting(text);
	return signals_caught() == 0 && (operation_under_way() || !terminal_given_up());
}

bool
input_look(void)
{
	struct pollfd fds[INPUT_MAX_SOURCES];

	sources_poll(fds, output_drained());
	if (poll(fds, RTE_DIM(fds), 0) > 0)
		sources_ready(fds, false);
	return signals_caught() == 0 && !terminal_given_up();
}
