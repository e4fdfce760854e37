/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>

#include "base/port_set.h"
#include "console.h"
#include "device.h"
#include "group.h"
#include "monitor.h"
#include "views.h"
#include "watch.h"

static bool monitoring;

/* Ports that a foreign primary has attached or detached are events like any other. */
static void
foreign_ports_look(void)
{
	struct views views;
	struct port_set one;
	unsigned int id;
	char text[512];

	if (!group_primary_foreign() ||
		group_turn_take("monitor", wait_not, text, sizeof(text)) < 0)
		return;
	device_publish();
	views_take(&views);
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		one = port_set_of(id);
		if (views_have(&views, &one, text, sizeof(text)) == 0)
			group_port_found(id, NULL, NULL);
	}
	group_turn_release();
}

static void
news_print(const struct news *news)
{
	char time[32];

	if (!monitoring)
		console_print("%s\n", news->text);
	else
		console_print("%s pid %d (%s): %s\n",
			news_time_text(news->time_ns, time, sizeof(time)), news->pid,
			group_role_name(news->primary), news->text);
}

void
monitor_news(void)
{
	uint64_t nb, missed;
	struct news news;

	/* Read before looking: what comes later makes it readable again. */
	if (read(watch_news_fd(), &nb, sizeof(nb)) < 0 && errno != EAGAIN)
		return;
	if (monitoring)
		foreign_ports_look();
	while (group_news_next(&news, &missed)) {
		if (monitoring && missed > 0)
			console_print("%" PRIu64 " events were missed here\n", missed);
		news_print(&news);
	}
}

void
monitor_set(bool on)
{
	monitoring = on;
	group_news_wanted(on);
}

void
monitor_command(const char *rest)
{
	if (strcmp(rest, "on") != 0 && strcmp(rest, "off") != 0) {
		console_print("failed to monitor: expected on or off, got \"%s\"\n", rest);
		console_fail();
		return;
	}
	/* What happened before is for this terminal as it was until now. */
	monitor_news();
	monitor_set(strcmp(rest, "on") == 0);
}
