/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>

#include <rte_alarm.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include "base/force.h"
#include "base/text.h"
#include "device/abilities.h"
#include "eal/map_files.h"
#include "eal/port_device.h"
#include "eal/runtime.h"
#include "group/file.h"
#include "group/group.h"
#include "group/heartbeat.h"
#include "group/primary.h"
#include "process/leave.h"
#include "traffic/capture.h"
#include "traffic/forward.h"
#include "traffic/server.h"
#include "traffic/withdraw.h"

/* How long a primary waits for the processes that poll its ports. */
#define POLLED_MS 300

/* Time to stop and close a port. A NIC that asks its firmware takes some hundreds of ms. */
#define CLOSE_MS 1000

/* Longer than drivers wait between two looks at a port: 10 ms, unless net_bonding has an option
 * that changes it. */
#define ALARM_US 20000

/* Make the processes that poll ports of this primary let go of them. */
static void
withdraw_all(void)
{
	const struct port_set all = port_set_all();
	char why[WHY_SIZE];

	primary_leaves();
	if (withdraw_ports(&all, POLLED_MS, why) < 0)
		fprintf(stderr, PROGRAM ": %s\n", why);
}

static void
alarm_passed(void *arg)
{
	sem_post(arg);
}

/* Stop the ports of this primary. A driver such as net_bonding may look at a started port from an
 * alarm, again and again, until the alarm finds the port stopped. The EAL's clean-up takes the
 * port's memory away without waiting for that alarm; so wait here. */
static void
stop_ports(void)
{
	bool touched, any = false;
	struct port_set port;
	char why[WHY_SIZE];
	sem_t passed;
	uint16_t id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (!rte_eth_dev_is_valid_port(id))
			continue;
		force_allow(CLOSE_MS);
		port = (struct port_set){0};
		port_set_add(&port, id);
		if (request_stop(&port, &touched, why) < 0)
			fprintf(stderr, PROGRAM ": port %u is closed without being stopped: %s\n",
				id, why);
		any = any || touched;
	}
	if (!any || sem_init(&passed, 0, 0) < 0)
		return;
	/* Without a limit, because the clean-up waits for the same thread without one. */
	if (rte_eal_alarm_set(ALARM_US, alarm_passed, &passed) == 0) {
		while (sem_wait(&passed) < 0 && errno == EINTR)
			;
	}
	sem_destroy(&passed);
}

/* Remove the devices of this primary that the EAL's clean-up would trip over: it removes those that
 * they are made of first. */
static void
remove_first(void)
{
	struct rte_device *dev;
	unsigned int id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		dev = port_device(id);
		if (dev != NULL && abilities_goes_first(rte_driver_name(rte_dev_driver(dev))))
			rte_dev_remove(dev);
	}
}

void
leave_eal(void)
{
	/* The clean-up holds locks that a secondary's group needs, and then unmaps them. */
	force_when(primary_is_self() ? FORCE_AT_ONCE : FORCE_NEVER);
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		map_files_note();
	if (rte_eal_cleanup() < 0)
		fprintf(stderr, PROGRAM ": the EAL did not clean up after itself\n");
	force_when(FORCE_AT_ONCE);
	map_files_remove();
}

/* A wait_fn that gives up at its second call. */
static bool
wait_once(__rte_unused const char *text)
{
	static unsigned int ticks;

	return ticks++ == 0;
}

bool
leave_locks_matter(void)
{
	/* Before the EAL starts there are none. */
	if (!runtime_files_begun() || rte_eal_process_type() == RTE_PROC_PRIMARY)
		return false;
	/* Before this process takes part in the group it is not known which process the primary is.
	 */
	return primary_pid() == 0 ? runtime_primary(group_file_dir()) != 0 : primary_left() == 0;
}

void
leave(void)
{
	char why[WHY_SIZE];
	int answers = group_leave_begin(wait_once, why);

	if (answers < 0 && answers != -ENOTCONN && answers != -EDEADLK)
		fprintf(stderr, PROGRAM ": left behind: %s\n", why);
	forward_off();
	if (primary_is_self()) {
		withdraw_all();
		stop_ports();
		capture_stop();
		remove_first();
	}
	/* The EAL's clean-up would crash if a thread of the EAL has ended already. After the
	 * primary has left, another program may have made another group in the memory of this one.
	 */
	if (heartbeat_deaf() || (!primary_is_self() && answers < 0))
		runtime_files_remove();
	else
		leave_eal();
	group_leave();
}
