/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include "base/text.h"
#include "eal/log_tap.h"
#include "eal/runtime.h"
#include "group/dead.h"
#include "group/errors.h"
#include "group/events.h"
#include "group/file.h"
#include "group/group.h"
#include "group/heartbeat.h"
#include "group/locks.h"
#include "group/members.h"
#include "group/observer.h"
#include "group/primary.h"
#include "group/readiness.h"
#include "group/removal.h"
#include "group/turn.h"
#include "group/views.h"

static bool (*beat)(void);
static bool joined; /* and told the group so */

static int
slot_claim(char *why)
{
	struct group_member *member = member_take_slot();

	if (member == NULL)
		return why_set(why, -EUSERS,
			"the group has %d processes already, and room for no more; quit one first",
			GROUP_MAX_MEMBERS);
	/* Its last process may have died unnoticed. */
	dead_clear_slot(member);
	member_claim(member);
	return 0;
}

int
group_join(const char *dir, wait_fn wait, char *why)
{
	int first, ret;

	if (dir == NULL) {
		first = group_file_none();
		if (first < 0)
			snprintf(why, WHY_SIZE, "no memory");
		else
			member_claim(member_at(0));
		return first;
	}
	first = group_file_open(dir, wait, why);
	if (first == 0)
		first = group_file_map(why);
	ret = first < 0 ? first : slot_claim(why);
	if (ret < 0) {
		locks_close();
		return ret;
	}
	turn_begin_start();
	return first;
}

/* Each beat, in the watch thread. @return true if the main thread has something to do. */
static bool
tick(void)
{
	static bool cut_off;
	bool look;

	/* Without its socket, no process sends to this one and waits for it to read. What made it
	 * deaf may keep it from looking for the socket, too. */
	if (!cut_off && !primary_is_self() && heartbeat_deaf())
		cut_off = runtime_files_remove();
	observer_look();
	removal_look();
	look = beat();
	return events_pending() || look;
}

int
group_enter(bool (*on_beat)(void))
{
	uint64_t owner;
	int ret;

	beat = on_beat;
	ret = primary_look();
	if (ret < 0)
		return ret;
	/* This makes ethdev's shared data. A secondary panics if it finds a port without it. */
	if (primary_is_self() && rte_eth_dev_owner_new(&owner) < 0)
		return -ENOMEM;
	member_set_primary(primary_is_self());
	events_begin();
	/* The first beat may be late on a busy machine, and a cleaner does not wait for it. */
	removal_look();
	ret = errors_start();
	if (ret == 0)
		ret = heartbeat_start(tick);
	joined = ret == 0;
	if (joined)
		events_add(primary_who_self(), "joined");
	return ret;
}

/* Remove the sockets of processes that do not answer. */
static void
silent_forget(const struct views *views)
{
	const struct peer *peer;

	for (peer = views->peers; peer < views->peers + views->nb; peer++) {
		if (!peer->self && (peers_halt(peer->state) != NULL || peer->state == PEER_HUNG))
			runtime_socket_remove(group_file_dir(), peer->who.pid);
	}
}

int
group_leave_begin(wait_fn wait, char *why)
{
	struct views views;
	int ret;

	turn_take_to_leave(wait);
	ret = readiness_look(&views, why);
	if (ret < 0 && primary_is_self())
		silent_forget(&views);
	heartbeat_stop(ret == 0);
	log_tap_stop();
	if (joined)
		events_add(primary_who_self(), "left");
	return ret;
}

void
group_leave(void)
{
	if (group_self == NULL)
		return;
	member_free(group_self);
	group_self = NULL;
	if (group_file_dir()[0] == '\0')
		return;
	if (locks_turn_held())
		group_file_remove_if_last(primary_left() != 0);
	turn_release();
	locks_close();
}
