/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_alarm.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include "base/wait.h"
#include "base/program.h"
#include "base/port_set.h"
#include "group.h"
#include "leave.h"
#include "options.h"
#include "ports.h"
#include "base/signals.h"
#include "startup.h"
#include "views.h"
#include "watch.h"

/* To stop and close a port; a NIC that asks its firmware takes some hundreds. */
#define CLOSE_MS 1000

/* Longer than drivers let pass between two looks at a port: 10 ms, if net_bonding is not told
 * otherwise. */
#define ALARM_US 20000

static void
alarm_passed(void *arg)
{
	sem_post(arg);
}

/*
 * Of a primary. A driver may look at a started port again and again, as net_bonding
 * does, from an alarm that sees only when it is next due that the port is stopped.
 * The EAL's clean-up takes the port's memory away without waiting for that.
 */
static void
stop_ports(void)
{
	bool touched, any = false;
	struct port_set port;
	char why[256];
	sem_t passed;
	uint16_t id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (!rte_eth_dev_is_valid_port(id))
			continue;
		signals_allow(CLOSE_MS);
		port = port_set_of(id);
		/* One that does not stop is no reason to leave the next one started. */
		if (ports_stop_all(&port, &touched, why, sizeof(why)) < 0)
			fprintf(stderr, PROGRAM ": port %u is closed without being stopped: %s\n",
				id, why);
		any = any || touched;
	}
	if (!any || sem_init(&passed, 0, 0) < 0)
		return;
	/* Without a limit: the clean-up waits for the same thread, and has none either. */
	if (rte_eal_alarm_set(ALARM_US, alarm_passed, &passed) == 0) {
		while (sem_wait(&passed) < 0 && errno == EINTR)
			;
	}
	sem_destroy(&passed);
}

void
leave_group(wait_fn wait)
{
	bool all_answer = group_withdraw(wait);

	if (group_is_primary())
		stop_ports();
	/*
	 * The EAL's clean-up would end a thread that has ended already, and crash; or ask
	 * everyone to give back a hugepage, with a lock held that everyone needs. What a
	 * primary has to close must be closed all the same.
	 */
	if (watch_deaf() || (rte_eal_process_type() == RTE_PROC_SECONDARY && !all_answer))
		startup_remove_files();
	else if (rte_eal_cleanup() < 0)
		fprintf(stderr, PROGRAM ": the EAL did not clean up after itself\n");
	group_leave();
}
