/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/wait.h"
#include "console/monitor.h"
#include "console/output.h"
#include "group/events.h"
#include "group/heartbeat.h"
#include "group/primary.h"
#include "group/turn.h"
#include "operations/catalogue.h"

static void
event_print(const struct event *event)
{
	char time[32];

	if (!events_wanted())
		output_print("%s\n", event->text);
	else
		output_print("%s %s: %s\n", events_time_text(event->time_ns, time, sizeof(time)),
			who_name((struct who){event->pid, event->primary != 0}).text, event->text);
}

void
monitor_print(void)
{
	const uint64_t one = 1;
	uint64_t nb, missed;
	char why[WHY_SIZE];
	struct event event;

	/* Read the descriptor first, so that a later event makes it readable again. */
	if (read(heartbeat_fd(), &nb, sizeof(nb)) < 0 && errno != EAGAIN)
		return;
	/* Make events of the ports that a foreign primary attached or detached. If the turn is not
	 * free, the next beat tries again. */
	if (events_wanted() && primary_is_foreign() && turn_take("monitor", wait_not, why) >= 0) {
		catalogue_follow_foreign();
		turn_release();
	}
	while (output_drained() && events_next(&event, &missed)) {
		if (events_wanted() && missed > 0)
			output_print("%" PRIu64 " events were missed here\n", missed);
		event_print(&event);
	}
	/* The ring keeps the rest, and counts what is overwritten there. */
	if (!output_drained() && events_pending() && write(heartbeat_fd(), &one, sizeof(one)) < 0)
		return;
}

void
monitor(const char *rest)
{
	if (strcmp(rest, "on") != 0 && strcmp(rest, "off") != 0) {
		output_failure("failed to monitor: expected on or off, got \"%s\"\n", rest);
		return;
	}
	/* Print earlier events with the old setting. */
	monitor_print();
	events_set_wanted(strcmp(rest, "on") == 0);
}
